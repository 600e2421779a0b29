"""ONNX: nodes of damaged files, with inputs that are missing, of other ranks, and attributes of other kinds.

Whatever a rule is handed, it makes layers or says what it does not know.
"""

from __future__ import annotations

from random import Random

import pytest

import cnncalc.layers  # noqa: F401 - kinds before readers
from cnncalc.errors import CnncalcError
from cnncalc.interchange.onnx.call import Call, Live, NotKnown, Parts, Value
from cnncalc.interchange.onnx.parts import Node, Tensor
from cnncalc.interchange.onnx.rules.cells import CELLS
from cnncalc.interchange.onnx.rules.fused.attention import ATTENTION
from cnncalc.interchange.onnx.rules.fused.blocked import BLOCKED, LAST
from cnncalc.interchange.onnx.rules.fused.further import FURTHER
from cnncalc.interchange.onnx.rules.fused.labels import LABELS
from cnncalc.interchange.onnx.rules.fused.runtime import RUNTIME
from cnncalc.interchange.onnx.rules.fused.words import WORDS
from cnncalc.interchange.onnx.rules.listed import LISTED
from cnncalc.interchange.onnx.rules.rarer import RARER
from cnncalc.interchange.onnx.rules.table import RULES, rule_of
from cnncalc.interchange.sketch import Sketch

KINDS = {
    "": [*RULES, *RARER, *LISTED, *CELLS, *ATTENTION],
    "com.microsoft": [*RUNTIME, *ATTENTION, *FURTHER, *WORDS],
    "com.microsoft.nchwc": [*BLOCKED],
    "com.ms.internal.nhwc": [*LAST],
    "ai.onnx.ml": [*LABELS],
}
NAMES = (
    "K", "N", "activation", "alpha", "auto_pad", "axes", "axis", "bits", "block_size", "blocksize", "border",
    "channels", "channels_last", "dilations", "dim", "direction", "equation", "group", "groups", "hidden_size",
    "keepdims", "kernel_shape", "kv_num_heads", "layout", "mode", "num_groups", "num_heads", "onesided",
    "output_shape", "p", "pads", "perm", "q_num_heads", "reduction", "sample_size", "scale", "size", "step",
    "strides", "to", "transA", "transB",
)  # fmt: skip
WORDS_OF = ("ij,jk->ik", "...i,ij->...j", "SAME_UPPER", "VALID", "relu", "bidirectional", "linear", "none", "ijk")


def number(random: Random) -> int:
    return random.choice((-3, -1, 0, 1, 1, 2, 3, 4))


def attribute(random: Random):
    chosen = random.random()
    if chosen < 0.5:
        return number(random)
    if chosen < 0.8:
        return tuple(number(random) for _ in range(random.randint(0, 5)))
    return random.choice(WORDS_OF) if chosen < 0.95 else 0.5


def given(random: Random, lives: list[Live]) -> Value | None:
    chosen = random.random()
    if chosen < 0.1:
        return None
    if chosen < 0.5:
        return random.choice(lives)
    if chosen < 0.53:
        return Parts(tuple(lives[: random.randint(0, 2)]))
    dims = tuple(random.choice((0, 1, 1, 2, 3, 4, 6, 12)) for _ in range(random.randint(0, 4)))
    kind = random.choice((1, 1, 7, 2, 9, 10))
    known = Tensor(dims).size <= 60 and random.random() < 0.7
    numbers = tuple(float(number(random)) if kind == 1 else number(random) for _ in range(Tensor(dims).size * known))
    return Tensor(dims, numbers if known else None, kind, random.choice(("w", "v", "", "m.weight")))


def drawn(random: Random, domain: str, kind: str) -> Call:
    sketch = Sketch("", "onnx", "test")
    shapes = [tuple(random.choice((1, 2, 3, 4, 6, 12)) for _ in range(random.randint(1, 4))) for _ in range(3)]
    lives = [Live(sketch.input(f"x{place}", one), random.choice((0, 0, 1, -1))) for place, one in enumerate(shapes)]
    values = [random.choice(lives), *(given(random, lives) for _ in range(random.randint(0, 8)))]
    random.shuffle(values)
    attributes = {name: attribute(random) for name in random.sample(NAMES, random.randint(0, 8))}
    node = Node(kind, (), tuple("abcd"[: random.randint(1, 4)]), "", domain, attributes, "", 1)
    return Call(sketch, node, values, random.choice((7, 11, 13, 18, 23)), random.choice((1, 1, 2)), {})


@pytest.mark.parametrize("domain", KINDS)
def test_what_a_node_lacks_is_told(domain):
    random, made = Random(29), 0
    for _ in range(40):
        for kind in KINDS[domain]:
            call = drawn(random, domain, kind)
            try:
                made += len(list(rule_of(domain, kind)(call)))
            except (NotKnown, CnncalcError):
                continue
    assert made > 0
