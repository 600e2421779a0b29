"""`nn.Conv2d(3, 16, 3, padding=1)`, as a program writes it, in our notation."""

from __future__ import annotations

import re
from collections.abc import Callable

from cnncalc.layers import Layer, kind_named
from cnncalc.notation.vocabulary import TokenError

__all__ = ["split_call", "way_out_of"]

_CALL = re.compile(r"(?:\w+\.)*(\w+)\((.*)\)\s*\Z", re.DOTALL)
_ARGUMENT = re.compile(r"\s*((?:[\w.]+\s*=\s*)?(?:\([^()]*\)|\[[^\[\]]*\]|[^,()\[\]]*))\s*(?:,|\Z)")
_WINDOW = ("kernel", "stride", "padding")
_POSITIONAL: dict[str, tuple[str, ...]] = {
    "conv": ("in", "out", *_WINDOW, "dilation", "groups", "bias"),
    "deconv": ("in", "out", *_WINDOW, "output_padding", "groups", "bias", "dilation"),
    "linear": ("in", "out", "bias"),
    "maxpool": (*_WINDOW, "dilation"),
    "avgpool": _WINDOW,
    "batchnorm": ("in", "eps"),
    "instancenorm": ("in", "eps"),
    "groupnorm": ("groups", "in", "eps"),
    "prelu": (),
    "embedding": ("vocabulary", "features"),
    "attention": ("features", "heads"),
    **dict.fromkeys(("lstm", "gru", "rnn"), ("features", "hidden", "layers")),
}
"""The arguments of torch's classes in their order; of the other kinds that of their fields."""
_LEFT_OUT = ("in", "in_channels", "in_features", "num_features", "num_channels", "input_size", "features")
"""What follows from the input."""


def split_call(text: str) -> tuple[str, list[str]] | None:
    """The name and the arguments of a call; None for anything else."""
    found = _CALL.match(text.strip()) if len(text) < 200 else None
    if found is None:
        return None
    inside, place, arguments = found.group(2), 0, []
    while place < len(inside):
        argument = _ARGUMENT.match(inside, place)
        if argument is None or argument.end() == place:
            return None
        arguments.append(argument.group(1).strip())
        place = argument.end()
    return found.group(1), arguments


def way_out_of(error: TokenError, text: str, written: Callable[[type[Layer], str, dict[str, object]], str]) -> None:
    """Say in an error how a layer that is called is written here, if it is one; `written` makes a line of a layer."""
    call = split_call(text)
    found = kind_named(call[0]) if call else None
    if call is None or found is None:
        return
    cls = found[0]
    given, then = _fields(cls, *call)
    if given is None:
        return
    try:
        line = written(cls, call[0], given)
    except TokenError:
        return
    error.unknown, error.help = "", f"write `{line}`{f', then `{then}`' if then else ''}"


def _fields(cls: type[Layer], called: str, arguments: list[str]) -> tuple[dict[str, object] | None, str]:
    """The fields as words of notation, None where one is not understood; and the function that Keras adds."""
    places = tuple(one.name for one in cls.positional()) + _WINDOW
    if not called.endswith("D") and called != "Dense":
        places = _POSITIONAL.get(cls.kind, tuple(name for name, one in cls.fields.items() if not one.hidden))
    elif cls.kind.endswith("pool"):
        places = _WINDOW
    known = {alias: one.name for one in cls.fields.values() for alias in (*one.aliases, one.name)}
    given: dict[str, object] = {}
    then = ""
    for number, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if not equals:
            name, value = (places[number] if number < len(places) else "?"), argument
        field = known.get(name.strip())
        if name.strip() == "activation" and field is None:
            then = _word(value)
        elif field is not None and value:
            given[field] = _word(value)
        elif name.strip() not in _LEFT_OUT:
            return None, ""
    return given, then


def _word(value: str) -> str:
    """`(3, 3)` as `3`, `(1, 7)` as `1x7`, True as true, a string without its quotes."""
    parts = [part.strip(" \"'") for part in value.strip(" ()[]").split(",") if part.strip()]
    joined = parts[0] if len(set(parts)) == 1 else "x".join(parts)
    return joined.lower() if joined in ("True", "False") else joined
