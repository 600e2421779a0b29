"""A net as one file of PyTorch: a class a block, the net's own last, and a program that counts its parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cnncalc.graph import Net
from cnncalc.interchange.torch_code.classes.making import Class, Held, classes
from cnncalc.interchange.torch_code.classes.varying import Program, with_arguments
from cnncalc.interchange.torch_code.expressions import (
    REQUIRED,
    Argument,
    Call,
    Conditional,
    Counted,
    Mapped,
    Text,
    call,
    flat,
)
from cnncalc.interchange.torch_code.forward import forward
from cnncalc.interchange.torch_code.helpers import HELPERS
from cnncalc.interchange.torch_code.layout import WIDTH, laid_out
from cnncalc.interchange.torch_code.modules.bodies import Bodies
from cnncalc.interchange.torch_code.modules.freezing import Frozen, frozen
from cnncalc.interchange.torch_code.modules.parts import SPOKEN, grouped, identifier, is_attribute, place_of
from cnncalc.interchange.torch_code.modules.sharing import Tie, ties_of
from cnncalc.interchange.written import Written, heading
from cnncalc.layers import show_shape

__all__ = ["written"]

MOST_NAMED = 3
"""Tensors that an annotation names one by one."""


def written(graph: Net, batch: int) -> Written:
    """The text of a program. Raises CnncalcError with every layer that it cannot say."""
    program = _program(graph)
    changed, wrapped, entering, outputs, freezing = program.rest
    made = with_arguments(graph, program, _program)
    texts = [_wrapped(name, *what) for what, name in wrapped.items()]
    texts += [_class(one, letters, letters) for one in made[:-1] for letters in [_letters(one.body.takes)]]
    inputs = _inputs(graph)
    texts.append(_class(made[-1], [*inputs.values()], [inputs[index] for index in entering], outputs, freezing))
    body = "\n\n\n".join(texts)
    words = {*re.findall(r"\w+", body)}
    helpers = [text for name, text in HELPERS.items() if name in words]
    body = "\n\n\n".join([*helpers, body])
    shapes = ", ".join(show_shape(graph.nodes[index].shape) for index in graph.inputs.values())
    head = [*heading(graph, f", {shapes}", WIDTH), "", *_imports(body)]
    text = "\n".join(head) + "\n\n\n" + body + "\n\n\n" + _main(made[-1].name) + "\n"
    return Written(text, tuple(_notes(graph, changed)))


def _program(graph: Net) -> Program:
    """The classes of a net; beside them changed names, classes around functions, inputs, outputs, what is frozen."""
    root, changed = grouped(graph)
    bodies = Bodies(graph, root, ties_of(graph, root))
    hints = {**graph.blocks, **{one.full: _stem(one.name) for one in root.inside() if one.full not in graph.blocks}}
    taken = {*SPOKEN, *HELPERS, *bodies.wrapped.values()}
    made = classes(graph, bodies, hints, taken)
    return Program(made, (changed, bodies.wrapped, *_ends(graph, bodies, root.nodes), frozen(graph, root)))


def _stem(name: str) -> str:
    """What a group is called without the number at its end."""
    return name.rstrip("0123456789_") or name


def _letters(number: int) -> list[str]:
    return ["x"] if number == 1 else [f"x{place}" for place in range(1, number + 1)]


def _inputs(graph: Net) -> dict[int, str]:
    """The variables of the net's inputs."""
    if len(graph.inputs) == 1:
        return dict.fromkeys(graph.inputs.values(), "x")
    found: dict[int, str] = {}
    for name, index in graph.inputs.items():
        found[index] = identifier(name, {*found.values(), *SPOKEN, *HELPERS})
    return found


def _ends(graph: Net, bodies: Bodies, nodes: list[int]) -> tuple[list[int], list[str]]:
    """The inputs in the order in which its class takes them, and the names of its outputs as it gives them."""
    named: dict[int, str] = {index: name for name, index in graph.outputs.items()}
    takes, gives = bodies.tensors.boundary(nodes)
    return [index for index, _ in takes], [named[index] for index, _ in gives if index in named]


