"""`python -m benchmarks.rewrites exact`: every rule on every bundled net that it applies to, held against torch.

`exact` proves the exact rules, outputs against outputs, at the smallest of a few input sizes that the net takes;
`others` holds the counts of what the other rules make, on meta, and the receptive fields where they are to stay. Each
result is a line of the file `-o`; what stands there is not done again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from math import prod
from pathlib import Path

import torch

from cnncalc import Options, bundled, load
from cnncalc.errors import CnncalcError
from cnncalc.graph import Graph
from cnncalc.rewrites.rewriting import Step, rewritten
from cnncalc.rewrites.table import RULES, Rule, asked
from cnncalc.torch_backend.rewriting import prove
from cnncalc.torch_backend.verify import verify

SIDES = (32, 64, 96, 128, 192)
LARGE = 120_000_000
"""Parameters from which on a net is proved in 32 bits, for want of memory."""
ARGUMENTS = {"new-head": "10", "grouped": "2", "width": "0.5", "replace": "relu leaky_relu"}


def smallest(name: str) -> Graph | None:
    """A net at the smallest input that it takes; None for a family."""
    try:
        own = load(name, Options())
    except CnncalcError:
        return None
    shapes = {one: own.nodes[index].shape for one, index in own.inputs.items()}
    area = sum(prod(shape) for shape in shapes.values())
    for side in SIDES:
        small = {one: (shape[0], *(min(side, n) for n in shape[1:])) for one, shape in shapes.items()}
        if sum(map(prod, small.values())) >= area:
            break
        try:
            return load(name, input={one: "x".join(map(str, shape)) for one, shape in small.items()})
        except CnncalcError:
            continue
    return own


def step_of(name: str, graph: Graph, rule: Rule) -> Step | CnncalcError:
    """What a rule makes of a net, or why it makes nothing."""
    text = f"{rule.name} {ARGUMENTS.get(rule.name, '')}".strip()
    try:
        return rewritten(name, graph, asked([text])).steps[0]
    except CnncalcError as error:
        return error


def held(name: str, graph: Graph, rule: Rule) -> dict[str, object]:
    """One rule on one net."""
    found = {"net": name, "rule": rule.name}
    step = step_of(name, graph, rule)
    if isinstance(step, CnncalcError):
        return {**found, "none": str(step.faults[0].message)[:200], "values": str(step.faults[0].values)[:200]}
    found |= {"changes": len(step.changes), "left": sum(map(len, step.passed.values()))}
    found |= {"input": ["x".join(map(str, graph.nodes[one].shape)) for one in graph.inputs.values()]}
    if rule.exact:
        dtype = "float32" if step.before.report.totals.params > LARGE else "float64"
        proof = prove(rule.name, *step.graphs, step.made, dtype=dtype)
        found |= {"passed": proof.passed, "part": proof.part, "outputs": proof.outputs, "dtype": dtype}
    if rule.same_field:
        found["field"] = step.before.receptive_field.size == step.after.receptive_field.size
    verified = verify(step.graphs[1], net=name, device="meta")
    return {**found, "held": verified.held, "failed": verified.failed}


def jobs(given: argparse.Namespace, done: set[tuple[str, str]]) -> Iterator[tuple[str, Graph, Rule]]:
    """What is still to be held."""
    rules = [rule for rule in RULES if rule.exact == (given.which == "exact")]
    for name in given.nets or bundled():
        left = [rule for rule in rules if (name, rule.name) not in done]
        graph = smallest(name) if left else None
        if graph is not None:
            yield from ((name, graph, rule) for rule in left)


def main() -> int:
    """Hold the nets; 1 where one differs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rewrites", description=__doc__.splitlines()[0])
    parser.add_argument("which", choices=("exact", "others"))
    parser.add_argument("nets", nargs="*", help="all bundled nets unless said")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, help="a .jsonl file, gone on with where it is there"
    )
    given = parser.parse_args()
    lines = given.output.read_text(encoding="utf-8").splitlines() if given.output.exists() else []
    results = [json.loads(line) for line in lines]
    torch.set_num_threads(1)
    start = time.monotonic()
    with given.output.open("a", encoding="utf-8") as file:
        for name, graph, rule in jobs(given, {(one["net"], one["rule"]) for one in results}):
            try:
                result = held(name, graph, rule)
            except Exception as error:  # noqa: BLE001  (whatever it is, it is told with the net)
                result = {"net": name, "rule": rule.name, "error": repr(error)[:500]}
            results.append(result)
            print(json.dumps(result), file=file, flush=True)
    return told(results, time.monotonic() - start)


def told(results: list[dict[str, object]], seconds: float) -> int:
    """Print a line a rule, and each result that is not as it should be."""
    wrong = [
        one
        for one in results
        if "none" not in one
        and ("error" in one or one["failed"] or not one.get("passed", True) or not one.get("field", True))
    ]
    for one in wrong:
        print(one)
    for name in dict.fromkeys(one["rule"] for one in results):
        of_rule = [one for one in results if one["rule"] == name]
        made = [one for one in of_rule if "none" not in one and "error" not in one]
        parts = [float(str(one["part"])) for one in made if "part" in one]
        print(
            f"{name}: {len(made)} of {len(of_rule)} nets, {sum(int(str(one['changes'])) for one in made):,} layers, "
            f"{sum(int(str(one['held'])) for one in made):,} figures, largest part {max(parts, default=0):.1e}"
        )
    print(f"{len(wrong)} wrong; {seconds:,.0f} s, torch {torch.__version__}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
