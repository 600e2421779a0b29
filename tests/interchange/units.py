"""Random nets of units that stand in them several times, with numbers of their own and names as tools write them."""

from __future__ import annotations

from random import Random

__all__ = ["net_of_units"]

MERGES = {"add": "add", "multiply": "multiply", "concat": "concat"}
PLAIN = ("conv", "conv", "conv", "batchnorm", "relu", "silu", "maxpool", "dropout")
WAYS = 6


class _Names:
    """Names in one of the ways of tools, or now in one and now in another; some layers have none."""

    def __init__(self, draw: Random) -> None:
        self.draw, self.way = draw, draw.randrange(WAYS + 1)
        self.counts: dict[str, int] = {}
        self.taken = {""}

    def key(self, kind: str, stage: int, turn: int, number: int) -> str:
        """`, name: …`, or nothing."""
        self.counts[kind] = self.counts.get(kind, self.draw.randrange(9)) + 1
        ways = (
            f"stage{stage}_block{turn}_{number}_{kind}",
            f"{kind}{stage + 2}{'abcdefgh'[turn]}_branch{number}",
            f"{kind}2d_{self.counts[kind]}",
            f"layer{stage}.{turn}.{kind}{number}",
            f"{kind}{stage}_{turn}.x{number}",
            "",
        )
        way = self.way if self.way < WAYS else self.draw.randrange(WAYS)
        name = "" if self.draw.random() < 0.15 else ways[way]
        if name in self.taken:
            return ""
        self.taken.add(name)
        return f", name: {name}"


def net_of_units(draw: Random) -> str:
    """A net as text."""
    units = [[_layer(draw, 0) for _ in range(draw.randint(2, 6))] for _ in range(draw.randint(1, 3))]
    names, alike = _Names(draw), draw.random() < 0.5
    lines = []
    for stage in range(draw.randint(1, 4)):
        channels = 8 * (stage + 1)
        lines.append(f"conv {channels} k1")
        for turn in range(draw.randint(1, 5)):
            unit = draw.choice(units) if draw.random() < 0.3 else units[0]
            numbers = iter(range(1_000))
            say = _saying(draw, names, (stage, turn), numbers, channels, alike)
            lines += [say(layer) for layer in unit]
    return "input: 8x9x9\nlayers:\n" + "".join(f"  - {line}\n" for line in lines)


def _layer(draw: Random, depth: int) -> tuple[str, list]:
    kind = draw.choice((*PLAIN, *MERGES) if depth < 2 else PLAIN[:5])
    sides = [[_layer(draw, depth + 1) for _ in range(draw.randint(0, 3))] for _ in range(2)] if kind in MERGES else []
    return kind, sides


def _saying(draw, names, at, numbers, channels, alike):
    """How a layer of a unit is written in one of its places."""

    def say(layer) -> str:
        kind, sides = layer
        key = names.key(kind, *at, next(numbers))
        if kind == "conv":
            kernel = 3 if alike else draw.choice((1, 3, 5))
            bias = "nobias" if alike else draw.choice(("bias", "nobias"))
            return f"{{conv: {channels} k{kernel} p{kernel // 2} {bias}{key}}}"
        if kind == "maxpool":
            return f"{{maxpool: k3 s1 p1{key}}}"
        if kind == "dropout":
            return f"{{dropout: {draw.choice((0.1, 0.2))}{key}}}"
        if kind not in MERGES:
            return f"{{{kind}: {key}}}"
        branches = ", ".join(f"[{', '.join(map(say, side))}]" for side in sides)
        merge = f"{{{kind}: [{branches}]{key}}}"
        return f"[{merge}, conv {channels} k1]" if kind == "concat" else merge

    return say
