"""Draws the pictures of the README and the pages from real output: `python docs/make_pictures.py`.

A test holds them against what is drawn now.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

import cnncalc
from cnncalc.answers.page import Layout
from cnncalc.forms.table import draw
from cnncalc.pages.show.report import page
from cnncalc.pages.windows import picture

DOCS = Path(__file__).parent
WIDTH = 92
FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)

DRAWN: dict[str, tuple[str, dict[str, Any]]] = {
    "vgg16-volumes": ("vgg16", {"view": "volumes"}),
    "alexnet-volumes": ("alexnet_paper", {"view": "volumes", "style": "alexnet"}),
    "unet-volumes": ("unet", {"view": "volumes"}),
    "lenet5": ("lenet5", {}),
    "resnet18": ("resnet18", {}),
    "resnet50": ("resnet50", {"depth": 2}),
    "googlenet-heat": ("googlenet", {"depth": 1, "heat": "macs"}),
    "yolov8n": ("yolov8n", {"depth": 1}),
    "unetpp": ("unetpp", {"depth": 1}),
    "hrnet": ("hrnet_w18", {"depth": 1}),
    "nasnet": ("nasnet_mobile", {"depth": 1}),
}
"""Each picture, and the net and the view of it."""
CHAIN = ("3x17x17", "conv 16 k5 s2 p1", "maxpool k3 s2 ceil", "deconv 8 k3 s2 p1", "conv 4 k3 d2 p2")


def pictures() -> dict[str, str]:
    """Every picture by its name, drawn now."""
    made = {name: cnncalc.load(net).draw(**view).svg for name, (net, view) in DRAWN.items()}
    steps = picture(cnncalc.chain(*CHAIN))
    assert steps is not None
    field = cnncalc.load("alexnet").explain("features.3", pixel=(9, 13))
    sweep = cnncalc.sweep("mobilenet_v2", set={"width": ["0.5", "0.75", "1", "1.25"]}, input="3x{96:224:32}")
    return {**made, "steps": steps(), "field": field.text("svg"), "sweep": sweep.text("svg")}


def terminal() -> str:
    """What `cnncalc show resnet50` prints on a terminal, with its colours."""
    report = page(cnncalc.load("resnet50").report().data)
    screen = Console(width=WIDTH, height=50, force_terminal=True, color_system="truecolor", file=io.StringIO())
    text = draw(report, Layout(WIDTH, 50), screen)
    paper = Console(width=WIDTH, record=True, force_terminal=True, color_system="truecolor", file=io.StringIO())
    paper.print(Text.from_ansi(text.strip("\n")))
    # a picture that loads fonts from elsewhere looks different where it may not
    return FONT.sub("", paper.export_svg(title="cnncalc show resnet50", unique_id="cnncalc"))


def main() -> None:
    """Write docs/show-resnet50.svg and docs/pictures/."""
    (DOCS / "show-resnet50.svg").write_text(terminal(), encoding="utf-8")
    (DOCS / "pictures").mkdir(exist_ok=True)
    for name, svg in pictures().items():
        (DOCS / "pictures" / f"{name}.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
