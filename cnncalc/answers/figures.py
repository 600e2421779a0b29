"""The table of figures: what is counted of a layer and of a net, each with its rules and its words.

Columns, JSON, the schema of `expect:`, budgets, wants, sweeps, comparisons, summaries and closed forms derive from it:
one entry adds a figure to all of them. A rule is written with `+ - *` on whatever numbers it is handed: whole ones, or
closed forms, of which one that does not exist makes none of all that is computed from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.answers.reading import OfLayer
from cnncalc.records import NamedTuple
from cnncalc.text import number, rounded, size_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from cnncalc.answers.reading import OfNet

    class Figures(Protocol):
        """The figures of a net as attributes."""

        def __getattr__(self, figure: str) -> int: ...


__all__ = [
    "BY_KEY",
    "CLAIMED",
    "FIGURES",
    "KEYS",
    "OF_LAYERS",
    "RECEPTIVE_FIELD",
    "Figure",
    "OfLayer",
    "for_people",
    "mac_flops",
    "told",
    "train_bytes",
]


class Figure(NamedTuple):
    """One thing that is counted."""

    key: str
    """What JSON, `expect:`, `--columns`, `--max` and `--figures` call it."""
    title: str
    """Before a total."""
    unit: str
    """`bytes`, `layers`, or empty for other counts."""
    help: str
    layer: Callable[[OfLayer], Any] | None = None
    """What a layer adds; none for what no layer has of its own."""
    total: Callable[[OfNet], Any] | None = None
    """Of the net; none where it is the sum of its layers."""
    heading: str = ""
    """Over its column; empty where layers are not shown with it."""
    share: str = ""
    """Over the column of each layer's share, where there is one."""
    usual: bool = False
    """Whether the column is shown unless others are chosen."""
    compared: str | None = None
    """Before it where nets stand side by side: the title unless told, not there where empty."""
    place: int = 100
    """Where it stands when people read figures below one another; JSON has the order of the table."""
    note: Callable[[Figures, str], str] | None = None
    """What explains a total, from all totals and the name of the optimizer; where there is none, a shorter number."""
    line: bool = True
    """Whether the total has a line below a table, in place of standing in the note of another."""

    def note_of(self, totals: Figures, optimizer: str) -> str:
        """What explains the total beside its exact number."""
        if self.note is not None:
            return self.note(totals, optimizer)
        value = getattr(totals, self.key)
        return size_text(value) if self.unit == "bytes" else rounded(value)

    def label(self, optimizer: str) -> str:
        """The title where no note stands beside it: what trains is named."""
        return f"{self.title} ({optimizer})" if self.key == "train_bytes" else self.title


def _parts(totals: Figures, _: str) -> str:
    text = f"{number(totals.weights)} weights + {number(totals.biases)} biases"
    others = totals.params - totals.weights - totals.biases  # some dialects count state that is not learned
    return f"{text} + {number(others)} buffers" if others > 0 else text


def _frozen(totals: Figures, _: str) -> str:
    fixed = totals.params - totals.trainable
    return f"{number(fixed)} not trainable" if fixed else ""


def _bytes(key: str, words: str) -> Callable[[Figures, str], str]:
    return lambda totals, optimizer: f"{size_text(getattr(totals, key))}{words.format(optimizer=optimizer)}"


def _training_note(totals: Figures, optimizer: str) -> str:
    kept = "saved" if totals.backward_bytes <= totals.saved_bytes else "the most that is kept"
    text = _bytes("train_bytes", f" with {kept}, weights, gradients and {{optimizer}}")(totals, optimizer)
    forward = totals.peak_bytes + totals.weight_bytes
    if not _frozen(totals, "") or forward <= totals.train_bytes:
        return text
    return f"{text}; the pass forward takes more, {size_text(forward)}"


def _params(one: OfLayer) -> Any:
    return one.weights + one.biases + (one.buffers if one.buffers_are_parameters else 0)


def _moved(one: OfLayer) -> Any:
    written = one.elements * one.element_bytes if one.moves else 0
    return one.parameter_bytes + one.images * (one.read_bytes() + written)


