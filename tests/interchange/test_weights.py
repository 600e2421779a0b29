"""`check --weights`: names and shapes of a file of weights against a net's, whatever the format."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
from math import prod

import pytest
from command_line import runner
from onnx_files import net as onnx_net
from onnx_files import node, tensor

from cnncalc.cli.main import cnncalc as program
from cnncalc.errors import CnncalcError
from cnncalc.interchange.safetensors import header_of

NET = (
    "{input: 3x8x8, layers: [{conv: 4 k3, name: stem}, {batchnorm: , name: bn}, relu, flatten, {linear: 5, name: fc}]}"
)
TENSORS = {
    "stem.weight": (4, 3, 3, 3), "stem.bias": (4,), "bn.weight": (4,), "bn.bias": (4,), "bn.running_mean": (4,),
    "bn.running_var": (4,), "bn.num_batches_tracked": (), "fc.weight": (5, 144), "fc.bias": (5,),
}  # fmt: skip
"""What torch's state_dict of the net holds."""


def safetensors(tensors):
    header, at = {}, 0
    for name, shape in tensors.items():
        size = 4
        for n in shape:
            size *= n
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(at)


@pytest.fixture
def check(tmp_path):
    (tmp_path / "net.yaml").write_text(NET)

    def run(data, name="weights.safetensors", *more):
        (tmp_path / name).write_bytes(data)
        arguments = ["check", str(tmp_path / "net.yaml"), "--weights", str(tmp_path / name), "--format", "json", *more]
        done = runner().invoke(program, arguments)
        return done.exit_code, done.stdout

    return run


def failed(text):
    (file,) = json.loads(text)["files"]
    return {one["what"]: (one["expected"], one["found"]) for one in file["checks"] if not one["passed"]}


def test_a_state_dict_of_the_net_holds(check):
    code, text = check(safetensors(TENSORS))
    assert (code, failed(text)) == (0, {})


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"fc.weight": (144, 5)}, {"fc.weight": ("5x144", "144x5, its axes in another order")}),
        ({"stem.weight": (8, 3, 3, 3)}, {"stem.weight": ("4x3x3x3", "8x3x3x3")}),
        ({"head.weight": (7,)}, {"head.weight": ("none in the net", "7")}),
    ],
    ids=["transposed", "wider", "more"],
)
def test_every_difference_is_told(check, change, what):
    code, text = check(safetensors({**TENSORS, **change}))
    told = failed(text)
    assert (code, told.pop("weights")[0]) == (1, 8)
    assert told == what


def test_the_nearest_name_is_told(check):
    renamed = {name.replace("bn.", "bn1."): shape for name, shape in TENSORS.items()}
    told = failed(check(safetensors(renamed))[1])
    assert told["bn.running_var"] == ("4", "none; `bn1.running_var` 4 comes nearest")
    assert told["weights"] == (8, 4)


@pytest.mark.parametrize("bias", ["stem.bias", "stem.weight_bias"])
@pytest.mark.parametrize("stem", ["4 k3", "4 k3 nobias"])
def test_batch_norms_that_are_folded_are_told_once_with_the_net_that_holds(check, tmp_path, stem, bias):
    net = tmp_path / "net.yaml"
    net.write_text(NET.replace("4 k3", stem))
    folded = {name.replace("stem.bias", bias): shape for name, shape in TENSORS.items() if not name.startswith("bn.")}
    data = onnx_net(node("Relu", "x", "y"), tensors=[tensor(name, shape) for name, shape in folded.items()])
    code, text = check(data, "weights.onnx")
    told = failed(text)
    assert (code, sorted(told)) == (1, ["batch norms", "weights"])
    assert told["batch norms"][0] == 1
    assert "`cnncalc rewrite NET fold-batchnorm`" in told["batch norms"][1]
    assert runner().invoke(program, ["rewrite", str(net), "fold-batchnorm", "-o", str(net), "--force"]).exit_code == 0
    assert check(data, "weights.onnx")[0] == 0


def test_a_wrapper_before_every_name_is_told_once(check):
    code, text = check(safetensors({f"module.{name}": shape for name, shape in TENSORS.items()}))
    assert (code, list(failed(text))) == (1, ["names of weights"])


