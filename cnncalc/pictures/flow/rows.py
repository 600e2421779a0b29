"""What is no sequence of branches: rows by the longest way to each box, with wires in the channels between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.pictures.flow.blocks import TRACK, Block, Port, Wire, tracks
from cnncalc.pictures.flow.rails import RAIL, rails_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from cnncalc.pictures.flow.blocks import Point

__all__ = ["Rows"]

CHANNEL = 18.0
APART = 22.0
PORTS = 16.0
"""Between two tensors that come in or go out."""
SWEEPS = 4


class _Seat:
    """A block in its row, with the seats and ports that it takes from."""

    __slots__ = ("block", "rank", "takes", "x", "y")

    def __init__(self, block: Block) -> None:
        self.block, self.rank, self.x, self.y = block, 0, 0.0, 0.0
        self.takes: list[tuple[int, _Seat | None]] = []
        """Each tensor that comes in, and who gives it: None for one from outside."""

    @property
    def middle(self) -> float:
        return self.x + self.block.width / 2


class _Link:
    """One tensor's way to one port, from channel to channel."""

    __slots__ = ("end", "goal", "start", "tensor")

    def __init__(self, tensor: int, start: tuple[Point, int], end: tuple[float, int], goal: object) -> None:
        self.tensor, self.start, self.end, self.goal = tensor, start, end, goal

    @property
    def way(self) -> tuple[float, int, float, int]:
        """Where it starts and above which row, where it ends and above which row."""
        return self.start[0][0], self.start[1], self.end[0], self.end[1]


class Rows(Block):
    """Blocks in rows, each with what it takes and gives; `incoming` tensors come in at the top, `outgoing` go out."""

    def __init__(
        self,
        seated: Sequence[tuple[Sequence[int], Sequence[int], Block]],
        incoming: Sequence[int],
        outgoing: Sequence[int],
    ) -> None:
        super().__init__()
        self.incoming, self.outgoing = list(incoming), list(dict.fromkeys(outgoing))
        self.seats = [_Seat(block) for _, _, block in seated]
        self.makers = makers = {tensor: seat for (_, gives, _), seat in zip(seated, self.seats) for tensor in gives}
        for (takes, _, _), seat in zip(seated, self.seats):
            seat.takes = [(tensor, makers.get(tensor)) for tensor in takes]
            seat.rank = max((maker.rank + 1 for _, maker in seat.takes if maker is not None), default=0)

    def measure(self) -> None:
        for seat in self.seats:
            seat.block.measure()
        rows = self._ordered()
        for row in rows:
            _spread(row, [seat.middle for seat in row])
        entries, exits = self._aligned()
        leftmost = min([seat.x for seat in self.seats])
        for seat in self.seats:
            seat.x -= leftmost
        entries = {tensor: x - leftmost for tensor, x in entries.items()}
        exits = {tensor: x - leftmost for tensor, x in exits.items()}
        inner = max([seat.x + seat.block.width for seat in self.seats])
        self._wired(rows, entries, exits, inner)
        self.parts = [(seat.block, seat.x, seat.y) for seat in self.seats]
        self.ins = [Port(tensor, x) for tensor, x in entries.items()]
        self.outs = [Port(tensor, x, self.height) for tensor, x in exits.items()]
        self.enters = _mean(entries.values(), inner / 2)
        self.leaves = _mean(exits.values(), inner / 2)

    def _ordered(self) -> list[list[_Seat]]:
        """The rows, each in an order in which few wires cross: by where neighbours stand, swept down and up."""
        rows: list[list[_Seat]] = [[] for _ in range(max(seat.rank for seat in self.seats) + 1)]
        for seat in self.seats:
            rows[seat.rank].append(seat)
        takers: dict[int, list[_Seat]] = {id(seat): [] for seat in self.seats}
        for seat in self.seats:
            for _, maker in seat.takes:
                if maker is not None:
                    takers[id(maker)].append(seat)
        for row in rows:
            _line_up(row)
        for sweep in range(SWEEPS):
            for row in rows if sweep % 2 == 0 else reversed(rows):
                wanted = {}
                for seat in row:
                    near = (
                        [maker for _, maker in seat.takes if maker is not None] if sweep % 2 == 0 else takers[id(seat)]
                    )
                    wanted[id(seat)] = _mean([one.middle for one in near], seat.middle)
                row.sort(key=lambda seat: wanted[id(seat)])
                _spread(row, [wanted[id(seat)] for seat in row])
        return rows

    def _aligned(self) -> tuple[dict[int, float], dict[int, float]]:
        """Where tensors come in and go out: above and below those that take and make them."""
        entries: dict[int, float] = {}
        for tensor in self.incoming:
            takers = [seat for seat in self.seats if any(one == tensor for one, _ in seat.takes)]
            first = [seat for seat in takers if seat.rank == 0] or takers
            xs = [seat.x + x for seat in first for x in seat.block.ins_of(tensor)]
            entries[tensor] = _mean(xs, 0.0)
        exits = {}
        for tensor in self.outgoing:
            if tensor in self.makers:
                seat = self.makers[tensor]
                exits[tensor] = seat.x + _out(seat.block, tensor).x
            else:
                exits[tensor] = entries[tensor] + PORTS
        return _apart(entries), _apart(exits)

    def _wired(
        self, rows: Sequence[Sequence[_Seat]], entries: dict[int, float], exits: dict[int, float], inner: float
    ) -> None:
        """Lay the wires: levels follow from where they turn, and the height of the whole from the levels."""
        links = self._links(entries, exits, len(rows))
        rails = rails_of([(link.tensor, *link.way) for link in links], [list(map(_span, row)) for row in rows])
        beside = max([0.0, *(RAIL - x for x in rails.values())])
        if beside:  # some run to the left of all
            self._moved(beside, entries, exits, rails)
            links, inner = self._links(entries, exits, len(rows)), inner + beside
        turns: list[list[tuple[float, float, int, object]]] = [[] for _ in range(len(rows) + 1)]
        bends: list[tuple[_Link, list[tuple[int, float, float, int]]]] = []
        for link in links:
            (start, _), first = link.start[0], link.start[1]
            end, last = link.end
            mine = []
            for channel, one, other in (
                [(last, start, end)]
                if first == last
                else [(first, start, rails[link.tensor]), (last, rails[link.tensor], end)]
            ):
                if abs(one - other) > 0.1:
                    mine.append((channel, one, other, len(turns[channel])))
                    turns[channel].append((one, other, link.tensor, link.goal if channel == last else link))
            bends.append((link, mine))
        chosen = [tracks(runs) for runs in turns]
        tops = []
        down = 0.0
        for channel, row in enumerate([*rows, []]):
            tops.append(down)
            down += CHANNEL + TRACK * max(chosen[channel][1] - 1, 0) if turns[channel] or channel else 0.0
            for seat in row:
                seat.y = down
            down += max((seat.block.height for seat in row), default=0.0)
        self.height = down
        self.width = max([inner, *(x + RAIL for x in rails.values())])
        for link, mine in bends:
            self.wires.append(self._wire(link, mine, tops, chosen))

    def _moved(self, right: float, *places: dict[int, float]) -> None:
        for seat in self.seats:
            seat.x += right
        for one in places:
            one.update({tensor: x + right for tensor, x in one.items()})

    def _wire(
        self, link: _Link, mine: Sequence[tuple[int, float, float, int]], tops: Sequence[float],
        chosen: Sequence[tuple[list[int], int]],
    ) -> Wire:  # fmt: skip
        (x, y), _ = link.start
        maker = self.makers.get(link.tensor)
        points: list[Point] = [(x, y + maker.y if maker is not None else 0.0)]
        for channel, one, other, number in mine:
            level = tops[channel] + CHANNEL / 2 + TRACK * chosen[channel][0][number]
            points += [(one, level), (other, level)]
        goal = link.goal
        points.append((link.end[0], goal.y if isinstance(goal, _Seat) else self.height))
        return Wire(link.tensor, tuple(points))

    def _links(self, entries: dict[int, float], exits: dict[int, float], rows: int) -> list[_Link]:
        def start_of(tensor: int, maker: _Seat | None) -> tuple[Point, int]:
            if maker is None:
                return (entries[tensor], 0.0), 0
            out = _out(maker.block, tensor)
            return (maker.x + out.x, out.y), maker.rank + 1

        links = []
        for seat in self.seats:
            for tensor, maker in seat.takes:
                start = start_of(tensor, maker)
                links += [_Link(tensor, start, (seat.x + x, seat.rank), seat) for x in seat.block.ins_of(tensor)]
        for tensor, x in exits.items():
            links.append(_Link(tensor, start_of(tensor, self.makers.get(tensor)), (x, rows), tensor))
        return links


