"""A net through one rule after another: each finds what it changes, the net is built anew, written, and read back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath

from cnncalc.analysis.comparison import Compared, compared
from cnncalc.analysis.costs import report
from cnncalc.answers.rewriting import Made
from cnncalc.errors import CnncalcError, Fault
from cnncalc.graph import Net, matching
from cnncalc.interchange.structure.holding import sketched
from cnncalc.language import load_text
from cnncalc.language.options import Options
from cnncalc.language.yaml.reader import YamlNode
from cnncalc.layers.base import show_shape
from cnncalc.notation.lines import write
from cnncalc.records import NamedTuple
from cnncalc.rewrites.editing import Edits, View
from cnncalc.rewrites.lines import edited, with_expectation
from cnncalc.rewrites.naming import named_anew
from cnncalc.rewrites.rebuilding import Rebuilt, rebuilt
from cnncalc.rewrites.table import Asked
from cnncalc.text import shape_text

__all__ = ["Change", "Rewriting", "Step", "rewritten"]

SHOWN = 6


class Change(NamedTuple):
    """A layer that a rule has replaced: its name and notation before, and those of what stands there now."""

    name: str
    before: str
    after: tuple[str, ...]


class Step(NamedTuple):
    """One rule on a net: what it changed, and the figures before and after."""

    asked: Asked
    changes: tuple[Change, ...]
    passed: Mapping[str, Sequence[str]]
    """Layers that it left as they are, by the reason."""
    before: Compared
    after: Compared
    made: tuple[Made, ...]
    """How the layers come by their parameters; empty for rules that are not exact."""
    unlike: tuple[str, ...]
    """Layers, as they are called now, that see other pixels than before, or step over others."""
    graphs: tuple[Net, Net]
    """The nets before and after."""


class Rewriting(NamedTuple):
    """A net rewritten: the steps, and the text of what came out."""

    net: str
    """As the user gave it."""
    steps: tuple[Step, ...]
    yaml: str
    in_place: bool
    """Whether it is the net's own text with some lines changed; else it was written anew, without its comments."""
    ended: tuple[str, ...] = ()
    """Ends of side branches that were no outputs, and are some where the net was written anew."""

    @property
    def graph(self) -> Net:
        """The net that came out."""
        return self.steps[-1].graphs[1]


class _Source:
    """A net on its way, with the text that it was read from; empty where no text alone says it."""

    def __init__(self, net: str, graph: Net, text: str, batch: int, dtype: str) -> None:
        self.net, self.graph, self.text, self.batch, self.dtype = net, graph, text, batch, dtype
        self.in_place = bool(text)
        self.ended: list[str] = []
        """What side branches ended in, and are outputs since."""

    def step(self, asked: Asked, at: Sequence[str]) -> Step:
        """One rule more. Raises CnncalcError where it finds nothing to do, or cannot do it."""
        graph = self.graph
        view = View(graph, _chosen(graph, at))
        edits = asked.rule.edits(view, asked.arguments)
        if not edits.made:
            raise CnncalcError(_nothing(asked, view, self.net, at))
        try:
            new = rebuilt(graph, edits, keeps=asked.rule.keeps)
            _hold_outputs(asked, graph, new)
        except CnncalcError as error:
            prefixed = [one._replace(message=f"`{asked.text[:60]}`: {one.message}") for one in error.faults]
            raise CnncalcError(prefixed) from None
        names = self._write(new, edits)
        made = tuple(new.made(names, graph, edits)) if asked.rule.exact else ()
        before = compared("before", graph, self.batch, self.dtype)
        after = compared(asked.text, self.graph, self.batch, self.dtype)
        unlike = tuple(_unlike(before, after, new.same(names, graph)))
        return Step(asked, _changes(graph, edits), view.passed, before, after, made, unlike, (graph, self.graph))

    def _write(self, new: Rebuilt, edits: Edits) -> list[str]:
        """Write the new net, in the lines of the text where that can be, and read it back; the operators' names."""
        text = edited(self.text, self.graph, edits) if self.text else None
        again = None if text is None else _read(text, new)
        if again is None:
            self.in_place = False
            sketch = named_anew(new, self.graph)
            sketch.outputs += new.idle
            self.ended += [self.graph.nodes[index].name for index in sorted(self.graph.idle)]
            text, names, _ = sketched(sketch, PurePath(self.net).name.strip("-") or "net", self.graph.limits)
            again = load_text(text, "what was written", Options(limits=self.graph.limits))
        else:
            names = [node.name for node in again.nodes]
        assert text is not None
        self.text, self.graph = text, again
        return names


