"""Where good guesses are wrong: torch measured, cnncalc beside it, and the page that tells it."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the torch backend is an extra: pip install 'cnncalc[torch]'")

from surprises import SURPRISES

PAGE = Path(__file__).parent.parent / "docs" / "surprises.md"


@pytest.mark.parametrize("one", SURPRISES, ids=lambda one: one.subject)
def test_torch_and_cnncalc_agree_with_the_page(one):
    assert one.measured() == one.figure
    if one.ours is not None:
        assert one.ours() == one.figure
    assert f"{one.figure:,}" in PAGE.read_text(encoding="utf-8")


def test_every_finding_is_told():
    page = PAGE.read_text(encoding="utf-8")
    findings = sorted((PAGE.parent.parent / "findings").glob("*.sh"))
    assert len(findings) > 20
    for finding in findings:
        assert f"findings/{finding.name}" in page
        assert "EXPECTED=" in finding.read_text(encoding="utf-8")
