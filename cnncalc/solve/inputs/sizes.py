"""Every input size that a net takes, read off its closed form: nothing is tried out."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cnncalc.answers.solutions import Clause, InputAnswer, SizeSet
from cnncalc.arithmetic.symbolic.algebra import NoClosedForm, Polynomial, Size
from cnncalc.arithmetic.symbolic.bounds import MOST
from cnncalc.arithmetic.symbolic.closed_text import intervals, set_text, settles
from cnncalc.arithmetic.symbolic.conditions import Condition, undecided
from cnncalc.arithmetic.symbolic.tables import Table
from cnncalc.arithmetic.windows.formulas import every
from cnncalc.claims.quantities import parse_lengths
from cnncalc.claims.wants import OR_ELSE, InputWants, Part, parts_of, shape_text, symbols_of
from cnncalc.errors import CnncalcError, Fault, suggestion
from cnncalc.graph import Net
from cnncalc.language import input_shapes, load
from cnncalc.language.options import Options
from cnncalc.layers import Shape
from cnncalc.solve.inputs.boxes import boxes_of

__all__ = ["InputWants", "solve_input"]

SYMBOLS = {1: "L", 2: "HW", 3: "DHW"}
EXAMPLES = 5
LARGEST = 100_000
"""The largest length that is asked for."""
FURTHEST = 1_024
"""Where axes depend on one another, lengths are listed so far unless told otherwise."""


def solve_input(net: str, options: Options, wants: InputWants) -> InputAnswer:
    """The input sizes that work and meet the wants; raises `CnncalcError`."""
    _bounded(wants.low, wants.high)
    declared, form = _form(net, options, wants)
    graph = load(net, options._replace(input=form, symbols=True))
    index = _tensor(graph, wants.output)
    try:
        parts = list(parts_of(graph, declared, wants, index))
    except NoClosedForm as problem:
        help = "leave the option out, or try sizes with `cnncalc show --input`"
        raise CnncalcError(Fault("what is asked for has no closed form", values=str(problem), help=help)) from None
    joined = _every(parts)
    tensor = f"{graph.nodes[index].name}: {shape_text(graph.nodes[index].shape)}"
    clauses = tuple(_clauses(parts))
    answer = InputAnswer(net, form, tensor, (), (), clauses, _fixed(graph, form))
    if joined is False:
        return answer._replace(clauses=(), proof=_contradiction(parts), nearest=tuple(_nearest(graph, index, parts)))
    condition = joined if isinstance(joined, Condition) else Condition({})
    symbols = symbols_of(graph)
    sets = tuple(_size_set(symbol, condition.sets.get(symbol)) for symbol in symbols)
    answer = answer._replace(sets=sets)
    if not condition.relations:
        return answer
    return _related(answer, condition, symbols, declared, wants)


def _bounded(low: int | None, high: int | None) -> None:
    """Raises CnncalcError for lengths that nobody asks for, and for a least one above the largest."""
    for option, number in (("--from", low), ("--to", high)):
        if number is not None and number < 1:
            raise CnncalcError(Fault(f"{option}: {number:,} is too small", help="the smallest is 1"))
        if number is not None and number > LARGEST:
            raise CnncalcError(Fault(f"{option}: {number:,} is too large", help=f"the largest is {LARGEST:,}"))
    if low is not None and high is not None and low > high:
        raise CnncalcError(Fault(f"--from {low} is larger than --to {high}", help="swap the two"))


def _related(
    answer: InputAnswer, condition: Condition, symbols: Sequence[str], declared: Net | None, wants: InputWants
) -> InputAnswer:
    """The answer where axes depend on one another: boxes of lengths, up to a bound."""
    asked = wants.high or FURTHEST
    known = _lengths(declared, symbols)
    boxes, complete, high = boxes_of(condition, symbols, wants.low or 1, asked, known)
    if complete and boxes:
        return answer._replace(boxes=tuple(boxes))
    relations = "; ".join(relation.text for relation in condition.relations)
    tied = any(len(relation.symbols) > 1 for relation in condition.relations)
    why = f"The axes depend on one another ({relations})" if tied else f"{relations} has no closed form here"
    further = "see --to" if high == asked else "from another length on with --from"
    bound = f"{why}, so that sizes are listed up to {high:,} only; {further}."
    if boxes:
        return answer._replace(boxes=tuple(boxes), remarks=(*answer.remarks, bound))
    option = "--to" if high == asked else "--from"
    reach = "No size" if complete else f"No size up to {high:,}"
    return answer._replace(proof=f"{reach} meets {relations}{'.' if complete else f'; `{option}` looks further.'}")


def _form(net: str, options: Options, wants: InputWants) -> tuple[Net | None, str]:
    """The net at its declared size, where that works, and its input in symbols."""
    declared: Net | None = None
    with contextlib.suppress(CnncalcError):  # other sizes may work; what is wrong at all of them is told then
        declared = load(net, options)
    if options.input and re.search(r"(?:^|[x=])[A-Z](?:x|,|$)", options.input):
        try:
            return load(net, options._replace(input=None)), options.input
        except CnncalcError:
            return None, options.input
    square = any(re.sub(r"\s", "", text) in ("H==W", "W==H") for text in wants.where)
    if declared is None:
        return None, in_symbols(input_shapes(net, options), square)
    return declared, in_symbols({name: declared.nodes[index].shape for name, index in declared.inputs.items()}, square)


def in_symbols(shapes: Mapping[str, Shape], square: bool = False) -> str:
    """The inputs in symbols; where maps differ in size, so that no letter fits all, only the first of them."""
    maps = [shape for shape in shapes.values() if len(shape) > 1]
    if not maps:
        raise CnncalcError(
            Fault("the net takes a vector: there is no size to solve for", help="`cnncalc show` shows what it takes")
        )
    alike = all(shape[1:] == maps[0][1:] for shape in maps)
    forms = {}
    for name, shape in shapes.items():
        letters: Iterable[object] = shape[1:]
        if shape is maps[0] or (alike and len(shape) > 1):
            letters = SYMBOLS[len(shape) - 1].replace("W", "H" if square else "W")
        forms[name] = "x".join(map(str, (shape[0], *letters)))
    return next(iter(forms.values())) if len(forms) == 1 else ",".join(f"{name}={form}" for name, form in forms.items())


def _fixed(graph: Net, form: str) -> tuple[str, ...]:
    """That an input keeps the size that it has."""
    kept = [name for name, index in graph.inputs.items() if not _is_symbolic(graph.nodes[index].shape)]
    if not kept:
        return ()
    help = f"`--input {form}` with letters of your own asks for more"
    return (f"{', '.join(kept)} stay{'s' if len(kept) == 1 else ''} at the declared size; {help}.",)


def _lengths(declared: Net | None, symbols: Sequence[str]) -> dict[str, int]:
    """The declared length of each axis."""
    if declared is None:
        return {}
    shape = declared.nodes[next(iter(declared.inputs.values()))].shape
    letters = SYMBOLS.get(len(shape) - 1, "")
    return {letter: length for letter, length in zip(letters, shape[1:]) if letter in symbols}


def _is_symbolic(shape: Shape) -> bool:
    return len(shape) > 1 and any(isinstance(length, (Size, Polynomial)) for length in shape[1:])


def _tensor(graph: Net, wanted: str | None) -> int:
    """The map that `--output` speaks of: the named one, or the last whose size follows the input's."""
    name = wanted.rpartition("=")[0].strip() if wanted else ""
    if name:
        known = {**{node.name: index for index, node in enumerate(graph.nodes)}, **graph.groups}
        if name not in known:
            help = suggestion(name, known, "`cnncalc show` prints every name")
            raise CnncalcError(Fault(f"--output: there is no layer `{name[:60]}`", help=help))
        return known[name]
    outputs = [index for index in graph.outputs.values() if _is_symbolic(graph.nodes[index].shape)]
    if outputs:
        return outputs[0]
    return max((index for index, node in enumerate(graph.nodes) if _is_symbolic(node.shape)), default=0)


