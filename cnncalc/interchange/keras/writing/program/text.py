"""A model as a program of Keras: its functions, then `model`, one call a line, with Keras's own names."""

from __future__ import annotations

import builtins
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from keyword import iskeyword

from cnncalc.graph import Net
from cnncalc.interchange.keras.writing.model import Call, Made, Model, Tensor
from cnncalc.interchange.keras.writing.program.calls import Named, Pieces, Said, Value, literal, maker
from cnncalc.interchange.keras.writing.program.functions import Function, Place, Run, Step, functions, steps_of
from cnncalc.interchange.keras.writing.program.lines import WIDTH, call_lines, listed_lines
from cnncalc.interchange.written import heading
from cnncalc.layers import show_shape
from cnncalc.records import NamedTuple
from cnncalc.text import Distinct

__all__ = ["text"]

MOST_LAYERS = 500
"""Of a model that Keras builds within the calls in each other that Python allows."""
TAKEN = {"i", "keras", "layers", "model", "name", "np", "ops", "sys", "x", "y"}
"""What the program uses itself."""


class Use(NamedTuple):
    """One use of a function: which of its runs."""

    function: Function
    number: int

    @property
    def run(self) -> Run:
        """The run."""
        return self.function.runs[self.number]


def text(model: Model, graph: Net) -> str:
    """The program."""
    return _Program(model, graph).text()


