"""The totals of the bundled nets, kept beside their files, so that listing them builds none.

`python -m cnncalc.cli.kept_totals` writes them anew; a test holds them against what is computed. They are used only as
long as the files are those that they were made from.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from cnncalc.files import write_whole
from cnncalc.language.documents.library import library_folder
from cnncalc.records import NamedTuple

__all__ = ["Listed", "every_net", "write"]

FILE = "totals.json"


class Listed(NamedTuple):
    """A bundled net, or a family whose members set its `required` variables, which has no totals."""

    name: str
    title: str
    family: str
    required: tuple[str, ...]
    inputs: tuple[tuple[int, ...], ...]
    totals: dict[str, int]


def every_net() -> list[Listed]:
    """Every bundled net and family: as kept, or computed where the files or the figures have changed since."""
    try:
        kept = json.loads((library_folder() / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        kept = {}
    if kept.get("digest") != _digest():
        return list(computed())
    return [
        Listed(name, title, family, tuple(required), tuple(map(tuple, inputs)), dict(zip(kept["figures"], totals)))
        for name, title, family, required, inputs, totals in kept["nets"]
    ]


def computed() -> Iterator[Listed]:
    """Every net built and counted: seconds."""
    from cnncalc.analysis.costs import report
    from cnncalc.cli.nets import family_of, natural, open_net
    from cnncalc.language import bundled, load
    from cnncalc.language.options import Options

    for name in sorted(bundled(), key=natural):
        document = open_net(name)
        group, required = family_of(name, document), tuple(document.required())
        if required:
            yield Listed(name, document.text("name") or name, group, required, (), {})
        else:
            counted = report(load(name, Options()))
            inputs = tuple(counted.inputs.values())
            yield Listed(name, counted.name, group, (), inputs, counted.totals._asdict())


def _digest() -> str:
    """By which the files, and the figures that are kept of them, are known again."""
    from cnncalc.answers.figures import KEYS

    known = sha256(",".join(KEYS).encode())
    for file in sorted(library_folder().glob("*.yaml")):
        known.update(file.name.encode() + b"\0" + file.read_bytes())
    return known.hexdigest()


def write() -> None:
    """Keep the totals as they are computed now."""
    from cnncalc.answers.figures import KEYS

    nets: list[list[Any]] = [
        [one.name, one.title, one.family, one.required, one.inputs, [one.totals[key] for key in KEYS if one.totals]]
        for one in computed()
    ]
    lines = ",\n".join(json.dumps(net, separators=(",", ":")) for net in nets)
    text = f'{{"digest":"{_digest()}",\n"figures":{json.dumps(KEYS)},\n"nets":[\n{lines}\n]}}\n'
    write_whole(text, library_folder() / FILE)


if __name__ == "__main__":
    write()
