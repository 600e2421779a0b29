"""`python -m benchmarks.rewrites exact`: every rule on every bundled net that it applies to, held against torch.

`exact` proves the exact rules, outputs against outputs, at the smallest of a few input sizes that the net takes, and
holds the counts of what all of them make of a net one after another. `others` holds the counts of what each other rule
makes, and the receptive fields where they are to stay. Counts are held on meta. Each result is a line of the file `-o`;
what stands there is not done again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any

import torch

from cnncalc import Options, bundled, load
from cnncalc.errors import CnncalcError
from cnncalc.graph import Net
from cnncalc.rewrites.rewriting import Step, rewritten
from cnncalc.rewrites.table import RULES, asked
from cnncalc.torch_backend.rewriting import prove
from cnncalc.torch_backend.verify import verify

SIDES = (32, 64, 92, 96, 128, 192, 256)
LARGE = 400_000_000
"""Parameters from which on a net is proved in 32 bits, for want of memory."""
ALL = "all exact"
ARGUMENTS = {"new-head": "7", "grouped": "2", "width": "0.5", "replace": "relu leaky_relu"}


def smallest(name: str) -> Net | None:
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


def made(name: str, graph: Net, rule: str) -> tuple[Step, ...] | CnncalcError:
    """What a rule, or every exact one that applies, makes of a net; or why it makes nothing."""
    steps: tuple[Step, ...] = ()
    error = CnncalcError([])
    for one in [one.name for one in RULES if one.exact] if rule == ALL else [rule]:
        try:
            steps += rewritten(name, graph, asked([f"{one} {ARGUMENTS.get(one, '')}".strip()])).steps
            graph = steps[-1].graphs[1]
        except CnncalcError as found:
            error = found
    return steps or error


def held(name: str, graph: Net, rule: str) -> dict[str, object]:
    """One rule on one net."""
    found: dict[str, object] = {"net": name, "rule": rule}
    start = time.process_time()
    steps = made(name, graph, rule)
    if isinstance(steps, CnncalcError):
        return {**found, "none": str(steps.faults[0].message)[:200], "values": str(steps.faults[0].values)[:200]}
    found["changes"] = sum(len(step.changes) for step in steps)
    found["left"] = sum(map(len, steps[0].passed.values()))
    found["input"] = ["x".join(map(str, graph.nodes[one].shape)) for one in graph.inputs.values()]
    if rule != ALL and steps[0].asked.rule.exact:
        dtype = "float32" if steps[0].before.report.totals.params > LARGE else "float64"
        proof = prove(rule, *steps[0].graphs, steps[0].made, dtype=dtype)
        found |= {"passed": proof.passed, "part": proof.part, "outputs": proof.outputs, "dtype": dtype}
    else:
        verified = verify(steps[-1].graphs[1], net=name, device="meta")
        found |= {"held": verified.held, "failed": verified.failed}
    if all(step.asked.rule.same_field for step in steps):
        found["field"] = not any(step.unlike for step in steps)
    return {**found, "seconds": round(time.process_time() - start, 1)}


def jobs(given: argparse.Namespace, done: set[tuple[object, object]]) -> Iterator[tuple[str, Net, str]]:
    """What is still to be held."""
    exact = given.which == "exact"
    rules = [rule.name for rule in RULES if rule.exact == exact] + [ALL] * exact
    for name in given.nets or bundled():
        left = [rule for rule in rules if (name, rule) not in done]
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
                result = {"net": name, "rule": rule, "error": repr(error)[:500]}
            results.append(result)
            print(json.dumps(result), file=file, flush=True)
    return told(results, time.monotonic() - start)


def told(results: list[dict[str, Any]], seconds: float) -> int:
    """Print a line a rule, and each result that is not as it should be."""
    right = {"passed": True, "field": True, "failed": 0}
    wrong = [
        one for one in results if "error" in one or any(one.get(key, value) != value for key, value in right.items())
    ]
    for one in wrong:
        print(one)
    for name in dict.fromkeys(one["rule"] for one in results):
        of_rule = [one for one in results if one["rule"] == name]
        found = [one for one in of_rule if "changes" in one]
        precise = [one["part"] for one in found if one.get("dtype") == "float64"]
        others = [one["part"] for one in found if one.get("dtype") == "float32"]
        print(
            f"{name}: {len(found)} of {len(of_rule)} nets, {sum(one['changes'] for one in found):,} layers, "
            f"{sum(one.get('held', 0) for one in found):,} figures; largest part {max(precise, default=0):.1e}, "
            f"of {len(others)} in 32 bits {max(others, default=0):.1e}"
        )
    print(f"{len(wrong)} wrong; {seconds:,.0f} s, torch {torch.__version__}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
