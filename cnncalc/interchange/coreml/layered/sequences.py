"""The recurrent layers of a NeuralNetwork: sequences on five axes, of which the last two are 1."""

from __future__ import annotations

from collections.abc import Callable

from cnncalc.interchange.coreml.cells import told
from cnncalc.interchange.coreml.layered.layer import NetLayer

__all__ = ["both_ways", "one_way"]

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


def one_way(kind: str) -> Callable[[NetLayer], None]:
    """simpleRecurrent, gru and uniDirectionalLSTM."""

    def rule(layer: NetLayer) -> None:
        parameters = layer.settings.part(15) if kind == "LSTM" else layer.settings
        bias = parameters.whole(20)
        if kind == "LSTM" and parameters.whole(40):
            raise layer.fault("one with peepholes is not read")
        every, last, *cells = run(layer, kind, 1, bias)
        finish(layer, [every if parameters.whole(10 if kind == "LSTM" else 15) else last, last, *cells])

    return rule


def both_ways(layer: NetLayer) -> None:
    """biDirectionalLSTM: the states of either direction come out apart."""
    parameters = layer.settings.part(15)
    if parameters.whole(40):
        raise layer.fault("one with peepholes is not read")
    every, last, cells = run(layer, "LSTM", 2, parameters.whole(20))
    tell = layer.tell
    halves = [[tell.fresh(), tell.fresh()] for _ in range(2)]
    for state, parts in zip((last, cells), halves):
        tell.put("Split", [state], parts, axis=0, num_outputs=2)
    (forward, backward), (forward_cell, backward_cell) = halves
    if not parameters.whole(10):
        every = tell.put("Concat", [forward, backward], axis=2)
    finish(layer, [every, forward, forward_cell, backward, backward_cell])


def run(layer: NetLayer, kind: str, ways: int, bias: int) -> list[str]:
    """The cell of a layer, on its sequence."""
    inner, hidden = layer.settings.whole(1), layer.settings.whole(2)
    if not layer.exact:
        raise layer.fault("in the older array mapping no shape says how long a sequence is")
    gates = GATES[kind]
    weights = [layer.weight("weight", ways, gates * hidden, inner)]
    weights.append(layer.weight("recursion", ways, gates * hidden, hidden))
    weights += [layer.weight("bias", ways, gates * hidden)] if bias else []
    x = layer.tell.put("Squeeze", [layer.x(), layer.tell.numbers(3, 4)])
    return told(layer.tell, kind, x, weights, layer.name, ways)


def finish(layer: NetLayer, made: list[str]) -> None:
    """The two axes of length 1 behind what comes out."""
    for tensor, name in zip(made, layer.outputs):
        layer.tell.put("Unsqueeze", [tensor, layer.tell.numbers(3, 4)], [name])
