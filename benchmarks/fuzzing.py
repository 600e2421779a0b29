"""One random network of the fuzz, held against torch by whoever does it: this process, another, or a worker of Dask."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from random import Random
from typing import Any

from cnncalc.records import NamedTuple
from cnncalc.running.work import Work

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))

from complex_networks import complex_network  # noqa: E402
from layer_texts import wild_text  # noqa: E402
from networks import Network, network  # noqa: E402

from cnncalc.graph import Net  # noqa: E402

__all__ = ["Held", "drawn", "work"]

EVERY = 16
"""One net of so many is of complex numbers."""


class Held(NamedTuple):
    """What came of net number `index`."""

    index: int
    lines: tuple[str, ...]
    """How the two differ; empty where they do not."""
    kinds: tuple[str, ...] = ()
    """Of its layers; none where it was no net."""
    refused: int = 0
    seen: tuple[str, ...] = ()
    """What else is counted of it."""
    whole: bool = False
    """Whether a net was held."""

    @classmethod
    def read_back(cls, value: object) -> Held | None:
        """What JSON made a list of; None where it is none."""
        types: tuple[Any, ...] = (int, list, list, int, list, bool)
        if not (isinstance(value, list) and len(value) == len(types) and all(map(isinstance, value, types))):
            return None
        index, lines, kinds, refused, seen, whole = value
        return cls(index, tuple(lines), tuple(kinds), refused, tuple(seen), whole)


def drawn(seed: int, index: int) -> Network:
    """Net number `index` of a seed, the same wherever it is drawn."""
    draw = complex_network if index % EVERY == EVERY - 1 else network
    return draw(Random(f"{seed}/{index}"))


def _found_in(net: Network) -> tuple[Net | None, list[str]]:
    """How the two differ; an exception is a difference too."""
    from held import differences

    try:
        return differences(net)
    except Exception:  # noqa: BLE001  (whatever it is, the net is to be kept)
        return None, [traceback.format_exc()]


def _hold(task: tuple[int, int]) -> Held:
    from agreement import unexplained

    seed, index = task
    net = drawn(seed, index)
    text, shapes = wild_text(Random(f"{seed}/wild/{index}"))
    graph, lines = _found_in(net)
    lines += [line] if (line := unexplained(text, shapes)) else []
    if graph is None:
        return Held(index, tuple(lines))
    facts = {
        "several inputs": len(graph.inputs) > 1,
        "several outputs": len(graph.outputs) > 1,
        "shared parameters": any(node.share is not None for node in graph.nodes),
        "frozen layers": any(not node.trainable for node in graph.nodes),
        "step of training": net.step,
        "receptive fields": net.fields,
    }
    seen = [
        graph.dialect,
        net.dtype,
        f"{len(graph.nodes[0].shape) - 1}-D input",
        *(what for what in facts if facts[what]),
    ]
    return Held(
        index, tuple(lines), tuple([layer.kind for _, _, layer in graph.layers()]), len(net.refused), tuple(seen), True
    )


def _prepare() -> None:
    import torch

    torch.set_num_threads(1)


def _ended(task: tuple[int, int]) -> Held:
    return Held(task[1], ("the process that held it was ended twice",))


def work() -> Work:
    """What is done with each (seed, index)."""
    return Work(_prepare, (), _hold, _ended)
