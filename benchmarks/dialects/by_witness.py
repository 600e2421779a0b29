"""Tables of the frameworks that are witnesses of `verify`: Keras, Paddle and onnxruntime.

What a table has beside random layers stands in `asked`: inputs and layers that tell one default from another. Keras's
own classes are called by their names, with no more than stands there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from random import Random
from typing import Any

from benchmarks.dialects.asked import ASKED
from benchmarks.dialects.by_node import NODES
from benchmarks.dialects.by_node import said as by_node
from benchmarks.witnessed_table import FRAMEWORKS
from cnncalc.errors import CnncalcError
from cnncalc.graph import Net, broken_requirement
from cnncalc.graph.nodes import Node
from cnncalc.layers import Layer, Shape
from cnncalc.layers.base import show_shape
from cnncalc.layers.dialects import DIALECTS
from cnncalc.layers.windows import per_axis_requirements
from cnncalc.notation.lines import TokenError, parse

__all__ = ["rows"]

Shapes = tuple[Shape, ...]


def rows(framework: str, dialect: str, layers: int, seed: int) -> Iterator[tuple[str, str, str]]:
    """Inputs, layer, and what comes of it with how many numbers, of layers in which the two do not differ for a reason.

    Those by a class's own name come first, then those that tell defaults apart, then random ones.
    """
    from layer_texts import layer_text, wild_text

    settled = import_module(f"benchmarks.{FRAMEWORKS[framework].module}")
    random, seen = Random(f"{dialect}/{seed}"), set()
    asked = [(text, tuple(shapes)) for text, *shapes in ASKED.get(dialect, ())]
    while len(seen) < layers + len(ASKED.get(dialect, ())):
        fixed = bool(asked)
        if asked:
            text, shapes = asked.pop(0)
        elif random.random() < 0.4:
            text, shapes = wild_text(random)
        else:
            axes = random.choice((0, 1, 2, 2, 2, 3))
            shapes = ((random.randint(1, 8), *(random.randint(1, 11) for _ in range(axes))),)
            text = layer_text(random, shapes[0])
        if dialect == "onnx" and (text, shapes[0]) in NODES:
            said = by_node(text, shapes[0])
        elif text[:1].isupper() and framework == "keras":
            said = _by_class(text, shapes)
        elif framework == "paddle" and text in CALLS:
            said = _by_call(text, shapes)
        else:
            said = _held(framework, dialect, text, shapes, settled, keep=fixed)
        key = " ".join(map(show_shape, shapes)), text
        if said and key not in seen:
            seen.add(key)
            yield *key, said
        elif fixed:
            print("not said:", key)
            seen.add(key)


def _held(framework: str, dialect: str, text: str, shapes: Shapes, settled: Any, *, keep: bool) -> str:
    """`3x4x4` and how many numbers; nothing where the framework cannot say the layer, or both differ for a reason."""
    try:
        layer = parse(text, dialect).layer
    except TokenError:
        return ""
    rank = len(shapes[0]) - 1
    if (not keep and layer.kind not in settled.KINDS) or (layer.needs == "map" and not 1 <= rank <= 3):
        return ""
    if next(per_axis_requirements(layer, rank), None) is not None:
        return ""
    if rank not in DIALECTS[dialect].ranks.get(layer.kind, (rank,)) and framework == "onnxruntime":
        return ""  # a node that is not known on so many axes is not written
    broken = broken_requirement(layer, shapes)
    try:
        theirs = settled.lone(layer, shapes)
        numbers = "" if isinstance(theirs, str) else _numbers(framework, layer, shapes)
    except CnncalcError:
        return ""
    said = "" if broken is None else broken.rule + (broken.help if isinstance(broken.help, str) else "")
    if not keep and any(one.applies(layer, shapes, said, theirs) for one in settled.SETTLED):
        return ""
    return "refused\t0" if isinstance(theirs, str) else f"{show_shape(theirs) or 'scalar'}\t{numbers}"


def _numbers(framework: str, layer: Layer, shapes: Shapes) -> str:
    """How many numbers it keeps, `?` where the framework does not say, or the layer is refused by us."""
    from cnncalc.witnesses.table import WITNESSES

    if broken_requirement(layer, shapes) is not None:
        return "?"
    net = Net("one", dialect=layer.dialect)
    inputs = [net.add_input(f"x{place}", shape) for place, shape in enumerate(shapes)]
    net.nodes.append(Node("one", layer, tuple(one.index for one in inputs), layer.output_shape(*shapes), len(inputs)))
    found = WITNESSES[framework].verify(net, net="", batch=2, options={})
    told = [one.measured for row in found.rows for one in row.figures if one.what == "parameters"]
    return str(told[0]) if told else "?"


CALLS = {
    "maxpool k3 s2 valid ceil": ("MaxPool2D", {"kernel_size": 3, "stride": 2, "padding": "VALID", "ceil_mode": True}),
    "GLU": ("GLU", {}),
}
"""Layers of Paddle that we refuse to read, or that a name alone says."""


def _by_call(text: str, shapes: Shapes) -> str:
    """What a layer of Paddle makes."""
    import paddle

    name, given = CALLS[text]
    try:
        made = getattr(paddle.nn, name)(**given)(paddle.zeros([2, *shapes[0]]))
    except ValueError:
        return "refused\t0"
    return f"{show_shape(tuple(made.shape[1:]))}\t0"


def _by_class(text: str, shapes: Shapes) -> str:
    """A class of Keras's with the arguments that stand in the text, on inputs whose channels come last."""
    import keras

    name, *words = text.split()
    given = {}
    for word in words:
        key, equals, value = word.partition("=")
        given |= {"kernel_size": int(key[1:])} if re.fullmatch(r"k\d+", key) else {key: int(value)} if equals else {}
    numbers = [int(word) for word in words if word.isdecimal()]
    layer = getattr(keras.layers, name)(*numbers, **given)
    taken = [keras.ops.zeros((2, *shape[1:], shape[0])) for shape in shapes]
    made = tuple(layer(taken if len(taken) > 1 else taken[0]).shape)[1:]
    return f"{show_shape((*made[-1:], *made[:-1]))}\t{layer.count_params()}"
