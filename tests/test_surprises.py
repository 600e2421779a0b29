"""Where good guesses are wrong: torch measured, cnncalc beside it, and the page that tells it."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the torch backend is an extra: pip install 'cnncalc[torch]'")

from surprises import SURPRISES

import cnncalc
from cnncalc.tools.conventions import convention_named
from cnncalc.tools.conventions.counting import count

PAGE = Path(__file__).parent.parent / "docs" / "surprises.md"


@pytest.mark.parametrize("one", [one for one in SURPRISES if not one.compiles], ids=lambda one: one.subject)
def test_torch_and_cnncalc_agree_with_the_page(one):
    assert one.measured() == one.figure
    if one.ours is not None:
        assert one.ours() == one.figure
    assert f"{one.figure:,}" in PAGE.read_text(encoding="utf-8")


def test_the_page_tells_what_needs_a_compiler():
    page = PAGE.read_text(encoding="utf-8")
    assert all(f"{one.figure:,}" in page for one in SURPRISES)


VIT = {"torch": 22_542_249_984, "deepspeed": 2 * 17_563_828_224}


@pytest.mark.parametrize("name", VIT)
def test_a_vit_as_counters_count_it(name):
    counting = count(cnncalc.load("vit_b_16"), convention_named(name))
    products = sum(term.amount for one in counting.layers.values() for term in one.terms if "multiply" in term.what)
    assert products == 35_127_656_448  # what it costs: both say so before they leave something out or add something
    hidden = sum(term.amount for one in counting.layers.values() for term in one.terms if term.bug)
    assert products + hidden == VIT[name]
    for figure in (22_542_249_984, 35_127_656_448, 33_697_001_472):
        assert f"{figure:,}" in PAGE.read_text(encoding="utf-8")


def test_every_finding_is_told():
    page = PAGE.read_text(encoding="utf-8")
    findings = sorted((PAGE.parent.parent / "findings").glob("*.sh"))
    assert len(findings) > 20
    for finding in findings:
        assert f"findings/{finding.name}" in page
        assert "EXPECTED=" in finding.read_text(encoding="utf-8")
