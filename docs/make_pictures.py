"""Draws the README's picture from real output: `python docs/make_pictures.py`."""

from __future__ import annotations

import io
import re
from pathlib import Path

from rich.console import Console
from rich.text import Text

from cnncalc import Options, load, report
from cnncalc.forms import View
from cnncalc.forms.table import draw

WIDTH = 92
FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def main() -> None:
    """Write docs/show-resnet50.svg."""
    terminal = Console(width=WIDTH, height=50, force_terminal=True, color_system="truecolor", legacy_windows=False)
    text = draw(report(load("resnet50", Options())), View(), terminal)
    paper = Console(width=WIDTH, record=True, force_terminal=True, color_system="truecolor", file=io.StringIO())
    paper.print(Text.from_ansi(text.strip("\n")))
    # a picture that loads fonts from elsewhere looks different where it may not
    picture = FONT.sub("", paper.export_svg(title="cnncalc show resnet50", unique_id="cnncalc"))
    (Path(__file__).parent / "show-resnet50.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
