"""A question of the page -> its answer: one entry a question, and one form for everything that is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from cnncalc.errors import CnncalcError
from web.answers import files, layers, shown, solving
from web.answers.faults import objects_of

__all__ = ["QUESTIONS", "answer"]

QUESTIONS: dict[str, Callable[..., dict[str, Any]]] = {
    "show": shown.show,
    "draw": shown.draw,
    "explain": layers.explain,
    "library": files.library,
    "open": files.opened,
    "write": files.written,
    "solve": solving.solve,
}
"""Each takes what the page knows by name, and raises CnncalcError for what a reader of the page has done wrong."""


def answer(question: str, content: bytes = b"") -> str:
    """The answer to a question: `{"ask": "show", "text": …}`, with the bytes of a file where it is about one."""
    asked: dict[str, Any] = json.loads(question)
    asks = QUESTIONS[asked.pop("ask")]
    if content:
        asked["content"] = content
    try:
        found = asks(**asked)
    except CnncalcError as error:
        found = {"faults": objects_of(error)}
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))