def test_onnx_and_torch_export_hold_their_tensors(check):
    learned = {name: shape for name, shape in TENSORS.items() if not name.endswith("tracked")}
    named = [tensor(name, shape) for name, shape in learned.items()]
    code, text = check(onnx_net(node("Relu", "x", "y"), tensors=named), "weights.onnx")
    assert (code, failed(text)) == (0, {})

    def sizes(shape):
        return {"sizes": [{"as_int": n} for n in shape]}

    def spec(name):
        kind = "buffer" if "running" in name else "parameter"
        return {kind: {"arg": {"name": f"p_{name}"}, f"{kind}_name": name}}

    graph = {"tensor_values": {f"p_{name}": sizes(shape) for name, shape in learned.items()}, "nodes": []}
    signature = {"input_specs": [spec(name) for name in learned], "output_specs": []}
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("p/models/model.json", json.dumps({"graph_module": {"graph": graph, "signature": signature}}))
    code, text = check(made.getvalue(), "weights.pt2")
    assert (code, failed(text)) == (0, {})


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (pickle.dumps({"stem.weight": 1}, protocol=2), "reading one runs code: it is not opened"),
        (safetensors(TENSORS)[:60], "no safetensors file, or is damaged"),
        (b"hello", "is no file of weights that is known"),
        (b"[net]\nwidth=8\n", "is a file of Darknet"),
    ],
    ids=["pickle", "cut", "text", "darknet"],
)
def test_other_files_are_told_as_what_they_are(check, data, said):
    code, text = check(data, "weights.bin")
    assert code == 2
    assert said in " ".join(text.split())


