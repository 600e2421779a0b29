"""The pictures in docs/ are what is drawn now: each was looked at. `python docs/make_pictures.py` draws them anew."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parent.parent / "docs"


@pytest.fixture(scope="module")
def made():
    spec = importlib.util.spec_from_file_location("make_pictures", DOCS / "make_pictures.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.pictures()


def test_every_golden_picture_is_drawn_as_it_was(made):
    kept = {file.stem: file.read_text(encoding="utf-8") for file in (DOCS / "pictures").glob("*.svg")}
    assert sorted(kept) == sorted(made)
    assert [name for name, svg in made.items() if svg != kept[name]] == []
    assert sum(map(len, kept.values())) < 400_000
