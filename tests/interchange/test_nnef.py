"""NNEF's graphs: shapes and counts as Khronos's own interpreter has them, both syntaxes, what is wrong."""

from __future__ import annotations

import io
import tarfile
from math import prod

import pytest
from reading import read

from cnncalc.errors import CnncalcError


def nnef(text, **options):
    return read(text, "graph.nnef", **options)


def graph(body: str, shape: str = "1, 4, 9, 9") -> str:
    """A graph from `x` to `y`."""
    return f"version 1.0;\n\ngraph net(x) -> (y)\n{{\n    x = external(shape = [{shape}]);\n{body}\n}}\n"


def one(operation: str, shape: str = "1, 4, 9, 9", variables: str = "") -> str:
    return graph(f"{variables}\n    y = {operation};", shape)


FILTER = "w = variable(shape = [8, 4, 3, 3], label = 'net/conv/filter');"
PLANES = "w = variable(shape = [4, 1, 3, 3], label = 'net/conv/filter');"
TURNED = "w = variable(shape = [4, 6, 2, 2], label = 'net/up/filter');"
MATRIX = "w = variable(shape = [7, 4], label = 'fc/filter'); b = variable(shape = [1, 7], label = 'fc/bias');"
EXACT = "padding = [(1, 1), (1, 1)]"

# Each output is that of nnef 1.0.10, infer_shapes; parameters are the elements of the variables.
LAYERS = [
    (one("conv(x, w, stride = [2, 2])", variables=FILTER), "8x5x5", 288),  # no padding is TensorFlow's same
    (one("conv(x, w, 0.0, padding = [(0, 0), (0, 0)])", variables=FILTER), "8x7x7", 288),
    (one(f"conv(x, w, {EXACT}, stride = [2, 2], dilation = [2, 2])", variables=FILTER), "8x4x4", 288),
    (one(f"conv(x, w, {EXACT}, groups = 0)", variables=PLANES), "4x9x9", 36),
    (one("deconv(x, w, padding = [(0, 0), (0, 0)], stride = [2, 2])", variables=TURNED), "6x18x18", 96),
    (one("max_pool(x, size = [1, 1, 3, 3], stride = [1, 1, 2, 2], border = 'ignore')"), "4x5x5", 0),
    (
        one("max_pool(x, size = [1, 1, 2, 2], padding = [(0, 0), (0, 0), (0, 0), (0, 0)], stride = [1, 1, 2, 2])"),
        "4x4x4",
        0,
    ),
    (one("avg_pool(x, size = [1, 1, 3, 3], padding = [(0, 0), (0, 0), (1, 1), (1, 1)])"), "4x9x9", 0),
    (one("box(x, size = [1, 1, 9, 9], padding = [(0, 0), (0, 0), (0, 0), (0, 0)], normalize = true)"), "4x1x1", 0),
    (one("linear(x, w, b)", "1, 4", MATRIX), "7", 35),
    (one("matmul(x, w, transposeB = true)", "1, 4", MATRIX.partition("b =")[0]), "7", 28),
    (one("mean_reduce(x, axes = [2, 3])"), "4x1x1", 0),
    (one("squeeze(mean_reduce(x, axes = [2, 3]), axes = [2, 3])"), "4", 0),
    (one("reshape(x, shape = [0, -1])"), "324", 0),
    (one("reshape(x, shape = [-1], axis_start = 2)"), "4x81", 0),
    (one("transpose(x, axes = [0, 2, 3, 1])"), "9x9x4", 0),
    (one("concat([x, relu(x), x], axis = 1)"), "12x9x9", 0),
    (one("slice(x, axes = [1, 2], begin = [1, 0], end = [3, 0])"), "2x9x9", 0),
    (one("pad(x, padding = [(0, 0), (0, 0), (1, 2), (3, 4)])"), "4x12x16", 0),
    (one("nearest_upsample(x, factor = [2, 2])"), "4x18x18", 0),
    (one("multilinear_upsample(x, factor = [2, 2], method = 'aligned')"), "4x18x18", 0),
    (one("local_response_normalization(x, size = [1, 5, 1, 1])"), "4x9x9", 0),
    (one("softmax(leaky_relu(clamp(x, 0.0, 6.0), alpha = 0.1), axes = [1])"), "4x9x9", 0),
    (one("l2_normalization(x, axes = [1])"), "4x9x9", 0),
    (one("tile(x, repeats = [1, 2, 1, 1])"), "8x9x9", 0),
    (one("unsqueeze(x, axes = [2])", "1, 4, 9"), "4x1x9", 0),
]


