"""Layers whose channels lie elsewhere than those of their model: their tensors are turned for them, and back.

What runs along steps (cells, attention) has its features last in every model; a window slides as its own `data_format`
says. Every such layer sees its tensors as a model of channels last has them.
"""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.interchange.keras.call import Call, Rule
from cnncalc.interchange.keras.config import Entry
from cnncalc.interchange.keras.features import FEATURES
from cnncalc.interchange.keras.sequences.recurrent import CELLS, MAPS
from cnncalc.interchange.keras.windows import WINDOWS

__all__ = ["in_its_layout", "is_channels_first"]

FEATURES_LAST = {
    *CELLS, "RNN", "Bidirectional", "MultiHeadAttention", "GroupQueryAttention", "Attention", "AdditiveAttention",
    "Dense", "DotProductAttention", "EinsumDense", "Embedding", "ReversibleEmbedding", "RepeatVector",
}  # fmt: skip
"""Layers whose features lie last wherever a model's channels lie."""
OLD_WORDS = {"th": "channels_first", "tf": "channels_last"}
LAYOUTS = ("channels_first", "channels_last")


def is_channels_first(model: Entry) -> bool:
    """Whether all windows of a model, or else all layers that take a map, have the channels before the map."""
    said = list(_said(model))
    for keys in (WINDOW_KEYS, MAP_KEYS):
        found = {word for word, config in said if any(key in config for key in keys)}
        if found:
            return found == {"channels_first"}
    return False


WINDOW_KEYS = ("kernel_size", "pool_size", "nb_filter")
MAP_KEYS = ("keepdims", "output_size", "padding", "cropping", "size", "height")
"""Those of layers that take nothing but maps; a Flatten says where channels lie of whatever it takes."""


def _said(model: Entry) -> Iterator[tuple[str, dict[str, object]]]:
    """Where the layers of a model say that the channels lie, and their configurations."""
    waiting: list[object] = [model.config]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            word = value.get("data_format") or OLD_WORDS.get(str(value.get("dim_ordering")))
            if word in LAYOUTS:
                yield str(word), value
            waiting += [one for key, one in value.items() if key in ("layers", "layer", "config")]
        elif isinstance(value, list):
            waiting += value


def in_its_layout(call: Call, rule: Rule) -> list[int]:
    """What a layer makes of its tensors, which are turned where they lie otherwise than it takes them."""
    own, work, steps = _layout(call), call.work, call.timed or call.entry.kind in MAPS
    if own is None or (own == work.layout and not (steps and work.channels_first)):
        return _listed(rule(call))
    first = own == "channels_first"
    call.tensors = [_turned(call, one, first, steps, f"turned{at}") for at, one in enumerate(call.tensors)]
    model_first, work.channels_first = work.channels_first, False
    try:
        ends = _listed(rule(call))
    finally:
        work.channels_first = model_first
    rank = len(call.shape(call.tensors[0]))
    kept = [steps and (call.timed or len(call.shape(one)) == rank) for one in ends]
    return [_turned(call, one, first, keeps, f"back{at}", back=True) for at, (one, keeps) in enumerate(zip(ends, kept))]


def _listed(made: int | list[int]) -> list[int]:
    return made if isinstance(made, list) else [made]


def _layout(call: Call) -> str | None:
    """Where the channels of a call's tensors lie; None where that is of no account."""
    if call.entry.kind in FEATURES_LAST:
        return "channels_last"
    word, kind = call.word("data_format"), call.entry.kind
    return word if (kind in WINDOWS or kind in MAPS or kind in FEATURES) and word in LAYOUTS else None


def _turned(call: Call, tensor: int, first: bool, steps: bool, suffix: str, *, back: bool = False) -> int:
    """A tensor of the model's layout as its channels, its steps and its map, or the other way round."""
    rank = len(call.shape(tensor))
    if rank < 2:
        return tensor
    axes = list(range(rank))
    channels = (1 if steps else 0) if first else rank - 1
    wanted = [channels, *(axis for axis in axes if axis != channels)]
    held = axes if call.work.channels_first else [rank - 1, *axes[:-1]]
    given, asked = (wanted, held) if back else (held, wanted)
    order = tuple(given.index(axis) for axis in asked)
    return tensor if order == tuple(axes) else call.put("permute", tensor, suffix=suffix, order=order)
