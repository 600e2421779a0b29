"""Random networks of one dialect held against the framework of that name, and single layers that either may refuse.

`python -m benchmarks.fuzz --with onnxruntime`. A difference is settled where an error says what the framework does, or
where the table of the framework says why the two may differ; any other is kept, and told.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any

from layer_texts import wild_text
from networks import Network, network

from benchmarks.witnessed_table import FRAMEWORKS
from cnncalc.errors import CnncalcError
from cnncalc.graph import Net, broken_requirement
from cnncalc.language import load_text
from cnncalc.language.options import Options
from cnncalc.layers import Layer, Shape
from cnncalc.layers.windows import per_axis_requirements
from cnncalc.notation.lines import TokenError, parse
from cnncalc.witnesses.table import WITNESSES

__all__ = ["found_in", "main"]

EVERY = 10.0
BATCH = 2


def drawn(seed: int, index: int, dialects: tuple[str, ...]) -> Network:
    """Net number `index` of a seed: always the same one."""
    random = Random(f"{seed}/{index}")
    return network(random, random.choice(dialects))


def found_in(name: str, own: Any, net: Network) -> tuple[Net | None, list[str], str]:
    """The graph, how the two differ, and why it was not held: no graph, where it cannot be said there."""
    graph = load_text(net.text, "net", options=Options(train=net.train))
    try:
        found = WITNESSES[name].verify(graph, net="", batch=BATCH, options={})
    except CnncalcError as error:
        return None, [], error.faults[0].message
    refusal = next((str(one.measured) for one in found.totals if one.what == "built"), "")
    if refusal and (reason := own.settled_refusal(graph, refusal)):
        return graph, [], reason
    told = [(f"{row.name}, `{row.notation}`: ", one) for row in found.rows for one in row.failed]
    told += [("", one) for one in found.totals if not one.passed]
    return graph, [f"{where}{one.what} {one.predicted}, and there {one.measured}" for where, one in told], ""


def unsettled(own: Any, dialect: str, text: str, shapes: tuple[Shape, ...]) -> tuple[str, str]:
    """How the two differ on one layer, and why that is settled; two empty texts where they agree, or it is not held."""
    try:
        layer = parse(text, dialect).layer
    except TokenError:
        return "", ""
    if layer.kind not in own.KINDS or not _meant(layer, shapes):
        return "", ""
    broken = broken_requirement(layer, shapes)
    if broken is not None and ("there is no axis" in broken.rule or "names an axis twice" in broken.rule):
        return "", ""  # nor can it be said there
    said = "" if broken is None else f"{broken.rule}; {broken.values}"
    try:
        theirs = own.lone(layer, shapes)
    except CnncalcError:  # it is not said there at all
        return "", ""
    if said and isinstance(theirs, str):
        return "", ""
    if not said and theirs == layer.output_shape(*shapes):
        return "", ""
    ours = said or f"gives {layer.output_shape(*shapes)}"
    line = f"{dialect} {shapes} {text}: we say: {ours}; they: {theirs}"
    for one in own.SETTLED:
        if one.applies(layer, shapes, said, theirs):
            return line, one.reason
    return line, ""


def _meant(layer: Layer, shapes: tuple[Shape, ...]) -> bool:
    """Whether a layer can be said there at all: as many axes as it takes, and fields with a number for each."""
    rank = len(shapes[0]) - 1
    if layer.needs == "map" and not 1 <= rank <= 3:
        return False
    return next(per_axis_requirements(layer, rank), None) is None


def main(given: Any) -> int:
    """Hold nets until the time is over; 1 where one differs and is not settled."""
    framework = FRAMEWORKS[given.witness]
    WITNESSES[given.witness].require()
    own = import_module(f"benchmarks.{framework.module}")
    start = told = time.monotonic()
    nets = layers = alone = differing = 0
    settled: Counter[str] = Counter()
    unsaid: Counter[str] = Counter()
    index = given.first
    while nets < given.nets and time.monotonic() - start < 60 * given.minutes:
        net = drawn(given.seed, index, framework.dialects)
        graph, lines, why = found_in(given.witness, own, net)
        if why:
            (unsaid if graph is None else settled)[why] += 1
        if graph is not None:
            nets, layers = nets + 1, layers + len(graph.nodes)
        dialect = net.text.partition("dialect: ")[2].partition("\n")[0].strip("\"'") or framework.dialects[0]
        wild = wild_text(Random(f"{given.seed}/wild/{index}"))
        for text, shapes in ((wild[0], wild[1]), *((one, (shape,)) for one, shape in net.refused[:6])):
            line, reason = unsettled(own, dialect, text, shapes)
            alone += 1
            if reason:
                settled[reason] += 1
            elif line:
                lines.append(line)
        if lines:
            differing += 1
            kept(net, given.keep, f"{given.witness}-{given.seed}-{index}", lines)
            print(f"net {index} of seed {given.seed} differs: {lines[0]}", file=sys.stderr)
        index += 1
        if time.monotonic() - told > EVERY:
            told = time.monotonic()
            print(f"{nets:,} nets, {differing} differing; {told - start:,.0f} s", file=sys.stderr)
    print(f"seed {given.seed}, nets {given.first} to {index - 1}, {given.witness}, {time.monotonic() - start:,.0f} s")
    print(f"{nets:,} nets, {layers:,} layers, {alone:,} layers alone, {differing} differing")
    print("not said there:", ", ".join(f"{count:,} {why}" for why, count in unsaid.most_common() if count) or "none")
    for reason, count in settled.most_common():
        print(f"settled, {count:,}: {reason}")
    return 1 if differing else 0


def kept(net: Network, folder: Path, name: str, lines: list[str]) -> None:
    """Write a net that differs."""
    folder.mkdir(parents=True, exist_ok=True)
    comments = "".join(f"# {line}\n" for one in lines[:20] for line in one.splitlines())
    (folder / f"{name}.yaml").write_text(comments + net.text, encoding="utf-8")