@pytest.mark.parametrize(("text", "output", "params"), LAYERS)
def test_shapes_and_parameters_are_those_of_the_interpreter(text, output, params):
    found = nnef(text)
    assert (list(found.outputs.values()), found.params) == ([output], params)


def test_the_interpreter_says_so():
    package = pytest.importorskip("nnef")
    for text, output, params in LAYERS:
        made = package.parse_string(text)
        package.infer_shapes(made)
        counted = sum(prod(tensor.shape) for name, tensor in made.tensors.items() if name in ("w", "b"))
        assert ("x".join(map(str, made.tensors["y"].shape[1:])), counted) == (output, params), text


NET = """# a net in compositional syntax
version 1.0;
extension KHR_enable_fragment_definitions;

fragment unused( a: tensor<scalar> ) -> ( b: tensor<scalar> )
{
    b = a * 2.0;
}

graph Small( image ) -> ( scores )
{
    image = external<scalar>(shape = [1, 3, 8, 8]);
    scale = variable(shape = [1, 4], label = 'norm/scale');
    offset = variable(shape = [1, 4], label = 'norm/offset');
    mean = variable(shape = [1, 4], label = 'norm/mean');
    variance = variable(shape = [1, 4], label = 'norm/variance');
    filter = variable(shape = [4, 3, 3, 3], label = 'first/weight');
    [left, right] = split(relu(batch_normalization(conv(image, filter), mean, variance, offset, scale)),
        axis = 1, ratios = [1, 1]);
    sum = left + right * 0.5;
    scores = softmax(sum);
}
"""


def test_operations_inside_others_signs_and_several_outputs():
    found = nnef(NET)
    assert (found.params, found.buffers, found.outputs) == (108 + 8, 8, {"softmax1": "2x8x8"})
    assert found.graph.nodes[1].name == "first"  # by its variable's label


FAULTS = [
    (one("hurz(x)"), "1 layer of this NNEF net is not known"),
    (graph("    y = relu(x)"), "`;` is expected, not `}`"),
    (NET.replace("relu(", "unused("), "unused"),
    (one("conv(x, x)"), "`filter` is no variable of the graph"),
    (one("conv(x, w, stride = 2.5)", variables=FILTER), "`stride` is a list of whole numbers"),
    (one("max_pool(x, size = [1, 2, 3, 3])"), "over channels is not read"),
    (one("relu(z)"), "which nothing before it makes"),
    (one("(" * 40 + "x" + ")" * 40), "nest deeper than 32"),
    (one("relu(x) $"), "this is no part of NNEF"),
    ("version 1.0;\ngraph net(x) -> (y)\n{", "not the end of the file"),
    ("version 1.0;\nfragment a(x)\ngraph net(x) -> (y)\n", "the end of the file"),
    (one("concat(3, axis = 1)"), "`values` is a list of tensors"),
]


@pytest.mark.parametrize(("text", "told"), FAULTS)
def test_what_is_wrong_is_told(text, told):
    with pytest.raises(CnncalcError) as raised:
        nnef(text)
    assert told in str(raised.value)


def packed(members: dict[str, bytes], mode: str = "w:gz") -> bytes:
    """An archive as NNEF's tools write it."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as archive:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return made.getvalue()


GRAPH = one("conv(x, w, stride = [2, 2])", variables=FILTER).encode()
WEIGHTS = bytes(range(256)) * 3_000


@pytest.mark.parametrize("mode", ["w:gz", "w"])
@pytest.mark.parametrize("name", ["graph.nnef", "./net/graph.nnef"])
def test_a_graph_in_an_archive_behind_its_weights(mode, name):
    found = read(packed({"a.dat": WEIGHTS, name: GRAPH}, mode), "net.nnef.tgz")
    assert (found.params, list(found.outputs.values())) == (288, ["8x5x5"])


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (packed({"a.dat": WEIGHTS}), "has no `graph.nnef` inside"),
        (packed({"a.dat": WEIGHTS, "graph.nnef": GRAPH})[:2_000], "has no `graph.nnef` inside"),
        (packed({"graph.nnef": b"version 1.0;"}), "a name is expected, not the end of the file"),
        (packed({"a": b"", "graph.nnef": GRAPH}, "w").replace(b"00000000000", b"z" * 11, 1), "is a broken archive"),
        (packed({"a" * 9: b""}, "w").replace(b"00000000000\0", b"77777777777\0", 1), "more bytes than are unpacked"),
    ],
    ids=["no graph", "cut", "no net", "no number", "too far"],  # gzip notes the time: the bytes differ
)
def test_archives_that_are_broken_or_lie(data, told):
    with pytest.raises(CnncalcError) as raised:
        read(data, "net.nnef.tgz")
    assert told in str(raised.value)