def entry(start, stop, shape=None, dtype="F32"):
    return {"dtype": dtype, "shape": [(stop - start) // 4] if shape is None else shape, "data_offsets": [start, stop]}


@pytest.mark.parametrize(
    ("header", "size", "said"),
    [
        ({"__metadata__": ["pt"], "a": entry(0, 8)}, 8, "its `__metadata__` is no table of texts"),
        ({"__metadata__": {"step": 1}, "a": entry(0, 8)}, 8, "its `__metadata__` is no table of texts"),
        ({"__metadata__": {"format": "pt"}, "a": entry(0, 8)}, 8, None),
        ({"__metadata__": None, "a": entry(0, 8)}, 8, None),
        ({"b": entry(12, 20), "a": entry(0, 8)}, 20, "`b` leaves bytes behind `a`"),
        ({"a": entry(4, 12)}, 12, "`a` leaves bytes behind the header"),
        ({"a": entry(0, 8), "b": entry(4, 12)}, 12, "`b` begins 4 bytes within `a`"),
        ({"a": entry(0, 8), "b": entry(0, 8)}, 8, "`b` begins 8 bytes within `a`"),
        ({"a": entry(0, 8)}, 12, "4 bytes behind `a` are no tensor's"),
        ({}, 4, "4 bytes behind the header are no tensor's"),
        ({"a": entry(0, 0, [0]), "b": entry(0, 8)}, 8, None),
        ({"a": entry(0, 8, [8], "F8_E4M3")}, 8, None),
        ({"a": entry(0, 8, [16], "F4")}, 8, None),
        ({"a": entry(0, 3, [4], "F6_E2M3")}, 3, None),
        ({"a": entry(0, 8, [1], "C64")}, 8, None),
        ({"a": entry(0, 8, [4], "U16")}, 8, None),
        ({"a": entry(0, 8, [16], "I4")}, 8, "the entry `a` is {'dtype': 'I4'"),
    ],
)
def test_a_file_is_taken_where_the_package_itself_takes_it(tmp_path, header, size, said):
    """Each as safetensors 0.8.0 says: which of them its `safe_open` refuses was seen there."""
    path, text = tmp_path / "w.safetensors", json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(size))
    if said is None:
        assert list(header_of(str(path))) == [name for name in header if name != "__metadata__"]
        return
    with pytest.raises(CnncalcError, match="is damaged") as error:
        header_of(str(path))
    assert said in str(error.value)


def test_shared_parameters_are_asked_for_once(tmp_path):
    (tmp_path / "net.yaml").write_text("{input: 4x8x8, layers: [{conv: 4 k3 p1, name: a}, {share: a}]}")
    (tmp_path / "w.safetensors").write_bytes(safetensors({"a.weight": (4, 4, 3, 3), "a.bias": (4,)}))
    done = runner().invoke(program, ["check", str(tmp_path / "net.yaml"), "--weights", str(tmp_path / "w.safetensors")])
    assert done.exit_code == 0, done.stdout + done.stderr


def npz(tensors, *, broken=False):
    """What numpy.savez writes: an array a member, each with its header."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, shape in tensors.items():
            head = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
            magic = b"hurz" if broken else b"\x93NUMPY"
            archive.writestr(f"{name}.npy", magic + b"\x01\x00" + struct.pack("<H", len(head)) + head)
    return made.getvalue()


def test_an_archive_of_numpy_holds_by_its_headers(check):
    learned = {name: shape for name, shape in TENSORS.items() if not name.endswith("tracked")}
    code, text = check(npz(learned), "weights.npz")
    assert (code, failed(text)) == (0, {})
    code, text = check(npz(learned, broken=True), "weights.npz")
    assert code == 2
    assert "is no array of NumPy" in text


KERAS: dict[str, tuple[str, list[tuple[int, ...]]]] = {
    "layers/conv2d": ("stem", [(3, 3, 3, 4), (4,)]), "layers/batch_normalization": ("bn", [(4,)] * 4),
    "layers/dense": ("fc", [(144, 5), (5,)]),
}  # fmt: skip
OLDER = {
    "model_weights/stem/stem/kernel:0": (3, 3, 3, 4), "model_weights/stem/stem/bias:0": (4,),
    "model_weights/bn/bn/gamma:0": (4,), "model_weights/bn/bn/beta:0": (4,), "model_weights/bn/bn/moving_mean:0": (4,),
    "model_weights/bn/bn/moving_variance:0": (4,), "model_weights/fc/fc/kernel:0": (144, 5),
    "model_weights/fc/fc/bias:0": (5,), "optimizer_weights/adam/learning_rate:0": (),
}  # fmt: skip


def test_files_of_keras_hold_with_their_axes_turned(check):
    h5py = pytest.importorskip("h5py")
    older, newer = io.BytesIO(), io.BytesIO()
    with h5py.File(older, "w") as file:
        for path, shape in OLDER.items():
            file.create_dataset(path, shape, "f4")
    with h5py.File(newer, "w") as file:
        file.create_group("vars").attrs["name"] = "net"
        for group, (name, shapes) in KERAS.items():
            held = file.create_group(f"{group}/vars")
            held.attrs["name"] = name
            for place, shape in enumerate(shapes):
                held.create_dataset(str(place), shape, "f4")
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("model.weights.h5", newer.getvalue())
    for made, name in ((older, "old.h5"), (newer, "new.weights.h5"), (whole, "net.keras")):
        code, text = check(made.getvalue(), name)
        assert (code, failed(text)) == (0, {}), name


def test_arrays_of_keras_have_the_shapes_of_torch():
    """Of kernels that are not square in inputs and outputs, as tf.keras and Keras 3 name them."""
    from cnncalc.interchange.weights.keras import named, numbered

    def shapes(found):
        return {name: array.shape for name, array in found.items()}

    assert shapes(named({"dw/dw/depthwise_kernel:0": (3, 3, 4, 2), "p/p/alpha:0": (1, 1, 8)}, set())) == {
        "dw.weight": (8, 1, 3, 3), "p.weight": (8,),
    }  # fmt: skip
    assert shapes(named({"model_weights/dw/dw/kernel": (3, 3, 4, 2)}, {"dw"})) == {"dw.weight": (8, 1, 3, 3)}
    assert shapes(named({"model_weights/c/sequential/c/kernel": (3, 3, 4, 2)}, set())) == {"c.weight": (2, 4, 3, 3)}
    arrays = {"layers/separable_conv2d_1/vars/0": (3, 3, 4, 1), "layers/separable_conv2d_1/vars/1": (1, 1, 4, 6)}
    assert shapes(numbered(arrays, {"layers/separable_conv2d_1": "sep"})) == {
        "sep.depthwise.weight": (4, 1, 3, 3), "sep.pointwise.weight": (6, 4, 1, 1),
    }  # fmt: skip


CELLS: dict[str, tuple[str, list[tuple[int, ...]]]] = {
    "layers/bidirectional": ("b", []),
    "layers/bidirectional/forward_layer": ("forward_lstm", []),
    "layers/bidirectional/forward_layer/cell": ("lstm_cell", [(8, 16), (4, 16), (16,)]),
    "layers/bidirectional/backward_layer": ("backward_lstm", []),
    "layers/bidirectional/backward_layer/cell": ("lstm_cell", [(8, 16), (4, 16), (16,)]),
    "layers/gru": ("g", []), "layers/gru/cell": ("gru_cell", [(8, 12), (4, 12), (2, 12)]),
    "layers/conv_lstm2d": ("c", []),
    "layers/conv_lstm2d/cell": ("conv_lstm_cell", [(3, 3, 2, 16), (3, 3, 4, 16), (16,)]),
    "layers/p_re_lu": ("p", [(1, 1, 8)]),
    "layers/multi_head_attention": ("m", []),
    "layers/multi_head_attention/query_dense": ("query", [(4, 2, 3), (2, 3)]),
    "layers/multi_head_attention/key_dense": ("key", [(4, 2, 3), (2, 3)]),
    "layers/multi_head_attention/value_dense": ("value", [(4, 2, 5), (2, 5)]),
    "layers/multi_head_attention/output_dense": ("attention_output", [(2, 5, 4), (4,)]),
    "layers/mixed": ("n", []),
    "layers/mixed/query_dense": ("query", [(4, 2, 3)]), "layers/mixed/key_dense": ("key", [(5, 2, 3)]),
    "layers/mixed/value_dense": ("value", [(5, 2, 3)]), "layers/mixed/output_dense": ("out", [(2, 3, 4)]),
    "optimizer": ("adam", [(), (8, 16)]), "layers/dropout/seed_generator": ("seed_generator", [(2,)]),
    "layers/broken": ("x", []), "layers/broken/query_dense": ("q", [()]), "layers/broken/cell": ("c", [()] * 3),
}  # fmt: skip
"""The groups of a `.weights.h5` of Keras 3.15.1, and such as lie."""
TURNED = {
    **{f"b.{name}{way}": shape for way in ("", "_reverse") for name, shape in (
        ("weight_ih_l0", (16, 8)), ("weight_hh_l0", (16, 4)), ("bias_ih_l0", (16,)))},
    "g.weight_ih_l0": (12, 8), "g.weight_hh_l0": (12, 4), "g.bias_ih_l0": (12,), "g.bias_hh_l0": (12,),
    "c.weight_ih": (16, 2, 3, 3), "c.weight_hh": (16, 4, 3, 3), "c.bias": (16,), "p.weight": (8,),
    "m.in_proj_weight": (6 + 6 + 10, 4), "m.in_proj_bias": (22,), "m.out_proj.weight": (4, 10), "m.out_proj.bias": (4,),
    "n.q_proj_weight": (6, 4), "n.k_proj_weight": (6, 5), "n.v_proj_weight": (6, 5), "n.out_proj.weight": (4, 6),
}  # fmt: skip


def test_cells_and_attention_of_keras_have_the_arrays_of_torch():
    """And what an optimizer or a generator of random numbers keeps is none of the net's."""
    from cnncalc.interchange.weights.keras import named, numbered

    arrays = {f"{group}/vars/{at}": shape for group, (_, held) in CELLS.items() for at, shape in enumerate(held)}
    found = numbered(arrays, {group: name for group, (name, _) in CELLS.items()})
    assert {name: one.shape for name, one in found.items() if not name.startswith("x.")} == TURNED
    older = {
        "l/l/lstm_cell/kernel:0": (8, 16),
        "l/l/lstm_cell/recurrent_kernel:0": (4, 16),
        "g/g/gru_cell/bias": (2, 9),
    }
    way = "model_weights/b/b/backward_lstm/lstm_cell_2/bias:0"
    found = named({**older, way: (16,), "c/c/conv_lstm_cell/recurrent_kernel": (3, 3, 4, 16)}, set())
    assert {name: one.shape for name, one in found.items()} == {
        "l.weight_ih_l0": (16, 8), "l.weight_hh_l0": (16, 4), "g.bias_ih_l0": (9,), "g.bias_hh_l0": (9,),
        "b.bias_ih_l0_reverse": (16,), "c.weight_hh": (16, 4, 3, 3),
    }  # fmt: skip


def test_whole_numbers_in_a_file_of_keras_are_told(check):
    h5py = pytest.importorskip("h5py")
    made = io.BytesIO()
    with h5py.File(made, "w") as file:
        for path, shape in OLDER.items():
            file.create_dataset(path, shape, "i1" if "fc/kernel" in path else "f4")
    code, text = check(made.getvalue(), "old.h5")
    assert (code, "5x144 in int8" in text) == (1, True)


@pytest.mark.parametrize(
    "data",
    [
        b"PK\x05\x06" + b"\xff" * 18,
        b"PK\x03\x04" + bytes(100),
        b"\x08\x07\x3a\xff\xff\xff\xff\x7f",
        b"\x02" + bytes(7) + b"{]",
    ],
)
@pytest.mark.parametrize("suffix", [".safetensors", ".onnx", ".pt2", ".npz", ".keras"])
def test_what_lies_about_its_length_has_a_way_out(tmp_path, data, suffix):
    (tmp_path / f"weights{suffix}").write_bytes(data)
    done = runner().invoke(program, ["check", "lenet5", "--weights", str(tmp_path / f"weights{suffix}")])
    assert done.exit_code == 2
    assert "help" in done.output


PARTS = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")


def index(table):
    return json.dumps({"metadata": {"total_size": 1}, "weight_map": table}).encode()


@pytest.fixture
def parted(tmp_path):
    """The net's tensors in two files, and which is in which."""
    names = list(TENSORS)
    halves = {PARTS[0]: names[:4], PARTS[1]: names[4:]}
    for part, held in halves.items():
        (tmp_path / part).write_bytes(safetensors({name: TENSORS[name] for name in held}))
    return {name: part for part, held in halves.items() for name in held}


def test_files_beside_an_index_hold_as_one(check, parted):
    code, text = check(index(parted), "model.safetensors.index.json")
    assert (code, failed(text)) == (0, {})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"fc.bias": "../model-00002-of-00002.safetensors"}, "which is no file beside it"),
        ({"fc.bias": "/etc/passwd"}, "which is no file beside it"),
        ({"fc.bias": ""}, "which is no file beside it"),
        ({"fc.bias": "other.safetensors"}, "'other.safetensors', which is no file beside it"),
        ({"fc.bias": "\ud800"}, "which is no file beside it"),
        ({"fc.bias": "n" * 5000}, "which is no file beside it"),
        ({"\ud800": PARTS[0]}, "does not hold"),
        ({"fc.bias": "."}, "which is no file beside it"),
        ({"fc.bias": PARTS[0]}, "holds `fc.bias`, which"),
        ({"head.weight": PARTS[0]}, "does not hold `head.weight`, as"),
        ({"fc.bias": 3}, "is a table of tensors and the files that hold them"),
        ({f"t{n}": f"{n}.safetensors" for n in range(1000)}, "names more than 1,000 files"),
    ],
)
def test_an_index_that_lies_is_told(check, parted, change, said):
    code, text = check(index({**parted, **change}), "model.safetensors.index.json")
    assert code == 2
    assert said in " ".join(text.split())


