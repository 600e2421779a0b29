"""`search`: the front of a space is what building every net of it says, whichever way it is found."""

from __future__ import annotations

import csv
import io
import json
import time
from itertools import product

import pytest
from command_line import runner
from hypothesis import given, settings
from hypothesis import strategies as st

import cnncalc
from cnncalc.analysis.costs import report
from cnncalc.cli.main import cnncalc as program
from cnncalc.errors import CnncalcError
from cnncalc.language import load
from cnncalc.language.options import Options
from cnncalc.solve.search.answer import search
from cnncalc.solve.search.question import Objective, Question
from cnncalc.solve.search.sample import rounds
from cnncalc.solve.sweep.evaluating import Evaluator
from cnncalc.solve.sweep.grid import Grid

CHAIN = """\
input: 3x16x16
variables: {a: 4, b: 4, k: 3, n: 1, last: 5}
layers:
  - conv $a k$k same
  - relu
  - {repeat: $n, layers: [conv $b k3 p1]}
  - maxpool 2
  - conv $last k1
"""
BLOCKS = """\
input: 3x16x16
variables: {a: 4, b: 4, wide: false, t: 2}
blocks:
  unit: {with: {c: required}, layers: [conv $c k1, relu, conv $c k3 p1]}
  other: [conv $b k1]
layers:
  - unit $a
  - {add: [[unit 4], [conv 4 k1]]}
  - {when: wide, layers: [conv 16 k5 p2]}
  - other
  - {for: {a: [2, 3]}, layers: [conv $a k1]}
  - conv $(a * t) k1
"""
DERIVED = """\
input: 3x16x16
variables: {a: 4, double: $(2 * a), b: 2, k: 1}
defaults: {conv: {bias: $(b > 2)}}
layers: [conv $double k1, conv $b k$k same, conv $(a + b) k1]
"""
LENGTHS = """\
input: 3x16x8
variables: {width: 4, height: 2, b: 3}
layers: [conv $width k1, conv $height k3 p1, maxpool 2, conv $b k1, conv $(width * 2) k1]
"""
THROUGH_THE_LIBRARY = """\
input: 16x16x16
variables: {width: 1}
blocks: {conv_bn_relu6: {with: {out: 1, kernel: 3, stride: 1, groups: 1}, layers: [conv $(width * 8) k1, conv $out k1]}}
layers: ["conv 16 k3 p$width d$width", inverted_residual 16]
"""
TEXTS = {
    "chain": (CHAIN, {"a": "248", "b": "135", "k": "135", "n": "012", "last": "19"}),
    "blocks": (BLOCKS, {"a": "234", "b": "16", "wide": ("true", "false"), "t": "13"}),
    "derived": (DERIVED, {"a": "123", "b": "234", "k": "13"}),
    "lengths": (LENGTHS, {"width": "248", "height": "135", "b": "129"}),
    "a block of the library that uses an own one": (THROUGH_THE_LIBRARY, {"width": [str(n) for n in range(1, 15)]}),
}
FIGURES = ("macs", "params", "activation_bytes", "flops", "layers")


def grid_of(over, shape="", lengths=None):
    return Grid({name: tuple(values) for name, values in over.items()}, shape, lengths or {})


def every_net(path, grid):
    """The totals of every net of a space that is one, each built by itself."""
    for choice in grid.choices():
        for lengths in product(*grid.lengths.values()):
            shape = grid.size(lengths) if grid.input else None
            try:
                net = load(str(path), Options(variables=dict(zip(grid.variables, choice)), input=shape))
            except CnncalcError:
                continue
            yield (choice, lengths), net


def unbeaten(numbers):
    return {
        one for one in numbers
        if not any(other != one and all(x <= y for x, y in zip(other, one)) for other in numbers)
    }  # fmt: skip


def agrees(path, grid, objectives, wants=(), holds=lambda totals: True, way="sums", **more):
    """Hold the answer against all nets: the same front, each point with the figures of its own net."""
    objectives = tuple(Objective(*one) for one in objectives)
    answer = search(Question(str(path), Options(), "float32", grid, tuple(wants), objectives), **more)
    assert answer.way == way, answer.reason
    known = {place: report(net).totals for place, net in every_net(path, grid)}
    signs = [(one.figure, one.sign) for one in objectives]
    numbers = {
        place: tuple(sign * getattr(totals, name) for name, sign in signs)
        for place, totals in known.items() if holds(totals)
    }  # fmt: skip
    found = [numbers[one.variables, one.lengths] for one in answer.found]
    assert set(found) == unbeaten(set(numbers.values()))
    assert len(found) == len(set(found))
    for one in answer.found:
        totals = known[one.variables, one.lengths]
        assert one.figures == tuple(getattr(totals, name) for name in answer.question.figures)
    return answer


