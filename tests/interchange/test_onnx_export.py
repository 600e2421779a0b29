"""Nets as ONNX models: onnx checks them, onnxruntime gives what torch gives, our own reader reads the same net.

What is noted before the onnx package makes a model of it is tested everywhere, the model where onnx is installed.
"""

from __future__ import annotations

import json
from random import Random

import pytest
from command_line import runner
from networks import network
from reading import read

from cnncalc import Options, chain, load, report
from cnncalc.cli.main import cnncalc as program
from cnncalc.errors import CnncalcError
from cnncalc.interchange.onnx.writing.table import RULES
from cnncalc.interchange.onnx.writing.writer import noted, written
from cnncalc.interchange.safetensors import header_of
from cnncalc.language import load_text
from cnncalc.layers import KINDS

GROUPED = ("Expand", "Expand", "InstanceNormalization", "Shape", "Reshape", "Mul", "Add")
SAID = (
    ("3x9x9", ["conv 4 k3 s2 p1", "relu"], 21, ["Conv", "Relu"]),
    ("3x9x9", ["conv 4 k2 same"], 21, ["Conv"]),
    ("4x8x8", ["groupnorm 2"], 21, ["GroupNormalization"]),
    ("4x8x8", ["groupnorm 2"], 20, ["Reshape", *GROUPED]),
    ("4x8", ["gelu"], 20, ["Gelu"]),
    ("4x8", ["gelu"], 19, ["Div", "Erf", "Add", "Mul", "Mul"]),
    ("4x7x7", ["maxpool k3 s2 ceil"], 22, ["MaxPool"]),
    ("4x8x8", ["avgpool k3 s2 ceil"], 22, ["Pad", "AveragePool", "Cast", "Div", "Mul"]),
    ("4x6x6", ["adaptive_avgpool 3"], 22, ["AveragePool"]),
    ("4x5x5", ["adaptive_maxpool 1"], 22, ["GlobalMaxPool"]),
    ("4x4x4", ["upsample 2"], 22, ["Resize"]),
    ("4x14", ["upsample size=4"], 22, ["Gather"]),
    ("8", ["linear 3 nobias"], 22, ["Gemm"]),
    ("4x8", ["hardswish"], 13, ["HardSigmoid", "Mul"]),
    ("4x5x5", ["upsample size=7x10"], 14, ["Shape", "Slice", "Concat", "Resize"]),
    ("4x8", ["linear 3 axis=last"], 22, ["Transpose", "MatMul", "Add"]),
)  # fmt: skip


@pytest.mark.parametrize(("shape", "layers", "opset", "nodes"), SAID)
def test_a_layer_is_the_nodes_of_its_opset(shape, layers, opset, nodes):
    scribe, _ = noted(chain(shape, layers, Options()), opset)
    assert [node.kind for node in scribe.nodes] == nodes


def test_every_kind_is_written_or_refused_by_name():
    assert RULES.keys() == KINDS.keys()


def test_what_leads_to_no_output_is_written_and_told(onnx):
    from cnncalc.interchange.writers import writer_for

    text = """
        input: 3x8x8
        layers: [{conv: 4 k3, name: a}, {add: [[], [{conv: 4 k3 p1, name: side}, parameter 4x6x6 alone]]},
                 {conv: 2 k1, name: b}]
    """
    graph = load_text(text, "net", options=Options())
    made = writer_for(None, "onnx").write(graph, 1)
    model = onnx.load_from_string(made.content)
    assert {"side.weight", "b.weight"} <= {one.name for one in model.graph.initializer}
    assert any("`side` leads to no output" in note for note in made.notes)


@pytest.mark.parametrize("layer", ["identity", "expand 1x4", "dropout 0.5"])
def test_a_net_that_does_nothing_is_written(onnx, layer):
    from cnncalc.interchange.writers import writer_for

    model = onnx.load_from_string(writer_for(None, "onnx").write(chain("1x4", [layer], Options()), 1).content)
    assert [node.op_type for node in model.graph.node] in (["Dropout"], ["Expand"], ["Identity"])