def _every(parts: Sequence[Part]) -> Any:
    return every(*(part.truth for part in parts))


def _size_set(symbol: str, table: Table | None) -> SizeSet:
    table = table or Table(symbol, (), 0, (1,))
    examples = [n for n in range(1, table.start + EXAMPLES * table.period + 1) if table.at(n)][:EXAMPLES]
    residues: tuple[int, ...] = ()
    runs: list[tuple[int, int | None]] = []
    first = 0
    if table.period > 1:
        settled = settles(table)
        residues = tuple(rest for rest in range(table.period) if table.values[rest])
        first = next(n for n in range(settled, settled + table.period) if table.at(n))
        runs = list(intervals(table, settled - 1))
    else:
        runs = list(intervals(table, table.start))
        if table.values[0]:
            residues = (0,)
            begin = table.start + 1
            if runs and runs[-1][1] == table.start:
                begin = runs.pop()[0]
            runs.append((begin, None))
    text = f"{symbol} ≥ 1" if table.constant == 1 else set_text(table)
    return SizeSet(symbol, text, tuple(runs), table.period, residues, first, tuple(examples))


def _clauses(parts: Sequence[Part]) -> Iterator[Clause]:
    """What is asked, what others imply left out; the axes of one layer together."""
    distinct: dict[str, Part] = {}
    for part in parts:
        if undecided(part.truth):
            distinct.setdefault(str(part.truth), part)
    left = list(distinct.values())
    for part in list(left):
        rest = _every([other for other in left if other is not part])
        if isinstance(rest, Condition) and _same(rest & part.truth, rest):
            left = [other for other in left if other is not part]
    joined: dict[tuple[str, str], list[str]] = {}
    for part in left:
        joined.setdefault((part.source, part.words), []).append(str(part.truth))
    for (source, words), texts in joined.items():
        text = ", ".join(texts)
        yield Clause(source, f"{text}, {words}" if words.startswith(OR_ELSE) else f"{words}: {text}" if words else text)


