"""OpenVINO's XML: layers and weights by their declared shapes, biases behind them, hostile text."""

from __future__ import annotations

import re

import pytest
from reading import read

from cnncalc import load, report
from cnncalc.errors import CnncalcError


def port(number, shape):
    return f'<port id="{number}">' + "".join(f"<dim>{n}</dim>" for n in shape) + "</port>"


class Xml:
    """An IR, layer by layer; each layer is known by its number."""

    def __init__(self):
        self.layers, self.edges, self.shapes = [], [], []

    def add(self, kind, outputs, inputs=(), **data):
        number = len(self.layers)
        attributes = " ".join(f'{key}="{value}"' for key, value in data.items())
        taken = "".join(port(place, self.shapes[one]) for place, one in enumerate(inputs))
        made = "".join(port(len(inputs) + place, shape) for place, shape in enumerate(outputs))
        self.layers.append(
            f'<layer id="{number}" name="{kind.lower()}_{number}" type="{kind}" version="opset1"><data {attributes}/>'
            f"<input>{taken}</input><output>{made}</output></layer>"
        )
        for place, one in enumerate(inputs):
            source = len(self.layers[one].split("<input>")[1].split("</input>")[0].split("<port")) - 1
            self.edges.append(f'<edge from-layer="{one}" from-port="{source}" to-layer="{number}" to-port="{place}"/>')
        self.shapes.append(outputs[0] if outputs else ())
        return number

    def text(self):
        body, edges = "\n".join(self.layers), "".join(self.edges)
        return (
            f'<?xml version="1.0"?>\n<net name="n" version="11"><layers>\n{body}\n</layers><edges>{edges}</edges></net>'
        )


def xml(text, **options):
    return read(text, "net.xml", **options)


CONV = {"strides": "2,2", "pads_begin": "1,1", "pads_end": "1,1", "dilations": "1.0,1.0"}


def small(bias=True, kind="Convolution", weights=(8, 4, 3, 3)):
    """An input, a convolution, perhaps its bias, a ReLU."""
    net = Xml()
    x = net.add("Parameter", [(1, 4, 9, 9)], shape="1,4,9,9")
    w = net.add("Const", [weights])
    c = net.add(kind, [(1, 8, 5, 5)], [x, w], **CONV)
    if bias:
        b = net.add("Const", [(1, 8, 1, 1)])
        c = net.add("Add", [(1, 8, 5, 5)], [c, b])
    r = net.add("ReLU", [(1, 8, 5, 5)], [c])
    return net, r


def halved(*parts):
    """A tensor that is split into parts of these shapes."""
    net = Xml()
    net.add("Split", parts, [net.add("Parameter", [(1, 4, 9, 9)])])
    return net.text()


def result(net, tensor):
    net.add("Result", [], [tensor])
    return xml(net.text())


def test_an_add_behind_a_convolution_is_its_bias():
    net, r = small()
    found = result(net, r)
    assert (found.params, found.layers, found.outputs) == (8 * 4 * 9 + 8, 2, {"relu_5": "8x5x5"})


@pytest.mark.parametrize(
    ("kind", "weights", "params"),
    [
        ("Convolution", (8, 4, 3, 3), 288),
        ("GroupConvolution", (4, 2, 1, 3, 3), 72),
        ("GroupConvolution", (2, 4, 2, 3, 3), 144),
    ],
)
def test_the_weights_say_filters_and_groups(kind, weights, params):
    net, r = small(bias=False, kind=kind, weights=weights)
    assert result(net, r).params == params


def test_weights_in_half_precision_and_quantised_ones_are_those_of_the_layer():
    net = Xml()
    x = net.add("Parameter", [(1, 4, 9, 9)])
    w = net.add("Const", [(8, 4, 3, 3)], element_type="i8")
    w = net.add("Convert", [(8, 4, 3, 3)], [w])
    w = net.add("Subtract", [(8, 4, 3, 3)], [w, net.add("Const", [(8, 1, 1, 1)])])
    w = net.add("Multiply", [(8, 4, 3, 3)], [w, net.add("Const", [(8, 1, 1, 1)])])
    found = result(net, net.add("Convolution", [(1, 8, 5, 5)], [x, w], **CONV))
    assert (found.params, report(found.graph).rows[-1].params) == (288 + 8 + 8, 16)  # its scales in a row of their own


def test_what_is_laid_out_anew_has_its_declared_shape():
    net, r = small()
    r = net.add("Transpose", [(1, 5, 5, 8)], [r, net.add("Const", [(4,)])])
    r = net.add("Reshape", [(1, 200)], [r, net.add("Const", [(2,)])])
    r = net.add("MatMul", [(1, 10)], [r, net.add("Const", [(10, 200)])], transpose_b="true")
    r = net.add("Add", [(1, 10)], [r, net.add("Const", [(1, 10)])])
    found = result(net, net.add("SoftMax", [(1, 10)], [r], axis="1"))
    assert (found.params, list(found.outputs.values())) == (288 + 8 + 2000 + 10, ["10"])


