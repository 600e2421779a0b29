"""Texts that are read without PyYAML: its nodes and places are the witness, of texts changed at random too."""

from __future__ import annotations

import random
import subprocess
import sys
import textwrap

import pytest

from cnncalc import Options
from cnncalc.errors import CnncalcError
from cnncalc.language import load
from cnncalc.language.documents import library
from cnncalc.language.yaml.events import read_by_yaml
from cnncalc.language.yaml.plainly import read_plainly
from cnncalc.language.yaml.reader import Mapping, Scalar, Sequence, Source, read
from cnncalc.limits import Limits

FILES = sorted(library.library_folder().glob("*.yaml"))
BEFORE = "blocks: &b\n  unit: {with: {n: 2}, layers: [conv $n k3, {relu: , name: 'an act'}]}\n"
PLAIN = [
    "a: 1\n",
    "a:\n- b\n-   c: {d: , e: [], f: {}}\n    g: -3\n# h\ni: 'k'  # l\n",
    "a: &x [1, {b: two}]\nc: *x\nd: [*x, *x]\ne: &y\n  f: *x\n",
    "a: >-\n  several\n  lines, é\nb: [c,\n  # of two\n  d,\n    {e: f:1}\n  ]\n",
]
NOT_PLAIN = [
    "a: |\n  several\n", "a: >-\n  several\n\n  lines\n", "a: >-\n  b\n  # c\n", 'a: "\\u00e9"\n', "a: 'it''s'\n",
    "a:\n", "- a\n", "a: b\n  c\n", "a: b: c\n", "a: [b, b: c]\n", "a: [b,, c]\n", "a: [b, c,]\n", "a: [b c\n  d]\n",
    "a: 1\na: 2\n", "<<: {a: 1}\n", "b: {<<: {a: 1}}\n", "a: !t b\n", "a: *b\n", "a: &b {c: *b}\n",
    "a: &b 1\nc: &b 2\n", "---\na: b\n",
    "a: b\n...\n", "a: b\n--- \nc: d\n", "? a\n: b\n", "a: {b: c}: d\n", "a:\tb\n", "\ta: b\n", "a: b\r\n", "",
    "# a\n", "a: `b`\n", "a: b\n c: d\n", "a:\n  - b\n  c: d\n", "a: [$(b, c]\n", "a: 99999999999999999999999\n",
    "a: 1e999\n", " a: b\n", f"a: {'[' * 40}{']' * 40}\n", f"{'a' * 1100}: b\n",
]  # fmt: skip
CHANGES = list(" \n:-,[]{}#\"'?&*!|>%@`~$()+.=/a1\\<")
CHANGES += ["- ", ": ", "\n  ", "\n- ", " #", "$(", ":\n", '""', "---", "<<", "&b ", "*b", ",\n  "]


def told(node):
    """A tree with all places and sizes."""
    here = (type(node).__name__, node.line, node.column, node.size)
    if isinstance(node, Scalar):
        return (*here, node.text, node.plain)
    if isinstance(node, Sequence):
        return (*here, *(told(item) for item in node.items))
    assert isinstance(node, Mapping)
    return (*here, *((name, told(key), told(value)) for name, (key, value) in node.entries.items()))


def plain(text):
    """Whether a text is read without PyYAML, to what PyYAML reads."""
    source = Source("own.yaml", text)
    root = read_plainly(source, Limits())
    if root is None:
        return False
    assert told(root) == told(read_by_yaml(source, Limits())), text
    return True


def test_every_bundled_file_is_plain():
    assert len(FILES) > 300
    assert [file.name for file in FILES if not plain(file.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("text", PLAIN)
def test_what_is_plain(text):
    assert plain(text)


@pytest.mark.parametrize("text", NOT_PLAIN)
def test_what_is_for_pyyaml_to_read_or_to_explain(text):
    assert not plain(text)


def changed(text, chance):
    """Some lines of a text, below a key or not, with a few characters put in, left out or written again."""
    lines = text.split("\n")
    start = chance.randrange(len(lines))
    part = textwrap.dedent("\n".join(lines[start : start + chance.randrange(1, 12)]))
    for _ in range(chance.randrange(4)):
        place, other = chance.randrange(len(part) + 1), chance.randrange(len(part) + 1)
        put_in = chance.choice((chance.choice(CHANGES), "", part[other : other + 12]))
        part = part[:place] + put_in + part[place + chance.choice((0, 0, 2)) :]
    head = chance.choice(("", BEFORE, "layers:\n"))
    return head + (textwrap.indent(part, " " * chance.randrange(3)) if head == "layers:\n" else part)


def test_texts_changed_at_random_are_read_alike_or_left_to_pyyaml():
    chance = random.Random(2911)
    texts = [file.read_text(encoding="utf-8") for file in FILES]
    found = [plain(changed(chance.choice(texts), chance)) for _ in range(2_000)]
    assert 500 < sum(found) < 1_500


def test_bounds_are_those_of_any_text():
    source = Source("own.yaml", "a: [1, 2]\n")
    assert read_plainly(source, Limits(nodes=5)) is not None
    assert read_plainly(source, Limits(nodes=4)) is None
    with pytest.raises(CnncalcError, match="nodes"):
        read(source.text, "own.yaml", Limits(nodes=4))
    assert read_plainly(source, Limits(depth=1)) is None
    assert read_plainly(Source("own.yaml", "a: 10\n"), Limits(number=9)) is None


def test_a_plain_net_does_not_import_pyyaml(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text("input: 3x8x8\nlayers:\n  - conv 4 k3\n  - {relu: , name: act}\n")
    shown = (
        "import sys; from cnncalc.cli.main import main\n"
        "try: main()\nfinally: print([name for name in sys.modules if name == 'yaml'])"
    )
    done = subprocess.run([sys.executable, "-c", shown, "show", str(path)], capture_output=True, text=True, check=True)
    assert "112" in done.stdout and done.stdout.endswith("[]\n")


def test_a_bundled_file_is_read_once_and_anew_when_it_changes(tmp_path, monkeypatch):
    (tmp_path / "own.yaml").write_text("input: 3x8x8\nlayers: [conv 4 k3]\n")
    monkeypatch.setattr(library, "library_folder", lambda: tmp_path)
    reads = []
    monkeypatch.setattr(library, "read", lambda *given: reads.append(given[1]) or read(*given))
    monkeypatch.setattr(library, "_TREES", {})
    assert [len(load("own", Options()).nodes) for _ in range(3)] == [2, 2, 2]
    assert reads == ["own.yaml"]
    (tmp_path / "own.yaml").write_text("input: 3x8x8\nlayers: [conv 4 k3, relu]\n")
    assert len(load("own", Options()).nodes) == 3
    assert reads == ["own.yaml", "own.yaml"]