def _imports(body: str) -> list[str]:
    lines = ["import math"] if "math." in body else []
    lines += ["from collections import OrderedDict"] if "OrderedDict(" in body else []
    lines += [""] if lines else []
    if re.search(r"\btorch\.", body):
        lines.append("import torch")
    functional = re.search(r"\bF\.", body)
    lines += ["import torch.nn.functional as F"] if functional else []
    return [*lines, "from torch import Tensor, nn" if "Tensor" in body else "from torch import nn"]


def _main(name: str) -> str:
    line = f'    print(sum(one.numel() for one in {name}().parameters()), "parameters")'
    if len(line) > WIDTH:
        line = f"    parameters = {name}().parameters()\n"
        line += '    print(sum(one.numel() for one in parameters), "parameters")'
    return f'if __name__ == "__main__":\n{line}'


def _wrapped(name: str, base: str, text: str) -> str:
    """A class for a member of a sequence that is no module of torch."""
    lines = laid_out(Text(text), 8, "return ")
    return "\n".join([f"class {name}({base}):", "    def forward(self, x: Tensor) -> Tensor:", *lines])


def _signature(made: Class) -> list[str]:
    """The line, or lines, of `__init__`."""
    usual = ["" if one.default is REQUIRED else f" = {flat(one.default)}" for one in made.parameters]
    words = ["self", *[f"{one.name}: {one.type}{default}" for one, default in zip(made.parameters, usual)]]
    return _definition("__init__", words, " -> None" if len(words) == 1 else "")


def _definition(name: str, words: Sequence[str], gives: str) -> list[str]:
    line = f"    def {name}({', '.join(words)}){gives}:"
    if len(line) <= WIDTH:
        return [line]
    body = f"        {', '.join(words)}"
    if len(body) <= WIDTH:
        return [f"    def {name}(", body, f"    ){gives}:"]
    return [f"    def {name}(", *[f"        {word}," for word in words], f"    ){gives}:"]


def _class(
    made: Class,
    inputs: Sequence[str],
    entering: Sequence[str],
    outputs: Sequence[str] = (),
    freezing: Sequence[Frozen] = (),
) -> str:
    """The text of a class; `inputs` are as they are declared, `entering` as its body numbers them."""
    bases = {"module": "nn.Module", "dict": "nn.ModuleDict", "sequence": "nn.Sequential"}
    lines = [f"class {made.name}({bases[made.form]}):"]
    frozen_lines = [f"        {_deep(path, made, bare=bare)}.requires_grad_(False)" for path, bare in freezing]
    body = [*_init(made), *frozen_lines]
    if body or made.parameters or made.form == "sequence":
        lines += [*_signature(made), *body, ""]
    if made.form != "sequence":
        gives = _gives(made, outputs)
        lines += [*_definition("forward", ["self", *[f"{name}: Tensor" for name in inputs]], f" -> {gives}")]
        lines += forward(made, entering, outputs)
    return "\n".join(lines).rstrip("\n")


def _gives(made: Class, outputs: Sequence[str]) -> str:
    """What `forward` gives, as its annotation."""
    number = len(made.body.gives)
    if number == 1:
        return "Tensor"
    if not outputs:
        return f"tuple[{', '.join(['Tensor'] * number)}]" if number <= MOST_NAMED else "tuple[Tensor, ...]"
    training = any(one.step.train_only for one in made.steps)
    return "Tensor | dict[str, Tensor]" if training else "dict[str, Tensor]"


def _init(made: Class) -> list[str]:
    """The statements of `__init__`."""
    if made.form == "sequence":
        return _super([one.made for one in made.members])
    lines = ["        super().__init__()"]
    if made.form == "dict":
        lines = _super_dict({one.name: one.made for one in made.members if not one.bare})
    tied: dict[tuple[str, ...], Tie] = {tie.path: tie for tie in made.ties if not tie.names and len(tie.path) == 1}
    flags = {one.flag: one.test for one in made.steps if one.flag and not one.step.path}
    lines += [f"        self.{name} = {flags.get(name, name)}" for name in dict.fromkeys((*made.kept, *flags))]
    taken = {".".join(tie.path) for tie in made.ties if tie.bare}
    for one in made.members:
        if one.bare:
            lines += _tensor(one, made) if one.name not in taken else []
            continue
        if made.form != "module":
            continue
        if (one.name,) in tied:
            lines.append(f"        self.{one.name} = {_deep(tied[one.name,].owner, made)}")
            continue
        if isinstance(one.made, Counted):
            lines += _counted(one.made)
            continue
        value: Any = Conditional(one.made, one.test, None) if one.test else one.made
        lines += laid_out(value, 8, f"self.{one.name} = ")
    return [*lines, *_ties(made, tied)] if len(lines) > 1 or made.parameters or made.form == "dict" else []


