"""`cnncalc sweep`."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cnncalc.cli.options import assignments, net_argument, net_options, wanted
from cnncalc.cli.output import emit
from cnncalc.cli.solve_search import progress_bar
from cnncalc.errors import CnncalcError, Fault

if TYPE_CHECKING:
    from cnncalc.solve.sweeps import Grid, Point

MOST = 100_000
SYMBOLS = {1: "L", 2: "HW", 3: "DHW"}
_BRACES = re.compile(r"\{([^{}]*)\}")
_BY_SUFFIX = {".csv": "csv", ".jsonl": "jsonl", ".json": "json", ".md": "markdown", ".parquet": "parquet"}


def steps(option: str, text: str) -> list[str]:
    """`0.25:1.4:0.05` (the end included) or `1,2,4` as the values, written as decimals."""
    if ":" not in text:
        return [part.strip() for part in text.split(",") if part.strip()]
    help = "write start:end:step, as 0.25:1.4:0.05, or values such as 1,2,4"
    no_range = CnncalcError(Fault(f"{option} {text[:60]}: no range", help=help))
    try:
        low, high, *step = (Fraction(part) for part in text.split(":"))
    except (ValueError, ZeroDivisionError):
        raise no_range from None
    by = step[0] if step else Fraction(1)
    if len(step) > 1 or by <= 0 or high < low or (high - low) / by > MOST:
        raise no_range
    return [_decimal(low + number * by) for number in range(int((high - low) // by) + 1)]


def _decimal(value: Fraction) -> str:
    if value.denominator == 1:
        return str(value.numerator)
    scaled = round(value * 10**9)
    return f"{scaled // 10**9}.{scaled % 10**9:09}".rstrip("0")


def grid_of(given: dict[str, Any]) -> Grid:
    """What the options vary; they keep what they fix. Raises CnncalcError."""
    from cnncalc.solve.sweeps import Grid

    fixed, varied = [], {}
    for name, text in assignments("--set", given["set_"]).items():
        if ":" in text or "," in text:
            varied[name] = tuple(steps(f"--set {name}", text))
        else:
            fixed.append(f"{name}={text}")
    given["set_"] = tuple(fixed)
    shape = given["input_"] or ""
    braces = _BRACES.findall(shape)
    if not braces:
        return Grid(varied, "", {})
    given["input_"] = None
    ranges = []
    for text in braces:
        lengths = steps("--input", text)
        if not all(part.isdigit() and int(part) for part in lengths):
            raise CnncalcError(Fault(f"--input {shape[:60]}: lengths are whole numbers", help="as 3x{96:320:32}"))
        ranges.append(tuple(map(int, lengths)))
    parts = _BRACES.sub("?", shape).split("x")
    if len(parts) == 2:  # 3x{96:320:32}: a square map
        return Grid(varied, f"{parts[0]}xHxH", {"H": ranges[0]})
    letters = SYMBOLS.get(len(parts) - 1, "")
    if not letters or parts[0] == "?":
        raise CnncalcError(Fault(f"--input {shape[:60]}: no shape", help="channels first, as 3x{96:320:32}"))
    form = "x".join([parts[0], *(letter if part == "?" else part for letter, part in zip(letters, parts[1:]))])
    symbols = [letter for letter, part in zip(letters, parts[1:]) if part == "?"]
    return Grid(varied, form, dict(zip(symbols, ranges)))


def _done(file: str | None, names: list[str]) -> tuple[frozenset[tuple[str, ...]], str]:
    """The choices of variables that an earlier run wrote, and its lines."""
    import csv

    if file is None or not Path(file).is_file():
        return frozenset(), ""
    text = Path(file).read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    if rows and not set(names) <= set(rows[0]):
        help = "name another file, or leave --resume out"
        raise CnncalcError(Fault(f"`{file}` holds another sweep", help=help))
    return frozenset(tuple(row[name] for name in names) for row in rows), text


@click.command("sweep", short_help="A net over a grid of variables and input sizes.")
@net_argument
@click.option("--figures", metavar="A,B,…", default="params,macs", show_default=True, help="What to compute.")
@click.option("--pareto", metavar="A,B", help="Only the points that no other beats in all of these figures.")
@click.option("--jobs", "-j", metavar="N", type=click.IntRange(min=1), default=1, help="Processes.  [default: 1]")
@click.option("--resume", is_flag=True, help="Go on where an interrupted sweep to the same CSV file stopped.")
@click.option(
    "--format", "format_", type=click.Choice(("table", "csv", "jsonl", "json", "markdown", "parquet")),
    help="What to print.  [default: table]",
)  # fmt: skip
@click.option("-o", "--output", "file", metavar="FILE", type=click.Path(dir_okay=False), help="Write there.")
@net_options
def command(net: str, **given: Any) -> None:
    """A net over a grid of variables and input sizes.

    \b
    cnncalc sweep mobilenet_v2 --set width=0.25:1.4:0.05 --input 3x{96:320:32} --format csv

    `3x{96:320:32}` is a square map, `3x{96:320:32}x{96:320:32}` every height with every width. Sizes are computed from
    the net's closed form, so that a thousand of them cost little more than one.
    """
    from cnncalc.render.sweeps import draw, write_parquet
    from cnncalc.solve.sweeps import front, sweep

    form = given["format_"] or _BY_SUFFIX.get(Path(given["file"] or "").suffix, "table")
    grid = grid_of(given)
    asked = wanted(given)
    figures = [name.strip() for name in given["figures"].split(",") if name.strip()]
    wished = [name.strip() for name in (given["pareto"] or "").split(",") if name.strip()]
    figures += [name for name in wished if name not in figures]
    done: frozenset[tuple[str, ...]] = frozenset()
    earlier = ""
    if given["resume"]:
        if form != "csv" or given["file"] is None or wished:
            raise CnncalcError(Fault("--resume goes with a CSV file", help="add `-o sweep.csv`, without --pareto"))
        done, earlier = _done(given["file"], list(grid.variables))
    points: list[Point] = []
    bar = progress_bar()
    found = sweep(net, asked.options, asked.dtype, grid, figures, jobs=given["jobs"], done=done, progress=bar)
    interrupted = False
    try:
        points.extend(found)
    except KeyboardInterrupt:
        interrupted = True
    shown = front(points, figures, wished) if wished else points
    if form == "parquet":
        if given["file"] is None:
            raise CnncalcError(Fault("Parquet goes to a file", help="add `-o sweep.parquet`"))
        write_parquet(shown, grid, figures, given["file"])
    else:
        text = draw(shown, grid, figures, form)
        emit(earlier + text.partition("\n")[2] if earlier else text, given["file"])
    if interrupted:
        click.get_current_context().exit(130)