@pytest.fixture(params=TEXTS)
def space(request, tmp_path):
    text, over = TEXTS[request.param]
    (tmp_path / "net.yaml").write_text(text)
    return tmp_path / "net.yaml", grid_of(over)


@pytest.mark.parametrize(
    "objectives",
    [[("macs",), ("params", True)], [("params",), ("activation_bytes",)], [("flops", True), ("params",), ("layers",)],
     [("macs",)], [("macs", True), ("layers", True), ("params",), ("activation_bytes",)]],
    ids=str,
)  # fmt: skip
def test_the_front_by_sums_is_that_of_all_nets(space, objectives):
    agrees(space[0], space[1], objectives)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(TEXTS)), st.lists(st.sampled_from(FIGURES), min_size=1, max_size=3, unique=True),
    st.lists(st.booleans(), min_size=3, max_size=3), st.sampled_from(FIGURES),
    st.sampled_from(["<=", ">=", "==", "!=", "<", ">"]), st.integers(0, 10),
)  # fmt: skip
def test_wants_of_sums_are_kept_to(tmp_path_factory, name, figures, largest, wanted, operator, nth):
    from cnncalc.solve.figures import Want, meets

    path = tmp_path_factory.mktemp("net") / "net.yaml"
    text, over = TEXTS[name]
    path.write_text(text)
    grid = grid_of(over)
    values = sorted({getattr(report(net).totals, wanted) for _, net in every_net(path, grid)})
    want = Want(wanted, operator, values[nth * (len(values) - 1) // 10])
    agrees(path, grid, list(zip(figures, largest)), [want], lambda totals: meets(getattr(totals, wanted), want))


def test_a_space_of_sizes(space):
    path, grid = space
    sized = grid._replace(input="3xHxH", lengths={"H": (7, 8, 16)})
    agrees(path, sized, [("macs",), ("params", True), ("activation_bytes", True)])


def test_points_that_are_equally_good_are_counted(tmp_path, monkeypatch):
    """Parameters depend on no size: of each width there are as many points as sizes, at 20,000 at a time or three."""
    (tmp_path / "net.yaml").write_text("input: 3x8x8\nvariables: {w: 4}\nlayers: [conv $w k1, global_avgpool]\n")
    monkeypatch.chdir(tmp_path)
    arguments = ("net.yaml", "--over", "w=1:4", "--input", "3x{8:12}", "--maximize", "params")
    for most in (20_000, 3):
        monkeypatch.setattr("cnncalc.solve.search.answer.AT_A_TIME", most)
        done = run(*arguments, "--want", "peak_bytes >= 1", "--format", "json")
        found = json.loads(done.stdout)
        assert (found["equal"], len(found["front"]), found["looked"]) == (4, 1, 20)
        assert (
            "1 point that no other beats, and 4 more that equal one of them"
            in run(*arguments, "--want", "peak_bytes >= 1").stdout
        )
    assert json.loads(run(*arguments, "--format", "json").stdout)["equal"] is None


def test_memory_is_told_by_every_net(space):
    answer = agrees(space[0], space[1], [("peak_bytes",), ("params", True)], way="points")
    assert "`peak_bytes` is told of a whole net" in answer.reason and answer.exact


def test_shapes_are_wanted(tmp_path):
    from cnncalc.solve.asking import parse_wants

    path = tmp_path / "net.yaml"
    path.write_text(CHAIN.replace("maxpool 2", "maxpool k$k s2"))
    grid = grid_of({"k": "123", "a": "123", "last": "12"})
    for least, way in (("macs", "sums"), ("peak_bytes", "points")):
        question = Question(
            str(path),
            Options(),
            "float32",
            grid,
            tuple(parse_wants(["output == 2x7x7"])),
            (Objective(least), Objective("params", True)),
        )
        answer = search(question)
        assert answer.way == way
        assert {one.variables[0] for one in answer.found} == {"3"}
        assert {one.variables[2] for one in answer.found} == {"2"}
        with pytest.raises(CnncalcError, match="no figure or layer `nope`"):
            search(question._replace(wants=tuple(parse_wants(["nope == 3x3x3"])), objectives=(Objective("macs"),)))


def test_a_bundled_net():
    grid = grid_of({"width": ("0.5", "0.75", "1")}, "3xHxH", {"H": (96, 128)})
    agrees("mobilenet_v2", grid, [("macs",), ("params", True)])


# -- samples --


def test_a_sample_goes_on_from_the_best_and_stays_within_its_count(space):
    path, grid = space
    question = Question(str(path), Options(), "float32", grid, (), (Objective("peak_bytes"), Objective("params", True)))
    whole = search(question)
    answer = search(question, samples=12, seed=3)
    assert (answer.way, answer.exact, answer.looked) == ("sample", False, 12)
    assert answer == search(question, samples=12, seed=3)
    known = {(choice, lengths): report(net).totals for (choice, lengths), net in every_net(path, grid)}
    for one in answer.found:
        assert one.figures == (known[one.variables, ()].peak_bytes, known[one.variables, ()].params)
    assert not [one for one in answer.found for other in whole.found
                if one.figures[0] < other.figures[0] and one.figures[1] > other.figures[1]]  # fmt: skip


@given(st.integers(1, 40), st.integers(0, 5))
def test_choices_come_once_and_all_of_them_at_last(samples, seed):
    grid = grid_of({"a": "123", "b": "1234", "c": "12"})
    seen = [choice for some in rounds(grid, samples, seed, list) for choice in some]
    assert len(seen) == len(set(seen)) == min(samples, 24)
    assert set(seen) <= set(grid.choices())


def test_another_seed_draws_others():
    grid = grid_of({"a": "123456789", "b": "123456789"})
    assert [*rounds(grid, 20, 1, list)] == [*rounds(grid, 20, 1, list)] != [*rounds(grid, 20, 2, list)]


def run(*arguments, **more):
    return runner().invoke(program, ["search", *map(str, arguments)], **more)


SAMPLED = ("--over", "a=2,4,8,b=1,3,5,k=1,3,5", "--minimize", "peak_bytes", "--maximize", "params", "--samples", "15")


@pytest.mark.parametrize("after", [1, 5, 9, 14])
def test_an_interrupted_search_goes_on(tmp_path, monkeypatch, after):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.yaml").write_text(CHAIN)
    whole = run("net.yaml", *SAMPLED, "--format", "csv").stdout
    computed, plain = [], Evaluator.points

    def stopping(self, part):
        if len(computed) == after:
            raise KeyboardInterrupt
        computed.append(part)
        return plain(self, part)

    with monkeypatch.context() as patched:
        patched.setattr(Evaluator, "points", stopping)
        stopped = run("net.yaml", *SAMPLED, "-o", "front.csv")
    assert stopped.exit_code == 130
    assert "--resume goes on from there" in stopped.stderr
    assert "holds an unfinished" in run("net.yaml", *SAMPLED, "-o", "front.csv").stderr
    with monkeypatch.context() as patched:
        patched.setattr(Evaluator, "points", lambda self, part: computed.append(part) or plain(self, part))
        done = run("net.yaml", *SAMPLED, "-o", "front.csv", "--resume")
    assert (done.exit_code, done.stderr) == (0, f"{after} points kept\n")
    assert len(computed) == len(set(computed)) == 15
    assert (tmp_path / "front.csv").read_text() == whole
    assert not (tmp_path / "front.csv.part").exists()


# -- the command --


def test_a_space_of_ten_million_is_told_at_once(tmp_path):
    names = [f"{letter}{number}" for number in range(5) for letter in "wk"]
    layers = [f"conv $w{number} k$k{number} same" for number in range(5)]
    (tmp_path / "net.yaml").write_text(
        f"input: 3x32x32\nvariables: {{{', '.join(f'{name}: 3' for name in names)}}}\n"
        f"layers: [{', relu, '.join(layers)}, global_avgpool flat, linear 10]\n"
    )
    over = [f"--over={name}={'8:72:8' if name[0] == 'w' else '1,3,5'}" for name in names]
    start = time.process_time()
    done = run(tmp_path / "net.yaml", *over, "--minimize", "macs", "--maximize", "params", "--format", "json")
    assert time.process_time() - start < 20
    answer = json.loads(done.stdout)
    assert (answer["points"], answer["looked"], answer["exact"], answer["way"]) == (27**5, 27**5, True, "sums")
    assert len(answer["front"]) > 500
    for one in answer["front"][:: len(answer["front"]) // 7]:
        options = Options(variables={name: str(one[name]) for name in names})
        totals = report(load(str(tmp_path / "net.yaml"), options)).totals
        assert (totals.macs, totals.params) == (one["macs"], one["params"])


def test_latency_on_a_device(tmp_path):
    from cnncalc.tools.devices import device_named, on_device

    (tmp_path / "net.yaml").write_text(CHAIN)
    arguments = ("--over", "a=2,4,8", "--over", "k=1,3,5", "--minimize", "latency", "--maximize", "params")
    done = run(tmp_path / "net.yaml", *arguments, "--device", "a100", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert rows
    for row in rows:
        net = load(str(tmp_path / "net.yaml"), Options(variables={"a": row["a"], "k": row["k"]}))
        bound = on_device(report(net), "a100", "float32").roofline.total
        assert int(bound.seconds * 10**12) == int(row["least_picoseconds"])
    assert device_named("a100").title
    times = sorted(int(row["least_picoseconds"]) for row in rows)
    most = times[len(times) // 2]
    wanted = ("--minimize", "macs", "--maximize", "params", "--want", f"latency <= {most / 1000}ns")
    kept = run(tmp_path / "net.yaml", *arguments[:4], *wanted, "--device", "a100", "--format", "csv")
    found = [int(row["least_picoseconds"]) for row in csv.DictReader(io.StringIO(kept.stdout))]
    assert found and max(found) <= most < times[-1]
    text = run(tmp_path / "net.yaml", *arguments[:4], "--minimize", "macs", *wanted[4:], "--device", "a100").stdout
    assert "latency <= " in text and "ns" in text


def test_unknowns_of_the_file_are_a_part_of_the_space(tmp_path):
    (tmp_path / "net.yaml").write_text("input: 3x8x8\nvariables: {a: 4}\nlayers: [conv ?2|3|4 k1, conv $a k1]\n")
    done = run(
        tmp_path / "net.yaml", "--over", "a=1,2", "--minimize", "macs", "--maximize", "params", "--format", "csv"
    )
    first, *rows = done.stdout.splitlines()
    assert first == "3:conv,a,macs,params"
    expected = {(64 * 3 * one + 64 * one * a, 4 * one + a * (one + 1)) for one in (2, 3, 4) for a in (1, 2)}
    assert {tuple(map(int, row.split(",")[2:])) for row in rows} <= expected
    refused = run(tmp_path / "net.yaml", "--over", "a=1,2", "--minimize", "peak_bytes")
    assert refused.exit_code == 2 and "put variables in place of `?`" in refused.stderr


def test_forms(tmp_path):
    (tmp_path / "net.yaml").write_text(CHAIN)
    asked = (tmp_path / "net.yaml", "--over", "a=2,4,8", "--minimize", "macs", "--maximize", "params")
    assert "Exact: all that is asked for adds up layer by layer, and all 3 points" in run(*asked).stdout
    assert run(*asked, "--format", "svg").stdout.startswith("<svg")
    assert run(*asked, "--format", "jsonl").stdout.splitlines()[0].startswith('{"a": 2, "macs": ')
    none = run(*asked, "--want", "params <= 3")
    assert none.exit_code == 1 and "No net of the space is as wanted" in none.stdout


def test_from_python(tmp_path):
    (tmp_path / "net.yaml").write_text(CHAIN)
    net = cnncalc.load(tmp_path / "net.yaml")
    found = cnncalc.search(net, over={"a": [2, 4, 8], "k": "1,3"}, minimize="macs", maximize=["params"])
    assert (found.exact, found.way, found.points) == (True, "sums", 6)
    known = {(row["macs"], row["params"]) for row in cnncalc.sweep(net, set={"a": [2, 4, 8], "k": "1,3"}).rows}
    assert {(row["macs"], row["params"]) for row in found.rows} <= known
    assert found.to_dict()["front"][0]["a"] == 2
    with pytest.raises(CnncalcError, match="`over` has no value for `a`"):
        cnncalc.search(net, over={"a": []}, minimize="macs")
    with pytest.raises(CnncalcError, match="there is no variable `z` to go over"):
        cnncalc.search(net, over={"z": [1, 2]}, minimize="macs")


WRONG = [
    (["--over", "a=1,2"], "nothing is to be minimized or maximized"),
    (["--minimize", "macs"], "nothing to choose from"),
    (["--over", "a=3", "--minimize", "macs"], "nothing to choose from"),
    (["--over", "a=1,2", "--minimize", "mac"], "did you mean `macs`?"),
    (["--over", "a=1,2", "--minimize", "macs,macs"], "`macs` is given twice"),
    (["--over", "a=1,2", "--minimize", "macs", "--maximize", "macs"], "`macs` is given twice"),
    (["--over", "z=1,2", "--minimize", "macs"], "there is no variable `z` to go over"),
    (["--over", "a", "--minimize", "macs"], "write `--over NAME=VALUE`"),
    (["--over", "a=", "--minimize", "macs"], "it has no value"),
    (["--over", "a=1,2", "--over", "a=3", "--minimize", "macs"], "--over a is given twice"),
    (["--over", "a=1,2", "--set", "a=3", "--minimize", "macs"], "given by --set and by --over"),
    (["--over", "a=1,2", "--minimize", "latency"], "add `--device a100`"),
    (["--over", "a=1,2", "--minimize", "macs", "--want", "latency<=1ms"], "add `--device a100`"),
    (["--over", "a=1,2", "--minimize", "macs", "--want", "latency<=1", "--device", "t4"], "`1` is no time"),
    (["--over", "a=1,2", "--minimize", "macs", "--device", "a100"], "add `--minimize latency`"),
    (["--over", "a=1,2", "--minimize", "macs", "--want", "params"], "a figure, a comparison and a value"),
    (["--over", "a=1,2", "--minimize", "macs", "--want", "params<=1", "--want", "params>=2"], "contradict each other"),
    (["--over", "a=1,2", "--minimize", "macs", "--resume"], "--resume goes with a file"),
    (["--over", "a=1,2", "--minimize", "macs", "--jobs", "2", "--workers", "2"], "are two ways"),
    (["--over", "a=1:100000", "--input", "3x{1:20000}", "--minimize", "peak_bytes"], "the bound `points`"),
    (["--over", "a=0,-1", "--minimize", "macs"], "No net works"),
]


@pytest.mark.parametrize(
    ("arguments", "message"), WRONG, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_wrong_usage_is_told(tmp_path, arguments, message):
    (tmp_path / "net.yaml").write_text(CHAIN)
    done = run(tmp_path / "net.yaml", *arguments)
    assert done.exit_code == (1 if message.startswith("No") else 2), done.output
    assert message in done.output


def test_the_bound_search_holds_for_all_sizes_together(tmp_path):
    """Each size alone keeps within it, all of them do not."""
    net = tmp_path / "net.yaml"
    net.write_text(
        "input: 3x9x9\nvariables: {a: 4, b: 2}\nlayers: [{add: [[conv $a k1], [conv $b k1]]}, conv ?1..9 k3]\n"
    )
    command = ["search", str(net), "--over", "a=1:12,b=1:12", "--maximize", "params", "--limit", "search=20000"]
    one = runner().invoke(program, [*command, "--input", "3x224x224"])
    assert (one.exit_code, one.stderr) == (0, "")
    many = runner().invoke(program, [*command, "--input", "3x224x{214:224}"])
    assert many.exit_code == 2
    assert "the bound `search`, 20,000, was reached" in many.stderr


def test_no_larger_input_is_looked_for_where_one_of_many_candidates_does_not_fit(tmp_path, monkeypatch):
    """It took nine tenths of a search in which most kernels are too large."""
    tried = []
    monkeypatch.setattr("cnncalc.graph.way_out._works", lambda *_: tried.append(1) or True)
    net = tmp_path / "net.yaml"
    net.write_text("input: 3x9x5\nvariables: {a: 4}\nlayers: [conv $a k1, conv ?1..9 k?1..9]\n")
    found = runner().invoke(program, ["search", str(net), "--over", "a=1:4", "--maximize", "params"])
    assert (found.exit_code, found.stderr, tried) == (0, "", [])
    assert "5" in found.stdout.splitlines()[3]  # the largest kernel that fits
    runner().invoke(program, ["chain", "3x9x5", "conv 2 k7"])
    assert tried