def test_any_einsum_comes_back(onnx):
    from cnncalc.interchange.writers import writer_for

    for equation in ("abc,ac->bca", "ab,ab->ab", "abc,cba->a"):
        shape = "2x3" if "," in equation[:3] else "2x3x4"
        other = {"abc,ac->bca": "select 0 axis=1", "ab,ab->ab": "relu", "abc,cba->a": "permute 2x1x0"}[equation]
        text = f"input: {shape}\nlayers: [{{relu: , name: a}}, {{{other.replace(' ', ': ', 1)}, from: a, name: b}}, "
        graph = load_text(text + f'{{einsum: "{equation}", from: [a, b]}}]', "net", options=Options())
        made = writer_for(None, "onnx").write(graph, 1)
        assert read(made.content, "net.onnx").macs == report(graph).totals.macs, equation


def test_what_depends_on_no_input_is_refused_by_name(onnx):
    with pytest.raises(CnncalcError, match="depends on no input") as error:
        written(chain("4x8", ["relu", "constant 2 alone"], Options()), 1)
    assert error.value.faults[0].layer == "constant1"


def test_a_table_is_read_where_the_places_are_too_many_to_be_read(onnx):
    from cnncalc.interchange.writers import writer_for

    graph = chain("4x10x10", ["attention 2 w10 relative"], Options())  # 100 places ask 100
    made = writer_for(None, "onnx").write(graph, 1)
    assert read(made.content, "net.onnx").params == report(graph).totals.params


LEARNED_ALONE = (
    "input: 4x6\nlayers: [parameter 4x6 alone, positional, {add: [[], [{identity: , from: input}]]}]",
    "input: 4\nlayers: [{parameter: 2 concat first nolearned, name: a}, {share: a, name: b}, linear 3]",
)


@pytest.mark.parametrize("text", LEARNED_ALONE)
def test_tensors_that_no_input_makes_come_back(onnx, text):
    from cnncalc.interchange.writers import writer_for

    graph = load_text(text, "net", options=Options())
    found = read(writer_for(None, "onnx").write(graph, 1).content, "net.onnx")
    assert found.params == report(graph).totals.params + report(graph).totals.buffers  # ONNX knows no buffers


def test_names_are_those_of_layers_and_of_torch():
    graph = load("resnet18", Options())
    scribe, outputs = noted(graph, 21)
    made = {name for node in scribe.nodes for name in node.outputs}
    assert {node.name for _, node, _ in graph.layers()} <= made
    assert {"layer1.0.conv1.weight", "bn1.running_var", "fc.bias"} <= scribe.learned.keys()
    assert list(outputs.values()) == ["fc"]


REFUSED = (
    ("8x4", "lstm 3 projection=2", "ONNX's has no projection"),
    ("8x4x4", "opaque 8x4x4", "only the shape of what it makes is known"),
)


@pytest.mark.parametrize(("shape", "layer", "why"), REFUSED)
def test_what_onnx_has_not_is_refused_with_the_reason(shape, layer, why):
    with pytest.raises(CnncalcError) as error:
        noted(chain(shape, [layer, layer], Options()), 21)
    assert error.value.faults[0].values == why


def safetensors(path, tensors, **entries):
    header, data = dict(entries), b""
    for name, shape in tensors.items():
        size = 4
        for n in shape:
            size *= n
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + size]}
        data += bytes(size)
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


