"""Modules of repositories that write their nets as YOLOv5 does: YOLOv7's, YOLOv9's, and older ones of YOLOv5's own.

(YOLOv7 0.1, models/common.py and yolo.py; YOLOv9 0.1; YOLOv5 1.0 to 6.0.)
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from cnncalc.interchange.ultralytics.rows import MOST, UnusableError

__all__ = ["SEVERAL", "called", "computed"]

SEVERAL = {
    "IAuxDetect": ("IDetect", "Detect"),
    "DualDetect": ("Detect of YOLOv9",) * 2,
    "TripleDetect": ("Detect of YOLOv9",) * 3,
    "DualDDetect": ("DDetect", "DDetect"),
    "TripleDDetect": ("DDetect", "DDetect", "DDetect"),
}
"""Heads on several sets of levels: what each set goes through."""
LONGEST = 60
"""Characters of an argument that is computed."""
MOST_LEVELS = 20
"""Parentheses in each other."""


def called(name: str, arguments: list[Any]) -> str:
    """A module by its name here: YOLOv9's heads are called as YOLOv5's are, and their arguments have no anchors."""
    anchors = arguments[1:2]
    if name == "Detect" and not anchors:
        return "Detect of YOLOv9"
    if name == "Segment" and len(arguments) < 4 and not isinstance((anchors or [None])[0], list):
        return "Segment of YOLOv9"
    return name


def computed(text: str, names: Mapping[str, Any]) -> int | None:
    """A number that is computed of others, as `na * (nc + 5)`; None where it is none. Raises UnusableError."""
    if len(text) > LONGEST or not any(one in text for one in "+-*/") or text.count("(") > MOST_LEVELS:
        return None
    try:
        made = _value(ast.parse(text, mode="eval").body, names)
    except (SyntaxError, ValueError, KeyError):
        return None
    if not 1 <= made <= MOST:
        raise UnusableError(f"`{text}` comes to {str(made)[:20]}, and is a whole number from 1")
    return made


def _value(node: ast.expr, names: Mapping[str, Any]) -> int:
    """A sum, difference, product or quotient of whole numbers. Raises KeyError and ValueError for anything else."""
    if isinstance(node, ast.Constant) and type(node.value) is int and abs(node.value) <= MOST:
        return node.value
    if isinstance(node, ast.Name) and type(names[node.id]) is int and abs(names[node.id]) <= MOST:
        return int(names[node.id])
    if isinstance(node, ast.BinOp):
        left, right = _value(node.left, names), _value(node.right, names)
        if isinstance(node.op, (ast.FloorDiv, ast.Div)) and right and left % right == 0:
            return left // right
        for kind, made in ((ast.Add, left + right), (ast.Sub, left - right), (ast.Mult, left * right)):
            if isinstance(node.op, kind) and abs(made) <= MOST**2:
                return made
    raise ValueError(ast.dump(node)[:40])
