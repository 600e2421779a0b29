"""What the page takes of our modules: all that runs, and what classes say of themselves."""

from __future__ import annotations

import os
import subprocess
import sys
from zipfile import ZipFile

import pytest
from processes import ROOT

build = pytest.importorskip("web.build")

SOURCE = '''
"""Of a module."""
from __future__ import annotations

LENGTH = 3  # pixels
"""Of a number."""

class Kind:
    """Of a class, which the page shows."""
    field: int = 1
    """Of a field."""

    def method(self):
        """Of a method that does nothing."""

def doubled(text="""kept"""):
    """Of a function."""
    if text:
        "of nothing"
    return f"{text} {LENGTH * 2}"
'''


def test_what_runs_is_kept_and_what_classes_say():
    bare = build._bare(SOURCE)
    assert bare.count('"""') == 2 and "Of a" not in bare.replace("Of a class, which the page shows.", "")
    assert "#" not in bare and "of nothing" not in bare
    names = {}
    exec(compile(bare, "bare", "exec"), names)
    assert names["doubled"]() == "kept 6" and names["Kind"]().method() is None
    assert names["Kind"].__doc__ == "Of a class, which the page shows."


ASKED = """
from cnncalc import Options, load, report
from cnncalc.interchange.writers import writer_for
from cnncalc.pages.kinds import kinds, object_of
print([object_of(kind) for kind in kinds()], report(load("resnet50", Options())).totals)
print(writer_for(None, "keras").write(load("resnet50", Options()), 1).content)
"""


def test_the_packed_program_answers_as_ours(tmp_path):
    """It is unpacked, as the browser does it, and lacks what a browser cannot run."""
    build._pack(tmp_path / "python.zip")
    with ZipFile(tmp_path / "python.zip") as archive:
        archive.extractall(tmp_path)
    told = [
        subprocess.run(
            [sys.executable, "-c", ASKED], cwd=place, env={**os.environ, "PYTHONPATH": str(place)},
            capture_output=True, text=True, check=True,
        ).stdout
        for place in (tmp_path, ROOT)
    ]  # fmt: skip
    assert not (tmp_path / "cnncalc" / "cli").exists()
    assert len(told[0]) > 50_000 and told[0] == told[1]
