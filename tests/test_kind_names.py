"""What is said of the kinds before their classes are imported is what these say."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from cnncalc.layers.names import FAMILIES
from cnncalc.layers.registry import ALIASES, KINDS


def plain(name):
    return name.replace("_", "").replace("-", "").lower().removeprefix("lazy")


def test_the_table_says_what_the_classes_declare():
    declared: dict[str, dict[str, str]] = {module: {} for module in FAMILIES}
    for kind, cls in KINDS.items():
        names = dict.fromkeys(plain(name) for name in cls.aliases)
        names.pop(plain(kind), None)
        declared[cls.__module__.removeprefix("cnncalc.layers.kinds.")][kind] = " ".join(names)
    assert declared == FAMILIES


def test_every_file_that_declares_a_kind_is_in_the_table():
    room = Path(__file__).resolve().parent.parent / "cnncalc" / "layers" / "kinds"
    marks = {path: re.findall("(?m)^@layer", path.read_text(encoding="utf-8")) for path in room.rglob("*.py")}
    declaring = {path.relative_to(room).with_suffix("") for path, found in marks.items() if found}
    assert {".".join(path.parts) for path in declaring} == set(FAMILIES)
    assert sum(map(len, marks.values())) == len(KINDS)


def test_no_name_means_two_kinds():
    names = [
        name for kinds in FAMILIES.values() for kind, others in kinds.items() for name in [plain(kind), *others.split()]
    ]
    assert len(names) == len(set(names)) == len(ALIASES)


def test_a_net_imports_its_kinds_alone():
    code = "import sys, cnncalc; cnncalc.load('resnet50').report().rows; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    found = {name.rpartition(".")[2] for name in done.stdout.split() if name.startswith("cnncalc.layers.kinds.")}
    assert found >= {"conv", "norm", "pool"}
    assert not found & {"attention", "recurrent", "deformable", "functions", "contractions"}
