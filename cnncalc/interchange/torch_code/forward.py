"""The body of `forward`: steps as statements, what is taken once written where it is taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from cnncalc.interchange.torch_code.classes import Class, Taking
from cnncalc.interchange.torch_code.expressions import (
    WIDTH,
    Call,
    Conditional,
    Listed,
    Mapped,
    Taken,
    Text,
    flat,
    laid_out,
    replaced,
    takings,
)

__all__ = ["forward", "place_of"]

INDENT = 8
NEAR = 3
"""A tensor that is taken again within so many steps needs no name of its own."""
MERGES = ("add", "concat", "multiply", "maximum", "minimum", "subtract", "divide")
MOST_REPEATED = 20
"""Characters that may stand in both arms of a condition."""
MOST_TEXT = 60
"""Characters of what is written inside of something else."""


def place_of(path: Sequence[str], form: str) -> str:
    """A module of a class: `self.layer1`, `self["0"]`; what lies deeper is in a ModuleDict."""
    first, *rest = path
    text = f"self.{first}" if form == "module" else f"self[{first}]" if form == "sequence" else f'self["{first}"]'
    return text + "".join(f'["{name}"]' for name in rest)


def _without_identities(made: Class) -> tuple[list[Taking], tuple[int, ...]]:
    """The steps and what goes out, without the steps that give what they take."""
    known: dict[int, int] = {}
    steps = []
    for one in made.steps:
        step = one.step._replace(takes=tuple([known.get(n, n) for n in one.step.takes]))
        if isinstance(step.does, Taken) and not one.flag:
            known[step.gives[0]] = step.takes[0]
        else:
            steps.append(one._replace(step=step, instead=known.get(one.instead, one.instead)))
    return steps, tuple([known.get(n, n) for n in made.body.gives])


class _Pending:
    """What a step gives, not yet written: its expression, the tensors in it, and how much it is."""

    def __init__(self, value: Any, taken: Sequence[int], weight: int) -> None:
        self.value, self.taken, self.weight = value, tuple(taken), weight


class _Forward:
    def __init__(self, made: Class, inputs: Sequence[str]) -> None:
        self.made = made
        self.steps, self.gives = _without_identities(made)
        self.lines: list[str] = []
        self.indent = INDENT
        self.names: dict[int, str] = dict(enumerate(inputs))
        """The tensors that have a variable."""
        self.holders = {name: number for number, name in enumerate(inputs)}
        self.pending: dict[int, _Pending] = {}
        self.uses: Counter[int] = Counter(self.gives)
        self.last: dict[int, int] = dict.fromkeys(self.gives, len(self.steps))
        for place, one in enumerate(self.steps):
            for taken in self._taken(one):
                self.uses[taken] += 1
                self.last[taken] = max(self.last.get(taken, 0), place)
        self.left = self.uses.copy()
        """How often each is still to be written."""
        self.kinds = {n: one.step.kind for one in self.steps for n in one.step.gives}
        self.at = 0

    @staticmethod
    def _taken(one: Taking) -> list[int]:
        found = [one.step.takes[place] for place in takings(one.step.does)]
        return [*found, one.instead] if one.flag else found

    def run(self) -> list[str]:
        """The statements before the return."""
        training = False
        for self.at, one in enumerate(self.steps):
            if one.step.train_only and not training:
                for tensor in [*self.pending]:
                    self.write(tensor)
                self.lines.append(f"{' ' * self.indent}if self.training:")
                self.indent += 4
            elif training and not one.step.train_only:
                self.indent -= 4
            training = one.step.train_only
            self.step(one)
            if training:
                for tensor in [n for n in one.step.gives if n in self.pending]:
                    self.write(tensor)
        self.indent = INDENT
        self.at = len(self.steps)
        return self.lines

    def step(self, one: Taking) -> None:
        """One step: a statement of its own, or what another will be written with."""
        step = one.step
        places = [*takings(step.does)]
        waiting = [n for n in dict.fromkeys(step.takes[p] for p in places) if n in self.pending]
        twice = one.flag and one.instead in self.pending and self._may_repeat(one)
        several = {number for number, count in Counter(self._taken(one)).items() if count > 1}
        deep = step.path and not step.kind  # a group
        for tensor in waiting:
            heavy = self.pending[tensor].weight > 0 and step.weighted
            final = self.at == len(self.steps) - 1 and len(waiting) == 1
            own = deep and self.pending[tensor].weight > 0 and not (final and self.kinds.get(tensor))
            if twice and tensor == one.instead:
                continue
            if tensor in several or (heavy and not (deep and final and self.kinds.get(tensor))) or own or not isinstance(step.does, Call):
                self.write(tensor)
        if one.flag and one.instead in self.pending and not twice:
            self.write(one.instead)
        while True:
            inside = [n for n in waiting if n in self.pending]
            value = self.value(one)
            last = self.at == len(self.steps) - 1
            room = WIDTH - self.indent - len("return ") - (0 if last else 4)
            if not inside or (len(flat(value)) <= room and (last or all(self._short(n) for n in inside))):
                break
            if step.kind in MERGES and isinstance(value, Call) and all(self._short(n) for n in inside):
                if any(isinstance(a.value, Listed) for a in value.arguments):
                    break  # a list is laid out over lines
            self.write(max(inside, key=lambda n: len(flat(self.pending[n].value))))
        self.keep(one, value)

    def _may_repeat(self, one: Taking) -> bool:
        """Whether what goes on instead may stand in both arms: it is short, and nothing else takes it."""
        value = flat(self.pending[one.instead].value)
        return len(value) <= MOST_REPEATED and self.uses[one.instead] == 2 and one.instead in one.step.takes

    def _short(self, tensor: int) -> bool:
        return len(flat(self.pending[tensor].value)) <= MOST_TEXT

    def value(self, one: Taking) -> Any:
        """The expression of a step, as it would be written now."""
        step = one.step
        tensors = {
            place: self.pending[n].value if n in self.pending else Text(self.names[n])
            for place, n in enumerate(step.takes)
        }
        own = place_of(step.path, self.made.form) if step.path else ""
        made = replaced(step.does, tensors, own)
        if not one.flag:
            return made
        there = f"{own} is not None" if step.path else f"self.{one.flag}"
        return Conditional(made, there, self.given(one.instead))

    def keep(self, one: Taking, value: Any) -> None:
        """Note what a step gives, or write it, where it is taken more than once or is more than one tensor."""
        step = one.step
        inside = [n for place in takings(step.does) for n in [step.takes[place]]]
        taken: list[int] = [one.instead] if one.flag else []
        weight = int(step.weighted)
        if one.flag and one.instead in self.pending:
            taken = [*self.pending[one.instead].taken]
        for n in inside:
            if n in self.pending:
                found = self.pending.pop(n)
                taken += found.taken
                weight += found.weight
            else:
                taken.append(n)
        if len(step.gives) > 1:
            self._assign(step.gives, value, taken)
            return
        (made,) = step.gives
        self.pending[made] = _Pending(value, taken, weight)
        final = self.at == len(self.steps) - 1 and self.gives == (made,)
        repeated = self.uses[made] == 2 and self._repeats(made)
        if (self.uses[made] != 1 and not repeated) or (one.flag and not final):
            self.write(made)

    def _repeats(self, tensor: int) -> bool:
        """Whether only the next step takes a tensor, in both arms of its condition."""
        following = self.steps[self.at + 1] if self.at + 1 < len(self.steps) else None
        return following is not None and following.instead == tensor and self._may_repeat(following)

    def write(self, tensor: int) -> None:
        """The statement that gives a tensor a variable."""
        found = self.pending.pop(tensor)
        self._assign((tensor,), found.value, found.taken)

    def _assign(self, tensors: Sequence[int], value: Any, taken: Sequence[int]) -> None:
        for n in taken:
            self.left[n] -= 1
        names = []
        for tensor in tensors:
            name = self._name(tensor, names) if self.uses[tensor] else "_"
            names.append(name)
            self.names[tensor], self.holders[name] = name, tensor
        self.lines += laid_out(value, self.indent, f"{', '.join(names)} = ")

    def _free(self, name: str) -> bool:
        holder = self.holders.get(name)
        return holder is None or self.left[holder] <= 0

    def _name(self, tensor: int, others: Sequence[str]) -> str:
        """A variable: `x` where that is free, else by the module that gives it, or a letter."""
        step = next(one.step for one in self.steps if tensor in one.step.gives)
        own = step.path[-1] if step.path and not step.path[-1].isdecimal() else ""
        if len(step.gives) > 1:
            candidates = ["indices"] if step.kind and step.gives[-1] == tensor else ["x", "y", "z"]
        elif own and self.uses[tensor] > 1 and self.last[tensor] - self.at > NEAR:
            candidates = [own, "x", "y", "z"]
        else:
            candidates = ["x", *([own] if own else []), "y", "z"]
        for name in candidates:
            if name not in others and self._free(name):
                return name
        number = 1
        while not self._free(f"x{number}") or f"x{number}" in others:
            number += 1
        return f"x{number}"

    def given(self, tensor: int) -> Any:
        """A tensor that goes out, as it is written."""
        return self.pending[tensor].value if tensor in self.pending else Text(self.names[tensor])


def _returned(forward: _Forward, outputs: Sequence[str], only: set[int]) -> Iterator[str]:
    """The return: one tensor, several, or of a net a dict; `only` are those of training alone."""
    gives = forward.gives

    def dict_of(tensors: Sequence[tuple[str, int]]) -> Any:
        return Mapped(tuple([(name, forward.given(n)) for name, n in tensors]))

    if not outputs or len(gives) == 1:
        value = forward.given(gives[0]) if len(gives) == 1 else None
        if value is None:
            for n in [n for n in gives if n in forward.pending]:
                forward.write(n)
            names = [forward.names[n] for n in gives]
            line = f"{' ' * INDENT}return {', '.join(names)}"
            yield from [line] if len(line) <= WIDTH else laid_out(tuple(map(Text, names)), INDENT, "return ")
            return
        yield from laid_out(value, INDENT, "return ")
        return
    for n in [n for n in gives if n in forward.pending and (only or len(flat(forward.given(n))) > MOST_TEXT)]:
        forward.write(n)
    both = [*zip(outputs, gives)]
    if only:
        yield f"{' ' * INDENT}if self.training:"
        yield from laid_out(dict_of(both), INDENT + 4, "return ")
        both = [(name, n) for name, n in both if n not in only]
    if len(both) == 1:
        yield from laid_out(forward.given(both[0][1]), INDENT, "return ")
    else:
        yield from laid_out(dict_of(both), INDENT, "return ")


def forward(made: Class, inputs: Sequence[str], outputs: Sequence[str] = ()) -> list[str]:
    """The statements of `forward`; `outputs` are the names of a whole net's."""
    writer = _Forward(made, inputs)
    writer.run()
    only = {n for one in made.steps if one.step.train_only for n in one.step.gives} & {*writer.gives}
    returned = [*_returned(writer, outputs, only)]
    return [*writer.lines, *returned]
