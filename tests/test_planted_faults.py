"""Faults planted in the rules, one at a time: the short comparison with torch must find each of them."""

from __future__ import annotations

from random import Random

import pytest

pytest.importorskip("torch", reason="the torch backend is an extra: pip install 'cnncalc[torch]'")

from agreement import unexplained
from held import differences
from layer_texts import wild_text
from networks import Network, network

from cnncalc.analysis.memory import elements, layouts
from cnncalc.analysis.memory import totals as memory
from cnncalc.arithmetic.windows.formulas import Rounding, TransposedWindow, Window, product
from cnncalc.arithmetic.windows.reach import Reach
from cnncalc.graph.met import forget
from cnncalc.layers import convolving, reparametrised, sliding
from cnncalc.layers.backward import Backward, Saved
from cnncalc.layers.kinds import (
    activation,
    conv,
    deformable,
    fractional,
    merge,
    modulated,
    norm,
    pool,
    regularize,
    resize,
    shuffle,
    tensors,
    unfolding,
)
from cnncalc.layers.kinds.algebra import arithmetic, contractions, functions, products, reductions
from cnncalc.layers.kinds.sequences import attention, convolved, recurrent
from cnncalc.notation.lines import parse

NETS = 2_000
"""Within so many nets a fault must show; nearly all show within a hundred."""


pytestmark = pytest.mark.usefixtures("one_thread")


def lines_of(net):
    """What a net shows; an error is shown too."""
    try:
        return differences(net)[1]
    except (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError) as error:
        return [f"broken: {error!r}"]


def short_run(nets=NETS):
    """What the first net that differs shows; empty where none of them does."""
    return next((lines for index in range(nets) if (lines := lines_of(network(Random(f"planted/{index}"))))), [])


def without_group(self, *x):
    """The weights of a convolution that forgets its groups."""
    shapes = {"weight": (self.filters(x[0]), x[0][0], *(window.kernel for window in self.windows(x[0])))}
    return {**shapes, "bias": shapes["weight"][:1]} if self.bias else shapes


def floor_for_ceil(plain):
    return lambda self, n: plain(self._replace(rounding=Rounding.FLOOR) if self.rounding is Rounding.CEIL else self, n)


def unclipped(plain):
    def length(self, n):
        return plain(self._replace(rounding=Rounding.CEIL_UNCLIPPED) if self.rounding is Rounding.CEIL else self, n)

    return length


def keeps(*tensors):
    """A rule of what is saved that names these."""

    def saved(self, backward, *x):
        if backward.any:
            yield from (make(self, x) for make in tensors)

    return saved


def the_input(_layer, _x):
    return Saved("input")


