"""Grows the diagram of a file's assignments, and stops where nothing that is wanted can follow.

It goes over the layers of the diagram again and again, some nodes of each at a time, so that whole nets are there soon
and an interruption keeps what is found. A node is passed over as long as even the least sums with which it is reached
are beyond what is wanted: no layer takes anything away from a sum.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from functools import partial
from itertools import product
from math import prod
from operator import add, lt
from typing import TypeAlias

from cnncalc.errors import CnncalcError, Fault
from cnncalc.graph.way_out import unread
from cnncalc.language.unknowns import UnknownFile
from cnncalc.language.yaml.reader import Sequence as ListNode
from cnncalc.solve.figures import BUILT
from cnncalc.solve.files.diagram import DiagramNode, Edge
from cnncalc.solve.files.judging import Judging, Tracked
from cnncalc.solve.files.live import Live
from cnncalc.solve.files.pieces import pieces
from cnncalc.solve.files.stages import Ends, Stages, State

__all__ = ["MOST", "Growth", "Progress"]

MOST = 1_000_000
"""As many choices of values may there be for one piece."""
KEPT = 16
"""So many layers of a net that is kept take the room of one that is measured."""
ROOT = 20 * BUILT
"""What a net that is begun from its start takes besides, in layers that are measured."""
AT_A_TIME = 64
"""Nodes of a layer that are grown before the next layer has its turn."""
CHOICES_AT_A_TIME = 1_000
"""Choices of values behind one node that are built before the next node has its turn."""
Progress: TypeAlias = "Callable[[str, int, int], None]"
"""Is told what is done (`built`, `measured` …), how much of it, and how much there is to do as far as is known."""


class _Unfinished:
    """The choices behind a node that are not built yet: how many, and the one that is under way."""

    __slots__ = ("choice", "choices", "edges", "left")

    def __init__(self, choices: Iterator[tuple[int, ...]], left: int) -> None:
        self.choices, self.left = choices, left
        self.choice: tuple[int, ...] | None = None
        self.edges: dict[tuple[int, Tracked], Edge] = {}


class Growth:
    """The diagram of a file, as far as it is known."""

    def __init__(self, file: UnknownFile, judging: Judging, *, whole: bool = False) -> None:
        """With `whole`, every candidate is built from the start; raises `CnncalcError`."""
        layers = file.document.keys.get("layers")
        if layers is None or not isinstance(layers[1], ListNode):
            file.builder(
                {number: one.values[0] for number, one in enumerate(file.unknowns)}
            ).build()  # raises what is wrong
        self.file, self.judging = file, judging
        self.parts = pieces(file)
        self.cuts = self._cuts(whole=whole)
        self.order = [number for _, new in self.cuts for number in new]
        """The unknowns in the order in which they get values along a path."""
        self.live = Live(file, self.parts, frozenset(want.figure for want in judging.shapes) - {"output"})
        self.roots: dict[tuple[int, ...], Stages] = {}
        self.walked: tuple[Stages | None, list[tuple[Hashable, State]]] = None, []
        """The last assignment that was built: what its pieces depend on, and the net behind each. The next is alike."""
        self.layers: list[dict[Hashable, DiagramNode]] = [{} for _ in range(len(self.cuts) + 1)]
        self.waiting: list[list[DiagramNode]] = [[] for _ in self.layers]
        self.passed: dict[int, DiagramNode] = {}
        """What was passed over, since nothing as wanted can follow."""
        self.unfinished: dict[int, _Unfinished] = {}
        """What is left to build behind nodes that are grown in part."""
        self.built = self.grown = 0
        self.work = 0
        """What it took, in layers that are measured, which the bound `search` bounds."""
        self.refused = ""
        """Why the last candidate that made no net made none; empty where all did."""
        self.start = self._node(0, None, DiagramNode(0))
        self.start.least = judging.nothing
        self._wait(self.start)

    def _cuts(self, *, whole: bool) -> list[tuple[int, tuple[int, ...]]]:
        """For each layer but the last the piece that comes next, and the unknowns that get values before it."""
        unknowns = self.file.unknowns
        inside = {number for piece in self.parts for number in piece.unknowns}
        first = self.file.everywhere | (set(range(len(unknowns))) - inside)
        first |= {number for number, one in enumerate(unknowns) if len(one.values) == 1}
        given = set(range(len(unknowns))) if whole else first
        cuts = [(0, tuple(sorted(given)))]
        for number, piece in enumerate(self.parts):
            new = tuple([one for one in piece.unknowns if one not in given])
            if new:
                cuts.append((number, new))
                given |= set(new)
        for _, new in cuts:
            lengths = [len(unknowns[one].values) for one in new]
            if prod(lengths) > MOST:
                found = " × ".join(f"{unknowns[one].name} {n:,}" for one, n in zip(new, lengths) if n > 1)
                message = f"{prod(lengths):,} candidates for one layer or group are more than {MOST:,}"
                raise CnncalcError(Fault(message, values=found, help="narrow the bounds, as `?1..7` or `?16|32|64`"))
        return cuts

    # -- growing --

    def grow(self, progress: Progress | None, *, passing: bool = True) -> None:
        """Grow all that waits; with `passing`, not what can lead to nothing that is wanted.

        Raises `CnncalcError` where a fault is no matter of the unknowns, and `MissedUnknownError` where every
        candidate must be built `whole`. It ends early where it would take too much work: then something waits still.
        """
        if not passing:
            for node in self.passed.values():
                self._wait(node)
            self.passed, self.work = {}, 0
        while any(self.waiting):
            for waiting in self.waiting:
                for _ in range(min(AT_A_TIME, len(waiting))):
                    if not self._grow(waiting[-1], passing=passing):
                        return
                    node = waiting.pop()
                    if id(node) in self.unfinished and id(node) not in self.passed:
                        waiting.insert(0, node)
                    else:
                        node.waits = False
                if progress is not None and waiting is not self.waiting[-1]:
                    progress("built", self.grown, self.grown + sum(map(len, self.waiting)))

    def _wait(self, node: DiagramNode) -> None:
        if not node.waits and node.layer < len(self.cuts):
            node.waits = True
            self.waiting[node.layer].append(node)

    def _grow(self, node: DiagramNode, *, passing: bool) -> bool:
        """What follows from one node; False where there is no work left to be done on it."""
        assert node.least is not None
        if passing and any(bound.passed(node.least[bound.place]) for bound in self.judging.bounds):
            self.passed[id(node)] = node
            return True
        self.passed.pop(id(node), None)
        if node.edges is None:
            lists = [self.file.unknowns[one].values for one in self.cuts[node.layer][1]]
            node.edges = []
            self.unfinished[id(node)] = _Unfinished(product(*lists), prod(map(len, lists)))
            self.grown += 1
        known = len(node.edges)
        if id(node) in self.unfinished and not self._build(node, self.unfinished[id(node)]):
            return False
        for edge in node.edges[known if node.told == node.least else 0 :]:
            least = tuple(map(add, node.least, edge.sums))
            before = edge.child.least
            if before is None or any(map(lt, least, before)):
                edge.child.least = least if before is None else tuple(map(min, least, before))
                self._wait(edge.child)
        node.told = node.least
        return True

    def _build(self, node: DiagramNode, unfinished: _Unfinished) -> bool:
        """Build some of what follows from a node, or go on with it; False where that would be too much work."""
        assert node.edges is not None
        number, _ = self.cuts[node.layer]
        for _ in range(CHOICES_AT_A_TIME):
            if unfinished.choice is None:
                unfinished.choice = next(unfinished.choices, None)
            choice = unfinished.choice
            if choice is None:
                del self.unfinished[id(node)]
                break
            if self.work >= self.file.options.limits.search:
                return False
            values = {**node.values, **dict(zip(self.cuts[node.layer][1], choice))}
            one_of_many = any(len(self.file.unknowns[one].values) > 1 for one in values)
            following = partial(self._next, node, number, values, choice)
            try:
                before, after, child, ends = unread(following) if one_of_many else following()
            except CnncalcError as error:
                if not one_of_many:
                    raise
                self.refused = str(error.faults[0].message)
            else:
                sums = self.judging.added(before, after, ends)
                edge = unfinished.edges.get((id(child), sums))
                if edge is None:
                    edge = unfinished.edges[id(child), sums] = Edge(child, sums, [])
                    node.edges.append(edge)
                edge.choices.append(choice)
            unfinished.choice = None
            unfinished.left -= 1
            self.built += 1
        return True

    def _next(
        self, node: DiagramNode, number: int, values: dict[int, int], choice: tuple[int, ...]
    ) -> tuple[State, State, DiagramNode, Ends | None]:
        """The states before and behind some values, the node of the latter, and what is known where the net is whole.

        Raises `CnncalcError` where the values make no net.
        """
        stages, state = node.stages, node.state
        if stages is None or state is None:
            stages = self.roots[choice] = Stages(self.file, self.parts, values, self.judging.counting)
            state = stages.start
            self.work += ROOT
        before = stages.work
        after = self._stop(node.layer + 1)
        try:
            made = self._advanced(stages, state, range(number, after), values)
            ends = stages.ends(made) if after == len(self.parts) else None
        finally:
            self.work += 1 + stages.work - before
        key = (id(stages), self.live.key(after, made, values))
        fresh = DiagramNode(node.layer + 1, stages, made, values)
        child = self._node(node.layer + 1, key, fresh)
        self.work += (child is fresh) * (1 + len(made.nodes) // KEPT)
        return state, made, child, ends

    def _stop(self, layer: int) -> int:
        """The piece that is next in a layer; past the last at the end."""
        return self.cuts[layer][0] if layer < len(self.cuts) else len(self.parts)

    def _advanced(self, stages: Stages, state: State, numbers: range, values: dict[int, int]) -> State:
        for number in numbers:
            state = stages.advance(number, state, values)
        return state

    def _node(self, layer: int, key: Hashable, node: DiagramNode) -> DiagramNode:
        return self.layers[layer].setdefault(key, node)

    # -- what is known --

    def nodes(self) -> list[list[DiagramNode]]:
        """The nodes of each layer."""
        return [list(layer.values()) for layer in self.layers]

    def undecided(self) -> int:
        """How many candidates nothing is known of yet."""
        paths = {id(self.start): 1}
        left = 0
        for layer in self.nodes():
            for node in layer:
                if node.waits and (node.edges is None or id(node) in self.unfinished):
                    behind = [len(self.file.unknowns[one].values) for _, new in self.cuts[node.layer :] for one in new]
                    own = prod(behind[: len(self.cuts[node.layer][1])])
                    share = self.unfinished[id(node)].left if id(node) in self.unfinished else own
                    left += paths.get(id(node), 0) * share * (prod(behind) // own)
                for edge in node.edges or ():
                    paths[id(edge.child)] = paths.get(id(edge.child), 0) + paths[id(node)] * len(edge.choices)
        return left

    def state(self, values: dict[int, int]) -> tuple[Stages, State]:
        """The net of an assignment, given in the order of `order`; raises `CnncalcError` where it makes none."""
        stages = self.roots[tuple([values[one] for one in self.cuts[0][1]])]
        walked, self.walked = self.walked, (stages, [])
        state, steps = stages.start, self.walked[1]
        before = iter(walked[1] if walked[0] is stages else ())
        for number, piece in enumerate(self.parts):
            own = None if piece.shares else tuple([values[one] for one in piece.unknowns])
            known = next(before, None)
            if known is None or own is None or known[0] != own:
                before = iter(())
                known = own, stages.advance(number, state, values)
            steps.append(known)
            state = known[1]
        return stages, state
