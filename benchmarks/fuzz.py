"""`python -m benchmarks.fuzz --minutes 30 --seed N`: random networks, as YAML text, held against torch on everything.

Net number i of a seed is always the same one. Beside each net one wild layer, on inputs that may not fit it, is shown
to cnncalc and torch: both must refuse it, or neither. A net that differs is kept as a file that says how it was run.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from hashlib import sha256
from itertools import count, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.fuzzing import ROOT, Held, drawn, work
from cnncalc.errors import CnncalcError
from cnncalc.running.journal import Journal
from cnncalc.running.runner import Runner, in_order

if TYPE_CHECKING:
    from collections.abc import Iterator

    from networks import Network

EVERY = 10.0
"""Seconds between two lines of progress."""
LONGEST = 10_000_000
"""Bytes of a line of the journal."""


class Tally:
    """What was held so far."""

    def __init__(self) -> None:
        self.nets = self.layers = self.refused = self.wild = self.differing = 0
        self.kinds: Counter[str] = Counter()
        self.seen: Counter[str] = Counter()

    def count(self, held: Held) -> None:
        """A net that was held, and the layer beside it."""
        self.wild += 1
        self.differing += bool(held.lines)
        self.nets += held.whole
        self.layers += len(held.kinds)
        self.refused += held.refused
        self.kinds.update(held.kinds)
        self.seen.update(held.seen)

    def line(self, seconds: float) -> str:
        """Where it stands."""
        return (
            f"{self.nets:,} nets, {self.layers:,} layers, {self.refused + self.wild:,} layers held for refusal, "
            f"{self.differing} differing; {seconds:,.0f} s, {self.nets / max(seconds, 1e-9):.0f} nets/s"
        )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30.0, help="how long to go on")
    parser.add_argument("--nets", type=int, default=sys.maxsize, help="stop after so many nets")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the number of the first net")
    parser.add_argument("--with", dest="witness", default="torch", help="torch, or one of benchmarks.witnessed")
    parser.add_argument("--keep", type=Path, default=Path("build/fuzz-differences"), help="folder for nets that differ")
    parser.add_argument("--jobs", type=int, default=1, help="so many processes")
    parser.add_argument("--workers", type=int, default=0, help="so many workers of Dask on this machine")
    parser.add_argument("--scheduler", default="", help="the address of a scheduler of Dask")
    parser.add_argument("--journal", default="", help="FILE: what was held is kept in FILE.part, to go on from")
    parser.add_argument("--resume", action="store_true", help="go on from what --journal kept, and count it too")
    given = parser.parse_args()
    if given.resume and not given.journal:
        parser.error("--resume goes with --journal FILE")
    if given.journal and given.witness != "torch":
        parser.error("--journal is of --with torch alone")
    return given


def kept(net: Network, folder: Path, name: str, lines: list[str]) -> None:
    """Write a net that differs."""
    folder.mkdir(parents=True, exist_ok=True)
    comments = "".join(f"# {line}\n" for one in lines[:20] for line in one.splitlines())
    run = f"# batch={net.batch} dtype={net.dtype} train={net.train} step={net.step} fields={net.fields}\n"
    (folder / f"{name}.yaml").write_text(run + comments + net.text, encoding="utf-8")


def journal_of(given: argparse.Namespace, torch: str) -> Journal[int, Held]:
    """What was held so far, a net a line; `--nets` and `--minutes` say how long it goes on, not what is held."""

    def read(record: dict[str, Any]) -> tuple[int, Held] | None:
        held = Held.read_back(record.get("held"))
        return None if held is None else (held.index, held)

    depends = {"torch": torch, "seed": given.seed, "first": given.first, "code": code()}
    return Journal(
        given.journal, "fuzz", depends, write=lambda _, held: {"held": held}, read=read, longest=LONGEST
    )  # fmt: skip


def code() -> str:
    """By which all that draws nets and holds them is known again."""
    found = sha256()
    for folder in ("cnncalc", "tests/support", "benchmarks"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            found.update(file.read_bytes())
    return found.hexdigest()


def each(given: argparse.Namespace, kept: dict[int, Held], end: float) -> Iterator[Held]:
    """What comes of one net after the other, of those that are kept and of those that are held now, in time."""
    runner = Runner(given.jobs, given.workers, given.scheduler).checked()
    tasks = ((given.seed, index) for index in count(given.first) if index not in kept)
    found = in_order(work(), takewhile(lambda _: time.monotonic() < end, tasks), runner)
    for index in count(given.first):
        held = kept[index] if index in kept else next(found, None)
        if held is None:
            return
        yield held


def differs(held: Held, given: argparse.Namespace) -> None:
    """Keep a net that differs, and tell of it."""
    kept(drawn(given.seed, held.index), given.keep, f"{given.seed}-{held.index}", list(held.lines))
    what = held.lines[0].splitlines()[-1]
    print(f"net {held.index} of seed {given.seed} differs: {what}", file=sys.stderr)


def main() -> int:
    """Hold nets until the time is over; 1 where one differs."""
    given = arguments()
    if given.witness != "torch":  # which needs no torch
        from benchmarks import witnessed

        return witnessed.main(given)
    import torch

    start = told = time.monotonic()
    tally, following = Tally(), given.first
    journal = journal_of(given, torch.__version__) if given.journal else None
    try:
        known = journal.begin(resume=given.resume) if journal is not None else {}
        if given.resume:
            print(f"{len(known):,} nets kept", file=sys.stderr)
        for held in each(given, known, start + 60 * given.minutes):
            if journal is not None and held.index not in known:
                journal.add(held.index, held)
            tally.count(held)
            following = held.index + 1
            if held.lines:
                differs(held, given)
            if time.monotonic() - told > EVERY:
                told = time.monotonic()
                print(f"{tally.line(told - start)}; --first {following} goes on", file=sys.stderr)
            if tally.nets >= given.nets:
                break
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
    except CnncalcError as error:  # of Dask, or of the journal
        print(error, file=sys.stderr)
        return 2
    return told_of(tally, given, following, time.monotonic() - start)


def told_of(tally: Tally, given: argparse.Namespace, following: int, seconds: float) -> int:
    """Print what was held; 1 where a net differs."""
    import torch

    print(f"seed {given.seed}, nets {given.first} to {following - 1}, torch {torch.__version__}")
    print(tally.line(seconds))
    print("of them:", ", ".join(f"{count:,} {what}" for what, count in tally.seen.most_common()))
    print("layers:", ", ".join(f"{count:,} {kind}" for kind, count in tally.kinds.most_common()))
    return 1 if tally.differing else 0


if __name__ == "__main__":
    sys.exit(main())
