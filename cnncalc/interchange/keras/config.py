"""Keras's configurations, of every version from 1 to 3, in one form: models of layers, and what each call takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cnncalc.errors import CnncalcError, Fault
from cnncalc.records import NamedTuple

__all__ = ["MODELS", "Entry", "Node", "Ref", "Stated", "entry_of", "model_of", "refs_in"]

MODELS = ("Functional", "Model", "Sequential", "Container", "Graph")
"""The classes that are nets of layers."""
MASKS = ("mask", "attention_mask", "query_mask", "value_mask", "key_mask")
"""Arguments that say which numbers do not take part: they change no shape."""


class Ref(NamedTuple):
    """A tensor of a model: what a layer made in one of its calls; `Stated` is one whose shape the file says."""

    layer: str
    node: int
    tensor: int


class Stated(NamedTuple):
    """A tensor with the shape that the file states, the batch first."""

    ref: Ref
    shape: list[Any]


class Node(NamedTuple):
    """One call of a layer: its arguments, in which `Ref` stands for a tensor."""

    args: list[Any]
    kwargs: dict[str, Any]

    stated: tuple[Stated, ...] = ()

    def refs(self) -> list[Ref]:
        """The tensors among the arguments, in order."""
        return [*refs_in(self.args), *refs_in(list(self.kwargs.values()))]


class Entry(NamedTuple):
    """One layer of a model, its configuration unread."""

    kind: str
    name: str
    config: dict[str, Any]
    nodes: list[Node]
    operation: bool = False
    """Whether it is an operation of `keras.ops` and no layer."""
    built: Any = None
    """The shape on which it was built, where the file says."""


def refs_in(value: Any) -> Iterator[Ref]:
    """The tensors in an argument."""
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from refs_in(one)


def model_of(root: Any) -> Entry:
    """The model of a JSON document: itself, or below the keys where exporters put it. Raises CnncalcError."""
    for key in ("modelTopology", "model_config"):
        if isinstance(root, dict) and isinstance(root.get(key), dict):
            root = root[key]
    if not isinstance(root, dict) or root.get("class_name") not in MODELS:
        kind = root.get("class_name") if isinstance(root, dict) else None
        help = "save it with `model.save(…)` or `model.to_json()`; a class of its own cannot be read from its file"
        found = f"its class is `{str(kind)[:60]}`" if kind else "it names no class of a model"
        raise CnncalcError(Fault("this is no Keras model of layers", values=found, help=help))
    return entry_of(root)


def entry_of(value: Any) -> Entry:
    """A layer as any version writes it. Raises CnncalcError."""
    if not isinstance(value, dict) or not isinstance(value.get("class_name"), str):
        raise CnncalcError(Fault("a layer has no class", values=str(value)[:80]))
    config = value.get("config")
    kind = value["class_name"].rpartition(">")[2]
    if kind == "Sequential" and isinstance(config, list):  # Keras 1 and 2.0
        config = {"layers": config}
    if not isinstance(config, dict):
        raise CnncalcError(Fault(f"a layer `{kind[:60]}` has no configuration", values=str(config)[:80]))
    name = value.get("name") or config.get("name") or kind.lower()
    module = value.get("module") or ""
    built = value.get("build_config")
    return Entry(
        kind,
        str(name)[:200],
        config,
        [_node(one) for one in _list(value.get("inbound_nodes"))],
        isinstance(module, str) and ".ops." in f"{module}.",
        built.get("input_shape") if isinstance(built, dict) else None,
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _node(value: Any) -> Node:
    """A call: `{args, kwargs}` of Keras 3, or a list of tensors of Keras 1 and 2. A mask changes no shape."""
    if isinstance(value, dict):
        kwargs = value.get("kwargs")
        stated: list[Stated] = []
        given = kwargs.items() if isinstance(kwargs, dict) else ()
        named = {str(key): _argument(one, stated) for key, one in given if key not in MASKS}
        listed = [_argument(one, stated) for one in _list(value.get("args"))]
        return Node(listed, named, tuple(stated))
    tensors = [value] if _is_old_ref(value) else _list(value)
    args: list[Any] = []
    named = {}
    for one in tensors:
        if not _is_old_ref(one):
            raise CnncalcError(Fault("a call of a layer cannot be read", values=str(one)[:80]))
        args.append(one[2] if one[0] == "_CONSTANT_VALUE" else Ref(one[0], *_numbers(one)))
        if len(one) > 3 and isinstance(one[3], dict):
            named.update({str(key): _old_argument(value) for key, value in one[3].items() if key not in MASKS})
    return Node(args if len(args) < 2 else [args], named)


def _is_old_ref(value: Any) -> bool:
    """`["conv", 0, 0]`, perhaps with a mapping at its end."""
    return (
        isinstance(value, list)
        and 3 <= len(value) <= 4
        and isinstance(value[0], str)
        and (value[0] == "_CONSTANT_VALUE" or all(type(one) is int for one in value[1:3]))
    )


def _numbers(value: list[Any]) -> tuple[int, int]:
    node, tensor = value[1], value[2]
    return (node, tensor) if type(node) is int and type(tensor) is int else (0, 0)


def _old_argument(value: Any) -> Any:
    if _is_old_ref(value):
        return Ref(value[0], *_numbers(value))
    return [_old_argument(one) for one in value] if isinstance(value, list) else value


def _argument(value: Any, stated: list[Stated]) -> Any:
    """An argument of Keras 3: a tensor, a list, a number, or a slice; shapes that it states are noted."""
    if isinstance(value, list):
        return [_argument(one, stated) for one in value]
    if isinstance(value, dict):
        config = value.get("config")
        history = config.get("keras_history") if isinstance(config, dict) else None
        if value.get("class_name") == "__keras_tensor__" and isinstance(history, list) and _is_old_ref(history):
            ref = Ref(history[0], *_numbers(history))
            stated.append(Stated(ref, _list(config.get("shape") if isinstance(config, dict) else None)))
            return ref
        if value.get("class_name") == "__tuple__":
            return _argument(value.get("items"), stated)
        if value.get("class_name") in ("__numpy__", "__tensor__") and isinstance(config, dict):
            return _argument(config.get("value"), stated)
    return value