FAULTS = {
    "floor for ceil": (Window, "length", floor_for_ceil(Window.length)),
    "a ceil-mode window that is not clipped": (Window, "length", unclipped(Window.length)),
    "dilation forgotten": (Window, "extent", property(lambda self: self.kernel)),
    "same rounded down": (
        Window,
        "length",
        lambda self, n, plain=Window.length: n // self.stride if isinstance(self.border, str) else plain(self, n),
    ),
    "output padding forgotten": (
        TransposedWindow,
        "length",
        lambda self, n, plain=TransposedWindow.length: plain(self._replace(output_padding=0), n),
    ),
    "groups forgotten in the weights": (conv.ForwardConvolution, "weight_shapes", without_group),
    "groups forgotten in the MACs": (
        conv.Conv,
        "macs",
        lambda self, *x, plain=conv.ForwardConvolution.macs: plain(self, *x) * self.groups,
    ),
    "MACs of a deconvolution by its output": (
        conv.Deconv,
        "macs",
        lambda self, *x: product(self.weight_shapes(*x)["weight"]) * product(self.output_shape(*x)[1:]),
    ),
    "bias forgotten": (
        conv.Deconv,
        "weight_shapes",
        lambda self, *x, plain=conv.Deconv.weight_shapes: {"weight": plain(self, *x)["weight"]},
    ),
    "relu keeps its input": (activation.ReLU, "keeps", "input"),
    "gelu keeps its output": (activation.GELU, "keeps", "output"),
    "silu in place keeps no copy": (activation.SiLU, "copies_in_place", False),
    "a max pool keeps no indices": (pool.MaxPool, "saved", keeps(the_input)),
    "a batch norm keeps no statistics": (norm.BatchNorm, "saved", keeps(the_input)),
    "statistics for each image": (
        norm.BatchNorm,
        "saved",
        keeps(the_input, lambda _layer, x: Saved("mean and 1/σ", shape=(2, x[0][0]))),
    ),
    "an average pool keeps nothing": (pool.AvgPool, "saved", keeps()),
    "a product keeps both whatever is wanted": (
        merge.Multiply,
        "saved",
        lambda self, backward, *x, plain=merge.Multiply.saved: plain(
            self, Backward(backward.training, backward.weights, (True,) * len(x)), *x
        ),
    ),
    "running statistics forgotten": (norm.BatchNorm, "buffer_shapes", lambda self, *x: {}),
    "a merge takes the first shape": (merge.ElementwiseMerge, "output_shape", lambda self, *x: x[0]),
    "a shuffle forgets an axis": (
        shuffle.PixelShuffle,
        "output_shape",
        lambda self, *x: (x[0][0] // self.factor ** (len(x[0]) - 1), *(n * self.factor for n in x[0][1:-1]), x[0][-1]),
    ),
    "relu in place makes a new tensor": (activation.InPlace, "reuses_input", lambda self, *, training: False),
    "dropout at inference makes a new tensor": (
        regularize.Dropout,
        "reuses_input",
        lambda self, *, training: self.inplace,
    ),
    "tensors are freed too early": (
        memory,
        "_last_uses",
        lambda graph, owner: [one + 1 if owner[one] == one else memory.NEVER for one in range(len(owner))],
    ),
    "a stride forgotten in the receptive field": (
        conv.ForwardConvolution,
        "reaches",
        lambda self, *x, plain=conv.ForwardConvolution.reaches: tuple(
            Reach(1, reach.first, reach.last) for reach in plain(self, *x)
        ),
    ),
    "padding forgotten in the receptive field": (
        sliding.Pool,
        "reaches",
        lambda self, *x: tuple(Reach(window.stride, 0, window.extent - 1) for window in self.windows(x[0])),
    ),
    "every function keeps its output": (
        functions,
        "FUNCTIONS",
        {name: functions.OneFunction(1, ("output",)) for name in functions.FUNCTIONS},
    ),
    "a gate keeps nothing": (functions.Glu, "saved", keeps()),
    "a quotient keeps nothing": (arithmetic.Divide, "saved", keeps()),
    "a power keeps its base alone": (arithmetic.Power, "saved", keeps(the_input)),
    "a reduction leaves its axes": (
        reductions.OverAxes,
        "output_shape",
        lambda self, *x: tuple(1 if axis in self.axes else n for axis, n in enumerate(x[0])),
    ),
    "a largest element keeps nothing": (
        reductions,
        "REDUCTIONS",
        {name: reductions.OneReduction(1, 0, ()) for name in reductions.REDUCTIONS},
    ),
    "an argmax passes a gradient on": (reductions.ArgMax, "passes_gradient", True),
    "a topk keeps no indices": (reductions.TopK, "saved", keeps()),
    "a select leaves its axis": (reductions.Select, "output_shape", lambda self, *x: x[0]),
    "an expand keeps its shape": (reductions.Expand, "output_shape", lambda self, *x: x[0]),
    "a product of matrices by its first": (products.MatMul, "macs", lambda self, *x: product(x[0])),
    "an rms norm keeps no 1/rms": (products.RMSNorm, "saved", keeps(the_input)),
    "a token goes behind": (
        tensors.Given,
        "moved",
        lambda self, x, axis: Reach(),
    ),
    "a product with a parameter keeps nothing": (tensors.Parameter, "saved", keeps()),
    "an embedding keeps its input": (tensors.Embedding, "saved", keeps(the_input)),
    "a position for each channel": (tensors.Positional, "weight_shapes", lambda self, *x: {"weight": x[0][:1]}),
    "an opaque layer has its input's shape": (tensors.Opaque, "output_shape", lambda self, *x: x[0]),
    "queries are not kept": (
        attention.Attention,
        "saved",
        lambda self, backward, *x, plain=attention.Attention.saved: (
            one for one in plain(self, backward, *x) if "queries" not in one.what
        ),
    ),
    "the net on an attention's distances runs for each sample": (attention.Attention, "macs_once", lambda self, *x: 0),
    "the lengths of a cosine's queries are not kept": (
        attention.Attention,
        "saved_lengths",
        lambda self, *given, plain=attention.Attention.saved_lengths: (
            one for one in plain(self, *given) if "lengths" not in one.what
        ),
    ),
    "a mirrored border keeps nothing": (convolving.Bordered, "saved", convolving.ForwardConvolution.saved),
    "the length of each filter is not learned": (
        reparametrised.Reparametrised,
        "weight_shapes",
        lambda self, *x: self.used_shapes(*x),
    ),
    "a weight that is made is not kept": (reparametrised.Reparametrised, "saved_weight", lambda self, *given: iter(())),
    "a deformable convolution keeps no mask of zeros": (
        deformable.DeformableConv,
        "saved",
        keeps(the_input, lambda _layer, x: Saved("input", 1)),
    ),
    "filters of each image are no weights that are kept": (
        modulated.ModulatedConv,
        "saved",
        lambda self, backward, *x, plain=modulated.ModulatedConv.saved: (
            one for one in plain(self, backward, *x) if one.what != "scaled weights"
        ),
    ),
    "styles are not seen": (
        modulated.ModulatedConv,
        "reaches_into",
        lambda self, index, *x, plain=modulated.ModulatedConv.reaches_into: None if index else plain(self, index, *x),
    ),
    "a blur upwards counts its output": (
        modulated.Blur,
        "macs",
        lambda self, *x: product(self.output_shape(*x)) * product(self.taps(x[0])),
    ),
    "a filter is once for each channel": (
        modulated.Blur,
        "buffer_shapes",
        lambda self, *x: {"filter": (x[0][0], 1, *self.taps(x[0]))},
    ),
    "a fractional pool keeps its input alone": (fractional.FractionalMaxPool, "saved", keeps(the_input)),
    "columns of windows keep nothing": (
        unfolding.Unfold,
        "output_shape",
        lambda self, *x: (x[0][0] * 4, product(x[0][1:])),
    ),
    "a fold is as large as its columns": (unfolding.Fold, "output_shape", lambda self, *x: (x[0][0], *self.size * 2)),
    "a dilated average sees its kernel alone": (
        pool.AvgPool,
        "reaches",
        lambda self, *x, plain=sliding.Pool.reaches: plain(parse("avgpool k3 s1").layer, *x),
    ),
    "windows forgotten in an attention's MACs": (
        attention.Attention,
        "macs",
        lambda self, *x, plain=attention.Attention.macs: (
            plain(self, *x)
            + (self.sizes(*x).keys - self.sizes(*x).asked)
            * self.sizes(*x).queries
            * (self.sizes(*x).keyed + self.sizes(*x).valued)
        ),
    ),
    "a shift forgotten in an attention's receptive field": (
        attention.Attention,
        "along",
        lambda self, x, axis: Reach(block=self.windows(x)[axis]),
    ),
    "a recurrent layer counts a gate less": (
        recurrent,
        "CELLS",
        {name: cell._replace(gates=cell.gates + 1) for name, cell in recurrent.CELLS.items()},
    ),
    "a recurrent layer keeps its gates alone": (
        recurrent,
        "CELLS",
        {name: cell._replace(kept=cell.gates) for name, cell in recurrent.CELLS.items()},
    ),
    "an equation's products count its output alone": (
        contractions.Einsum,
        "macs",
        lambda self, *x: product(self.output_shape(*x)) if self.met else 0,
    ),
    "a factor is never laid out": (contractions.Einsum, "as_it_lies", lambda self, index, alone, *x: True),
    "a convlstm's state is no product": (
        convolved.ConvLSTM,
        "macs",
        lambda self, *x: product(self.weight_shapes(*x)["weight_ih"]) * x[0][1] * product(self.state(x[0])[1:]),
    ),
    "a convlstm keeps one state": (
        convolved.ConvLSTM,
        "saved",
        keeps(the_input, lambda layer, x: Saved("states", shape=(7, *layer.state(x[0])))),
    ),
    "a convlstm sees one step more": (
        convolved.ConvLSTM,
        "reaches",
        lambda self, *x, plain=convolved.ConvLSTM.reaches: (
            plain(self, *x)[0],
            *plain(self, (x[0][0], x[0][1] + 1, *x[0][2:]))[1:],
        ),
    ),
    "a slice is a copy": (resize.Slice, "reuses_input", lambda self, *, training: False),
    "a part that is joined stays where it is": (layouts, "_reshaped", lambda gaps, before, after: frozenset()),
    "several images of a part lie in one piece": (elements, "joined", lambda gaps, shape, axes, *, alone: False),
    "an unpooling keeps nothing": (unfolding.MaxUnpool, "saved", keeps()),
    "a scale of a fraction rounds": (resize, "scaled_length", lambda n, factor: round(n * factor)),
    "groups that divide nothing are taken": (conv.Convolution, "channel_requirements", lambda self, x: iter(())),
}


EINSUM = 'input: 3x4x5\nlayers: [{identity: , name: x}, conv 3 k1, {einsum: "cij,ckj->ki", from: [x, previous]}]'
STYLED = """input: 4x9x9
layers: [{tanh: , name: x}, global_avgpool flat, linear 4, {modulated_conv: 4 k3 p1, from: [x, previous]}]"""
ON = {
    "a token goes behind": "input: 3x6x6\nlayers: [conv 4 k3 p1, parameter 4x1x6 concat axis=1 first, conv 2 k3]",
    "an equation's products count its output alone": EINSUM,
    "a factor is never laid out": EINSUM,
    "a convlstm's state is no product": "input: 2x3x5x5\nlayers: [convlstm 2 k3]",
    "a convlstm keeps one state": "input: 2x3x5x5\nlayers: [convlstm 2 k3]",
    "a convlstm sees one step more": "input: 2x3x9x9\nlayers: [convlstm 2 k3 same]",
    "a slice is a copy": "input: 4x5\nlayers: [conv 4 k1, 'slice :2', conv 2 k1]",
    "a scale of a fraction rounds": "input: 4x5x5\nlayers: [upsample 1.5]",
    "a part that is joined stays where it is": "input: 4x5\nlayers: [conv 4 k1, 'slice :2 axis=1', flatten, linear 1]",
    "several images of a part lie in one piece": "input: 4x5\nlayers: [conv 4 k1, 'slice :2', groupnorm 1]",
    "a mirrored border keeps nothing": "input: 4x5x5\nlayers: [conv 4 k1, conv 4 k3 p1 reflect]",
    "the length of each filter is not learned": "input: 4x5x5\nlayers: [conv 4 k1 norm=weight]",
    "a weight that is made is not kept": "input: 4x5x5\nlayers: [conv 4 k1, conv 4 k1 norm=spectral]",
    "a deformable convolution keeps no mask of zeros": (
        "input: 4x5x5\nlayers: [{identity: , name: x}, conv 18 k3 p1, {deform_conv: 4 k3 p1, from: [x, previous]}]"
    ),
    "filters of each image are no weights that are kept": STYLED,
    "styles are not seen": STYLED,
    "a blur upwards counts its output": "input: 4x5x5\nlayers: [blur k4 p1 up=2]",
    "a filter is once for each channel": "input: 4x5x5\nlayers: [blur k4 p1]",
    "a fractional pool keeps its input alone": "input: 4x9x9\nlayers: [conv 4 k1, fractional_maxpool k2 size=5]",
    "columns of windows keep nothing": "input: 4x5x5\nlayers: [unfold k2, relu]",
    "a fold is as large as its columns": "input: 4x4x4\nlayers: [unfold k2 s2, fold k2 4 s2]",
    "a dilated average sees its kernel alone": "input: 4x9x9\nlayers: [avgpool k3 s1 d2]",
    "a shift forgotten in an attention's receptive field": "input: 4x8x8\nlayers: [attention 2 w4 shift=1]",
    "the net on an attention's distances runs for each sample": "input: 4x4x4\nlayers: [attention 2 w2 continuous=3]",
    "the lengths of a cosine's queries are not kept": "input: 4x5\nlayers: [conv 4 k1, attention 2 cosine]",
}
"""Faults of what is rarely drawn, each with a net that must show it."""


def shown_by(text):
    """What a net shows, with receptive fields, for two images."""
    forget()
    return lines_of(Network(text, 2, "float32", False, False, True, ()))


def test_without_a_fault_nothing_differs():
    assert [shown_by(text) for text in ON.values()] == [[]] * len(ON)
    assert short_run(400) == []


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found(name, monkeypatch):
    owner, attribute, replacement = FAULTS[name]
    monkeypatch.setattr(owner, attribute, replacement)
    if name in ON:
        assert shown_by(ON[name]) != []
    elif attribute == "channel_requirements":
        random = Random("planted")
        assert any(unexplained(*wild_text(random)) for _ in range(4_000))
    else:
        assert short_run() != []