def _out(block: Block, tensor: int) -> Port:
    return next(port for port in block.outs if port.tensor == tensor)


def _span(seat: _Seat) -> tuple[float, float]:
    return seat.x, seat.x + seat.block.width


def _line_up(row: Sequence[_Seat]) -> None:
    x = 0.0
    for seat in row:
        seat.x = x
        x += seat.block.width + APART
    middle = (x - APART) / 2
    for seat in row:
        seat.x -= middle


def _spread(row: Sequence[_Seat], wanted: Sequence[float]) -> None:
    """Move the seats of a row as near to where they are wanted as they fit, in their order."""
    shift, offset = [], 0.0
    for seat, middle in zip(row, wanted):
        shift.append(middle - seat.block.width / 2 - offset)
        offset += seat.block.width + APART
    offset = 0.0
    for seat, x in zip(row, _rising(shift)):
        seat.x = x + offset
        offset += seat.block.width + APART


def _rising(values: Sequence[float]) -> list[float]:
    """The rising numbers nearest to the values: neighbours that fall are pooled."""
    pools: list[tuple[float, int]] = []
    for value in values:
        pools.append((value, 1))
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] > pools[-1][0] / pools[-1][1]:
            (one, several), (other, more) = pools[-2:]
            pools[-2:] = [(one + other, several + more)]
    return [total / number for total, number in pools for _ in range(number)]


def _apart(places: dict[int, float]) -> dict[int, float]:
    """Ports moved until each has room."""
    order: list[int] = sorted(places, key=_keyed(places))
    moved = _rising([places[tensor] - PORTS * rank for rank, tensor in enumerate(order)])
    found = {tensor: x + PORTS * rank for rank, (tensor, x) in enumerate(zip(order, moved))}
    return {tensor: found[tensor] for tensor in places}


def _keyed(places: dict[int, float]) -> Callable[[int], float]:
    return lambda tensor: places[tensor]


def _mean(values: Iterable[float], otherwise: float) -> float:
    found = list(values)
    return sum(found) / len(found) if found else otherwise