class _Program:
    """One model on its way to lines of code."""

    def __init__(self, model: Model, graph: Net) -> None:
        self.model, self.graph = model, graph
        self.steps = steps_of(model, _ordered(model))
        self.functions = functions(model, self.steps, graph.blocks)
        self.distinct = Distinct(TAKEN)
        self.called = {id(one): self.variable(_snake(one.hint)) for one in self.functions}
        self.names: dict[Place, str] = {}
        self.makers: dict[str, str] = {}
        """The variables of layers that are called more than once."""

    def text(self) -> str:
        """All lines."""
        entering = ", ".join(show_shape(one.shape) for one in self.model.inputs.values())
        lines = heading(self.graph, f" for Keras 3, channels last, {entering}", WIDTH)
        body = [line for function in self.functions for line in self.function(function)]
        body += ["", "", "def model() -> keras.Model:", '    """The model, with weights as Keras starts them."""']
        if len(self.model.layers) > MOST_LAYERS:
            deep = self.model.calls_deep
            body.append(f"    sys.setrecursionlimit({deep})  # Keras follows layers by calls in each other")
        body += [f"    {line}" if line else "" for line in self.main()]
        used = [one for one in ("layers", "ops") if any(f"{one}." in line for line in body)]
        lines += ["", *(["import sys", ""] if len(self.model.layers) > MOST_LAYERS else [])]
        lines += ["import keras", *(["import numpy as np"] if any("np." in line for line in body) else [])]
        lines += [f"from keras import {', '.join(used)}"] if used else []
        return "\n".join([*lines, *body, "", "", 'if __name__ == "__main__":', "    model().summary()", ""])

    # -- functions --

    def function(self, function: Function) -> list[str]:
        """One function, on the tensors of its first run."""
        run, rest = function.runs[0], len(function.runs) - 1
        steps = self.steps[run.start : run.stop]
        uses = Counter(one.place for step in steps for one in step.call.tensors())
        first = run.inputs[0]
        chain = "x" if uses[first] == 1 and first in _taken(steps[0]) else "y"
        distinct = Distinct({*TAKEN, *self.called.values(), *(one.name for one in function.arguments)})
        names = dict(zip(run.inputs, ["x", *(distinct(self.outside(place)) for place in run.inputs[1:])]))
        texts = iter(function.said)
        takes = [*names.values(), *self.signature(function)]
        lines = ["", "", *listed_lines("", f"def {self.called[id(function)]}(", takes, "):")]
        lines.append(f'    """`{run.group}`, and {rest} more like it."""')
        for at, step in enumerate(steps):
            name = chain
            if not _passes(step, steps, at, uses, {run.output}):
                stem = step.made.name.removeprefix(run.prefix).strip("_") or "y"
                name = distinct(_identifier(stem))
            said = self.shown(step.said, names, texts, run.prefix)
            names[step.place] = name
            if step.place == run.output and at + 1 == len(steps):
                return [*lines, *call_lines("    ", "return ", *said)]
            lines += call_lines("    ", f"{name} = ", *said)
        return [*lines, f"    return {names[run.output]}"]

    def signature(self, function: Function) -> Iterator[str]:
        """The parameters beside the tensors: one by its place, the others by their names."""
        for at, one in enumerate(function.arguments):
            usual = "" if one.usual is None or not at else f"={literal(one.usual)}"
            yield from ["*"] if at == 1 else []
            yield one.name + usual
        yield from ["*"] if len(function.arguments) < 2 else []
        yield "name"

    def outside(self, place: Place) -> str:
        """What a function calls a tensor that it takes beside `x`."""
        one = self.model.one
        return "one" if one is not None and one.place == place else "beside"

    # -- the model --

    def main(self) -> list[str]:
        """What stands in the function of the whole model."""
        lines: list[str] = []
        for tensor in self.model.inputs.values():
            name = self.names[tensor.place] = self.variable(tensor.layer)
            shape = ", ".join(map(str, tensor.shape)) + ("," if len(tensor.shape) == 1 else "")
            lines += listed_lines("", f"{name} = keras.Input(", [f"({shape})", f"name={literal(tensor.layer)}"], ")")
        items = [*self.items()]
        uses = Counter(place for item in items for place in _taken(item))
        ends = {one.place for one in self.model.outputs.values()}
        at = 0
        while at < len(items):
            turns = self.turns(items, at, uses, ends)
            if turns > 1:
                lines += self.loop(items, at, turns, uses, ends)
            else:
                lines += self.item(items, at, uses, ends)
            at += max(turns, 1)
        inputs = [self.names[one.place] for one in self.model.inputs.values()]
        outputs = [self.names[one.place] for one in self.model.outputs.values()]
        name = f"name={literal(self.model.name_of(self.model.name))}"
        return [*lines, *listed_lines("", "return keras.Model(", [_listed(inputs), _listed(outputs), name], ")")]

    def items(self) -> Iterator[Step | Use]:
        """The steps, with the uses of functions in the place of theirs."""
        starts = {run.start: Use(one, at) for one in self.functions for at, run in enumerate(one.runs)}
        at = 0
        while at < len(self.steps):
            use = starts.get(at)
            yield use or self.steps[at]
            at = use.run.stop if use else at + 1

    def item(self, items: Sequence[Step | Use], at: int, uses: Counter[Place], ends: set[Place]) -> list[str]:
        """One call."""
        item, lines = items[at], []
        if isinstance(item, Step) and item.made.calls[1:] and item.place[1] == 0:
            owner = self.makers[item.made.name] = self.variable(item.made.name)
            lines += _statement("", f"{owner} = ", *self.shown(maker(item.made), self.names, None))
        said = self.said(item)
        last = _made(item) in ends and at + 1 == len(items)
        passing = _passes(item, items, at, uses, ends) or last
        name = "x" if passing else self.variable(item.run.prefix if isinstance(item, Use) else item.made.name)
        self.names[_made(item)] = name
        return [*lines, *_statement("", f"{name} = ", *said)]

    def said(self, item: Step | Use, name: str = "") -> tuple[str, list[str], str, str]:
        """A call of a layer, an operation or a function."""
        if isinstance(item, Use):
            values = [(one.name, one.values[item.number], one.usual) for one in item.function.arguments]
            arguments = [literal(value) for _, value, _ in values[:1]]
            arguments += [f"{word}={literal(value)}" for word, value, usual in values[1:] if value != usual]
            named = f"name={name or literal(item.run.prefix)}"
            tensors = [self.names[place] for place in item.run.inputs]
            return self.called[id(item.function)], [*tensors, *arguments, named], "", "()"
        if item.made.name in self.makers:
            arguments = [self.piece(item.said.last, self.names, None)]
            return self.makers[item.made.name], arguments, "", "()"
        return self.shown(item.said, self.names, None)

    def turns(self, items: Sequence[Step | Use], at: int, uses: Counter[Place], ends: set[Place]) -> int:
        """How many uses of a function follow each other here that differ in a number of their names alone."""
        first = items[at]
        if not isinstance(first, Use) or len(first.run.inputs) != 1 or self.names.get(first.run.inputs[0]) != "x":
            return 1
        stem, number = _counted(first.run.prefix)
        values = [one.values[first.number] for one in first.function.arguments]
        count = 1
        while number is not None and at + count < len(items):
            before, item = items[at + count - 1], items[at + count]
            if not isinstance(item, Use) or item.function is not first.function:
                break
            alike = [one.values[item.number] for one in item.function.arguments] == values
            follows = item.run.inputs == (_made(before),) and _passes(before, items, at + count - 1, uses, ends)
            if not alike or not follows or _counted(item.run.prefix) != (stem, number + count):
                break
            count += 1
        return count

    def loop(
        self, items: Sequence[Step | Use], at: int, turns: int, uses: Counter[Place], ends: set[Place]
    ) -> list[str]:
        """Uses in a row as one loop."""
        first, last = items[at], at + turns - 1
        assert isinstance(first, Use)
        stem, number = _counted(first.run.prefix)
        assert number is not None
        span = f"{number}, {number + turns}" if number else str(turns)
        lines = [f"for i in range({span}):", *_statement("    ", "x = ", *self.said(first, f'f"{stem}{{i}}"'))]
        name = "x"
        if not _passes(items[last], items, last, uses, ends) and last + 1 < len(items):
            end = items[last]
            name = self.variable(end.run.prefix if isinstance(end, Use) else end.made.name)
            lines.append(f"{name} = x")
        self.names[_made(items[last])] = name
        return lines

    # -- pieces --

    def shown(
        self, said: Said, names: dict[Place, str], texts: Iterator[str] | None, prefix: str = ""
    ) -> tuple[str, list[str], str, str]:
        """A call as text: what is called, its arguments, what the layer that comes of it is called with."""
        head = self.piece(said.head, names, texts, prefix)
        arguments = [self.piece(one, names, texts, prefix) for one in said.arguments]
        if said.brackets == "[]":  # bounds that are expressions stand apart from their colon
            arguments = [" : ".join(one.split(":")).strip() if " " in one else one for one in arguments]
        return head, arguments, self.piece(said.last, names, texts, prefix), said.brackets

    def piece(self, pieces: Pieces, names: dict[Place, str], texts: Iterator[str] | None, prefix: str = "") -> str:
        """Pieces as text; values are those of a function where there are `texts`."""
        shown = ""
        for piece in pieces:
            if isinstance(piece, Tensor):
                shown += names[piece.place]
            elif isinstance(piece, Named):
                rest = piece.name.removeprefix(prefix)
                shown += literal(piece.name) if texts is None else f'f"{{name}}{rest}"' if rest else "name"
            elif isinstance(piece, Value):
                value = literal(piece.value) if texts is None else next(texts)
                shown += f"({value})" if " // " in value and shown.endswith(("* ", "// ")) else value
            else:
                shown += piece
        return shown

    def variable(self, wanted: str) -> str:
        """A name for a variable that no other has."""
        return self.distinct(_identifier(wanted))