def test_reductions_and_factors():
    net, r = small()
    m = net.add("ReduceMean", [(1, 8, 1, 1)], [r, net.add("Const", [(2,)])], keep_dims="true")
    s = net.add("Sigmoid", [(1, 8, 1, 1)], [m])
    y = net.add("Multiply", [(1, 8, 5, 5)], [r, s])
    found = result(net, net.add("Add", [(1, 8, 5, 5)], [y, net.add("Const", [(1, 1, 1, 1)])]))
    assert (found.params, list(found.outputs.values())) == (288 + 8 + 1, ["8x5x5"])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            '<?xml version="1.0"?><!DOCTYPE net [<!ENTITY a "b">]>\n<net name="a" version="11"></net>',
            "a document type has no place",
        ),
        (small()[0].text()[:-40], "no well-formed XML"),
        ('<net name="a" version="10"/>', "has no layers"),
        (small(kind="Foo")[0].text(), "1 layer of this OpenVINO net is not known"),
        (halved((1, 2, -1, 9), (1, 2, 9, 9)), "needs the shape of its output"),
        (small()[0].text().replace("<dim>9</dim>", "<dim>-1</dim>"), "leaves lengths of its input open"),
        (small()[0].text().replace("<dim>9</dim>", "<dim>x</dim>"), "a `dim` is a whole number"),
        ('<net name="a" version="10">' + "<a>" * 999, "nest deeper"),
        (small()[0].text().replace('from-layer="0"', 'from-layer="5"'), "in a circle"),
        (re.sub(r'<edge [^>]* to-layer="5"[^>]*/>', "", small()[0].text()), "`ReLU` takes a tensor"),
        (small()[0].text().replace("<dim>5</dim>", "<dim>--5</dim>"), "a `dim` is a whole number"),
        (small()[0].text().replace('strides="2,2"', 'strides="--2"'), "`strides` is a list of whole numbers"),
        (halved((1, 2, 9), (1, 2, 9)), "have as many axes as it"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text, told):
    with pytest.raises(CnncalcError) as raised:
        xml(text)
    assert told in str(raised.value)


def norm(kind, shape, axes, affine, **data):
    """A norm of a sequence or a map, with or without a factor and a shift behind it."""
    net = Xml()
    x = net.add("Parameter", [(1, *shape)])
    made = net.add(kind, [(1, *shape)], [x, net.add("Const", [(axes,)], element_type="i32")], **data)
    for join in ("Multiply", "Add") if affine else ():
        made = net.add(join, [(1, *shape)], [made, net.add("Const", [affine], element_type="f32")])
    return result(net, made)


NORMS = [
    # shape, axes that are normalised, lengths of factor and shift, kind, parameters
    ((8, 6, 6), 2, (1, 8, 1, 1), "instancenorm", 16),
    ((8, 6, 6), 2, None, "instancenorm", 0),
    ((8, 6, 6), 3, (1, 8, 6, 6), "layernorm", 2 * 288),
    ((36, 8), 1, (1, 1, 8), "layernorm", 16),
    ((36, 8), 1, None, "layernorm", 0),
    ((36, 8), 1, (1, 36, 1), "instancenorm", 72),
]


@pytest.mark.parametrize(("shape", "axes", "affine", "kind", "params"), NORMS)
def test_mvn_is_the_norm_over_its_axes_with_what_is_behind_it(shape, axes, affine, kind, params):
    found = norm("MVN", shape, axes, affine, eps="1e-5", normalize_variance="true")
    kinds = [layer.kind for *_, layer in found.graph.layers()]
    assert (kinds, found.params) == ([kind], params)


def test_a_group_norm_learns_what_the_file_holds():
    net = Xml()
    x = net.add("Parameter", [(1, 8, 6, 6)])
    held = [net.add("Const", [(8,)], element_type="f32") for _ in range(2)]
    made = net.add("GroupNormalization", [(1, 8, 6, 6)], [x, *held], num_groups="4", epsilon="1e-5")
    assert result(net, made).params == 16


CELLS = [
    # the cell, its gates, numbers of biases, parameters of 5 units on 6 numbers
    ("LSTMSequence", 4, 20, 240),
    ("RNNSequence", 1, 5, 60),
    ("GRUSequence", 3, 15, 180),
    ("GRUSequence", 3, 20, 180),
]


