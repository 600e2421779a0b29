"""Darknet's recurrent sections: the layers that each consists of, for one step of time from a state that is given.

What Darknet saves of them is what these layers have: `save_weights_upto` in parser.c writes them one by one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from cnncalc.interchange.building import Build, Fields
from cnncalc.interchange.darknet.activations import activated
from cnncalc.interchange.darknet.config import Section
from cnncalc.interchange.darknet.windows import flat, padding_of
from cnncalc.layers import Shape

__all__ = ["conv_lstm", "crnn", "gru", "lstm", "rnn"]

Part: TypeAlias = Callable[[int, int, str], int]
"""A connected or convolutional layer of a section: its input, its outputs, its suffix; without activation."""


def connected_of(section: Section, build: Build) -> Part:
    """The connected layers of a section."""
    normed = bool(section.whole("batch_normalize", 0))

    def part(tensor: int, out: int, suffix: str) -> int:
        made = build.put("linear", tensor, suffix=suffix, out=out, bias=not normed)
        return build.put("batchnorm", made, suffix=f"{suffix}_bn") if normed else made

    return part


def convolutional_of(section: Section, build: Build) -> Part:
    """The convolutional layers of a section, all with one window."""
    normed = bool(section.whole("batch_normalize", 0))
    size, stride = section.whole("size", 3, 1), section.whole("stride", 1, 1)
    dilation, groups = section.whole("dilation", 1, 1), section.whole("groups", 1, 1)
    fields: Fields = {
        "kernel": (size,),
        "stride": (stride,),
        "padding": (padding_of(section, size) * dilation,),
        "dilation": (dilation,),
        "groups": groups,
        "bias": not normed,
    }

    def part(tensor: int, out: int, suffix: str) -> int:
        made = build.put("conv", tensor, suffix=suffix, out=out, **fields)
        return build.put("batchnorm", made, suffix=f"{suffix}_bn") if normed else made

    return part


def state_of(build: Build, tensor: int, shape: Shape, name: str = "_state") -> int:
    """The state that the step before left."""
    return build.put("constant", tensor, suffix=name, shape=shape, join="alone")


def plain(section: Section, build: Build, part: Part, tensor: int) -> int:
    """What comes in and the state through a layer each; their sum through a third (rnn_layer.c, crnn_layer.c).

    pjreddie's [crnn] calls its numbers `hidden_filters` and `output_filters`.
    """
    active = section.text("activation", "logistic")
    hidden = section.whole("hidden", section.whole("hidden_filters", 1, 1), 1)
    output = section.whole("output", section.whole("output_filters", 1, 1), 1)
    taken = activated(build, part(tensor, hidden, "_input"), active, "_input")
    state = state_of(build, taken, build.shape(taken))
    kept = activated(build, part(state, hidden, "_self"), active, "_self")
    summed = build.put("add", taken, kept, suffix="_sum")
    return activated(build, part(summed, output, ""), active)


def rnn(section: Section, build: Build) -> int:
    """[rnn]"""
    return plain(section, build, connected_of(section, build), flat(build, build.tensors[0]))


def crnn(section: Section, build: Build) -> int:
    """[crnn]"""
    return plain(section, build, convolutional_of(section, build), build.tensors[0])


def gru(section: Section, build: Build) -> int:
    """[gru]: update and reset gates, and the new state of what is left of the old one."""
    part, out = connected_of(section, build), section.whole("output", 1, 1)
    x = flat(build, build.tensors[0])
    state = state_of(build, x, (out,))

    def gate(letter: str, kept: int) -> int:
        """What comes in and the state, added."""
        pair = part(x, out, f"_w{letter}"), part(kept, out, f"_u{letter}")
        return build.put("add", *pair, suffix=f"_{letter}")

    update = build.put("sigmoid", gate("z", state), suffix="_update")
    reset = build.put("sigmoid", gate("r", state), suffix="_reset")
    left = build.put("multiply", reset, state, suffix="_left")
    new = build.put("tanh", gate("h", left), suffix="_new")
    old = build.put("multiply", update, state, suffix="_old")
    rest = build.put("add", build.put("function", update, of="negate", suffix="_negated"), suffix="_rest", number=1.0)
    return build.put("add", old, build.put("multiply", rest, new, suffix="_share"))


def cell(build: Build, part: Part, x: int, out: int, *, kept: bool = True, peephole: bool = False) -> int:
    """Four gates of an LSTM: forget, input, new, output. What was kept goes through layers of its own, unless it comes
    in already; with `peephole` the memory goes through some, too."""
    first = part(x, out, "_uf")
    state, memory = state_of(build, first, build.shape(first)), state_of(build, first, build.shape(first), "_memory")

    def gate(letter: str, taken: int, kind: str, seen: int | None = None) -> int:
        terms = [taken, *([part(state, out, f"_w{letter}")] if kept else [])]
        if peephole and seen is not None:
            terms.append(part(seen, out, f"_v{letter}"))
        summed = build.put("add", *terms, suffix=f"_{letter}") if len(terms) > 1 else taken
        return build.put(kind, summed, suffix=f"_{letter}_{kind}")

    forget, take = gate("f", first, "sigmoid", memory), gate("i", part(x, out, "_ui"), "sigmoid", memory)
    new = gate("g", part(x, out, "_ug"), "tanh")
    left = build.put("multiply", forget, memory, suffix="_kept")
    added = build.put("multiply", take, new, suffix="_added")
    remembered = build.put("add", left, added, suffix="_cell")
    give = gate("o", part(x, out, "_uo"), "sigmoid", remembered)
    return build.put("multiply", give, build.put("tanh", remembered, suffix="_cell_tanh"))


def lstm(section: Section, build: Build) -> int:
    """[lstm]"""
    part = connected_of(section, build)
    return cell(build, part, flat(build, build.tensors[0]), section.whole("output", 1, 1))


def conv_lstm(section: Section, build: Build) -> int:
    """[conv_lstm]; a `bottleneck` is one layer of what comes in and was kept, before the gates (conv_lstm_layer.c)."""
    part, out, x = convolutional_of(section, build), section.whole("output", 1, 1), build.tensors[0]
    peephole = bool(section.whole("peephole", 0))
    if not section.whole("bottleneck", 0):
        return cell(build, part, x, out, peephole=peephole)
    if build.x[0][0] != out:
        raise section.fault("a `bottleneck` has as many channels as come in", "output")
    both = build.put("concat", state_of(build, x, build.x[0]), x, suffix="_both")
    narrow = build.put("tanh", part(both, out, "_wf"), suffix="_narrow")
    return cell(build, part, narrow, out, kept=False, peephole=peephole)
