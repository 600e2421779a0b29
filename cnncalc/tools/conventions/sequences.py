"""What attention, recurrent layers and einsums consist of, as the tools count it: torch's own of these kinds."""

from __future__ import annotations

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.layers.kinds.algebra.contractions import Einsum
from cnncalc.layers.kinds.sequences.attention import Attention
from cnncalc.layers.kinds.sequences.recurrent import LSTM, Recurrent
from cnncalc.tools.conventions.base import MACS, SECOND, Case, Rule

__all__ = [
    "BY_PATH",
    "COMBINED",
    "FUSED",
    "RECURRENT",
    "Cells",
    "attention_bias",
    "cells_of",
    "hidden_products",
    "met",
    "numpys_path",
    "other_attention",
    "patched_cells",
    "rows",
]

RECURRENT = ("lstm", "gru", "rnn")


def other_attention(c: Case) -> str:
    """Why it is no nn.MultiheadAttention; empty where it is one."""
    layer = c.layer
    if not isinstance(layer, Attention):
        return ""
    given = (layer.window, layer.key, layer.value, layer.out, layer.shared)
    plain = all(one is None for one in given) and layer.project and layer.bias == layer.project_bias
    if plain and not (layer.biased or layer.cosine or layer.causal) and layer.scaled == layer.default("scaled"):
        return ""
    return "it is none that torch's MultiheadAttention says, and depends on how it is written"


def met(c: Case) -> int:
    """Multiply–accumulates of queries with keys, and of what comes of it with values."""
    assert isinstance(c.layer, Attention)
    size = c.layer.sizes(*c.shapes)
    return c.batch * size.queries * size.asked * (size.keyed + size.valued)


def rows(c: Case) -> tuple[int, int]:
    """The rows that a softmax normalises, of all heads, and their length."""
    assert isinstance(c.layer, Attention)
    size = c.layer.sizes(*c.shapes)
    return c.batch * c.layer.heads * size.queries, size.asked


def attention_bias(c: Case) -> int:
    """Additions of the biases of queries, keys and values."""
    assert isinstance(c.layer, Attention)
    size = c.layer.sizes(*c.shapes)
    return c.batch * (size.keyed * size.queries + (size.key + size.value) * size.keys) if c.layer.bias else 0


def hidden_products(c: Case) -> int:
    """What a tool misses that does not know the fused kernel: the products of queries, keys and values."""
    return -met(c)


FUSED = Rule("products of an attention taken for nothing", "the tool does not know the fused kernel", hidden_products,
             bug=True)  # fmt: skip


class Cells:
    """One layer and direction after the other of a recurrent layer: features that come in, and numbers of its parts."""

    def __init__(self, c: Case) -> None:
        layer = c.layer
        assert isinstance(layer, Recurrent)
        self.layer = layer
        self.steps = c.batch * layer.length(c.shapes[0])
        self.gates = layer.cell.gates
        self.hidden = layer.hidden
        self.projected = (layer.projection or 0) if isinstance(layer, LSTM) else 0
        first, later = layer.features(c.shapes[0]), layer.directions * layer.state
        self.entering = [first] + [later] * (layer.layers - 1)


def cells_of(c: Case) -> int:
    """Steps times directions: how often a cell of each layer runs."""
    cells = Cells(c)
    return cells.steps * cells.layer.directions


ELEMENTWISE = {"lstm": 10, "gru": 7, "rnn": 1}
"""Sums and products a unit and step, as DeepSpeed and those who took it over have them."""


def patched_cells(c: Case) -> int:
    """DeepSpeed's rule: 2·out·in − out for each product, its sums and products, both biases; no projection."""
    cells = Cells(c)
    height = cells.gates * cells.hidden
    widths = [entering + cells.layer.state for entering in cells.entering]
    biases = 2 * height if cells.layer.bias else 0
    each = [2 * height * width - 2 * height + ELEMENTWISE[c.kind] * cells.hidden + biases for width in widths]
    return cells_of(c) * sum(each)


def projection_missed(c: Case) -> int:
    """The product that makes a state of fewer features."""
    cells = Cells(c)
    return -cells_of(c) * cells.layer.layers * cells.hidden * cells.projected


PROJECTION = Rule(
    "projections of an LSTM taken for nothing", "its own product is left out", projection_missed, bug=True
)
TWICE_PROJECTION = Rule(PROJECTION.what, PROJECTION.how, lambda c: 2 * projection_missed(c), bug=True)
PATCHED = (
    MACS,
    SECOND,
    Rule(
        "sums and biases of recurrent layers",
        "two biases a gate, and the sums and products a unit, less the first addition of each sum",
        lambda c: patched_cells(c) - 2 * c.macs - 2 * projection_missed(c),
    ),
    TWICE_PROJECTION,
)


def combined(c: Case) -> int:
    """The combinations of an einsum's letters, also of those that are added up before."""
    assert isinstance(c.layer, Einsum)
    return c.batch * product(c.layer.lengths(*c.shapes).values())


def numpys_path(c: Case) -> int:
    """What numpy.einsum_path prints, in four digits: a product a combination, a sum where a letter goes, and one."""
    assert isinstance(c.layer, Einsum)
    left, right, out = c.layer.letters
    each = 2 if {*left, *right} - {*out} else 1
    return int(float(f"{each * combined(c) + 1:.3e}"))


COMBINED = Rule("einsums", "1 a combination of all letters", combined)
BY_PATH = Rule("einsums", "what numpy.einsum_path prints: 2 a combination of letters, in four digits", numpys_path)