def _counted(made: Counted) -> list[str]:
    """The statements that make the modules of a loop."""
    lines = [f"        for i in range({flat(made.times)}):"]
    for name, item in zip(made.names, made.items):
        lines += laid_out(call("self.add_module", {"name": Text(name.text), "module": item}), 12)
    return lines


def _tensor(one: Held, made: Class) -> list[str]:
    """The statement for a tensor of a class, or of a module in it."""
    *around, name = one.name.split(".")
    place = place_of(around, made.form) if around else "self"
    value: Any = Conditional(one.made, one.test, None) if one.test else one.made
    if one.made.function == "nn.Parameter":
        return _given(place, name, value, "parameter")
    return _given(place, name, value if is_attribute(name) else value.arguments[0].value, "buffer")


def _given(place: str, name: str, value: Any, kind: str) -> list[str]:
    """The statement that gives a module a tensor, which is registered where no attribute can be called so."""
    if is_attribute(name):
        return laid_out(value, 8, f"{place}.{name} = ")
    return laid_out(call(f"{place}.register_{kind}", {"name": name, "tensor": value}), 8)


def _super(items: Sequence[Any]) -> list[str]:
    return laid_out(Call("super().__init__", tuple([Argument("", item) for item in items])), 8)


def _super_dict(items: Mapping[str, Any]) -> list[str]:
    return laid_out(call("super().__init__", {"": Mapped(tuple(items.items()))}), 8)


def _ties(made: Class, done: Mapping[tuple[str, ...], Tie]) -> Iterator[str]:
    """The statements that share modules, or parameters."""
    for tie in made.ties:
        if tie.bare:
            theirs = _deep(tie.owner, made, bare=True)
            around, kind = _deep(tie.path[:-1], made), "parameter"
            if tie.kept:  # an attribute is no buffer for having been one
                theirs, kind = theirs.replace("get_parameter", "get_buffer"), "buffer"
                at = {"name": tie.path[-1], "tensor": Text(theirs)}
                yield from laid_out(call(f"{around}.register_buffer", at), 8)
                continue
            yield from _given(around, tie.path[-1], Text(theirs), kind)
            continue
        if tie.path in done and made.form == "module":
            continue
        place, owner = _deep(tie.path, made), _deep(tie.owner, made)
        if not tie.names and "(" in place:
            at = {"target": ".".join(tie.path[1:]), "module": Text(owner)}
            yield from laid_out(call(f"{place_of(tie.path[:1], made.form)}.set_submodule", at), 8)
        elif not tie.names:
            yield f"        {place} = {owner}"
        for name in tie.names:
            yield f"        {place}.{name} = {owner}.{name}"


def _deep(path: Sequence[str], made: Class, *, bare: bool = False) -> str:
    """A module, or a tensor, at any depth."""
    if bare:
        around, name = _deep(path[:-1], made), path[-1]
        return f"{around}.{name}" if is_attribute(name) else f'{around}.get_parameter("{name}")'
    if not path:
        return "self"
    first = place_of(path[:1], made.form)
    rest = ".".join(path[1:])
    if rest and all(map(is_attribute, path[1:])):
        return f"{first}.{rest}"
    return f'{first}.get_submodule("{rest}")' if rest else first


def _notes(graph: Net, changed: Mapping[str, str]) -> list[str]:
    """What the reader should know."""
    notes = [f"`{full}` is called `{name}` in Python" for full, name in changed.items()]
    if len(notes) > 8:
        notes = [*notes[:8], f"and {len(notes) - 8} more names are changed"]
    return notes
