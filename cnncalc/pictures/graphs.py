"""A net for programs that lay graphs out themselves: Graphviz's DOT, and Mermaid as Markdown pages draw it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.pictures.flow.painting import Texts
from cnncalc.pictures.flow.tree import tree_of
from cnncalc.pictures.theme import FAMILIES, family_of
from cnncalc.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.answers.report import Report
    from cnncalc.pictures.flow.tree import Box

__all__ = ["dot", "mermaid"]


def dot(report: Report, depth: int | None = None) -> str:
    """The net in DOT: a cluster a group, a node a layer."""
    top = tree_of(report, depth).top
    lines = [
        f"digraph {_dot(report.name)} {{",
        '  node [shape=box, style="rounded,filled", fontname="Helvetica", fillcolor=white];',
        *_dot_inside(top, "  "),
        *(f"  n{start} -> n{end};" for start, end in _edges(top)),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _dot_inside(box: Box, indent: str) -> Iterator[str]:
    for one in box.inner or ():
        if one.inner is None:
            colour = FAMILIES[family_of(one.kind)][1]
            yield f'{indent}n{one.first} [label={_dot(_label(one, chr(10)))}, color="{colour}"];'
        else:
            yield f"{indent}subgraph cluster_{one.first}_{one.last} {{"
            yield f"{indent}  label={_dot(_times(one))};"
            yield from _dot_inside(one, indent + "  ")
            yield f"{indent}}}"


def _dot(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def mermaid(report: Report, depth: int | None = None) -> str:
    """The net as a Mermaid flowchart: a subgraph a group, a node a layer."""
    top = tree_of(report, depth).top
    lines = ["flowchart TD", *_mermaid_inside(top, "  ")]
    lines += [f"  n{start} --> n{end}" for start, end in _edges(top)]
    kinds: dict[str, list[str]] = {}
    for box in _leaves(top):
        kinds.setdefault(family_of(box.kind), []).append(f"n{box.first}")
    for family, nodes in kinds.items():
        lines += [f"  classDef {family}s stroke:{FAMILIES[family][1]}", f"  class {','.join(nodes)} {family}s"]
    return "\n".join(lines) + "\n"


def _mermaid_inside(box: Box, indent: str) -> Iterator[str]:
    for one in box.inner or ():
        if one.inner is None:
            yield f"{indent}n{one.first}[{_mermaid(_label(one, '<br>'))}]"
        else:
            yield f"{indent}subgraph g{one.first}_{one.last} [{_mermaid(_times(one))}]"
            yield from _mermaid_inside(one, indent + "  ")
            yield f"{indent}end"


def _mermaid(text: str) -> str:
    """A quoted text in which only our own line break is markup."""
    parts = [part.replace("#", "#35;").replace('"', "#quot;").replace("<", "#lt;") for part in text.split("<br>")]
    return f'"{"<br>".join(parts)}"'


def _label(box: Box, end: str) -> str:
    texts = Texts("")
    lines = (texts.headline(box).replace("<br>", ""), texts.below(box).replace("<br>", ""), texts.shape(box))
    return end.join(dict.fromkeys(lines))  # an input that is called `input` says so once


def _times(box: Box) -> str:
    return printable(box.label) + (f" × {box.count}" if box.count > 1 else "")


def _leaves(top: Box) -> list[Box]:
    return [box for box in top.boxes() if box.inner is None]


def _edges(top: Box) -> Iterator[tuple[int, int]]:
    """From each box to those that take its tensors."""
    maker: dict[int, int] = {}
    for box in _leaves(top):
        yield from dict.fromkeys([(maker[tensor], box.first) for tensor in box.takes if tensor in maker])
        maker.update(dict.fromkeys(box.gives, box.first))
