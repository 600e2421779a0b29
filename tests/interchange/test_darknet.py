"""Darknet's cfg: sizes and counts as Darknet itself prints and saves them, numbering, hostile text."""

from __future__ import annotations

import pytest
from command_line import runner
from reading import darknet

from cnncalc.cli.main import cnncalc as program
from cnncalc.errors import CnncalcError

NET = "[net]\nheight={0}\nwidth={1}\nchannels={2}\n"
CONV = "[convolutional]\nbatch_normalize=1\nfilters={0}\nsize=3\nstride=1\npad=1\nactivation=leaky\n"

# Each output is what Darknet (AlexeyAB's 59596d7, pjreddie's f6afaab) prints for the layer.
LAYERS = [
    ("13x13x512", "[maxpool]\nsize=2\nstride=1", "512x13x13"),  # layer 11 of yolov3-tiny: padded by 1 in all
    ("13x13x512", "[maxpool]\nsize=13\nstride=1", "512x13x13"),  # spatial pyramid pooling of yolov3-spp
    ("32x32x128", "[maxpool]\nsize=2\nstride=2", "128x16x16"),
    ("13x13x8", "[maxpool]\nsize=2\nstride=2\npadding=0", "8x6x6"),
    ("26x26x64", "[reorg]\nstride=2", "256x13x13"),  # yolov2
    ("26x26x64", "[reorg]\nstride=2\nreverse=1", "16x52x52"),
    ("19x19x1", "[reorg]\nextra=1\nstride=1", "362"),  # the last layers of pjreddie's go.cfg
    ("13x13x128", "[upsample]\nstride=2", "128x26x26"),
    ("7x7x1024", "[avgpool]", "1024x1x1"),
    ("32x32x3", "[crop]\ncrop_height=28\ncrop_width=28\nflip=0", "3x28x28"),
    ("7x7x4", "[softmax]", "196"),
    ("7x7x4", "[softmax]\nspatial=1", "4x7x7"),
    ("9x9x4", "[convolutional]\nfilters=8\nsize=3\nstride=2\npad=1", "8x5x5"),
    ("9x9x4", "[convolutional]\nfilters=8\nsize=3\nstride_x=1\nstride_y=3\npad=1", "8x3x9"),
    ("9x9x4", "[convolutional]\nfilters=8\nsize=3\ndilation=2\npad=1", "8x9x9"),
    ("7x7x4", "[local_avgpool]\nsize=3\nstride=3", "4x3x3"),
    ("4x4x3", "[connected]\noutput=10", "10"),
    ("9x9x4", "[maxpool]\nmaxpool_depth=1\nout_channels=2", "2x9x9"),
]


def net_of(shape: str) -> str:
    return NET.format(*shape.split("x"))


@pytest.mark.parametrize(("shape", "layer", "output"), LAYERS)
def test_shapes_are_those_that_darknet_prints(shape, layer, output):
    assert list(darknet(net_of(shape) + layer + "\n").outputs.values()) == [output]


def test_what_is_counted_is_what_darknet_saves():
    """save_convolutional_weights: biases, with batch norm scales, mean and variance, then the weights."""
    net = darknet(net_of("8x8x3") + CONV.format(16) + CONV.format(4).replace("batch_normalize=1", ""))
    assert (net.params, net.buffers) == (16 + 16 + 16 * 27 + 4 + 4 * 16 * 9, 2 * 16)
    grouped = darknet(net_of("8x8x4") + CONV.format(8) + "groups=2\n")
    assert grouped.params == 16 + 8 * 2 * 9


def test_what_yolor_knows_beside_the_image():
    """Its models.py: 32 numbers are added to the map, 255 multiply what is found."""
    before = CONV.format(32) + "[implicit_add]\nfilters=32\n[implicit_mul]\nfilters=255\n[route]\nlayers=0\n"
    found = "[convolutional]\nsize=1\nstride=1\npad=1\nfilters=255\nactivation=linear\n"
    net = darknet(
        net_of("8x8x3") + before + "[shift_channels]\nfrom=1\n" + found + "[control_channels]\nfrom=2\n[yolo]\n"
    )
    assert net.params == (32 * 27 + 64) + 32 + 255 + 33 * 255
    assert list(net.outputs.values()) == ["255x8x8"]
    column = darknet(net_of("8x8x3") + "[implicit]\nfilters=3\natoms=2\n")
    assert (list(column.outputs.values()), column.params) == (["3x2x1"], 6)


