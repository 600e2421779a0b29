"""Mutated, broken and hostile files: a clear error with a place, or a net; soon, in little memory, and nothing else."""

from __future__ import annotations

import io
import json
import random
import subprocess
import sys
import textwrap
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutations import MUTATIONS, TEXTS, WORDS

from cnncalc import report
from cnncalc.errors import CnncalcError
from cnncalc.language import load
from cnncalc.language.documents.document import Document
from cnncalc.language.faults import Faults
from cnncalc.language.options import Options
from cnncalc.layers import KINDS
from cnncalc.limits import Limits

SECONDS = 10
"""Of computing: several times what the slowest takes. It tells a hang; the benchmarks hold the speed."""
MEGABYTES = 500


NETS = ["lenet5", "alexnet", "resnet18", "mobilenet_v2", "googlenet", "unet", "densenet121", "squeezenet1_0"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with copies of the families, so that what extends them is found."""
    place = tmp_path_factory.mktemp("hostile")
    for name, text in TEXTS.items():
        (place / f"{name}.yaml").write_text(text, encoding="utf-8")
    return place


def outcome(folder, text, **options):
    """What comes of a text: a report, or its faults, each with a place; in time."""
    net = folder / "mutated.yaml"
    net.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    start = time.process_time()
    try:
        told: tuple[Any, ...] = ()
        made = report(load(str(net), Options(**options)))
    except CnncalcError as error:
        told, made = error.faults, None
    assert time.process_time() - start < SECONDS
    assert made is not None or told
    for fault in told:
        assert fault.message
        assert fault.place is not None, fault
        assert fault.place.line >= 1 <= fault.place.column
        assert str(fault)
        assert json.dumps(fault.as_dict())
    return made


# -- mutations of valid files --

SETTINGS = {
    "resnet": {"block": "basic", "depths": "[1, 1, 1, 1]"},
    "densenet": {"depths": "[2, 2]"},
    "vgg": {"depths": "[1, 1]"},
}


@pytest.mark.parametrize("mutate", MUTATIONS, ids=lambda mutate: mutate.__name__)
@pytest.mark.parametrize("name", TEXTS)
def test_mutated_files(name, mutate, folder):
    rng = random.Random(f"{name} {mutate.__name__}")
    for _ in range(8):
        text = mutate(rng, TEXTS[name])
        if rng.random() < 0.3:
            text = mutate(rng, text) if isinstance(text, str) and text else text
        if "input" not in str(text) or isinstance(text, bytes) or len(text) < 10:
            outcome_of_any(folder, text)
        else:
            outcome_of_any(folder, text, input="3x64x64")


def outcome_of_any(folder, text, **options):
    """As `outcome`; a fault of the command line, such as an input that the net has not, has no place in the file."""
    try:
        return outcome(folder, text, **options)
    except AssertionError as error:
        if "--input" in str(error):
            return outcome(folder, text)
        raise


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize(
    "template",
    [
        "input: @\nlayers: [relu]",
        "input: 3x8x8\nlayers: @",
        "input: 3x8x8\nlayers: [@]",
        "input: 3x8x8\nlayers: [conv @ k3]",
        "input: 3x8x8\nlayers: [{conv: @}]",
        "input: 3x8x8\nlayers: [{conv: {out: 3, kernel: @}}]",
        "input: 3x8x8\nlayers: [{relu: , name: @}]",
        "input: 3x8x8\nlayers: [{relu: , from: @}]",
        "input: 3x8x8\nlayers: [{repeat: @, layers: [relu]}]",
        "input: 3x8x8\nlayers: [{for: @, layers: [relu]}]",
        "input: 3x8x8\nlayers: [{for: {c: @}, layers: [relu]}]",
        "input: 3x8x8\nlayers: [{relu: , when: @}]",
        "input: 3x8x8\nlayers: [{relu: , trainable: @}]",
        "input: 3x8x8\nlayers: [relu, {relu: , share: @}]",
        "input: 3x8x8\nlayers: [{share: @}]",
        "input: 3x8x8\nlayers: [{add: @}]",
        "input: 3x8x8\nlayers: [{add: [[relu], @]}]",
        "input: 3x8x8\nlayers: [{aux: @}, relu]",
        "input: 3x8x8\nlayers: [{aux: [relu], train_only: @}, relu]",
        "input: 3x8x8\nlayers: [{layers: [relu], naming: @}]",
        "input: 3x8x8\nlayers: [{@: 3}]",
        "input: 3x8x8\n@: 3\nlayers: [relu]",
        "input: 3x8x8\nvariables: @\nlayers: [relu]",
        "input: 3x8x8\nvariables: {x: @}\nlayers: [conv $x k3, $x]",
        "input: 3x8x8\nblocks: @\nlayers: [relu]",
        "input: 3x8x8\nblocks: {b: @}\nlayers: [b]",
        "input: 3x8x8\nblocks: {b: {with: @, layers: [relu]}}\nlayers: [b 3]",
        "input: 3x8x8\nblocks: {b: {with: {n: @}, layers: [conv $n k1]}}\nlayers: [b]",
        "input: 3x8x8\nblocks: {b: {with: {n: 3}, layers: @}}\nlayers: [b]",
        "input: 3x8x8\nblocks: {b: {with: {n: 3}, layers: [conv $n k1]}}\nlayers: [b @, {b: @}, {b: {n: @}}]",
        "extends: @\nlayers: [relu]",
        "input: 3x8x8\ndialect: @\nlayers: [relu]",
        "input: 3x8x8\ndefaults: @\nlayers: [relu]",
        "input: 3x8x8\ndefaults: {conv: @}\nlayers: [conv 3 k3]",
        "input: 3x8x8\ndefaults: {conv: {bias: @}}\nlayers: [conv 3 k3]",
        "input: 3x8x8\noutputs: @\nlayers: [relu]",
        "input: 3x8x8\nname: @\nsource: @\nnaming: @\nlayers: [relu]",
        "inputs: @\nlayers: [relu]",
        "inputs: {a: @, b: 3x8x8}\nlayers: [{add: , from: [a, b]}]",
    ],
)
def test_a_wrong_value_in_every_place(template, word, folder):
    outcome(folder, template.replace("@", word))


# -- bombs --

BOMBS: dict[str, Any] = {
    "aliases": "input: 3x8x8\nlayers: [relu]\nvariables:\n  a0: &a0 [x, x]\n"
    + "".join(f"  a{i + 1}: &a{i + 1} [{', '.join([f'*a{i}'] * 9)}]\n" for i in range(30)),
    "deep lists": "input: 3x8x8\nlayers: " + "[" * 10_000 + "relu" + "]" * 10_000,
    "deep mappings": "input: 3x8x8\nlayers: " + "{layers: " * 10_000,
    "deep blocks": "input: 3x8x8\nlayers:\n" + "\n".join(" " * (2 * i) + "- - -" for i in range(3_000)),
    "deep branches": "input: 3x8x8\nlayers: [" + "{add: [[" * 5_000,
    "loops in loops": "input: 3x8x8\nlayers: [" + "{repeat: 1000, layers: [" * 10 + "relu" + "]}" * 10 + "]",
    "loops of nothing": "input: 3x8x8\nlayers: [" + "{repeat: 1000, layers: [" * 10 + "]}" * 10 + ", relu]",
    "blocks in blocks": "input: 3x8x8\nblocks: {b0: [relu, relu], "
    + ", ".join(f"b{i}: [{', '.join([f'b{i - 1}'] * 8)}]" for i in range(1, 30))
    + "}\nlayers: [b29]",
    "a block in itself": "input: 3x8x8\nblocks: {b: [relu, b, b]}\nlayers: [b]",
    "a growing block": "input: 3x8x8\nblocks: {b: {with: {n: 1}, layers: [b $(n * 10)]}}\nlayers: [b]",
    "branches": "input: 3x8x8\nblocks: {b: {with: {n: 20}, layers: [{add: ["
    + ", ".join(["[{b: $(n - 1), when: n > 0}]"] * 2)
    + "]}]}}\nlayers: [b]",
    "doubling lists": "input: 3x8x8\nvariables: {x0: [1, 1], "
    + ", ".join(f'x{i}: "$(x{i - 1} + x{i - 1})"' for i in range(1, 60))
    + "}\nlayers: [relu]",
    "doubling texts": "input: 3x8x8\nvariables: {x0: ab, "
    + ", ".join(f"x{i}: $x{i - 1}$x{i - 1}" for i in range(1, 60))
    + "}\nlayers: [relu]",
    "a power": "input: 3x8x8\nlayers: [conv $(9**9**9**9) k3]",
    "a long expression": "input: 3x8x8\nlayers: [conv $(" + "1+" * 100_000 + "1) k3]",
    "a long line": "input: 3x8x8\nlayers: [conv " + "8" * 1_000_000 + " k3]",
    "a long word": "input: 3x8x8\nlayers: [" + "a" * 1_000_000 + "]",
    "a long name": "input: 3x8x8\nlayers: [{relu: , name: " + "a" * 1_000_000 + "}]",
    "many unknown kinds": "input: 3x8x8\nlayers: [" + ", ".join(f"cnov{i} 8" for i in range(20_000)) + "]",
    "one unknown kind often": "input: 3x8x8\nlayers: [" + "cnov 8, " * 20_000 + "]",
    "a faulty block often": "input: 3x8x8\nblocks: {b: [cnov 8, conv 8 k99, conv x, $y]}\nlayers: ["
    + "b, " * 5_000
    + "]",
    "a faulty loop": "input: 3x8x8\nlayers: [{repeat: 200000, layers: [cnov 8, conv 8 k99, {conv: {out: x}}]}]",
    "a faulty loop in a loop": "input: 3x8x8\nlayers: [{repeat: 2000, layers: [{repeat: 200, layers: [conv 8 k99]}]}]",
    "shrinking": "input: 3x8x8\nlayers: [{repeat: 200000, layers: [conv 8 k3]}]",
    "huge layers": "input: 3x999999999999x999999999999\nlayers: ["
    + "conv 999999999999 k999999999999x1, " * 50
    + "relu]",
    "a huge pool": "input: 3x99999x99999\nlayers: [spp 1x99999, linear 9]",
    "huge factors": "input: 3x8x8\nlayers: [" + "upsample 999999999999, " * 500 + "]",
    "many fields": "input: 3x8x8\nlayers: [conv " + "k3 " * 50_000 + "]",
    "many variables": "input: 3x8x8\nvariables: {"
    + ", ".join(f"v{i}: $v{i + 1}" for i in range(999))
    + ", v999: 3}\nlayers: [conv $v0 k1]",
    "many names": "input: 3x8x8\nlayers: ["
    + ", ".join(f"{{relu: , name: a{i}, from: b{i}}}" for i in range(5_000))
    + "]",
    "anchors": "input: 3x8x8\nlayers: [&a relu, " + "*a, " * 20_000 + "]",
    "binary": bytes(range(256)) * 4_000,
    "nothing": b"\0" * 1_000_000,
    "not utf-8": "input: 3x8x8\nname: é\nlayers: [relu]".encode("latin-1"),
    "line ends": "\r".join(["input: 3x8x8", "layers: [relu]"] * 10_000),
    "a tab": "input: 3x8x8\nlayers:\n\t- relu",
}


@pytest.fixture(scope="module")
def bombed(tmp_path_factory):
    """What came of all bombs, one after another in one process: seconds, most bytes so far, lines of faults."""
    place = tmp_path_factory.mktemp("bombs")
    for number, text in enumerate(BOMBS.values()):
        (place / f"{number}.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    script = """
        import json, resource, sys, time
        from pathlib import Path
        from cnncalc import CnncalcError, Options, load, report
        def memory():  # ru_maxrss starts with what the process that started this one had
            status = Path("/proc/self/status")
            lines = status.read_text().splitlines() if status.exists() else []
            most = [int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")]
            if most:
                return most[0]
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        for number in range(int(sys.argv[1])):
            start, lines, told = time.process_time(), [], ""
            try:
                report(load(f"{number}.yaml", Options()))
            except CnncalcError as error:
                told = str(error)
                lines = [fault.place.line if fault.place else 0 for fault in error.faults]
            print(json.dumps([time.process_time() - start, memory(), lines, len(told)]))
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(len(BOMBS))]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(zip(BOMBS, map(json.loads, done.stdout.splitlines()), strict=True))


@pytest.mark.parametrize("name", BOMBS)
def test_bombs(name, bombed):
    seconds, memory, lines, length = bombed[name]
    assert seconds < SECONDS
    assert memory < MEGABYTES * 1_000_000
    assert all(lines)
    assert (length > 0) == (name not in {"anchors", "many variables", "a huge pool"})
    assert length < 100_000


def test_extends_in_a_circle_and_in_a_long_chain(folder):
    for number in range(100):
        (folder / f"chain{number}.yaml").write_text(f"extends: chain{number + 1}\n")
    (folder / "chain100.yaml").write_text("input: 3x8x8\nlayers: [relu]\n")
    outcome(folder, "extends: chain50\n")
    assert outcome(folder, "extends: chain0\n") is None
    (folder / "chain100.yaml").write_text("extends: chain0\n")
    assert outcome(folder, "extends: chain0\n") is None
    assert outcome(folder, "extends: mutated\n") is None
    assert outcome(folder, "extends: /dev/null\n") is None
    assert outcome(folder, "extends: .\n") is None


# -- random files --


@settings(max_examples=150)
@given(st.binary(max_size=300))
def test_random_bytes(data):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", _Stdin(data))
        try:
            report(load("-", Options()))
        except CnncalcError as error:
            where = [fault.place or "`-`" in fault.message for fault in error.faults]  # or the whole file is meant
            assert all(where)


class _Stdin:
    closed = False

    def __init__(self, data):
        import io

        self.buffer = io.BytesIO(data)


ATOMS = st.sampled_from(
    [*WORDS, *KINDS, "conv 8 k3 p1", "linear 10", "maxpool k2", "flatten", "name", "layers", "with", "3x8x8"]
)
TREES = st.recursive(
    ATOMS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "layers",
                    "add",
                    "concat",
                    "conv",
                    "relu",
                    "name",
                    "from",
                    "repeat",
                    "for",
                    "when",
                    "share",
                    "aux",
                    "trainable",
                    "naming",
                    "train_only",
                    "with",
                    "out",
                    "kernel",
                ]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@settings(max_examples=200)
@given(
    st.dictionaries(
        st.sampled_from(
            [
                "input",
                "inputs",
                "layers",
                "variables",
                "blocks",
                "defaults",
                "outputs",
                "extends",
                "dialect",
                "expect",
                "name",
            ]
        ),
        TREES,
    ),
    st.booleans(),
)
def test_random_trees(tree, with_input):
    """Files of the right keys and the wrong values."""
    if with_input:
        tree = {"input": "3x8x8", "layers": [], **tree}
    _load_text(json.dumps(tree, ensure_ascii=False))


def _load_text(text, **options):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", _Stdin(text.encode()))
        try:
            return report(load("-", Options(**options)))
        except CnncalcError as error:
            told = error.faults
    for fault in told:
        assert fault.message
        assert fault.place, fault
        assert str(fault)
    return None


# -- random networks --


@st.composite
def layers(draw, depth=2):
    """Items of a net, sensible more often than not."""
    number = st.integers(1, 9)
    conv = st.builds(
        "conv {} k{} s{} p{}".format, number, st.sampled_from([1, 3, 5]), st.integers(1, 2), st.integers(0, 2)
    )
    plain = st.sampled_from(
        [
            "relu",
            "batchnorm",
            "maxpool k2",
            "maxpool k3 s2 p1 ceil",
            "avgpool k2 s1",
            "upsample 2",
            "global_avgpool",
            "dropout 0.5",
            "layernorm",
            "gelu",
            "dwconv k3 p1",
            "pixel_shuffle 2",
            "pixel_unshuffle 2",
            "pad 1",
            "crop 1",
            "flatten",
            "linear 5",
            "identity",
            "slice 0:2",
            "channel_shuffle 2",
            "groupnorm 2",
            "lrn 3",
            "adaptive_avgpool 3",
            "spp 1x2",
            "prelu",
            "grn",
            "deconv 4 k2 s2",
            "conv_bn_relu 4",
            "residual 4",
            "squeeze_excite",
            "softmax",
            "maxout 2",
            "permute 0x2x1",
            "reshape 4x-1",
        ]
    )
    items = draw(st.lists(conv | plain, min_size=1, max_size=4))
    if depth:
        inner = layers(depth=depth - 1)
        kinds = st.sampled_from(["add", "concat", "multiply"])
        item = st.one_of(
            inner,
            st.builds(lambda kind, a, b: {kind: [a, b]}, kinds, inner, inner),
            st.builds(lambda kind, a: {kind: [a, []]}, kinds, inner),
            st.builds(lambda n, a: {"repeat": n, "layers": a}, st.integers(0, 3), inner),
            st.builds(lambda a: {"name": "group", "layers": a}, inner),
            st.builds(lambda a: {"aux": a}, inner),
            st.builds(lambda a: {"layers": a, "trainable": False, "naming": "index"}, inner),
        )
        items += draw(st.lists(item, max_size=2))
    return items


@settings(max_examples=120)
@given(
    layers(),
    st.sampled_from(["4x16x16", "3x32", "4x6x6x6", "16", "1x1x1"]),
    st.sampled_from(["torch", "keras", "caffe", "paddle", "onnx"]),
)
def test_random_networks_never_break_the_engine(items, shape, dialect):
    """A net with its totals adding up, or errors that say where."""
    made = _load_text(json.dumps({"input": shape, "dialect": dialect, "layers": items}))
    if made is not None:
        totals = made.totals
        assert totals.weights == sum(row.weights for row in made.rows)
        assert totals.trainable <= totals.weights + totals.biases
        assert totals.flops >= 2 * totals.macs >= 0
        assert all(min(row.output_shape) >= 1 for row in made.rows)


def test_limits_bound_what_they_name(folder):
    """Every bound stops a file that goes over it, and its message names it."""
    texts = {
        "text": "input: 3x8x8\nlayers: [relu]",
        "depth": "input: 3x8x8\nlayers: [[[relu]]]",
        "nodes": "input: 3x8x8\nlayers: [relu, relu, relu]",
        "built": "input: 3x8x8\nlayers: [{repeat: 3, layers: [relu]}]",
        "layers": "input: 3x8x8\nlayers: [relu, relu, relu]",
        "number": "input: 3x8x8\nvariables: {x: 11}\nlayers: [relu]",
        "variables": "input: 3x8x8\nvariables: {a: 1, b: 2, c: 3}\nlayers: [relu]",
        "expression": "input: 3x8x8\nlayers: [conv $(1 + 1) k1]",
        "items": "input: 3x8x8\nvariables: {x: $('ab' + 'c')}\nlayers: [relu]",
        "work": "input: 3x8x8\nvariables: {x: '$(sum([1] * 10))'}\nlayers: [relu]",
    }
    beside = {"search", "points"}  # tests/test_bounds.py, tests/test_sweep.py
    assert {*texts, *beside} == set(Limits._fields)
    for name, text in texts.items():
        (folder / "bound.yaml").write_text(text)
        assert load(str(folder / "bound.yaml"), Options()).nodes
        with pytest.raises(CnncalcError) as caught:
            load(str(folder / "bound.yaml"), Options(limits=Limits()._replace(**{name: 2})))
        assert f"the bound `{name}`" in str(caught.value)
        assert f"--limit {name}=" in str(caught.value)


@pytest.mark.parametrize("text", [2**31, 10**12, 2**62, 10**30, 10**300])
def test_a_bound_on_texts_takes_no_room_for_what_is_not_there(folder, text, monkeypatch):
    """A file of a few bytes was read into room for all that it might have held."""
    net = "input: 3x8x8\nlayers: [relu]\n"
    assert outcome(folder, net, limits=Limits(text=text)) is not None
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(net.encode())))
    assert len(load("-", Options(limits=Limits(text=text))).nodes) == 2


def test_standard_input_is_bounded_in_characters_not_in_bytes(monkeypatch):
    text = "input: 3x8x8\nlayers: [relu]\nnote: " + "ü" * 50
    for bound, kept in ((100, True), (60, False)):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        if kept:
            assert Document("-", Options(limits=Limits(text=bound)), Faults()).text("note") == "ü" * 50
        else:
            with pytest.raises(CnncalcError, match="longer than 60 characters"):
                Document("-", Options(limits=Limits(text=bound)), Faults())
