"""SVG, element by element: text that is measured and escaped, shapes, and the whole with its title and its colours.

A viewer takes its own system font, so that a text is measured by a wide one: where it fits, it fits by any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["FONT", "cut", "document", "element", "escaped", "line", "path", "text", "width_of"]

FONT = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,'DejaVu Sans',sans-serif"
_WIDTHS = (
    "32 40 46 84 64 95 78 27 39 39 50 84 32 36 32 34 64 64 64 64 64 64 64 64 64 64 34 34 84 84 84 53 "
    "100 68 69 70 77 63 58 77 75 29 29 66 56 86 75 79 60 79 69 63 61 73 68 99 69 61 69 39 34 39 84 50 "
    "50 61 63 55 63 62 35 63 63 28 28 58 28 97 63 61 63 63 41 52 39 63 59 82 59 59 52 64 34 64 84"
)
_OF_LETTER = {chr(32 + place): int(width) for place, width in enumerate(_WIDTHS.split())} | {"·": 32, "×": 84, "–": 50}
"""Hundredths of the size of the font that each letter takes, in DejaVu Sans, the widest of those in use."""
_BOLD = 1.18


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """The width of a text in pixels, at most: letters beyond ASCII take a whole square."""
    hundredths = sum([_OF_LETTER.get(letter, 100) for letter in text])
    return hundredths * size / 100 * (_BOLD if bold else 1)


def cut(text: str, most: float, size: float, *, bold: bool = False) -> str:
    """The text, ended by `…` where it is wider than `most` pixels."""
    if width_of(text, size, bold=bold) <= most:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if width_of(f"{text[:middle]}…", size, bold=bold) <= most:
            low = middle
        else:
            high = middle - 1
    return f"{text[:low].rstrip()}…"


def escaped(value: str) -> str:
    """A text, or the value of an attribute, in which nothing is markup and nothing steers a terminal."""
    value = printable(value)
    if "&" in value or "<" in value or ">" in value or '"' in value:
        return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return value


def _number(value: float) -> str:
    """A coordinate, to a tenth of a pixel."""
    return f"{value:.1f}".removesuffix(".0")


def element(name: str, content: str = "", **attributes: float | str) -> str:
    """`<name key="value">content</name>`; content is markup, attributes are not; `_` in a key stands for `-`."""
    written = "".join(
        [
            f' {key.rstrip("_").replace("_", "-")}="{escaped(value) if isinstance(value, str) else _number(value)}"'
            for key, value in attributes.items()
        ]
    )
    return f"<{name}{written}>{content}</{name}>" if content else f"<{name}{written}/>"


def text(x: float, y: float, content: str, style: str = "", **more: float | str) -> str:
    """A line of text whose baseline begins at x, y; `style` is a class."""
    return element("text", escaped(content), x=x, y=y, **({"class_": style} if style else {}), **more)


def line(x1: float, y1: float, x2: float, y2: float, style: str) -> str:
    """A straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=style)


def path(points: Sequence[tuple[float, float]], radius: float = 0, *, close: bool = False) -> str:
    """The `d` of a path through the points, its corners rounded."""
    parts = [f"M{_number(points[0][0])} {_number(points[0][1])}"]
    for before, here, after in zip(points, points[1:], points[2:]):
        bend = min(radius, _distance(before, here) / 2, _distance(here, after) / 2)
        if bend:
            start, end = _towards(here, before, bend), _towards(here, after, bend)
            parts.append(
                f"L{_number(start[0])} {_number(start[1])}"
                f"Q{_number(here[0])} {_number(here[1])} {_number(end[0])} {_number(end[1])}"
            )
        else:
            parts.append(f"L{_number(here[0])} {_number(here[1])}")
    parts.append(f"L{_number(points[-1][0])} {_number(points[-1][1])}")
    return "".join(parts) + "Z" * close


def _distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    return abs(one[0] - other[0]) + abs(one[1] - other[1])


def _towards(here: tuple[float, float], there: tuple[float, float], by: float) -> tuple[float, float]:
    share = by / _distance(here, there)
    return here[0] + (there[0] - here[0]) * share, here[1] + (there[1] - here[1]) * share


def document(width: float, height: float, title: str, description: str, css: str, content: Iterable[str]) -> str:
    """The whole picture: it says what it shows to those who do not see it, and loads nothing."""
    size = f'width="{_number(width)}" height="{_number(height)}" viewBox="0 0 {_number(width)} {_number(height)}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} class="cnncalc" role="img">'
    words = f"<title>{escaped(title)}</title>\n<desc>{escaped(description)}</desc>"
    return "\n".join([head, words, f"<style>{css}</style>", *content, "</svg>\n"])
