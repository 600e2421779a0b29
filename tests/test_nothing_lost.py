"""A run that is interrupted, and what it goes on from: nothing is lost, and nothing done twice."""

from __future__ import annotations

import json

import pytest
from command_line import runner
from test_full_disk import counted, run

from cnncalc.cli.main import cnncalc as program
from cnncalc.running.journal import summed
from cnncalc.solve.sweep.evaluating import Evaluator

NET = "extends: parent\nvariables: {classes: 3}\n"
PARENT = "input: 3x8x8\nvariables: {classes: 1, width: 4}\nlayers: [conv $width k1, flatten, linear $classes]\n"


@pytest.fixture
def nets(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.yaml").write_text(NET)
    (tmp_path / "parent.yaml").write_text(PARENT)
    return tmp_path


def stop(monkeypatch, net, *arguments, **more):
    """A sweep that stops after two nets."""
    plain, count = Evaluator.points, []

    def stopping(self, part):
        count.append(part)
        if len(count) > 2:
            raise KeyboardInterrupt
        return plain(self, part)

    with monkeypatch.context() as patched:
        patched.setattr(Evaluator, "points", stopping)
        done = runner().invoke(program, ["sweep", net, "--set", "classes=1:5", "-o", "s.csv", *arguments], **more)
    assert done.exit_code == 130


def resumed(net, *more_arguments, **more):
    arguments = ["sweep", net, "--set", "classes=1:5", "-o", "s.csv", "--resume", *more_arguments]
    return runner().invoke(program, arguments, **more)


CHANGED = PARENT.replace("width: 4", "width: 8")


@pytest.mark.parametrize("net", ["net", "net.yaml", "./net.yaml"])
def test_a_sweep_whose_parent_changed_is_another(nets, monkeypatch, net):
    stop(monkeypatch, net)
    (nets / "parent.yaml").write_text(CHANGED)
    done = resumed(net)
    assert done.exit_code == 2
    assert "`s.csv.part` holds another sweep" in done.stderr
    (nets / "parent.yaml").write_text(PARENT)
    assert resumed(net).exit_code == 0


def test_a_sweep_of_standard_input_is_known_by_its_text(nets, monkeypatch):
    stop(monkeypatch, "-", input=PARENT)
    assert "holds another sweep" in resumed("-", input=CHANGED).stderr
    assert resumed("-", input=PARENT).exit_code == 0


@pytest.mark.parametrize(
    "option",
    [["--batch", "2"], ["--dialect", "keras"], ["--freeze", "*"], ["--train"], ["--dtype", "float16"],
     ["--set", "width=5"], ["--input", "3x4x4"], ["--optimizer", "adam"], ["--figures", "macs"],
     ["--amp", "float16"], ["--limit", "depth=63"]],
    ids=" ".join,
)  # fmt: skip
def test_other_options_make_another_sweep(nets, monkeypatch, option):
    stop(monkeypatch, "net")
    assert "holds another sweep" in resumed("net", *option).stderr
    (nets / "s.csv.part").unlink()
    stop(monkeypatch, "net", *option)
    assert "holds another sweep" in resumed("net").stderr
    assert resumed("net", *option, "--jobs", "1", "--pareto", "").exit_code == 0


def test_another_version_makes_another_sweep(nets, monkeypatch):
    stop(monkeypatch, "net")
    monkeypatch.setattr("cnncalc.cli.commands.sweep.__version__", "0.0.1")
    assert "holds another sweep" in resumed("net").stderr


def test_a_file_that_changes_while_the_sweep_runs_is_told(nets, monkeypatch):
    plain = Evaluator.points

    def changing(self, part):
        (nets / "parent.yaml").write_text(CHANGED)
        return plain(self, part)

    monkeypatch.setattr(Evaluator, "points", changing)
    done = runner().invoke(program, ["sweep", "net", "--set", "classes=1:5", "-o", "s.csv"])
    assert done.exit_code == 2
    assert "was changed while the sweep ran" in done.stderr
    assert not (nets / "s.csv").exists()
    assert not (nets / "s.csv.part").exists()


JOURNALS = {
    "empty": (b"", "is empty"),
    "cut": (b'{"net": "le', "is cut off"),
    "garbage": (b"\xff\xfe\x00\n{}\n", "is no journal"),
    "no JSON": (b"classes,params\n1,2\n", "is no journal"),
    "a list": (b"[]\n", "is no journal"),
    "a deep list": (b"[" * 100_000 + b"\n", "is no journal"),
    "a vast number": (b"9" * 5_000 + b"\n", "is no journal"),
    "another": (b"{}\n", "holds another sweep"),
    "no end": (b"\0" * 3_000_000, "is cut off"),
}


@pytest.mark.parametrize("name", JOURNALS)
def test_a_journal_that_is_none_says_so_and_how_to_begin_afresh(nets, name):
    data, told = JOURNALS[name]
    (nets / "s.csv.part").write_bytes(data)
    done = resumed("net")
    assert done.exit_code == 2
    assert told in done.stderr
    assert "delete `s.csv.part` for a fresh start" in done.stderr
    assert (nets / "s.csv.part").read_bytes() == data


LINES = [
    b"\n", b"null\n", b"{}\n", b"[1]\n", b"\xff\n",
    b'{"net": "1", "from": 0, "figures": [[1], [2]], "faults": [0], "texts": []}\n',
    b'{"net": ["9"], "from": 0, "figures": [[1], [2]], "faults": [0], "texts": []}\n',
    b'{"net": [1], "from": 0, "figures": [[1], [2]], "faults": [0], "texts": []}\n',
    b'{"net": ["1"], "from": 1, "figures": [[1], [2]], "faults": [0], "texts": []}\n',
    b'{"net": ["1"], "from": false, "figures": [[1], [2]], "faults": [0], "texts": []}\n',
    b'{"net": ["1"], "from": 0, "figures": [[1]], "faults": [0], "texts": []}\n',
    b'{"net": ["1"], "from": 0, "figures": [], "faults": [0], "texts": []}\n',
    b'{"net": ["1"], "from": 0, "figures": [["1"], [2]], "faults": [0], "texts": []}\n',
    b'{"net": ["1"], "from": 0, "figures": [[1], [2.5]], "faults": [0], "texts": []}\n',
    b'{"net": ["1"], "from": 0, "figures": [[true], [2]], "faults": [0], "texts": []}\n',
    b'{"net": ["1"], "from": 0, "figures": [[1, 1], [2, 2]], "faults": [0], "texts": []}\n',
    b'{"net": ["1"], "from": 0, "figures": [[1], [2]], "faults": [0, 0], "texts": []}\n',
    b'{"net": ["1"], "from": 0, "figures": [[1], [2]], "faults": [-1], "texts": []}\n',
    b'{"net": ["1"], "from": 0, "figures": [[1], [2]], "faults": [1], "texts": []}\n',
    b'{"net": ["1"], "from": 0, "figures": [[1], [2]], "faults": 3, "texts": []}\n',
    b'{"net": ["1"], "from": 0, "figures": [[1], [2]], "faults": [0], "texts": [3]}\n',
    b'{"net": ["1"], "from": 0}\n',
    b"[" * 100_000 + b"\n", b"7" * 5_000 + b"\n", b"x" * 5_000_000 + b"\n",
]  # fmt: skip


@pytest.mark.parametrize("line", LINES, ids=lambda line: repr(line[:50]))
def test_a_line_that_is_none_of_ours_is_passed_over(nets, monkeypatch, line):
    assert run("sweep", "net", "--set", "classes=1:5", "-o", "whole.csv").exit_code == 0
    stop(monkeypatch, "net")
    first, *rest = (nets / "s.csv.part").read_bytes().splitlines(keepends=True)
    if line.startswith(b'{"net"'):  # one that is as it was written, too
        line = summed(json.loads(line), first.decode().strip()).encode() + b"\n"
    (nets / "s.csv.part").write_bytes(first + line + b"".join(rest) + line[: len(line) // 2])
    computed = counted(monkeypatch)
    done = resumed("net")
    assert done.exit_code == 0, done.stderr
    assert computed == [("3",), ("4",), ("5",)]
    assert (nets / "s.csv").read_text() == (nets / "whole.csv").read_text()


def changed(first, rows):
    """What may befall a journal of four rows, each with the rows that are computed again then."""
    other, whole = first.replace(b"params", b"layers"), b"".join(rows)
    yield "swapped", first + b"".join(rows[::-1]), ""
    yield "twice", first + whole + whole, ""
    yield "two first lines", first + first + whole, ""
    yield "one is missing", first + rows[0] + b"".join(rows[2:]), "2"
    yield "cut at the end", first + whole[:-1], "4"
    yield "garbage behind", first + whole + b"\0\xff\nmore", ""
    yield "lines of Windows", (first + whole).replace(b"\n", b"\r\n"), ""
    yield "a mark of the order of bytes", b"\xef\xbb\xbf" + first + whole, ""
    yield "another number", first + rows[0].replace(b"[[", b"[[9") + b"".join(rows[1:]), "1"
    yield "another number behind the right one", first + whole + rows[1].replace(b"[[", b"[[9"), ""
    yield "less than nothing", first + whole.replace(b"[[", b"[[-"), "1234"
    yield "a fault", first + rows[0].replace(b"[0]", b"[1]").replace(b'[], "sum', b'["no"], "sum') + rows[3], "123"
    yield "without a sum", first + rows[0].partition(b', "sum')[0] + b"}\n" + b"".join(rows[1:]), "1"
    yield "rows of another run", first + resummed(rows[0], other) + b"".join(rows[1:]), "1"


def resummed(row, first):
    record = json.loads(row)
    del record["sum"]
    return summed(record, first.decode().strip()).encode() + b"\n"


def test_whatever_befalls_a_journal_the_answer_is_the_same(nets, monkeypatch):
    asked = ["sweep", "net", "--set", "classes=1:6", "-o"]
    assert run(*asked, "whole.csv").exit_code == 0
    plain, count = Evaluator.points, []
    with monkeypatch.context() as patched:
        patched.setattr(Evaluator, "points", lambda self, part: plain(self, part) if count.append(1) or len(count) < 5
                        else (_ for _ in ()).throw(KeyboardInterrupt))  # fmt: skip
        assert run(*asked, "s.csv").exit_code == 130
    first, *rows = (nets / "s.csv.part").read_bytes().splitlines(keepends=True)
    assert len(rows) == 4
    computed = counted(monkeypatch)
    for name, data, again in changed(first, rows):
        (nets / "s.csv.part").write_bytes(data)
        computed.clear()
        done = run(*asked, "s.csv", "--resume")
        assert done.exit_code == 0, (name, done.stderr)
        assert [choice for (choice,) in computed] == [*again, "5", "6"], name
        assert (nets / "s.csv").read_text() == (nets / "whole.csv").read_text(), name


def test_a_journal_is_one_line_a_net(nets, monkeypatch):
    stop(monkeypatch, "net")
    first, *lines = (nets / "s.csv.part").read_text().splitlines()
    assert json.loads(first)["figures"] == ["params", "macs"]
    assert [json.loads(line)["net"] for line in lines] == [["1"], ["2"]]


PARTS = {
    "layer": "input: 3x8x8\nvariables: {classes: 1}\nlayers: [{net: ./parent}, conv $classes k1]\n",
    "inner": "input: 3x8x8\nvariables: {classes: 1}\nlayers: [{net: ./between}, conv $classes k1]\n",
    "block": "input: 3x8x8\nvariables: {classes: 1}\nblocks: {b: [{repeat: 2, layers: [{net: ./parent}]}]}\n"
    "layers: [b, conv $classes k1]\n",
    "replaced": "extends: other\nreplace: {conv1: {net: ./parent}}\n",
    "alias": "note: &key net\ninput: 3x8x8\nvariables: {classes: 1}\nlayers: [{*key : ./parent}, conv $classes k1]\n",
}  # fmt: skip


@pytest.fixture
def parts(nets):
    part = "input: 3x8x8\nlayers: [conv 3 k3 p1, relu]\n"
    (nets / "parent.yaml").write_text(part)
    (nets / "between.yaml").write_text("input: 3x8x8\nlayers: [{net: ./parent}]\n")
    (nets / "other.yaml").write_text("input: 3x8x8\nvariables: {classes: 1}\nlayers: [conv 3 k1, conv $classes k1]\n")
    for name, text in PARTS.items():
        (nets / f"{name}.yaml").write_text(text)
    return part


@pytest.mark.parametrize("net", PARTS)
def test_a_sweep_of_a_net_whose_part_changed_is_another(nets, parts, monkeypatch, net):
    stop(monkeypatch, net)
    (nets / "parent.yaml").write_text(parts.replace("k3 p1", "k1"))
    assert "holds another sweep" in resumed(net).stderr
    (nets / "parent.yaml").write_text(parts)
    assert resumed(net).exit_code == 0


def test_a_part_that_is_itself_or_missing_is_told_and_no_hang(nets):
    for name, part in (("itself", "itself"), ("missing", "nowhere")):
        (nets / f"{name}.yaml").write_text(f"input: 3x8x8\nvariables: {{classes: 1}}\nlayers: [{{net: ./{part}}}]\n")
        done = resumed(name)
        assert done.exit_code in (1, 2)
        assert "= help:" in done.stderr


def test_a_file_that_changes_while_a_search_runs_is_told(nets, monkeypatch):
    plain = Evaluator.points

    def changing(self, part):
        (nets / "parent.yaml").write_text(CHANGED)
        return plain(self, part)

    monkeypatch.setattr(Evaluator, "points", changing)
    asked = ["search", "net", "--over", "classes=1:5", "--minimize", "peak_bytes", "-o", "s.csv"]
    done = runner().invoke(program, asked)
    assert done.exit_code == 2
    assert "was changed while the search ran" in done.stderr
    assert not (nets / "s.csv").exists()
    assert not (nets / "s.csv.part").exists()
