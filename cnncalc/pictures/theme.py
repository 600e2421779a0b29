"""The colours of pictures, light and dark, by family of kinds and by heat, and the style sheet that they make."""

from __future__ import annotations

import re
from functools import cache

from cnncalc.layers.registry import KINDS
from cnncalc.pictures.ink import FONT
from cnncalc.records import NamedTuple

__all__ = ["DARK", "FAMILIES", "LIGHT", "STEPS", "THEMES", "Theme", "family_of", "sheet"]

THEMES = ("auto", "light", "dark")

FAMILIES = {
    "conv": ("convolution", "#2563eb", "#60a5fa"),
    "linear": ("linear", "#7c3aed", "#a78bfa"),
    "norm": ("normalization", "#64748b", "#94a3b8"),
    "activation": ("activation", "#d97706", "#fbbf24"),
    "pool": ("pooling", "#059669", "#34d399"),
    "merge": ("merge", "#e11d48", "#fb7185"),
    "attention": ("attention", "#c026d3", "#e879f9"),
    "recurrent": ("recurrent", "#c026d3", "#e879f9"),
    "resize": ("resize", "#0891b2", "#22d3ee"),
    "input": ("input", "#64748b", "#94a3b8"),
    "group": ("folded group", "#475569", "#a8b4c4"),
    "other": ("other", "#78716c", "#a8a29e"),
}
"""Of each family of kinds: its name, and its colour in light and in dark."""
_LIKE = {
    "local": "conv", "algebra": "merge", "pyramid": "pool", "shuffle": "resize", "unfolding": "resize",
    "reshape": "other", "regularize": "other", "tensors": "other",
}  # fmt: skip
STEPS = 10
"""Of warmth, from none to most."""
_HEAT = {"light": ((255, 250, 235), (250, 128, 108)), "dark": ((36, 31, 26), (158, 38, 28))}


class Theme(NamedTuple):
    """What everything that is no layer is drawn in."""

    name: str
    ground: str
    card: str
    ink: str
    soft: str
    """Of text that says less."""
    line: str
    """Of connecting lines."""
    frame: str
    head: str
    """Of a group's heading."""
    tint: int
    """Per cent of a family's colour in its layers' ground."""


LIGHT = Theme("light", "#ffffff", "#f8fafc", "#0f172a", "#5b6779", "#9aa8bb", "#d3dce8", "#e6ecf4", 9)
DARK = Theme("dark", "#0d1117", "#151b23", "#e6edf3", "#9aa7b5", "#566273", "#303a47", "#222b37", 17)


@cache
def family_of(kind: str) -> str:
    """The family of a kind of layer: the module that it is declared in."""
    if kind not in KINDS:
        return kind if kind in ("group", "input") else "other"
    for part in reversed(KINDS[kind].__module__.split(".")):
        if part in FAMILIES or part in _LIKE:
            return _LIKE.get(part, part)
    return "other"


def _mixed(one: str, other: str, per_cent: int) -> str:
    """So many per cent of one colour over the other."""
    pairs = [(int(one[place : place + 2], 16), int(other[place : place + 2], 16)) for place in (1, 3, 5)]
    return "#" + "".join([f"{(a * per_cent + b * (100 - per_cent)) // 100:02x}" for a, b in pairs])


def _rules(theme: Theme) -> str:
    dark = theme.name == "dark"
    rules = [
        f".bg{{fill:{theme.ground}}}text{{fill:{theme.ink}}}.s{{fill:{theme.soft}}}.hot .s{{fill:{theme.ink}}}",
        f".w{{stroke:{theme.line}}}.g{{fill:{theme.card};stroke:{theme.frame}}}.gh{{fill:{theme.head}}}.a{{fill:{theme.line}}}.k{{stroke:{theme.ground}}}",
    ]
    for name, (_, light, other) in FAMILIES.items():
        colour = other if dark else light
        ground = _mixed(colour, theme.ground, theme.tint)
        rules.append(
            f".{name}{{fill:{ground};stroke:{_mixed(colour, theme.ground, 45)}}}.{name}-b{{fill:{colour}}}"
            f".{name}-t{{fill:{_mixed(colour, theme.ground, 48)}}}.{name}-r{{fill:{_mixed(colour, theme.ground, 72)}}}"
        )
    low, high = _HEAT[theme.name]
    for step in range(STEPS):
        mixed = [(a * (STEPS - 1 - step) + b * step) // (STEPS - 1) for a, b in zip(low, high)]
        rules.append(f".h{step}{{fill:rgb({mixed[0]},{mixed[1]},{mixed[2]})}}")
    return "".join(rules)


_SHAPE = (
    f"text{{font-family:{FONT};font-size:12px}}.n{{font-weight:600}}.s{{font-size:10px}}.t{{font-size:18px;"
    "font-weight:700}.l{font-size:11px;font-weight:600}.e{text-anchor:end}.m{text-anchor:middle}"
    ".k{paint-order:stroke;stroke-width:3px;stroke-linejoin:round}"
    ".w{fill:none;stroke-linecap:round;stroke-linejoin:round}"
)


def sheet(theme: str = "auto", more: str = "", more_dark: str = "") -> str:
    """The style sheet of a theme; `auto` is light, and dark where the reader's system is.

    `more` are further rules, `more_dark` those that replace some of them in the dark.
    """
    if theme == "dark":
        return _scoped(_SHAPE + more + _rules(DARK) + more_dark)
    light = _scoped(_SHAPE + _rules(LIGHT) + more)
    if theme == "light":
        return light
    return f"{light}@media(prefers-color-scheme:dark){{{_scoped(_rules(DARK) + more_dark)}}}"


def _scoped(rules: str) -> str:
    """The rules for this picture alone, in whatever document it stands."""
    return re.sub(r"([^{},]+)(?=[^{}]*\{)", r".cnncalc \1", rules)
