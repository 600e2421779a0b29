"""Files of other tools, changed by hand and worse: flipped, cut, lengths lied about, nested, counts without end.

They are small ones of a folder that is given when the fuzz runs (none is kept here), and a few that are written below.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import TypeAlias

__all__ = ["foreign_file", "gather"]

LARGEST = 130_000
"""Bytes of a file that is taken."""
OWN = {
    "own.cfg": b"[net]\nheight=16\nwidth=16\nchannels=3\n\n[convolutional]\nfilters=4\nsize=3\nstride=1\npad=1\n"
    b"activation=leaky\n\n[maxpool]\nsize=2\nstride=2\n\n[route]\nlayers=-1,-2\n\n[softmax]\n",
    "own.prototxt": b'name: "n"\ninput: "data"\ninput_shape { dim: 1 dim: 3 dim: 16 dim: 16 }\nlayer { name: "c" type: '
    b'"Convolution" bottom: "data" top: "c" convolution_param { num_output: 4 kernel_size: 3 } }\n',
    "own.param": b"7767517\n3 3\nInput data 0 1 data 0=16 1=16 2=3\nConvolution c 1 1 data c 0=4 1=3 5=1 6=108\n"
    b"ReLU r 1 1 c r\n",
}
ENDLESS = (
    b"99999999999",
    b"-1",
    b"0",
    b"2147483648",
    b"18446744073709551615",
    b"1e999",
    b"nan",
    b"1",
    b"65536",
    b"0.5",
)
LIES = (
    b"\xff\xff\xff\xff", b"\xff" * 8, b"\xff\xff\xff\xff\x0f", b"\xff" * 9 + b"\x01", b"\x00\x00\x00\x00", b"\x7f",
    b"\x80", b"\x00\x00\x00\x80", b"\xff\xff\xff\x7f", b"\x00\x00\x00\x00\x01\x00\x00\x00",
)  # fmt: skip
SHELLS = ((b"{", b"}"), (b"[", b"]"), (b"layer {", b"}"), (b"<layer>", b"</layer>"), (b"(", b")"), (b'{"a":', b"}"))
Mutation: TypeAlias = "Callable[[Random, bytearray], None]"

_samples: dict[str, bytes] = dict(OWN)


def gather(folder: Path | None) -> int:
    """Take the small files below a folder as well; how many there are then."""
    for path in sorted(folder.rglob("*")) if folder is not None else ():
        if path.is_file() and path.suffix not in (".md", ".csv") and path.stat().st_size <= LARGEST:
            _samples[f"{path.parent.name}-{path.name}"] = path.read_bytes()
    return len(_samples)


def foreign_file(random: Random) -> tuple[str, bytes]:
    """A file with its name: as it is, or changed in some places."""
    name = min(random.choices(list(_samples), k=2), key=lambda one: len(_samples[one]))
    data = _samples[name]
    if random.random() < 0.4:
        return name, data
    if data.startswith(b"PK") and random.random() < 0.8:
        return name, _repacked(random, data)
    return name, _changed(random, data)


def _changed(random: Random, data: bytes) -> bytes:
    text = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        if text:
            random.choice(MUTATIONS)(random, text)
    return bytes(text[: 4 * LARGEST])


def _repacked(random: Random, data: bytes) -> bytes:
    """An archive with one of its members changed: its sums are right, so that what is inside is read."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(packed, "w") as new:
        names = old.namelist()
        told = [name for name in names if name.endswith(".json")] or names
        chosen = random.choice(told)
        for name in names:
            inside = old.read(name)
            new.writestr(name, _changed(random, inside) if name == chosen else inside)
    return packed.getvalue()


def _flipped(random: Random, text: bytearray) -> None:
    for _ in range(random.choice((1, 1, 2, 8))):
        text[random.randrange(len(text))] ^= 1 << random.randrange(8)


def _cut(random: Random, text: bytearray) -> None:
    del text[random.randrange(len(text)) :]


def _dropped(random: Random, text: bytearray) -> None:
    start = random.randrange(len(text))
    del text[start : start + random.choice((1, 2, 10, 100, 1_000))]


def _again(random: Random, text: bytearray) -> None:
    start = random.randrange(len(text))
    piece = text[start : start + random.choice((1, 10, 100, 1_000))]
    place = random.randrange(len(text))
    text[place:place] = piece * random.choice((1, 1, 2, 100))


def _lied(random: Random, text: bytearray) -> None:
    start, lie = random.randrange(len(text)), random.choice(LIES)
    text[start : start + random.choice((1, len(lie)))] = lie


def _counted(random: Random, text: bytearray) -> None:
    found = list(re.finditer(rb"\d+", text))
    if found:
        start, stop = random.choice(found).span()
        text[start:stop] = random.choice((*ENDLESS, *(one[0] for one in random.sample(found, min(3, len(found))))))


def _words(random: Random, text: bytearray) -> None:
    found = list(re.finditer(rb"[A-Za-z_][\w.]{2,}", text))
    if found:
        (start, stop), other = random.choice(found).span(), random.choice(found)[0]
        text[start:stop] = random.choice((other, other, b"", b"x" * 10_000, b"\xff\xfe", b"\x1b[31m", b"null", b"\n"))


def _nested(random: Random, text: bytearray) -> None:
    (before, after), depth = random.choice(SHELLS), random.choice((1, 60, 3_000))
    found = [match.start() for match in re.finditer(rb"[{\[<(]", text)] or [random.randrange(len(text))]
    place = random.choice(found)
    text[place:place] = before * depth + (after * depth if random.random() < 0.5 else b"")


def _lines(random: Random, text: bytearray) -> None:
    """Two lines change places, or one stands again."""
    lines = text.splitlines(keepends=True)
    one, other = random.randrange(len(lines)), random.randrange(len(lines))
    if random.random() < 0.5:
        lines[one], lines[other] = lines[other], lines[one]
    else:
        lines.insert(other, lines[one])
    text[:] = b"".join(lines)


WHOLE = re.compile(rb"<(\w+)[^>]*/>|<(\w+)[^>]*>[^<]*</\2>|\{[^{}]*\}|\[[^\[\]]*\]|[^\n]+\n|[^\s,]+,")


def _removed(random: Random, text: bytearray) -> None:
    """Something whole goes, or stands twice: a line, an element, what is between brackets, an item of a list."""
    first = random.randrange(len(text))
    found = list(WHOLE.finditer(text[first : first + 1_000]))
    if found:
        start, stop = (first + place for place in random.choice(found).span())
        if text[start : start + 1] in (b"{", b"[") and random.random() < 0.5:
            start, stop = start + 1, stop - 1
        text[start:stop] = random.choice((b"", b"", text[start:stop] * 2))


MUTATIONS: tuple[Mutation, ...] = (
    _flipped, _cut, _dropped, _again, _lied, _counted, _counted, _counted, _words, _words, _nested, _lines, _lines,
    _removed, _removed, _removed,
)  # fmt: skip
