"""The table of what each kind is in other tools: as the page has it, and every refusal with its reason and way out."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import each_kind
import pytest

from cnncalc.layers import KINDS

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "targets.md"
sys.path.append(str(ROOT))

from benchmarks.exports import targets  # noqa: E402 - the benchmarks are not installed


@cache
def refused():
    return targets.faults()


def test_every_kind_is_asked():
    assert KINDS.keys() == {kind for kind, _ in each_kind.nets().values()}


def test_the_page_is_as_the_writers_are():
    assert PAGE.read_text(encoding="utf-8") == targets.page(), "make it anew: `python -m benchmarks.exports.targets`"


@pytest.mark.parametrize("target", targets.TARGETS)
def test_each_refusal_tells_why_and_what_else(target):
    found = {name: fault for (name, where), (_, fault) in refused().items() if where == target}
    assert found
    assert [name for name, fault in found.items() if not fault.values or not fault.help] == []
