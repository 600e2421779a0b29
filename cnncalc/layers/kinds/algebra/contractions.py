"""Products of two tensors by Einstein's summation: which axes meet, which are added up, which are left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from cnncalc.arithmetic.symbolic.unknown import OPEN
from cnncalc.arithmetic.windows.formulas import all_equal, product
from cnncalc.arithmetic.windows.reach import IDENTITY, Reach, everywhere
from cnncalc.layers.backward import Backward, Saved
from cnncalc.layers.base import Layer, Requirement, Shape, field, show_shape
from cnncalc.layers.reading import FieldError, FieldType, Json, shown
from cnncalc.layers.registry import layer

__all__ = ["Einsum"]

EXAMPLE = "such as ij,jk->ik, without the batch"


class Equation(FieldType):
    """`ij,jk->ik`: a letter for each axis of two tensors and of what comes out; the normal form is that text."""

    expected = f"an equation for two tensors, {EXAMPLE}"
    bare = "[A-Za-z]+,[A-Za-z]+->[A-Za-z]*"
    commas = True

    def read(self, value: object) -> str:
        text = value.replace(" ", "") if isinstance(value, str) else ""
        taken, arrow, out = text.partition("->")
        parts = (*taken.split(","), out)
        letters = "".join(parts).isascii() and all(part.isalpha() for part in parts)
        if not arrow or len(parts) != 3 or len(text) > 60 or not letters:
            raise FieldError(f"expected {self.expected}, got {shown(value)}", "a letter an axis; `...` is not known")
        twice = next((part for part in parts if len(set(part)) < len(part)), None)
        if twice is not None:
            raise FieldError(f"a letter stands twice in `{twice}`", "diagonals are not known: name each axis once")
        missing = next((letter for letter in out if letter not in taken), None)
        if missing is not None:
            raise FieldError(f"`{missing}` comes out and does not go in", f"write an equation {EXAMPLE}")
        return text

    def schema(self) -> Json:
        return {"type": "string"}


@layer("einsum", aliases=("Einsum",))
class Einsum(Layer):
    """The product of two tensors by Einstein's summation, as torch.einsum: `{einsum: "ij,jk->ik", from: [a, b]}`.

    The batch has no letter. A letter that does not come out is added up: before, where one tensor alone has it. What
    both have becomes one stack of products of matrices, a multiply–accumulate for each combination of letters; where
    none of these is added up, elements are multiplied. It is told to see all of both.
    """

    inputs: ClassVar[tuple[int, int]] = (2, 2)
    complex: ClassVar[str] = "numbers"
    equation: str = field(Equation(), "a letter for each axis of both tensors and of the output", position=0)

    @property
    def letters(self) -> tuple[str, str, str]:
        """Those of both tensors, and those of the output."""
        taken, _, out = self.equation.partition("->")
        left, _, right = taken.partition(",")
        return left, right, out

    @property
    def met(self) -> str:
        """The letters that both tensors have and the output has not, in order: sums of products go over them."""
        left, right, out = self.letters
        return "".join(letter for letter in left if letter in right and letter not in out)

    def used(self, index: int) -> str:
        """The letters of a tensor but for those that are added up before."""
        own, other, out = self.letters[index], self.letters[1 - index], self.letters[2]
        return "".join(letter for letter in own if letter in other or letter in out)

    def grouped(self, index: int) -> tuple[str, str, str]:
        """A tensor's letters as the stack, the rows or columns that are left, and those that are summed."""
        own, other, out = self.letters[index], self.letters[1 - index], self.letters[2]
        stack = "".join(letter for letter in out if letter in own and letter in other)
        return stack, "".join(letter for letter in out if letter in own and letter not in other), self.met

    def casting(self) -> str:
        """Products of matrices are cast to the half type, sums to float32."""
        if self.met:
            return "half"
        return "follow" if all(self.used(index) == self.letters[index] for index in (0, 1)) else "mixed"

    def lengths(self, *x: Shape) -> dict[str, Any]:
        """The length of each letter's axis."""
        return {letter: n for letters, shape in zip(self.letters, x) for letter, n in zip(letters, shape)}

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        for letters, shape in zip(self.letters, x):
            yield Requirement(
                len(letters) == len(shape),
                "an einsum needs a letter for each axis",
                f"`{letters}` for {show_shape(shape)}",
                "the batch has none",
            )
        left, right, _ = self.letters
        for letter in left:
            if letter in right:
                one, other = x[0][left.index(letter)], x[1][right.index(letter)]
                yield Requirement(
                    all_equal((one, other)),
                    "the axes of one letter differ",
                    f"`{letter}` of {self.equation} is {one} and {other}",
                    "give them two letters, or bring them to one length",
                )

    @classmethod
    def outline(cls, given: Mapping[str, object], *x: Shape) -> Shape | None:
        out = str(given.get("equation", "")).replace(" ", "").partition("->")[2]
        return (OPEN,) * len(out) if out.isalpha() and len(out) < 60 else None

    def output_shape(self, *x: Shape) -> Shape:
        lengths = self.lengths(*x)
        return tuple(lengths[letter] for letter in self.letters[2])

    def macs(self, *x: Shape) -> int:
        """One for each combination of the letters that are left."""
        left = {*self.used(0), *self.used(1)}
        return product(n for letter, n in self.lengths(*x).items() if letter in left) if self.met else 0

    def backward_macs(self, backward: Backward, *x: Shape) -> int:
        """As many for each factor whose gradient is wanted."""
        return self.macs(*x) * sum(backward.inputs)

    def operations(self, *x: Shape) -> int:
        """Additions of what is added up before, and products of elements where none is summed."""
        lengths = self.lengths(*x)
        before = sum(product(shape) - product(lengths[one] for one in self.used(at)) for at, shape in enumerate(x))
        return before + (0 if self.met else product(self.output_shape(*x)))

    def reaches_into(self, index: int, *x: Shape) -> tuple[Reach | None, ...] | None:
        return tuple(everywhere(n) for n in x[index])

    def reaches(self, *x: Shape) -> tuple[Reach, ...]:
        return (IDENTITY,) * (len(self.letters[2]) - 1)

    def joins(self, x: Shape) -> int:
        return len(x) + 1

    def as_it_lies(self, index: int, alone: bool, *x: Shape) -> bool:
        """Whether a tensor is a stack of matrices as it stands: the axes of each group are neighbours, in order."""
        own, lengths = self.letters[index], self.lengths(*x)
        longer = [letter for letter in own if not (type(lengths[letter]) is int and lengths[letter] == 1)]
        stack, *others = ([longer.index(one) for one in group if one in longer] for group in self.grouped(index))
        runs = [stack if alone else [-1, *stack], *others]
        return all(run == list(range(run[0], run[0] + len(run))) for run in runs if run)

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        """Each factor where the gradient of the other needs it, as it is multiplied."""
        lengths = self.lengths(*x)
        for index in (0, 1):
            used = self.used(index)
            if not backward.inputs[1 - index]:
                continue
            if used == self.letters[index] and (not self.met or self.as_it_lies(index, backward.alone, *x)):
                yield Saved("input", index)
            else:
                laid = tuple(lengths[letter] for letter in used)
                yield Saved("a factor, laid out", shape=laid, element="" if self.met else "own")
