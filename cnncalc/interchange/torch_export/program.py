"""A program of torch.export in plain values: operations on named tensors whose shapes it states."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.archives import json_of, member_of
from cnncalc.interchange.file import ForeignFile
from cnncalc.records import NamedTuple

__all__ = ["Name", "Operation", "Program", "program_of"]

MOST_AXES = 12
SIZES = 10**9


class Name(NamedTuple):
    """Stands among arguments for a tensor."""

    name: str


class Operation(NamedTuple):
    """One call of an operator: `aten.conv2d`, the tensors that it makes, and the module that it was called in."""

    target: str
    arguments: dict[str, Any]
    outputs: list[str]
    module: str


class Program(NamedTuple):
    """A whole program. Shapes count the batch."""

    operations: list[Operation]
    shapes: dict[str, tuple[int, ...]]
    parameters: dict[str, str]
    """The name of each parameter in the module, by that of its tensor."""
    buffers: dict[str, str]
    constants: set[str]
    inputs: list[str]
    outputs: list[str]
    laid_out: frozenset[str] = frozenset()
    """The tensors whose elements lie row by row."""
    aliases: Mapping[str, str] = {}
    """The first name of each parameter that stands under several in the module, by its others."""


def program_of(file: ForeignFile) -> Program:
    """The program in an archive. Raises CnncalcError."""
    root = json_of(member_of(file, "models/model.json"), file.name, file.limits)
    try:
        return _Parsed(root).program()._replace(aliases=_aliases(file))
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        values = f"{type(error).__name__}: {str(error)[:80]}"
        help = "written by torch 2.8 or later, with `torch.export.save`"
        raise CnncalcError(Fault(f"`{file.name}` is no program of torch.export", values=values, help=help)) from None


def _aliases(file: ForeignFile) -> dict[str, str]:
    """Which parameters are one: the same places of the same storage. Older archives do not say."""
    try:
        config = json_of(member_of(file, "model_weights_config.json"), file.name, file.limits)["config"]
    except (CnncalcError, KeyError):
        return {}
    first: dict[str, str] = {}
    found = {}
    for name, one in config.items():
        meta = one["tensor_meta"]
        if (meta.get("device") or {}).get("type") == "meta":
            continue  # without storage, all of them are told to lie in one place
        where = json.dumps([one["path_name"], meta["sizes"], meta["strides"], meta["storage_offset"]])
        if first.setdefault(where, str(name)) != name:
            found[str(name)] = first[where]
    return found


class _Parsed:
    """Takes the JSON apart; what does not stand where it should ends in a KeyError or its like, told above."""

    def __init__(self, root: Any) -> None:
        module = root["graph_module"]
        self.graph, self.signature = module["graph"], module["signature"]

    def program(self) -> Program:
        parameters: dict[str, str] = {}
        buffers: dict[str, str] = {}
        constants: set[str] = set()
        inputs: list[str] = []
        for spec in self.signature["input_specs"]:
            ((kind, body),) = spec.items()
            if kind == "parameter":
                parameters[str(body["arg"]["name"])] = str(body["parameter_name"])
            elif kind == "buffer":
                buffers[str(body["arg"]["name"])] = str(body["buffer_name"])
            elif kind == "user_input":
                inputs += [str(body["arg"]["as_tensor"]["name"])] if "as_tensor" in body["arg"] else []
            elif kind == "tensor_constant":
                constants.add(str(body["arg"]["name"]))
        outputs = []
        for spec in self.signature["output_specs"]:
            ((kind, body),) = spec.items()
            if kind == "user_output" and "as_tensor" in body["arg"]:
                outputs.append(str(body["arg"]["as_tensor"]["name"]))
        shapes = {str(name): self._shape(value["sizes"]) for name, value in self.graph["tensor_values"].items()}
        operations = [self._operation(node) for node in self.graph["nodes"]]
        laid_out = frozenset(name for name in shapes if self._is_laid_out(name, shapes[name]))
        return Program(operations, shapes, parameters, buffers, constants, inputs, outputs, laid_out)

    def _is_laid_out(self, name: str, shape: tuple[int, ...]) -> bool:
        strides = self.graph["tensor_values"][name].get("strides") or []
        step = 1
        for length, stride in zip(shape[::-1], strides[::-1]):
            if length != 1 and stride.get("as_int") != step:
                return False
            step *= length
        return len(strides) == len(shape)

    def _shape(self, sizes: list[Any]) -> tuple[int, ...]:
        if len(sizes) > MOST_AXES:
            raise ValueError(f"a tensor of {len(sizes)} axes")
        return tuple(self._whole(one) for one in sizes)

    def _whole(self, value: Any) -> int:
        """A size: a number, or an expression with the number that it stood for when the program was made."""
        if "as_int" in value:
            found = value["as_int"]
        else:
            hint = value["as_expr"].get("hint")
            found = hint["as_int"] if isinstance(hint, dict) else hint
            if found is None:
                help = "leave that part out: a net of fixed layers ends before it"
                raise CnncalcError(Fault("a length follows from the numbers that the code computes", help=help))
        if type(found) is not int or not 0 <= found <= SIZES:
            raise ValueError(f"a size of {str(found)[:30]}")
        return found

    def _operation(self, node: Any) -> Operation:
        target = str(node["target"])
        arguments = {str(one["name"]): self._argument(one["arg"]) for one in node["inputs"]}
        outputs: list[str] = []
        for output in node["outputs"]:
            ((kind, body),) = output.items()
            if kind == "as_tensor":
                outputs.append(str(body["name"]))
            elif kind == "as_tensors":
                outputs += [str(one["name"]) for one in body]
        stack = str((node.get("metadata") or {}).get("nn_module_stack", ""))
        parts = stack.rpartition(";")[2].split(",")
        return Operation(target.removeprefix("torch.ops."), arguments, outputs, parts[1] if len(parts) > 2 else "")

    def _argument(self, arg: Any) -> Any:
        ((kind, body),) = arg.items()
        if kind == "as_tensor":
            return Name(str(body["name"]))
        if kind in ("as_tensors", "as_optional_tensors"):
            return [
                self._argument(one) if "as_tensor" in one else Name(str(one["name"])) if "name" in one else None
                for one in body
            ]
        if kind == "as_none":
            return None
        if kind in ("as_sym_int", "as_sym_float", "as_sym_bool"):
            return self._symbol(body)
        if kind == "as_sym_ints":
            return [self._symbol(one) for one in body]
        return body

    def _symbol(self, value: Any) -> Any:
        """A number, or what it stood for when the program was made."""
        if "as_int" in value:
            return value["as_int"]
        name = value.get("as_name")
        known = self.graph.get("sym_int_values", {}).get(name)
        unknown = isinstance(known, dict) and "as_expr" in known and known["as_expr"].get("hint") is None
        return self._whole(known) if isinstance(known, dict) and not unknown else None
