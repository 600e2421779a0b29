"""Slips of the hand and worse: ways to change the text of a file."""

from __future__ import annotations

import re

from cnncalc.language import bundled

__all__ = ["FILES", "MUTATIONS", "TEXTS", "WORDS"]

FILES = ["lenet5", "alexnet", "resnet", "mobilenet_v2", "googlenet", "unet", "densenet", "squeezenet", "vgg", "blocks"]
TEXTS = {name: bundled()[name].read_text(encoding="utf-8") for name in FILES if name in bundled()}
NUMBERS = "-1 0 1.5 999999999999 99999999999999999999 1e999 nan '' null true no [] {} [[[]]] $x $( $(1/0) $(2**99)"
SIGNS = "conv *a &a required ? - : é previous input index i in_channels % @ ` | > ' # << layers"
WORDS = [*NUMBERS.split(), *SIGNS.split(), "[1, 2]", "{a: 1}", "$('a'*9999)", "conv 3 k3", "!!int 3", "\t", '"', " "]


def keys_of(lines):
    """The lines that start a key or an item."""
    found = [number for number, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")]
    return found or [0]


def spans(text):
    """Where words and numbers stand: what a slip of the hand would hit."""
    return [match.span() for match in re.finditer(r"[\w.$-]+|[\[\]{}:,]", text)] or [(0, 1)]


def dropped_line(rng, text):
    lines = text.splitlines(keepends=True)
    del lines[rng.choice(keys_of(lines))]
    return "".join(lines)


def doubled_line(rng, text):
    lines = text.splitlines(keepends=True)
    number = rng.choice(keys_of(lines))
    return "".join([*lines[: number + 1], *lines[number:]])


def moved_line(rng, text):
    lines = text.splitlines(keepends=True)
    line = lines.pop(rng.choice(keys_of(lines)))
    lines.insert(rng.randrange(len(lines) + 1), line)
    return "".join(lines)


def indented_line(rng, text):
    lines = text.splitlines(keepends=True)
    number = rng.choice(keys_of(lines))
    lines[number] = " " * rng.randrange(1, 5) + lines[number] if rng.random() < 0.5 else lines[number].lstrip()
    return "".join(lines)


def mistyped_word(rng, text):
    start, stop = rng.choice(spans(text))
    word = list(text[start:stop])
    place = rng.randrange(len(word))
    word[place : place + 1] = rng.choice(
        [[], [word[place]] * 2, [rng.choice("abcxyz019-_$(){}[]:, ")], word[place - 1 : place]]
    )
    return text[:start] + "".join(word) + text[stop:]


def replaced_word(rng, text):
    start, stop = rng.choice(spans(text))
    return text[:start] + rng.choice(WORDS) + text[stop:]


def truncated(rng, text):
    return text[: rng.randrange(len(text))]


def cut_out(rng, text):
    start = rng.randrange(len(text))
    return text[:start] + text[start + rng.randrange(1, 40) :]


def random_bytes_in(rng, text):
    data = bytearray(text.encode())
    for _ in range(rng.randrange(1, 4)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data)


def crossed(rng, text):
    other = rng.choice(list(TEXTS.values()))
    return text[: rng.randrange(len(text))] + other[rng.randrange(len(other)) :]


MUTATIONS = [
    dropped_line,
    doubled_line,
    moved_line,
    indented_line,
    mistyped_word,
    replaced_word,
    truncated,
    cut_out,
    random_bytes_in,
    crossed,
]