def _same(left: Condition, right: Condition) -> bool:
    return left.sets == right.sets and len(left.relations) == len(right.relations)


def _contradiction(parts: Sequence[Part]) -> str:
    """The fewest things asked that cannot be had together, found by leaving out one after another."""
    left = list(parts)
    for part in parts:
        rest = [other for other in left if other is not part]
        if _every(rest) is False:
            left = rest
    told = [f"{part.source} asks for {part.truth}" + (f" ({part.words})" if part.words else "") for part in left]
    told = [text.replace("asks for False", "can never be met") for text in told]
    return f"No size works: {'; '.join(told)}."


def _nearest(graph: Net, index: int, parts: Sequence[Part]) -> Iterator[str]:
    """What the map's size can be, nearest to what was wanted, by the other conditions alone."""
    wanted = [part for part in parts if part.source.startswith("--output")]
    if not wanted:
        return
    others = _every([part for part in parts if part not in wanted])
    if others is False:
        return
    lengths = parse_lengths(wanted[0].source.rpartition("=")[2].rpartition(" ")[2]) or []
    shape = graph.nodes[index].shape
    wanted_of: list[Any] = list(shape[len(shape) - len(lengths) :])
    for length, target in zip(wanted_of, lengths):
        if isinstance(length, Size):
            allowed = others.sets.get(length.symbol) if isinstance(others, Condition) else None
            yield from _around(length, target, allowed)


def _around(length: Size, target: int, allowed: Table | None) -> Iterator[str]:
    """The target where the size takes it, else the values just below and above that it takes."""
    table, below, above = length.table, None, None
    end = min(table.start + (target + 2) * max(table.period, 1) * 2 + (allowed.start if allowed else 0), MOST)
    for n in range(1, end):
        if allowed is not None and not allowed.at(n):
            continue
        value = table.at(n)
        if value == target:
            below, above = (value, n), None
            break
        if value < target and (below is None or value > below[0]):
            below = (value, n)
        if value > target and (above is None or value < above[0]):
            above = (value, n)
    for found in (below, above):
        if found is not None:
            yield f"{length} = {found[0]:,} at {length.symbol} = {found[1]:,}"
