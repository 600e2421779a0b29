"""The body of `forward`: steps as statements, what is taken once written where it is taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from cnncalc.interchange.torch_code.classes.making import Class, Taking
from cnncalc.interchange.torch_code.expressions import (
    Call,
    Conditional,
    Counting,
    Listed,
    Looped,
    Mapped,
    Text,
    flat,
    replaced,
    takings,
)
from cnncalc.interchange.torch_code.layout import WIDTH, laid_out
from cnncalc.interchange.torch_code.modules.bodies import Step
from cnncalc.interchange.torch_code.modules.parts import is_attribute, place_of, tensor_at

__all__ = ["forward"]

INDENT = 8
NEAR = 3
"""A tensor that is taken again within so many steps needs no name of its own."""
NAMES = frozenset(("F", "OrderedDict", "Tensor", "len", "math", "nn", "self", "torch", "tuple"))
"""What a variable must not hide."""
MERGES = ("add", "concat", "multiply", "maximum", "minimum", "subtract", "divide")
MOST_REPEATED = 20
"""Characters that may stand in both arms of a condition."""
MOST_TEXT = 60
"""Characters of what is written inside of something else."""


class _Pending:
    """What a step gives, not yet written: its expression, the tensors in it, and how much it is."""

    def __init__(self, value: Any, taken: Sequence[int], weight: int) -> None:
        self.value, self.taken, self.weight = value, tuple(taken), weight


class _Forward:
    def __init__(self, made: Class, inputs: Sequence[str]) -> None:
        self.made = made
        self.steps, self.gives = made.steps, made.body.gives
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
        self.givers = {n: one.step for one in self.steps for n in one.step.gives}
        self.at = 0

    @staticmethod
    def _taken(one: Taking) -> list[int]:
        found = [one.step.takes[place] for place in takings(one.step.does)]
        return [*found, one.instead] if one.flag else found

    def run(self) -> list[str]:
        """The statements before the return."""
        training = False
        for place, one in enumerate(self.steps):
            self.at = place
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
        if isinstance(step.does, Looped):
            self.loop(step, step.does)
            return
        waiting = [n for n in dict.fromkeys(step.takes[p] for p in takings(step.does)) if n in self.pending]
        twice = one.instead if one.flag and one.instead in self.pending and self._may_repeat(one) else None
        times = Counter(self._taken(one))
        for tensor in waiting:
            if tensor != twice and (times[tensor] > 1 or self._apart(one, tensor, alone=len(waiting) == 1)):
                self.write(tensor)
        if one.flag and one.instead in self.pending and one.instead != twice:
            self.write(one.instead)
        inside = [n for n in waiting if n in self.pending]
        while inside and not self._fits(step.kind, self.value(one), inside):
            self.write(max(inside, key=lambda n: len(flat(self.pending[n].value))))
            inside = [n for n in waiting if n in self.pending]
        self.keep(one, self.value(one))

    def loop(self, step: Step, does: Looped) -> None:
        """A loop: one variable goes from round to round, all that is taken beside it stands still."""
        for tensor in step.takes:
            if tensor in self.pending:
                self.write(tensor)
        for tensor in step.takes:
            self.left[tensor] -= 1
        start, *others = step.takes
        name, pad = self.names[start], " " * self.indent
        if self.left[start] > 0 or start in others:
            name = self._name(step.gives[0], [self.names[one] for one in (start, *others)])
            self.lines.append(f"{pad}{name} = {self.names[start]}")
        body = self.made.body._replace(takes=len(step.takes), gives=(does.gives,))
        inner = _Forward(self.made._replace(steps=tuple(map(Taking, does.steps)), body=body),
                         [name, *(self.names[one] for one in others)])  # fmt: skip
        live = [one for one, holder in self.holders.items() if one != name and self.left[holder] > 0]
        inner.keep_off(["i", *live, *(self.names[one] for one in others)])
        inner.indent = self.indent + 4
        inner.run()
        given = inner.given(does.gives)
        self.lines += [f"{pad}for i in range({flat(does.times)}):", *inner.lines]
        self.lines += [] if given == Text(name) else laid_out(given, self.indent + 4, f"{name} = ")
        (made,) = step.gives
        self.names[made], self.holders[name] = name, made

    def keep_off(self, names: Sequence[str]) -> None:
        """Let these variables be."""
        for number, name in enumerate(names, 1):
            self.holders[name], self.left[-number] = -number, 1

    def _last(self) -> bool:
        return self.at == len(self.steps) - 1

    def _apart(self, one: Taking, tensor: int, *, alone: bool) -> bool:
        """Whether what a step takes once is a statement of its own: both are worth a line."""
        if not isinstance(one.step.does, Call):
            return True
        is_group = bool(one.step.path and not one.step.kind)
        ends = is_group and self._last() and alone and bool(self.kinds.get(tensor))
        return self.pending[tensor].weight > 0 and one.step.weighted and not ends

    def _fits(self, kind: str, value: Any, inside: Sequence[int]) -> bool:
        """Whether an expression can be written with what is inside of it."""
        short = all(len(flat(self.pending[n].value)) <= MOST_TEXT for n in inside)
        room = WIDTH - self.indent - len("return ") - (0 if self._last() else 4)
        if len(flat(value)) <= room:
            return short or self._last()
        lists = isinstance(value, Call) and any(isinstance(one.value, Listed) for one in value.arguments)
        return kind in MERGES and short and lists  # a list is laid out over lines

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
            for place, n in ((place, step.takes[place]) for place in takings(step.does))  # a crop names one more
        }
        own = self.own(step)
        made = replaced(step.does, tensors, own)
        if not one.flag:
            return made
        there = f"{own} is not None" if step.path else f"self.{one.flag}"
        return Conditional(made, there, self.given(one.instead))

    def own(self, step: Step) -> str:
        """What stands at the path of a step."""
        if step.bare:
            made = next(one.made for one in self.made.members if one.name == ".".join(step.path))
            return tensor_at(step.path, self.made.form, made.function == "nn.Buffer")
        if step.path and isinstance(step.path[0], Counting):
            return f"getattr(self, {step.path[0].text})"
        return place_of(step.path, self.made.form) if step.path else ""

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
        names: list[str] = []
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
        step = self.givers[tensor]
        own = step.path[-1] if step.path else ""
        own = own.stem.rstrip("_") if isinstance(own, Counting) else own
        own = own if is_attribute(own) else ""
        own = f"{own}_out" if own in NAMES else own
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


def _returned(writer: _Forward, outputs: Sequence[str], only: set[int]) -> Iterator[str]:
    """The return: one tensor, several, or of a net a dict; `only` are those of training alone."""
    gives, pad = writer.gives, " " * INDENT
    if len(gives) == 1:
        yield from laid_out(writer.given(gives[0]), INDENT, "return ")
        return
    for n in [n for n in gives if n in writer.pending]:
        if only or not outputs or len(flat(writer.given(n))) > MOST_TEXT:
            writer.write(n)
    if not outputs:
        names = [writer.names[n] for n in gives]
        line = f"{pad}return {', '.join(names)}"
        yield from [line] if len(line) <= WIDTH else laid_out(tuple(map(Text, names)), INDENT, "return ")
        return
    both = [(name, writer.given(n)) for name, n in zip(outputs, gives)]
    kept = [one for one, n in zip(both, gives) if n not in only]
    if only:
        yield f"{pad}if self.training:"
        yield from laid_out(Mapped(tuple(both)), INDENT + 4, "return ")
    yield from laid_out(kept[0][1] if len(kept) == 1 else Mapped(tuple(kept)), INDENT, "return ")


def forward(made: Class, inputs: Sequence[str], outputs: Sequence[str] = ()) -> list[str]:
    """The statements of `forward`; `outputs` are the names of a whole net's."""
    writer = _Forward(made, inputs)
    writer.run()
    only = {n for one in made.steps if one.step.train_only for n in one.step.gives} & {*writer.gives}
    returned = [*_returned(writer, outputs, only)]  # which may write more statements
    return [*writer.lines, *returned]