def _chosen(graph: Net, at: Sequence[str]) -> set[int]:
    """The layers that rules may change. Raises CnncalcError for a pattern that matches none."""
    names = {node.name: index for index, node, _ in graph.layers()}
    if not at:
        return set(names.values())
    return {index for pattern in at for index in matching(pattern, names, "--at")}


def _nothing(asked: Asked, view: View, net: str, at: Sequence[str]) -> Fault:
    """That a rule finds nothing, with what it left and why."""
    where = f" at {', '.join(at)}" if at else ""
    values = "\n".join(_left(why, names) for why, names in view.passed.items())
    help = f"it looks for {asked.rule.finds}"
    return Fault(f"`{asked.text[:60]}` finds nothing to change in {net[-60:]}{where}", values=values, help=help)


def _left(why: str, names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return f"left {', '.join(names[:SHOWN])}{more}: {why}"


def _hold_outputs(asked: Asked, graph: Net, new: Rebuilt) -> None:
    """Raises CnncalcError where outputs have other shapes, and the rule is to keep them."""
    before = [tuple(graph.nodes[index].shape) for index in graph.outputs.values()]
    after = [new.sketch.shape(tensor) for tensor in new.sketch.outputs]
    if asked.rule.outputs and before != after:
        told = [", ".join(map(show_shape, one)) for one in (before, after)]
        values = f"from {told[0]} to {told[1]}"
        raise CnncalcError(Fault("the outputs would change shape", values=values, help="leave their layers, by `--at`"))


def _unlike(before: Compared, after: Compared, same: Mapping[str, str]) -> Iterator[str]:
    """The layers that see other pixels than those in whose place they stand; `same` has these by their names."""
    fields = [{row.name: row.receptive_field[:3] for row in one.report.rows} for one in (before, after)]
    return (name for name, old in same.items() if fields[1][name] != fields[0][old])


def _read(text: str, new: Rebuilt) -> Net | None:
    """The net of a text that was changed line by line, where it is the one that it is to be."""
    try:
        graph = load_text(text, "what was written", Options(limits=new.sketch.signed.limits))
    except CnncalcError:
        return None
    sketch = new.sketch
    alike = len(graph.nodes) == len(sketch.operators) and all(
        node.layer == operator.layer
        and node.inputs == operator.inputs
        and tuple(node.shape) == operator.shape
        and node.share == operator.share
        and node.trainable == operator.trainable
        and graph.plan.types.get(node.index, "") == operator.dtype
        for node, operator in zip(graph.nodes, sketch.operators)
    )
    return graph if alike and [*graph.outputs.values()] == sketch.outputs else None


def _changes(graph: Net, edits: Edits) -> tuple[Change, ...]:
    found = []
    for index, node, layer in graph.layers():
        if index in edits.dropped:
            found.append(Change(node.name, write(layer), ()))
        elif index in edits.made:
            after = tuple(write(one) for one in edits.made[index].layers)
            if after != (write(layer),):
                found.append(Change(node.name, write(layer), after))
    return tuple(found)


def rewritten(
    net: str, graph: Net, rules: Sequence[Asked], at: Sequence[str] = (), *, batch: int = 1, dtype: str = "float32"
) -> Rewriting:
    """A net through rules, one after another; `net` is what the user calls it.

    Raises CnncalcError for a rule that finds nothing, or would make what does not fit.
    """
    text = _text_of(graph)
    source = _Source(net, graph, text, batch, dtype)
    steps = tuple(source.step(one, at) for one in rules)
    expect = _expectation(source.graph)
    final = with_expectation(source.text, expect) if source.in_place else f"{source.text}{expect}\n"
    return Rewriting(net, steps, final, source.in_place, tuple(source.ended))


def _text_of(graph: Net) -> str:
    """The text that a net was read from; empty for one that Python has built."""
    texts = {node.origin.source for _, node, _ in graph.layers() if isinstance(node.origin, YamlNode)}
    return next((one.text for one in texts if one.name == graph.file), "")


def _expectation(graph: Net) -> str:
    """The `expect:` line of a net."""
    counted = report(graph)
    shapes = {name: shape_text(shape) or "scalar" for name, shape in counted.outputs.items()}
    named = ", ".join(f"{name}: {shape}" for name, shape in shapes.items())
    outputs = f"output: {next(iter(shapes.values()))}" if len(shapes) == 1 else f"outputs: {{{named}}}"
    return f"expect: {{{outputs}, params: {counted.totals.params}, macs: {counted.totals.macs}}}"