@pytest.mark.parametrize(
    ("options", "params"),
    [
        ("size=3\npad=1\n", 8 * (8 * 8 * 9 + 8)),
        ("size=3\npad=1\npeephole=1\n", 11 * (8 * 8 * 9 + 8)),
        ("size=3\npad=1\nbottleneck=1\nbatch_normalize=1\n", (16 * 8 * 9 + 16) + 4 * (8 * 8 * 9 + 16)),
        ("size=1\npeephole=1\nbottleneck=1\nshortcut=1\n", (16 * 8 + 8) + 7 * (8 * 8 + 8)),
    ],
)
def test_a_cell_of_maps_has_the_layers_that_darknet_saves(options, params):
    """Each convolution that `save_weights_upto` writes of a CONV_LSTM."""
    found = darknet(net_of("8x9x8") + "[conv_lstm]\noutput=8\n" + options)
    assert (list(found.outputs.values()), found.params) == (["8x8x9"], params)


def test_a_bottleneck_takes_as_many_channels_as_it_makes():
    with pytest.raises(CnncalcError, match="as many channels as come in"):
        darknet(net_of("8x8x3") + "[conv_lstm]\noutput=8\nbottleneck=1\n")


def test_pixels_of_length_one():
    found = darknet(net_of("8x8x3") + "[l2norm]\n")
    assert (list(found.outputs.values()), found.params) == (["3x8x8"], 0)


@pytest.mark.parametrize(
    ("layers", "output"),
    [
        ("[route]\nlayers=-1,-3\n", "24x8x8"),
        ("[route]\nlayers = 0, 2\n", "24x8x8"),
        ("[route]\nlayers=-3\n", "16x8x8"),
        ("[route]\nlayers=-1\ngroups=2\ngroup_id=1\n", "4x8x8"),
        ("[route_lhalf]\nlayers=-1,0\n", "12x8x8"),  # PyTorch_YOLOv4's: the first half of each
        ("[shortcut]\nfrom=-3\n", "8x8x8"),  # the current layer's channels stay: of the others the first 8 are added
        ("[route]\nlayers=0\n[shortcut]\nfrom=2\n", "16x8x8"),
        ("[maxpool]\nsize=2\nstride=2\n[shortcut]\nfrom=2\n", "8x4x4"),  # pjreddie's: every second pixel is added
        ("[shortcut]\nfrom=-1,-2\nactivation=leaky\n", "8x8x8"),
        ("[avgpool]\n[convolutional]\nfilters=8\n[scale_channels]\nfrom=2\n", "8x8x8"),
        ("[convolutional]\nfilters=8\n[sam]\nfrom=2\n", "8x8x8"),
    ],
)
def test_layers_take_others_by_number(layers, output):
    three = CONV.format(16) + CONV.format(16) + CONV.format(8)
    found = list(darknet(net_of("8x8x3") + three + layers).outputs.values())
    assert found[0] == output
    assert len(found) == 1 or layers.startswith("[route]\nlayers=-3")  # what nothing takes is an output too


def test_a_detector_gives_what_its_yolo_layers_give():
    head = "[convolutional]\nfilters=18\nsize=1\nactivation=linear\n[yolo]\nclasses=1\n"
    net = darknet(net_of("8x8x3") + CONV.format(4) + head + "[route]\nlayers=-3\n[upsample]\nstride=2\n" + head)
    assert list(net.outputs.values()) == ["18x8x8", "18x16x16"]


def test_a_cost_is_no_layer_at_inference():
    assert darknet(net_of("4x4x3") + "[connected]\noutput=5\n[softmax]\n[cost]\ntype=sse\n").outputs == {
        "softmax1": "5"
    }


