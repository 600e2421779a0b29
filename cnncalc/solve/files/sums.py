"""The figures of a net that are sums over its layers, of which none is negative, by the rules of their table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import add, sub
from typing import Any, NoReturn, TypeAlias

from cnncalc.analysis.dtypes import numbers_of
from cnncalc.analysis.facts import of_layer
from cnncalc.answers.figures import BY_KEY, FIGURES, OfLayer
from cnncalc.arithmetic.windows.formulas import product
from cnncalc.graph import Costs, Net, Node
from cnncalc.language.unknowns import UnknownFile
from cnncalc.language.yaml.tree import mappings
from cnncalc.layers import Layer
from cnncalc.layers.dialects import DIALECTS

__all__ = ["Counting", "Sums", "less", "plus"]

Sums: TypeAlias = "tuple[int, ...]"
"""What layers add up to, in the order of `Counting.keys`."""


class _OfWholeNet:
    """A number or truth that only a whole net tells: a rule that asks for it fails."""

    def _ask(self, *_: object) -> NoReturn:
        raise LookupError("known of a whole net only")

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __floordiv__ = __rfloordiv__ = _ask
    __mod__ = __rmod__ = __neg__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __call__ = _ask


_UNKNOWN: Any = _OfWholeNet()
_TYPED = {"dtype", "dtypes", "net"}
"""What gives layers types in a file, or may do so: another net that is a part of it."""


def plus(one: Sums, other: Sums) -> Sums:
    """Both together."""
    return tuple(map(add, one, other))


def less(one: Sums, other: Sums) -> Sums:
    """What is more in the first."""
    return tuple(map(sub, one, other))


class Counting:
    """The figures that are sums, under the options of a search: what each layer adds, and what follows."""

    def __init__(self, file: UnknownFile, dtype: str) -> None:
        options, numbers = file.options, numbers_of(dtype)
        self.images, self.element_bytes = options.batch, numbers.size
        self.accumulate, self.parts = options.accumulate, numbers.parts
        typed = options.types or any(_TYPED & one.entries.keys() for one in mappings(file.document.roots))
        self._element_bytes: Any = _UNKNOWN if numbers.half or typed else numbers.size  # types differ
        self._parts: Any = _UNKNOWN if typed else numbers.parts
        self._trainable: Any = _UNKNOWN if options.freeze else True  # the names of all layers decide
        self._dialect, self._training = DIALECTS[file.document.dialect(options.dialect)], options.train
        zeros = _UNKNOWN if options.sparsity else 0
        costs = 0, 0, _UNKNOWN if typed or options.sparsity else 0, zeros, zeros, 0, 0, 0, 0
        unknown = (_UNKNOWN,) * 4
        node = (self._trainable, True, True, False)
        one = OfLayer(*costs, 1, 0, self._element_bytes, *unknown, *node, _UNKNOWN, 0, True, self._parts, self.parts)
        self._rules = {
            figure.key: figure.layer for figure in FIGURES if figure.layer is not None and _answers(figure.layer, one)
        }
        self.keys = [*self._rules, "input_elements", "built"]
        """What is added up; `built` are items and turns of loops, which are bounded."""
        self.places = {key: place for place, key in enumerate(self.keys)}
        self.nothing: Sums = (0,) * len(self.keys)
        self.names = [figure.key for figure in FIGURES if _answers(self.figure, figure.key, self.nothing)]

    def of(self, node: Node, net: Net) -> Sums:
        """What a layer or an input of a net adds."""
        if node.layer is None:
            return (*self.nothing[:-2], product(node.shape), 0)
        met = net.signatures[node.signature]
        kept = met.figures((self, node.share is None, node.trainable), 1)
        if kept[0] is None:
            kept[0] = self._of(node, node.layer, met.costs)
        found: Sums = kept[0]
        return found

    def _of(self, node: Node, layer: Layer, known: Costs) -> Sums:
        apart = self.element_bytes, _UNKNOWN, _UNKNOWN, _UNKNOWN, _UNKNOWN, self._dialect, self._training, _UNKNOWN
        one = of_layer(
            node,
            layer,
            known,
            self.images,
            *apart,
            self.element_bytes,
            parts=self._parts,
            trained_parts=self.parts,
        )
        return (*[rule(one) for rule in self._rules.values()], 0, 0)

    def items(self, built: int) -> Sums:
        """What so many items add that are built."""
        return (*self.nothing[:-1], built)

    def figure(self, name: str, sums: Sums) -> int:
        """One of the figures, or of what is added up; raises `LookupError` for another."""
        rule = BY_KEY[name].total if name in BY_KEY else None
        return sums[self.places[name]] if rule is None else int(rule(_Total(self, sums)))


class _Total:
    """What the rule of a total reads, as far as it is a sum."""

    def __init__(self, counting: Counting, sums: Sums) -> None:
        self.counting, self.sums = counting, sums
        self.images, self.element_bytes = counting.images, counting.element_bytes
        self.accumulate, self.parts = counting.accumulate, counting.parts

    def sum(self, key: str) -> int:
        """What the layers add up to."""
        return self.sums[self.counting.places[key]]

    @property
    def input_elements(self) -> int:
        """Numbers in all inputs, of one image."""
        return self.sum("input_elements")

    @property
    def saved(self) -> Mapping[int, int]:
        """What autograd keeps, which depends on the layers around."""
        raise LookupError

    @property
    def backward(self) -> Mapping[int, int]:
        """What the pass backward computes, likewise."""
        raise LookupError

    @property
    def most_kept(self) -> int:
        """The most of that at once, likewise."""
        raise LookupError

    @property
    def rank_bytes(self) -> int:
        """What each rank holds, of which that is a part."""
        raise LookupError

    @property
    def peak(self) -> int:
        """The most bytes alive at once, which is no sum."""
        raise LookupError

    def __getitem__(self, key: str) -> int:
        return self.counting.figure(key, self.sums)


def _answers(rule: Callable[..., object], *arguments: object) -> bool:
    """Whether a rule can do without what only a whole net tells."""
    try:
        return rule(*arguments) is not _UNKNOWN
    except LookupError:
        return False
