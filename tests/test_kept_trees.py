"""Trees of bundled files that are kept for other processes: just what is read, and never of another text."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from failing_writes import Disk, on

from cnncalc import Options
from cnncalc.language import load
from cnncalc.language.documents import library
from cnncalc.language.yaml import kept as module
from cnncalc.language.yaml.kept import keep, kept
from cnncalc.language.yaml.reader import Mapping, Scalar, Sequence, read

FILES = sorted(library.library_folder().glob("*.yaml"))
TEXTS = {
    "aliases": "a: &x [1, {b: two}]\nc: *x\nd: [*x, *x, &y 'quoted', *y]\n",
    "texts": "a: |\n  several\n  lines\nb: \"1\\u00e9\"\nc: ~\n'': 3\n",
    "a byte order mark": "\ufeffa: 1\n",
    "one scalar": "word\n",
}


@pytest.fixture(autouse=True)
def byte_code_is_wanted(monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)


def told(node, known):
    """A tree with all places and sizes; a node that stands in two places is told once."""
    if id(node) in known:
        return known[id(node)]
    known[id(node)] = len(known)
    here = (type(node).__name__, node.line, node.column, node.size, node.source.name, node.source.text)
    if isinstance(node, Scalar):
        return (*here, node.text, node.plain)
    if isinstance(node, Sequence):
        return (*here, *(told(item, known) for item in node.items))
    assert isinstance(node, Mapping)
    return (*here, *((name, told(key, known), told(value, known)) for name, (key, value) in node.entries.items()))


def there_and_back(folder, data):
    path = folder / "net.yaml"
    path.write_bytes(data)
    root = read(data, "net.yaml")
    keep(path, data, root)
    found = kept(path, data, "net.yaml")
    assert found is not None
    assert told(found, {}) == told(root, {})
    return path


def test_bundled_files_come_back_as_they_are(tmp_path):
    assert len(FILES) > 200
    for file in FILES:
        there_and_back(tmp_path, file.read_bytes())


@pytest.mark.parametrize("name", TEXTS)
def test_what_yaml_has_comes_back(name, tmp_path):
    there_and_back(tmp_path, TEXTS[name].encode())


def test_another_text_or_reader_is_not_trusted(tmp_path, monkeypatch):
    path = there_and_back(tmp_path, b"a: 1\n")
    assert kept(path, b"a: 2\n", "net.yaml") is None
    monkeypatch.setattr(module, "READERS", ("tree.py",))
    assert kept(path, b"a: 1\n", "net.yaml") is None


@pytest.mark.parametrize("cut", [0, 1, 5, 40, -1])
def test_what_is_cut_short_or_garbled_is_read_anew(cut, tmp_path):
    path = there_and_back(tmp_path, b"a: [1, 2]\n")
    (file,) = (tmp_path / "__pycache__").iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[:cut])
    assert kept(path, b"a: [1, 2]\n", "net.yaml") is None
    file.write_bytes(b"\x00" + whole[1:])
    assert kept(path, b"a: [1, 2]\n", "net.yaml") is None


def test_nothing_is_kept_where_byte_code_is_not(tmp_path, monkeypatch):
    path = tmp_path / "net.yaml"
    path.write_bytes(b"a: 1\n")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    keep(path, b"a: 1\n", read(b"a: 1\n", "net.yaml"))
    assert [file.name for file in tmp_path.iterdir()] == ["net.yaml"]
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    (tmp_path / "__pycache__").write_text("in the way")
    keep(path, b"a: 1\n", read(b"a: 1\n", "net.yaml"))
    assert kept(path, b"a: 1\n", "net.yaml") is None


def test_a_full_disk_leaves_no_half_of_a_tree(tmp_path, monkeypatch):
    path, data = tmp_path / "net.yaml", b"a: [1, 2]\n"
    path.write_bytes(data)
    for fails in range(1, 10):
        disk = Disk(fails)
        with monkeypatch.context() as patched:
            on(patched, disk)
            keep(path, data, read(data, "net.yaml"))
        found = kept(path, data, "net.yaml")
        if not disk.failed:
            assert found is not None and fails > 1
            return
        assert found is None
        assert [*(tmp_path / "__pycache__").iterdir()] == []
    pytest.fail("it never came to an end")


def test_a_bundled_file_is_read_once_and_anew_when_it_changes(tmp_path, monkeypatch):
    (tmp_path / "own.yaml").write_text("input: 3x8x8\nlayers: [conv 4 k3]\n")
    monkeypatch.setattr(library, "library_folder", lambda: tmp_path)
    reads = []
    monkeypatch.setattr(library, "read", lambda *given: reads.append(given[1]) or read(*given))
    monkeypatch.setattr(library, "_TREES", {})
    sizes = [len(load("own", Options()).nodes) for _ in range(3)]
    library._TREES.clear()  # as in another process
    sizes.append(len(load("own", Options()).nodes))
    assert (sizes, reads) == ([2, 2, 2, 2], ["own.yaml"])
    (tmp_path / "own.yaml").write_text("input: 3x8x8\nlayers: [conv 4 k3, relu]\n")
    assert len(load("own", Options()).nodes) == 3
    assert reads == ["own.yaml", "own.yaml"]


def test_the_wheel_has_no_kept_trees():
    assert not any(part == "__pycache__" for file in FILES for part in Path(file).parts)
