"""Arguments as other frameworks' layers take them, where they mean fields of ours by another value or several at once.

Read only once a name is no field of the kind, so that nobody else pays for it. What has no such meaning is answered in
`elsewhere`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from cnncalc.layers import FieldError
from cnncalc.layers.fields import Flag
from cnncalc.layers.reading import parts_of, shown, whole

__all__ = ["features_first", "meant", "meant_by_number"]

Meaning: TypeAlias = "Callable[[object], Mapping[str, object]]"
"""From an argument's value to fields of ours, `in` among them; raises `FieldError`."""

_RECURRENT = ("lstm", "gru", "rnn")
_POOLS = ("maxpool", "avgpool", "lppool")
_CONVOLUTIONS = ("conv", "dwconv", "deconv", "deform_conv", "local", "convlstm")


def _switch(field: str, on: object, off: object) -> Meaning:
    """A True or False that is one of two values here."""
    return lambda value: {field: on if Flag().read(value) else off}


def _words(field: str, meanings: Mapping[str, object]) -> Meaning:
    """A word that is a value here, whatever its case."""

    def meaning(value: object) -> Mapping[str, object]:
        said = str(value).strip("\"'").lower()
        if said not in meanings:
            raise FieldError(f"expected one of {', '.join(meanings)}, got {shown(value)}")
        return {field: meanings[said]}

    return meaning


def _entering(value: object) -> Mapping[str, object]:
    """What comes in is never written: it is held to this."""
    return {"in": whole(value, 1)}


def _slopes(value: object) -> Mapping[str, object]:
    """torch's and Paddle's PReLU: one slope, or as many as channels come in."""
    number = whole(value, 1)
    return {"slopes": "shared"} if number == 1 else {"slopes": "per_channel", "in": number}


def _shared_axes(value: object) -> Mapping[str, object]:
    """Keras's axes of one slope: 1 is the first behind the batch, −1 the channels, which are its last."""
    axes = _numbers(value, -8)
    if 0 in axes:
        raise FieldError("slopes are not shared along the batch, Keras's axis 0", "1 is the first spatial axis there")
    return {"shared_along": "x".join(str(axis + 1 if axis < 0 else axis) for axis in axes)}


def _numbers(value: object, minimum: int) -> list[int]:
    """`(2, 3)`, `[2,3]`, `2x3`, or a list."""
    text = value.replace(" ", "").strip("()[]").replace(",", "x") if isinstance(value, str) else value
    return [whole(part, minimum) for part in parts_of(text) if part != ""]


def _normalised(value: object) -> Mapping[str, object]:
    """The lengths that are normalised together: one is that of the features, several are all of the input's."""
    lengths = _numbers(value, 1)
    if len(lengths) < 2:
        return {"in": lengths[0]} if lengths else {}
    return {"over": "all", "in": lengths[0], "rank": len(lengths) - 1}


def _axis(value: object) -> Mapping[str, object]:
    """torch's `dim`, which counts the batch."""
    axes = _numbers(value, -8)
    if 0 in axes:
        raise FieldError("`dim` counts the batch, which is its 0", "1 is the channels: `axis=0` here")
    return {"axis": "x".join(str(axis - 1 if axis > 0 else axis) for axis in axes)}


def _axes(value: object) -> Mapping[str, object]:
    return {"axes": _axis(value)["axis"]}


_PADDING = {"same_upper": "same", "same": "same", "same_lower": "same_lower", "valid": "valid", "notset": "0"}
_MEANINGS: tuple[tuple[str, tuple[str, ...], Meaning], ...] = (
    ("return_sequences", (*_RECURRENT, "convlstm"), _switch("returns", "sequence", "final")),
    ("reset_after", ("gru",), _switch("biases", 2, 1)),
    ("direction", _RECURRENT, _words("bidirectional", {"forward": False, "bidirectional": True, "bidirect": True})),
    ("keepdims keepdim", ("global_avgpool", "global_maxpool"), _switch("flat", False, True)),
    ("ceil_mode", _POOLS, _switch("rounding", "ceil", "floor")),
    ("auto_pad pad_mode", (*_CONVOLUTIONS, *_POOLS), _words("padding", _PADDING)),
    ("num_parameters", ("prelu",), _slopes),
    ("shared_axes", ("prelu",), _shared_axes),
    ("channel_shared", ("prelu",), _switch("slopes", "shared", "per_channel")),
    ("normalized_shape", ("layernorm", "rmsnorm"), _normalised),
    ("dim", ("softmax", "log_softmax", "concat", "slice", "topk", "select", "glu", "parameter", "constant"), _axis),
    ("dim", ("reduce", "argmax"), _axes),
    ("blocksize block_size", ("pixel_shuffle", "pixel_unshuffle", "space_to_depth"), lambda value: {"factor": value}),
    ("bias_attr", (*_CONVOLUTIONS, "linear", "batchnorm"), _switch("bias", True, False)),
    ("exclusive", ("avgpool",), _switch("count_include_pad", False, True)),
    (
        "in_channels in_features input_size num_features num_channels input_channels c_i embed_dim nin",
        (*_CONVOLUTIONS, *_RECURRENT, "linear", "batchnorm", "instancenorm", "groupnorm", "attention"),
        _entering,
    ),
)
_BY_NAME = {(kind, name): meaning for names, kinds, meaning in _MEANINGS for name in names.split() for kind in kinds}

_BY_NUMBER: dict[str, Meaning] = {
    "groupnorm": _entering,
    "prelu": _slopes,
    "layernorm": _normalised,
    "rmsnorm": _normalised,
}
"""What a bare number is that no field of the kind takes, as torch's classes have it in their order."""


def meant(kind: str, name: str, value: object) -> Mapping[str, object] | None:
    """The fields that an argument means, None where none are known; raises `FieldError` for a value that it has not."""
    meaning = _BY_NAME.get((kind, name))
    return None if meaning is None else _named(meaning, name, value)


def meant_by_number(kind: str, value: str) -> Mapping[str, object] | None:
    """The fields that a bare number means where all that take one are given."""
    meaning = _BY_NUMBER.get(kind)
    return None if meaning is None else _named(meaning, kind, value)


def features_first(kind: str, number: str) -> str:
    """The way out of a second number where torch's class takes the features that come in as its first."""
    if kind not in (*_RECURRENT, "attention", "linear"):
        return ""
    return f"write `{kind} {number}`: the features that come in are never written, `in=` holds the input to them"


def _named(meaning: Meaning, name: str, value: object) -> Mapping[str, object]:
    try:
        return meaning(value)
    except FieldError as error:
        raise FieldError(error.rule, error.help, name) from None
