"""Foreign texts cut, flipped, nested and blown up: an error with words, or a net; soon, and nothing else."""

from __future__ import annotations

import time
from random import Random

import pytest
from reading import read
from test_caffe import LENET, SCALE, TRAIN_VAL, norm, old, two
from test_darknet import CONV, net_of
from test_ncnn import NET as NCNN

from cnncalc.errors import CnncalcError, Fault

SECONDS = 5
"""Of computing: several times what the slowest takes."""
SSD = two("8x4x4", "3x32x32", 'type: "PriorBox" prior_box_param { min_size: 4 max_size: 9 aspect_ratio: 2 }')
YOLO = (
    net_of("16x16x3")
    + CONV.format(8)
    + "[maxpool]\nsize=2\nstride=1\n[route]\nlayers=-1,-2\ngroups=2\n[shortcut]\nfrom=0\n"
)
FILES = {
    "lenet.prototxt": LENET,
    "old.prototxt": old(LENET),
    "norm.prototxt": norm(SCALE),
    "train_val.prototxt": TRAIN_VAL,
    "ssd.prototxt": SSD,
    "yolo.cfg": YOLO + "[yolo]\nclasses=1\n[convolutional]\nfilters=4\n[softmax]\n",
    "net.param": NCNN,
}
NUMBERS = (
    "-1",
    "0",
    "1",
    "7",
    "99999",
    "2147483647",
    "99999999999999999999",
    "1e9",
    "nan",
    "-233",
    "x",
    '""',
    "9" * 5000,
)
PIECES = (
    "{",
    "}",
    "[",
    "]",
    "layer {",
    "=",
    ":",
    '"',
    "\\",
    "\0",
    "\n",
    "[net]\n",
    "[route]\nlayers=-1\n",
    "0=0 ",
    "é",
    "\ud800",
)


def mutated(random: Random, text: str) -> bytes:
    """The text with a few slips in it."""
    for _ in range(random.choice((1, 1, 2, 4))):
        kind, place = random.randrange(6), random.randrange(len(text) + 1)
        if kind == 0:
            text = text[:place]
        elif kind == 1:
            text = text[:place] + random.choice(PIECES) + text[place:]
        elif kind == 2:
            text = text[:place] + chr(random.randrange(1, 256)) + text[place + 1 :]
        elif kind == 3:
            spans = [index for index, letter in enumerate(text) if letter.isdigit()]
            if spans:
                at = random.choice(spans)
                text = text[:at] + random.choice(NUMBERS) + text[at + 1 :]
        elif kind == 4:
            lines = text.splitlines(keepends=True) or [""]
            at = random.randrange(len(lines))
            text = "".join([*lines[:at], *lines[at : at + 1] * random.choice((0, 2, 40)), *lines[at + 1 :]])
        else:
            text = text[:place] + random.choice(PIECES) * 300 + text[place:]
    return text.encode("utf-8", "surrogatepass")


def outcome(text: bytes, file: str) -> None:
    start = time.process_time()
    layers = 0
    faults: tuple[Fault, ...] = ()
    try:
        layers = read(text, file).layers
    except CnncalcError as error:
        faults = error.faults
        told = str(error)
    assert layers > 0 or (told and all(fault.message for fault in faults))
    assert time.process_time() - start < SECONDS


@pytest.mark.parametrize("file", FILES)
def test_a_mutated_text_gives_a_net_or_an_error(file):
    for seed in range(120):
        outcome(mutated(Random(f"{file}/{seed}"), FILES[file]), file)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("deep.prototxt", "layer { " * 50_000),
        ("wide.prototxt", LENET + "param { lr_mult: 1 }\n" * 100_000),
        ("long.prototxt", 'layer { name: "' + "a" * 1_000_000 + '" }'),
        ("tops.prototxt", TRAIN_VAL + 'layer { name: "s" type: "Slice" bottom: "fc"' + ' top: "t"' * 50_000 + " }"),
        (
            "tile.prototxt",
            LENET + 'layer { name: "t" type: "Tile" bottom: "prob" top: "t" tile_param { tiles: 2000000000 } }',
        ),
        (
            "spp.prototxt",
            LENET + 'layer { name: "t" type: "SPP" bottom: "conv1" top: "t" spp_param { pyramid_height: 99 } }',
        ),
        ("dims.prototxt", LENET.replace("input_dim: 28", "input_dim: 2147483647")),
        ("route.cfg", YOLO + "[route]\nlayers=" + ",".join(["0"] * 50_000)),
        ("huge.cfg", YOLO + "[upsample]\nstride=2147483647\n" * 4),
        ("many.cfg", net_of("8x8x3") + "[dropout]\n" * 3_000),
        ("tops.param", "7767517\n1 9\nSplit s 1 99999999 a b\n"),
        ("input.param", "7767517\n1 1\nInput a 0 1 a 0=2147483647 1=2147483647 2=2147483647\n"),
    ],
    ids=lambda value: value if len(value) < 20 else "text",
)
def test_a_hostile_text_is_bounded(file, text):
    outcome(text.encode(), file)