def mac_flops(parts: int) -> int:
    """Operations of a multiply–accumulate: of complex numbers, of two `parts`, four products and four sums."""
    return 2 * parts * parts


def train_bytes(trainable: Any, parameters: Any, size: Any, buffers: Any, state: Any, saved: Any) -> Any:
    """Parameters and gradients, of `size` bytes a number; and bytes of buffers, optimizer state and what is saved."""
    return (parameters + trainable) * size + buffers + state + saved


def _training(net: OfNet) -> Any:
    parameters = net["weights"] + net["biases"]
    others = (net["buffer_bytes"], net["optimizer_bytes"], net["backward_bytes"])
    return train_bytes(net["trainable"], parameters, net.element_bytes, *others)


FIGURES = (
    Figure(
        "layers", "Layers", "layers", "Layers in execution order, merges and reshapes too.", lambda _: 1,
        place=2, note=lambda totals, _: f"{number(totals.weighted_layers)} with weights",
    ),
    Figure(
        "weighted_layers", "Weighted layers", "layers", "Convolutions and linear layers with parameters of their own.",
        lambda one: int(one.weighted), place=1, line=False,
    ),
    Figure(
        "params", "Parameters", "", "Learnable numbers, frozen or not; a layer that shares another's has 0.", _params,
        heading="Params", share="Params %", usual=True, place=3, note=_parts,
    ),
    Figure(
        "weights", "Weights", "", "Parameters that are not biases.", lambda one: one.weights,
        heading="Weights", compared="", line=False,
    ),
    Figure(
        "biases", "Biases", "", "Parameters that are added.", lambda one: one.biases,
        heading="Biases", compared="", line=False,
    ),
    Figure(
        "trainable", "Trainable", "", "Parameters that are not frozen.",
        lambda one: one.weights + one.biases if one.trainable else 0,
        heading="Trainable", compared="", place=4, note=_frozen,
    ),
    Figure(
        "buffers", "Buffers", "", "State that is kept but not learned, as running means.", lambda one: one.buffers,
        heading="Buffers", compared="", place=5, note=lambda totals, _: "",
    ),
    Figure(
        "macs", "MACs", "", "Multiply–accumulates of convolutions, linear and bilinear layers, biases apart.",
        lambda one: one.images * one.macs, heading="MACs", share="MACs %", usual=True, place=6,
    ),
    Figure(
        "flops", "FLOPs", "", "Twice the MACs, and every other operation; of complex numbers 8 and 2 times.",
        lambda one: one.images * (mac_flops(one.parts) * one.macs + one.parts * one.operations),
        heading="FLOPs", share="FLOPs %", place=7,
    ),
    Figure(
        "weight_bytes", "Weight bytes", "bytes", "Memory of weights and biases, with their scales.",
        lambda one: one.weight_bytes, heading="Weight bytes", share="Weight %", compared="Weight memory", place=8,
    ),
    Figure(
        "activation_bytes", "Activation bytes", "bytes",
        "The inputs and the outputs of all layers; what lies in another's storage counts once.",
        lambda one: one.images * one.elements * one.element_bytes if one.stored else 0,
        lambda net: net.images * net.input_elements * net.element_bytes + net.sum("activation_bytes"),
        heading="Activation bytes", share="Activation %", compared="", place=9,
        note=_bytes("activation_bytes", ", input included"),
    ),
    Figure(
        "moved_bytes", "Moved bytes", "bytes",
        "What inference reads and writes layer by layer: parameters, inputs, outputs; views and what is fused nothing.",
        _moved, heading="Moved bytes", share="Moved %", compared="", place=9, line=False,
    ),
    Figure(
        "saved_bytes", "Saved bytes", "bytes", "What autograd keeps for backward in training mode.",
        lambda one: one.saved(), lambda net: sum(net.saved.values()),
        heading="Saved bytes", share="Saved %", compared="Kept to train", place=11,
        note=_bytes("saved_bytes", " kept for backward"),
    ),
    Figure(
        "peak_bytes", "Peak bytes", "bytes",
        "The most alive at once in inference, layer by layer, parameters apart.",
        total=lambda net: net.peak, compared="Peak memory", place=10,
        note=_bytes("peak_bytes", " alive at once in inference"),
    ),
    Figure(
        "train_bytes", "Training bytes", "bytes", "Weights, buffers, gradients, optimizer state and saved activations.",
        total=_training, compared="", place=12,
        note=_training_note,
    ),
    Figure(
        "backward_flops", "Backward FLOPs", "",
        "Of the pass backward: twice the multiply–accumulates of gradients, of weights that are trained and of what "
        "they act on.",
        lambda one: mac_flops(one.trained_parts) * one.images * one.backward_macs(),
        lambda net: mac_flops(net.parts) * net.images * sum(net.backward.values()),
        heading="Backward FLOPs", share="Backward %", compared="", place=7, line=False,
    ),
    Figure(
        "step_flops", "FLOPs a step", "",
        "Twice the multiply–accumulates of a step of training, forward (again too) and backward, of all batches of "
        "--accumulate.",
        total=lambda net: (
            net.accumulate * (mac_flops(net.parts) * (net["macs"] + net["recomputed_macs"]) + net["backward_flops"])
        ),
        compared="", place=7, line=False,
    ),
    Figure(
        "nonzeros", "Nonzero", "", "Weights and biases without those that --sparsity makes zero.",
        lambda one: one.weights + one.biases - one.zeros, heading="Nonzero", compared="", place=4, line=False,
    ),
    Figure(
        "nonzero_macs", "Nonzero MACs", "", "MACs without those with weights that --sparsity makes zero.",
        lambda one: one.images * (one.macs - one.zero_macs), heading="Nonzero MACs", compared="", place=7, line=False,
    ),
    Figure(
        "recomputed_macs", "Recomputed MACs", "", "Done again in the pass backward by groups that --checkpoint names.",
        lambda one: one.images * one.recomputed_macs(), heading="Recomputed MACs", compared="", place=7, line=False,
    ),
    Figure(
        "backward_bytes", "Backward bytes", "bytes",
        "The most that autograd keeps at once: saved_bytes, or more where a group of --checkpoint runs again.",
        total=lambda net: net.most_kept, compared="", place=11, line=False,
    ),
    Figure(
        "rank_bytes", "Bytes a rank", "bytes",
        "Training bytes of each of the ranks of --shard, a batch each; train_bytes without.",
        total=lambda net: net.rank_bytes, compared="", place=13, line=False,
    ),
    Figure(
        "buffer_bytes", "Buffer bytes", "bytes", "Memory of the buffers, torch's count of batches of 8 bytes included.",
        lambda one: one.buffer_bytes, compared="", place=8, line=False,
    ),
    Figure(
        "optimizer_bytes", "Optimizer bytes", "bytes",
        "What the optimizer keeps from step to step for the parameters that are trained.",
        lambda one: one.optimizer_bytes() if one.trainable else 0,
        heading="Optimizer bytes", compared="", place=11, line=False,
    ),
)  # fmt: skip

BY_KEY = {figure.key: figure for figure in FIGURES}
KEYS = tuple(BY_KEY)
RECEPTIVE_FIELD = "receptive_field"
CLAIMED = {
    **{figure.key: figure.help for figure in FIGURES},
    RECEPTIVE_FIELD: "The longest side of the receptive field of the last map that has one.",
}
"""What can be claimed, wanted and swept of a net in whole numbers, and what each is."""
OF_LAYERS = tuple(figure.key for figure in FIGURES if figure.heading)
"""Those that each layer is shown with."""


def for_people() -> list[Figure]:
    """In the order in which people read them."""
    return sorted(FIGURES, key=lambda figure: figure.place)


def told() -> list[Figure]:
    """Those that have a line below a table; how many layers there are comes last."""
    return sorted((figure for figure in for_people() if figure.line), key=lambda figure: figure.unit == "layers")
