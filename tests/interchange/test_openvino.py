"""OpenVINO's XML: layers and weights by their declared shapes, biases behind them, hostile text."""

from __future__ import annotations

import re

import pytest
from reading import read

from cnncalc import report
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
        (small()[0].text().replace("<dim>5</dim>", "<dim>-1</dim>"), "needs the shape of its output"),
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