@pytest.mark.parametrize(("kind", "gates", "biases", "params"), CELLS)
@pytest.mark.parametrize("last", [False, True], ids=["all states", "the last"])
@pytest.mark.parametrize("directions", [1, 2])
def test_recurrent_layers(kind, gates, biases, params, last, directions):
    net = Xml()
    x = net.add("Parameter", [(1, 10, 6)])
    lengths: list[tuple[int, ...]] = [(1, directions, 5)] * (2 if kind == "LSTMSequence" else 1) + [(1,)]
    lengths += [(directions, 5 * gates, 6), (directions, 5 * gates, 5), (directions, biases)]
    held = [net.add("Const", [one], element_type="f32") for one in lengths]
    outputs = [(1, directions, 10, 5), (1, directions, 5)]
    way = "bidirectional" if directions == 2 else "forward"
    net.add(kind, outputs, [x, *held], hidden_size="5", direction=way)
    made = f'from-layer="{len(net.layers) - 1}" from-port="{len(held) + 1 + last}"'
    text = net.text().replace("</edges>", f'<edge {made} to-layer="99" to-port="0"/></edges>')
    port_of = port(0, outputs[last])
    end = f'<layer id="99" name="end" type="Result" version="opset1"><input>{port_of}</input></layer></layers>'
    found = xml(text.replace("</layers>", end))
    assert found.params == params * directions
    assert list(found.outputs.values()) == ["x".join(map(str, outputs[last][1:]))]


def test_small_numbers_are_read_of_the_weights_file_beside(tmp_path):
    net = Xml()
    x = net.add("Parameter", [(1, 3, 8, 8)])
    begin = net.add("Const", [(4,)], element_type="i64", offset="0", size="32")
    end = net.add("Const", [(4,)], element_type="i64", offset="32", size="32")
    made = net.add("Pad", [(1, 3, 12, 11)], [x, begin, end], pad_mode="reflect")
    net.add("Result", [], [made])
    (tmp_path / "net.xml").write_text(net.text())

    def border():
        (layer,) = [layer for *_, layer in load(str(tmp_path / "net.xml")).layers()]
        return tuple(getattr(layer, name) for name in ("border", "mode"))

    assert border() == (((2, 2), (1, 2)), "reflect")  # half of what is longer, where nothing says it
    numbers = (0, 0, 3, 1, 0, 0, 1, 2)
    (tmp_path / "net.bin").write_bytes(b"".join(one.to_bytes(8, "little") for one in numbers))
    touched = tmp_path / "net.xml"
    touched.write_text(net.text() + "\n")
    assert border() == (((3, 1), (1, 2)), "reflect")


def test_parts_and_tables_and_sizes():
    net = Xml()
    x = net.add("Parameter", [(1, 12)])
    table = net.add("Const", [(50, 8)], element_type="f32")
    net_out = net.add("Gather", [(1, 12, 8)], [table, x, net.add("Const", [()])])
    assert result(net, net_out).params == 400
    net = Xml()
    x = net.add("Parameter", [(1, 8, 18, 18)])
    made = net.add("AdaptiveAvgPool", [(1, 8, 3, 3)], [x, net.add("Const", [(2,)])])
    made = net.add("AdaptiveMaxPool", [(1, 8, 1, 1)], [made, net.add("Const", [(2,)])])
    assert list(result(net, made).outputs.values()) == ["8x1x1"]


def test_a_token_of_the_file_is_a_parameter_and_attention_its_products():
    net = Xml()
    x = net.add("Parameter", [(1, 12, 16)])
    x = net.add("Concat", [(1, 13, 16)], [net.add("Const", [(1, 1, 16)], element_type="f32"), x], axis="1")
    x = net.add("Reshape", [(1, 13, 4, 4)], [x, net.add("Const", [(4,)])])
    x = net.add("Transpose", [(1, 4, 13, 4)], [x, net.add("Const", [(4,)])])
    found = result(net, net.add("ScaledDotProductAttention", [(1, 4, 13, 4)], [x, x, x], causal="false"))
    assert (found.params, found.macs, list(found.outputs.values())) == (16, 2 * 4 * 13 * 13 * 4, ["4x13x4"])


def test_a_net_that_gives_nothing_is_told():
    net = Xml()
    net.add("ReLU", [(1, 4, 9, 9)], [net.add("Parameter", [(1, 4, 9, 9)])])
    with pytest.raises(CnncalcError, match="nothing comes out"):
        xml(net.text())


def test_what_constants_are_stored_in_is_told():
    """288 weights of a byte and 8 biases of two, beside shapes, which are of no layer."""
    net = Xml()
    x = net.add("Parameter", [(1, 4, 9, 9)], shape="1,4,9,9")
    w = net.add("Const", [(8, 4, 3, 3)], element_type="i8", offset=0, size=288)
    c = net.add("Convolution", [(1, 8, 5, 5)], [x, net.add("Convert", [(8, 4, 3, 3)], [w])], **CONV)
    b = net.add("Const", [(1, 8, 1, 1)], element_type="f16", offset=288, size=16)
    net.add("Const", [(4,)], element_type="i64", offset=304, size=32)
    found = result(net, net.add("Add", [(1, 8, 5, 5)], [c, b])).graph
    assert found.noted == ("the file stores its numbers in 304 bytes: 288 int8, 8 float16",)
