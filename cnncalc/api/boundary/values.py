"""Values that Python may hand over, each held against what the function declares it to be."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from os import PathLike

from cnncalc.errors import Fault
from cnncalc.graph import Level, Net, Node
from cnncalc.language.options import Options
from cnncalc.layers import Layer
from cnncalc.limits import Limits

__all__ = ["LEAST", "fault_of"]

LEAST = {"batch": 1, "depth": 1, "jobs": 1, "memory": 1, "opset": 1, "seed": 0}
"""The least that a whole number of that name may be, as on the command line."""
SUCH = {
    "amp": '"bfloat16"', "convention": '"fvcore"', "dialect": '"keras"', "dtype": '"float16"', "figures": '"params"',
    "file": '"net.svg"', "form": '"markdown"', "freeze": '"features.*"',
    "checkpoint": '"layer*"', "dtypes": '{"classifier.*": "int8"}',
    "shard": '"zero2:8"', "sparsity": '{"features.*": 0.5}', "patterns": '"layer*"', "layer": '"conv 64 k3 s2"',
    "layers": '"layer1.*"', "limits": '{"layers": 400000}', "max": '{"params": "5M"}', "memory": '"24GiB"',
    "optimizer": '"adam"', "require": '{"params": 61706}', "set": '{"width": 0.5}', "want": '"params <= 3.5M"',
}  # fmt: skip
"""A value that each keyword takes, for those to whom its type says little."""
VAST, DEEP, LONG = 10**30, 500, 1_000_000
"""More than any number that is asked for; as deep as a list may stand in others; and as many values as there may be."""
AS_IT_IS = ("net",)
"""What is read as a file is, within the bounds of files."""
_LONGEST = 40


def _beyond(value: object) -> str:
    """What of a value is more than can be gone through or printed, in words; empty where nothing is."""
    waiting, met = [(value, 0)], 0
    while waiting:
        one, depth = waiting.pop()
        met += 1
        if isinstance(one, int) and abs(one) > VAST:
            return f"holds a number of {one.bit_length():,} bits" if depth else "is too large"
        if depth > DEEP:
            return "is nested too deeply"
        if met > LONG or (isinstance(one, range) and abs(one.stop - one.start) // abs(one.step) > LONG):
            return f"holds more than {LONG:,} values"
        if isinstance(one, dict):
            waiting += [(each, depth + 1) for entry in one.items() for each in entry]
        elif isinstance(one, (list, tuple, set, frozenset)):
            waiting += [(each, depth + 1) for each in one]
    return ""


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_list(value: object) -> bool:
    return isinstance(value, Collection) and not isinstance(value, (str, bytes, Mapping))


def _list_of(fits: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, Collection) and _is_list(value) and all(map(fits, value))


def _named(fits: Callable[[object], bool]) -> Callable[[object], bool]:
    """A mapping of texts to such values."""
    return lambda value: (
        isinstance(value, Mapping) and all(isinstance(name, str) for name in value) and all(map(fits, value.values()))
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_number(value: object) -> bool:
    return _is_whole(value) or isinstance(value, float)


def _is_tensor(value: object) -> bool:
    return isinstance(value, (Node, str)) or _is_whole(value)


def _is_a(owner: type) -> Callable[[object], bool]:
    return lambda value: isinstance(value, owner)


def _is_dtype(value: object) -> bool:
    """Whether it is a torch.dtype; torch is not imported to ask."""
    return (type(value).__module__, type(value).__name__) == ("torch", "dtype")


def _is_path(value: object) -> bool:
    return isinstance(value, PathLike)


FORMS: dict[str, tuple[Callable[[object], bool], str]] = {
    "None": (lambda value: value is None, ""),
    "str": (_is_text, "a text"),
    "bool": (lambda value: isinstance(value, bool), "True or False"),
    "int": (_is_whole, "a whole number"),
    "float": (_is_number, "a number"),
    "PathLike[str]": (_is_path, "a path"),
    "DeviceLike": (lambda value: _is_text(value) or _is_path(value), 'a device, such as "a100" or its file'),
    "Sequence[str]": (_list_of(_is_text), "a list of texts"),
    "Sequence[int]": (_list_of(_is_whole), "a list of whole numbers"),
    "Mapping[str, object]": (_named(lambda value: value is not None), "a mapping of names to values"),
    "Mapping[str, str]": (_named(_is_text), "a mapping of names to texts"),
    "tuple[str, ...]": (_list_of(_is_text), "a list of texts"),
    "Mapping[str, int]": (_named(_is_whole), "a mapping of names to whole numbers"),
    "Mapping[str, int | str]": (
        _named(lambda value: _is_whole(value) or _is_text(value)), "a mapping of names to whole numbers or texts",
    ),
    "Net": (_is_a(Net), "a net"),
    "slice": (_is_a(slice), "a slice"),
    "Level": (_is_a(Level), "a group"),
    "Origin": (lambda value: hasattr(value, "place") and hasattr(value, "line"), "what has a place"),
    "torch.dtype": (_is_dtype, "a type of torch"),
    "Layer": (_is_a(Layer), "a layer"),
    "Limits": (_is_a(Limits), "limits"),
    "Options": (_is_a(Options), "options"),
    "Input": (_is_tensor, "a tensor's name or its node"),
    "Sequence[Input]": (_list_of(_is_tensor), "a list of tensors"),
}  # fmt: skip
"""What is declared -> whether a value is it, and how it is said. What stands not here is looked at by who takes it."""


@lru_cache(maxsize=256)
def _forms(declared: str) -> tuple[tuple[Callable[[object], bool], str], ...] | None:
    """The alternatives of a declaration; None where one of them may be anything."""
    parts = _alternatives(declared)
    return tuple(FORMS[part] for part in parts) if all(part in FORMS for part in parts) else None


def _alternatives(declared: str) -> list[str]:
    """`Mapping[str, int | str] | None` as its two alternatives."""
    parts, depth = [""], 0
    for character in declared.replace("'", "").replace('"', ""):
        depth += (character == "[") - (character == "]")
        if character == "|" and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def fault_of(name: str, value: object, declared: str) -> Fault | None:
    """What is wrong with a value of that name; None where it is as declared, and large enough."""
    if name not in AS_IT_IS and (beyond := _beyond(value)):
        return Fault(f"`{name}` {beyond}", help="give less")
    if isinstance(value, Options) and "Options" in declared:
        fields = ((one, getattr(value, one), said) for one, said in Options.__annotations__.items())
        return next((wrong for each in fields if (wrong := fault_of(*each)) is not None), None)
    forms = _forms(declared)
    least = LEAST.get(name)
    too_small = least is not None and isinstance(value, int) and value < least
    if forms is None or (any(fits(value) for fits, _ in forms) and not too_small):
        return None
    said = [words for _, words in forms if words]
    if least is not None:
        said = [f"a whole number from {least} on" if words == "a whole number" else words for words in said]
    shown = repr(value) if isinstance(value, (str, int, float, list, tuple, dict, type(None))) else type(value).__name__
    shown = shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"
    such = f", such as {SUCH[name]}" if name in SUCH and "torch" not in declared else ""
    return Fault(f"`{name}` cannot be {shown}", help=f"give {' or '.join(said)}{such}")