def test_quantised_weights_have_scales_that_the_net_has_not(check):
    code, text = check(safetensors({**TENSORS, "fc.weight_scale": (5, 1)}))
    assert (code, failed(text)) == (1, {"weights": (8, 8), "fc.weight_scale": ("none in the net", "5x1")})


def test_gguf_is_told_as_what_it_is(check):
    code, text = check(b"GGUF\x03\0\0\0" + bytes(16), "model.gguf")
    assert code == 2
    assert "is a file of GGUF" in text


@pytest.mark.parametrize(
    ("kind", "size", "passes"),
    [("F16", 2, True), ("BF16", 2, True), ("F64", 8, True), ("I64", 8, False), ("U8", 1, False), ("BOOL", 1, False)],
)
def test_whole_numbers_are_no_weights(check, kind, size, passes):
    header, at = {}, 0
    for name, shape in TENSORS.items():
        of, wide = (kind, size) if name == "fc.weight" else ("F32", 4)
        header[name] = {"dtype": of, "shape": list(shape), "data_offsets": [at, at := at + wide * prod(shape)]}
    text = json.dumps(header).encode()
    code, said = check(struct.pack("<Q", len(text)) + text + bytes(at))
    assert code == (0 if passes else 1)
    expected = {"weights": (8, 7), "fc.weight": ("5x144, floating-point numbers", f"5x144 in {kind}")}
    assert failed(said) == ({} if passes else expected)


@pytest.mark.parametrize(("kind", "passes"), [("<f2", True), (">f8", True), ("<i8", False), ("|b1", False)])
def test_whole_numbers_of_arrays_are_no_weights(check, kind, passes):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, shape in TENSORS.items():
            of = kind if name == "stem.bias" else "<f4"
            head = f"{{'descr': '{of}', 'fortran_order': False, 'shape': {shape}, }}".encode()
            archive.writestr(f"{name}.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head)
    code, said = check(made.getvalue(), "weights.npz")
    assert code == (0 if passes else 1)
    assert failed(said).get("stem.bias") == (None if passes else ("4, floating-point numbers", f"4 in {kind}"))


def test_a_net_that_is_stored_in_whole_numbers_has_them(tmp_path):
    (tmp_path / "net.yaml").write_text("{input: 4, layers: [{linear: 3 nobias, name: fc, dtype: int8}]}")
    text = json.dumps({"fc.weight": {"dtype": "I8", "shape": [3, 4], "data_offsets": [0, 12]}}).encode()
    (tmp_path / "net.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + bytes(12))
    arguments = ["check", str(tmp_path / "net.yaml"), "--weights", str(tmp_path / "net.safetensors")]
    assert runner().invoke(program, arguments).exit_code == 0