def _identifier(wanted: str) -> str:
    stem = wanted if wanted[0].isalpha() or wanted[0] == "_" else f"_{wanted}"
    return f"{stem}_" if iskeyword(stem) or hasattr(builtins, stem) else stem


def _snake(hint: str) -> str:
    """`InvertedResidual` as inverted_residual."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", hint)
    return re.sub(r"[^0-9a-z]+", "_", words.lower()).strip("_") or "block"


def _counted(prefix: str) -> tuple[str, int | None]:
    """A name as what stands before the number at its end, and that number."""
    stem = prefix.rstrip("0123456789")
    digits = prefix[len(stem) :]
    return (stem, int(digits)) if digits and (digits == "0" or digits[0] != "0") else (prefix, None)


def _made(item: Step | Use) -> Place:
    """The tensor that it gives."""
    return item.run.output if isinstance(item, Use) else item.place


def _taken(item: Step | Use) -> list[Place]:
    """The tensors that it takes."""
    return [*item.run.inputs] if isinstance(item, Use) else [one.place for one in item.call.tensors()]


def _passes(item: Step | Use, items: Sequence[Step | Use], at: int, uses: Counter[Place], ends: set[Place]) -> bool:
    """Whether what it gives is taken by what follows alone."""
    made = _made(item)
    return made not in ends and uses[made] == 1 and at + 1 < len(items) and made in _taken(items[at + 1])


def _ordered(model: Model) -> list[tuple[Made, int, Call]]:
    """Every call behind those whose tensors it takes, as the net runs; what is the whole model's comes first."""
    calls = [(made, number, call) for made in model.layers.values() for number, call in enumerate(made.calls)]
    calls.sort(key=lambda one: one[0].name in model.groups)
    done = {one.place for one in model.inputs.values()}
    ordered, waiting = [], calls
    while waiting:
        later = []
        for one in waiting:
            if all(tensor.place in done for tensor in one[2].tensors()):
                done.add((one[0].name, one[1]))
                ordered.append(one)
            else:
                later.append(one)
        waiting = later
    return ordered


def _statement(indent: str, target: str, head: str, arguments: list[str], last: str, brackets: str) -> list[str]:
    width = 4  # which the function around it takes
    lines = call_lines(" " * width + indent, target, head, arguments, last, brackets)
    return [line[width:] for line in lines]


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"[{', '.join(names)}]"