def test_what_repeats_is_written_once(tmp_path):
    unit = CONV.format(4).replace("size=3", "size=1") + CONV.format(8) + "[shortcut]\nfrom=-3\nactivation=linear\n"
    file = tmp_path / "net.cfg"
    file.write_text(net_of("8x8x3") + CONV.format(8) + unit * 9, encoding="utf-8")
    text = runner().invoke(program, ["import", str(file)]).stdout
    assert "repeat: 9" in text
    assert len(text.splitlines()) < 14


@pytest.mark.parametrize(
    ("text", "params"),
    [
        ("[convolutional]\nfilters=2\nfilters=9\n", 8),  # the first of two equal keys counts (option_find)
        ("[conv]\n  filters = 2 \n", 8),  # blanks mean nothing (strip)
        ("# a comment\n; another\n[convolutional]\nfilters=2x\n", 8),  # atoi stops at the first letter
        ("[convolutional]\nfilters=2\nsize=1\npad=1\npadding=7\n", 8),  # pad=1 is half the kernel, none here
    ],
)
def test_the_grammar_is_darknet_s_own(text, params):
    net = darknet(net_of("4x4x3") + text)
    assert (net.params, list(net.outputs.values())) == (params, ["2x4x4"])


@pytest.mark.parametrize(
    ("layers", "params", "buffers"),
    [
        # connected layers, as save_weights_upto writes them: of [rnn] in, self and out; of [gru] six, of [lstm] eight
        ("[rnn]\nhidden=8\noutput=4\nactivation=leaky\n", (6 * 8 + 8) + (8 * 8 + 8) + (8 * 4 + 4), 0),
        ("[gru]\noutput=5\n", 3 * (6 * 5 + 5) + 3 * (5 * 5 + 5), 0),
        ("[gru]\nbatch_normalize=1\noutput=5\n", 3 * (6 * 5 + 10) + 3 * (5 * 5 + 10), 6 * 10),
        ("[lstm]\noutput=5\n", 4 * (6 * 5 + 5) + 4 * (5 * 5 + 5), 0),
        ("[connected]\noutput=3\n[crnn]\nsize=1\nhidden=8\noutput=4\n", 6 * 3 + 3 + 3 * 8 + 8 + 72 + 36, 0),
    ],
)
def test_recurrent_sections_are_the_layers_that_darknet_makes_of_them(layers, params, buffers):
    found = darknet("[net]\ninputs=6\n" + layers)
    assert (found.params, found.buffers) == (params, buffers)


FAULTS = [
    ("[convolutional]\nfilters=x\n", "`filters` is a whole number"),
    ("[convolutional]\nfilters=0\n", "`filters` is a whole number, from 1 on"),
    ("[convolutional]\nfilters=99999999999999\n", "`filters` is a whole number"),
    ("[foo]\n[foo]\n[bar]\n", "3 layers of this Darknet net are not known"),
    ("[route]\nlayers=5\n", "there is no layer 5 before this one"),
    ("[route]\n", "`layers` names the layers that are taken"),
    ("[convolutional]\nfilters=4\nthis is nothing\n", "this line is no `key=value`"),
    ("[convolutional]\nfilters=4\nsize=9\n", "the kernel does not fit"),
    ("", "this file has no layers"),
]


@pytest.mark.parametrize(("text", "told"), FAULTS)
def test_what_is_wrong_is_told_with_its_place(text, told):
    with pytest.raises(CnncalcError) as raised:
        darknet(net_of("8x8x3") + text)
    assert told in str(raised.value)
    assert all(fault.place is not None for fault in raised.value.faults)


def test_what_is_not_known_is_told_beside_what_is_wrong():
    with pytest.raises(CnncalcError) as raised:
        darknet(net_of("8x8x3") + "[convolutional]\nfilters=x\n[foo]\n[bar]\n")
    told = [(fault.message, fault.values) for fault in raised.value.faults]
    assert told[0][0].startswith("`filters` is a whole number")
    assert told[1:] == [
        ("2 layers of this Darknet net are not known", "[bar] 1× (layer 2 on line 8); [foo] 1× (layer 1 on line 7)")
    ]