BROKEN = (
    ({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}, "4 bytes for F32 [2]"),
    ({"a": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}}, "bytes for F32"),
    ({"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}, "the entry `a`"),
    ({"a": {"dtype": "Q4", "shape": [1], "data_offsets": [0, 4]}}, "the entry `a`"),
    ({"a": [1]}, "the entry `a`"),
)


ONE, TWO = ({"dtype": "U8", "shape": [4], "data_offsets": [start, start + 4]} for start in (0, 4))
LYING = (
    ({"a": ONE, "__metadata__": ["pt"]}, 4, "`__metadata__` is no table of texts"),
    ({"a": ONE, "__metadata__": {"format": 1}}, 4, "`__metadata__` is no table of texts"),
    ({"a": ONE, "b": {**TWO, "data_offsets": [2, 6]}}, 6, "`b` begins 2 bytes within `a`"),
    ({"a": ONE, "b": ONE}, 4, "`b` begins 4 bytes within `a`"),
    ({"b": TWO}, 8, "`b` leaves bytes behind the header"),
    ({"a": ONE}, 8, "4 bytes behind `a` are no tensor's"),
)


@pytest.mark.parametrize(("entries", "size", "values"), LYING)
def test_a_safetensors_file_whose_header_lies_is_told(tmp_path, entries, size, values):
    """The format wants each byte to be one tensor's, and notes to be texts; other readers refuse it too."""
    text = json.dumps(entries).encode()
    (tmp_path / "w").write_bytes(len(text).to_bytes(8, "little") + text + bytes(size))
    with pytest.raises(CnncalcError, match="no safetensors file") as error:
        header_of(str(tmp_path / "w"))
    assert values in error.value.faults[0].values


def test_a_safetensors_file_has_no_name_twice(tmp_path):
    text = f'{{"a": {json.dumps(ONE)}, "a": {json.dumps(ONE)}}}'.encode()
    (tmp_path / "w").write_bytes(len(text).to_bytes(8, "little") + text + bytes(4))
    with pytest.raises(CnncalcError, match="no safetensors file") as error:
        header_of(str(tmp_path / "w"))
    assert "has `a` twice" in error.value.faults[0].values


@pytest.mark.parametrize(("entries", "values"), BROKEN)
def test_a_damaged_safetensors_file_is_told(tmp_path, entries, values):
    path = safetensors(tmp_path / "w.safetensors", {}, **entries)
    with pytest.raises(CnncalcError, match="no safetensors file") as error:
        header_of(str(path))
    assert values in error.value.faults[0].values


@pytest.mark.parametrize(
    "content", [b"", b"1234567", b"\xff" * 20, b"\x02" + bytes(7) + b"[]", b"\x03" + bytes(7) + b"[[["]
)
def test_what_is_no_safetensors_file_is_told(tmp_path, content):
    (tmp_path / "w").write_bytes(content)
    with pytest.raises(CnncalcError, match="no safetensors file"):
        header_of(str(tmp_path / "w"))


@pytest.fixture
def onnx():
    return pytest.importorskip("onnx")


def session(content):
    runtime = pytest.importorskip("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    return runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def unlike(onnx, graph, opset=None):
    """By how much, relative to the largest number, the model's outputs differ from torch's with the same weights."""
    torch = pytest.importorskip("torch")
    import numpy as np

    from cnncalc.interchange.onnx.writing.values import named
    from cnncalc.torch_backend.building.builder import build

    module = build(graph).eval()
    state = {name: tensor.detach().numpy() for name, tensor in module.state_dict().items()}
    content = written(graph, 1, opset=opset, source=named(state)).content
    onnx.checker.check_model(content, full_check=True)
    model = onnx.load_from_string(content)
    onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    generator = torch.Generator().manual_seed(0)
    inputs = {
        name: torch.randn((2, *graph.nodes[index].shape), generator=generator) for name, index in graph.inputs.items()
    }
    found = session(content).run(None, {name: one.numpy() for name, one in inputs.items()})
    with torch.set_grad_enabled(any(layer.kind == "maxunpool" for _, _, layer in graph.layers())):  # see `Unpooled`
        wanted = module(*inputs.values())
    wanted = [one.detach() for one in ([wanted] if isinstance(wanted, torch.Tensor) else wanted.values())]
    worst = 0.0
    for ours, theirs in zip(found, wanted, strict=True):
        assert ours.shape == tuple(theirs.shape)
        assert (np.isnan(ours) == np.isnan(theirs.numpy())).all()
        scale = max(float(theirs.abs().nan_to_num().max()), 1e-2)
        with np.errstate(invalid="ignore"):  # the same infinity on both sides is no difference
            worst = max(worst, float(np.nan_to_num(np.abs(ours - theirs.numpy())).max()) / scale)
    return worst


NETS = ("lenet5", "squeezenet1_1", "shufflenet_v2_x0_5", "mobilenet_v3_small", "resnet18")


@pytest.mark.parametrize("net", NETS)
def test_a_bundled_net_runs_as_torch_runs_it(onnx, net):
    assert unlike(onnx, load(net, Options())) < 1e-4


KIND_CASES = (
    ("4x9x7", "conv 6 k3 s2 p1:2 g2"), ("4x9", "conv 6 k3 d2 causal"),
    ("4x5x5", "deconv 6 k3 s2 p1 output_padding=1"),
    ("4x5", "deconv 6 k2 d3 output_padding=2"), ("4x9x9", "lppool k2 s2 ceil norm=3"),
    ("4x9x7", "conv 6 k3 p2 mode=reflect"),
    ("4x8x8", "avgpool k3 s2 p1 ceil"),
    ("4x7x5", "adaptive_avgpool 3x2"), ("4x7x5", "spp 1x2x3 avg"), ("6x5x5", "lrn 4"), ("6x5x5", "grn"),
    ("9x5x4", "crossmap_lrn 5"), ("9x5x4", "crossmap_lrn 4"),
    ("6x5x5", "layernorm channels"), ("6x5x5", "rmsnorm channels"), ("6x5x5", "groupnorm 3 noaffine"),
    ("6x5x5", "instancenorm"), ("6x5x5", "prelu per_element"), ("6x4x5", "prelu shared_along=1"),
    ("6x5x5", "maxout 3"), ("8x3x4", "pixel_shuffle 2"),
    ("2x6x4", "space_to_depth 2"), ("2x6x4", "pixel_unshuffle 2"),
    ("6x5x5", "local 4 k3 s2"), ("6x5x5", "unfold k3 s2"),
    ("8x6x6", "attention 2 w3 shift=1"), ("8x6x6", "attention 2 w3 grid"),
    ("8x6x4", "attention 2 w3x2 shift=1 relative"), ("8x6", "attention 4 shared=2 causal"),
    ("6x8", "attention 2 axis=last"), ("4x6", "lstm 3 layers=2 bidirectional"), ("4x6", "gru 3 final"),
    ("4x6", "rnn 3 relu axis=last"), ("4x6", "positional sine"), ("1x6", "embedding 9 5"), ("4x6x6", "pad 1:2 reflect"),
    ("4x5x5", "upsample 2 linear"), ("4x5x5", "upsample size=7x10 bilinear align_corners"), ("4x14", "upsample size=4"),
    ("15x4", "distances 2 8"),
    ("4x6", "reduce logsumexp 1"), ("4x6", "topk 2 axis=1"), ("4x6", "argmax 0 keep"), ("4x6x2", "glu"),
    ("4x9x7", "conv 6 k3 p1 norm=weight"), ("4x9x7", "dwconv k3 norm=spectral"), ("7", "linear 3 norm=spectral"),
    ("4x5x6", "batchnorm nostats"), ("4x5x6", "batchnorm nostats noscale"), ("4x6", "batchnorm nostats noaffine"),
    ("4x3x5x6", "convlstm 3 k3 s2 p1"), ("4x3x6", "convlstm 3 k3 final nobias"),
    ("4x6", "lstm 3 biases=1 bidirectional"), ("4x6", "gru 3 biases=1 layers=2"), ("4x6", "rnn 3 biases=1 final"),
    ("3x5x5", "maxpool k2 s2 p1 ceil"), ("4x5x6", "softmax axis=0"), ("4x5x6", "layernorm all nobias"),
    ("4x5x6", "conv 3 k3 p1:2 mode=circular"),
    *(("4x7x6", f"blur {one}") for one in ("k4 p1", "k3 s2 p1 reflect each", "k4 p1 up=2", "k3 up=2 p0:1", "k4 same")),
    *((("4x6"), f"function {of}") for of in ("log_sigmoid", "hardshrink", "tanhshrink", "celu", "threshold", "expm1")),
)  # fmt: skip


@pytest.mark.parametrize("opset", [11, 12, 14, 17, 20, 23])
@pytest.mark.parametrize(("shape", "layer"), KIND_CASES)
def test_a_kind_runs_as_torch_runs_it(onnx, shape, layer, opset):
    assert unlike(onnx, chain(shape, [layer], Options()), opset) < 1e-4


NET_CASES = {
    "a pool undone": ("4x9x8", 11, "{maxpool: k2, name: a}, relu, {maxunpool: k2 size=9x8, pool: a}"),
    "a pool that rounds up undone": ("4x9", 11, "{maxpool: k2 ceil, name: a}, {maxunpool: k2 size=9, pool: a}"),
    "windows added up": ("2x6x6", 18, "unfold k3 s2 p1 d2, fold k3 s2 p1 d2 size=6"),
    "deformed": ("4x7x7", 19, "{conv: 18 k3 p1, name: o}, {deform_conv: 6 k3 p1, from: [input, o]}"),
    "deformed and masked": (
        "4x7x7",
        19,
        """{conv: 36 k3 s2 p2 d2, name: o}, {conv: 18 k3 s2 p2 d2, name: m, from: input},
           {deform_conv: 6 k3 s2 p2 d2 g2 nobias, from: [input, o, m]}""",
    ),
    **{
        f"modulated {fields}": (
            "4x7x6",
            11,
            f"{{tanh: , name: x}}, global_avgpool flat, linear 4, {{modulated_conv: {fields}, from: [x, previous]}}",
        )
        for fields in ("5 k3 p1", "3 k3 s2 weights nobias", "5 k3 up=2 nodemodulate", "3 k1 nodemodulate nobias")
    },
    "windows of two tensors": ("4x3", 12, "{relu: , name: a}, {einsum: 'ab,ab->a', from: [a, input]}"),
}


@pytest.mark.parametrize("case", NET_CASES)
def test_a_net_runs_as_torch_runs_it(onnx, case):
    from cnncalc.interchange.writers import writer_for

    shape, since, layers = NET_CASES[case]
    graph = load_text(f"input: {shape}\nlayers: [{layers}]", "net", options=Options())
    for opset in (since, None):
        assert unlike(onnx, graph, opset) < 1e-4
    writer_for(None, "onnx").write(graph, 1)  # which reads it back
    if since > 11:
        with pytest.raises(CnncalcError) as error:
            written(graph, 1, opset=since - 1)
        assert f"since opset {since}" in error.value.faults[0].values


def test_places_of_another_map_are_refused():
    layers = "{maxpool: k2, name: a}, {maxpool: k2 s2, from: input}, {maxunpool: k2, pool: a}"
    with pytest.raises(CnncalcError, match="no such `maxunpool`") as error:
        noted(load_text(f"input: 2x5x5\nlayers: [{layers}]", "net", options=Options()), 21)
    assert error.value.faults[0].values == "its places are those of a map of another size"
    assert error.value.faults[0].help == "write `size=5x5`"


def may_be_no_number(layer):
    """Whether rounding decides on that, or an odd root of what is negative: onnxruntime's max pools pass NaN over."""
    return layer.kind in ("power", "function", "groupnorm") or (layer.kind == "lppool" and layer.norm % 2 != 0)


def test_random_nets_run_as_torch_runs_them(onnx):
    from cnncalc.interchange.writers import writer_for

    held = 0
    for number in range(150):
        net = network(Random(f"export/{number}"))
        graph = load_text(net.text.replace("inplace", "inplace=false"), "net", options=Options(train=net.train))
        if graph.dialect.startswith("onnx") or any(may_be_no_number(layer) for _, _, layer in graph.layers()):
            continue  # in the dialects of ONNX a layer is the node of that name
        try:
            writer_for(None, "onnx").write(graph, 1)
        except CnncalcError:
            continue
        assert unlike(onnx, graph) < 1e-4, net.text
        held += 1
    assert held > 60


@pytest.mark.parametrize("net", ["resnet50", "unet", "yolov8n", "deeplabv3_resnet50", "retinanet_resnet50_fpn"])
def test_lengths_may_stay_open(onnx, net, tmp_path):
    shape = "1xHxW" if net == "unet" else "3xHxW"
    file = tmp_path / "net.onnx"
    done = runner().invoke(program, ["export", net, "--input", shape, "--values", "none", "-o", str(file)])
    assert done.exit_code == 0, done.output
    model = onnx.load(file, load_external_data=False)
    assert [dim.dim_param for dim in model.graph.input[0].type.tensor_type.shape.dim][2:] == ["H", "W"]
    assert file.stat().st_size < 500_000
    found, wanted = (
        read(file.read_bytes(), "net.onnx", input="1x160x192" if net == "unet" else "3x160x192"),
        load(net, Options(input="1x160x192" if net == "unet" else "3x160x192")),
    )
    assert (found.params, found.macs) == (report(wanted).totals.params, report(wanted).totals.macs)


def test_the_file_says_what_it_is(onnx):
    model = onnx.load_from_string(written(load("lenet5", Options()), 1, values="zero", opset=18).content)
    notes = {one.key: one.value for one in model.metadata_props}
    assert (notes["net"], notes["parameters"], notes["macs"]) == ("LeNet-5", "61706", "416520")
    assert [one.version for one in model.opset_import] == [18]
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "N"


def test_random_numbers_follow_the_seed(onnx):
    graph = load("lenet5", Options())
    first, same, other = (written(graph, 1, seed=seed).content for seed in (1, 1, 2))
    assert first == same != other


def test_weights_come_from_a_file_after_names_and_shapes_were_checked(onnx, tmp_path):
    graph = chain("3x8x8", ["conv 4 k3", "batchnorm", "global_avgpool flat", "linear 2"], Options())
    shapes = {
        f"{node.name}.{name}": [*shape]
        for _, node, layer in graph.layers()
        for name, shape in {
            **layer.weight_shapes(*graph.input_shapes(node)),
            **layer.buffer_shapes(*graph.input_shapes(node)),
        }.items()
    }
    path = safetensors(tmp_path / "w.safetensors", {**shapes, "batchnorm1.num_batches_tracked": []})
    model = onnx.load_from_string(written(graph, 1, weights=str(path)).content)
    assert all(not any(one.raw_data) for one in model.graph.initializer if one.name in shapes)
    wrong = {**shapes, "conv1.weight": [4, 3, 1, 1], "other": [1]}
    del wrong["linear1.bias"]
    with pytest.raises(CnncalcError) as error:
        written(graph, 1, weights=str(safetensors(path, wrong)))
    told = [fault.message for fault in error.value.faults]
    assert told == [
        "the file has no `linear1.bias`",
        "the file has `other`, which the net has not",
        "`conv1.weight` has another shape in the file",
    ]


WRONG = (
    (["-o", "net.onnx", "--opset", "99"], "opset 99 is not written"),
    (["-o", "net.onnx", "--seed", "-5"], "-5 is not in the range"),
    (["--to", "onnx"], "onnx goes to a file"),
    (["--to", "caffe", "--opset", "18"], "caffe has no `--opset`"),
    (["-o", "net.onnx", "--opset", "10"], "11 to"),
    (["-o", "net.onnx", "--weights", "none.safetensors"], "cannot be read"),
    (["-o", "net.onnx", "--weights", "none.safetensors", "--values", "zero"], "both say the learned numbers"),
)


@pytest.mark.parametrize(("options", "told"), WRONG)
def test_a_slip_is_told(onnx, options, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = runner().invoke(program, ["export", "lenet5", *options])
    assert done.exit_code == 2 and told in done.stderr
    assert not list(tmp_path.iterdir())


def test_more_weights_than_a_file_holds_are_refused_before_they_are_made(onnx):
    def never(name, learned):
        raise AssertionError(name)

    with pytest.raises(CnncalcError, match="less than 2 GiB") as error:
        written(load("vit_h_14", Options()), 1, source=never)
    assert error.value.faults[0].values == "2,528,183,200 bytes of weights"
