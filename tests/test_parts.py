"""Nets made of others: `replace`, `after` and `without` of what is extended, and a net as a part of another."""

from __future__ import annotations

import pytest

from cnncalc import CnncalcError
from cnncalc.analysis.costs import report
from cnncalc.language import load, load_text
from cnncalc.language.options import Options


def built(text):
    return load_text(text, "own.yaml", Options())


def params(net):
    return report(net).totals.params


def shapes(net):
    return {node.name: node.shape for _, node, _ in net.layers()}


RESNET50, HEAD, BODY = 25_557_032, 2_049_000, 23_508_032
"""torchvision's resnet50, its last layer, and the rest."""


def test_the_head_of_a_net_is_replaced():
    net = built("extends: resnet50\nreplace: {fc: linear 10}\n")
    assert params(net) == BODY + 20_490
    assert list(shapes(net)) == list(shapes(load("resnet50", Options())))
    assert net.nodes[-1].shape == (10,)


def test_a_list_that_replaces_a_layer_is_a_group_of_its_name():
    net = built("extends: resnet50\nreplace: {fc: [linear 256, relu, dropout 0.5, linear 10]}\n")
    assert [name for name in shapes(net) if name.startswith("fc.")] == ["fc.linear1", "fc.relu1", "fc.dropout1",
                                                                       "fc.linear2"]  # fmt: skip
    assert params(net) == BODY + 2048 * 256 + 256 + 256 * 10 + 10


def test_layers_are_left_out_and_put_behind():
    net = built("extends: resnet50\nwithout: [avgpool, flatten1, fc]\nafter: {layer4: [conv 21 k1, batchnorm]}\n")
    assert net.nodes[-1].shape == (21, 7, 7)
    assert params(net) == BODY + 2048 * 21 + 42  # the parent's convolutions have no bias, nor has this


def test_a_layer_deep_inside_a_loop_and_a_block_is_replaced():
    net = built("extends: resnet50\nreplace: {layer1.0.conv2: conv 64 k5 p2}\n")
    assert params(net) == RESNET50 + 64 * 64 * (25 - 9)


def test_a_block_that_an_expression_names_is_left_out():
    """resnet18's layer4.1: two convolutions of 512 channels with their norms."""
    net = built("extends: resnet18\nwithout: [layer4.1]\n")
    assert params(net) == 11_689_512 - 2 * (512 * 512 * 9 + 2 * 512)


def test_expressions_know_the_tensor_where_they_stand():
    net = built("extends: vgg16\nafter: {features: conv $(in_channels // 2) k1}\nwithout: [avgpool]\n")
    assert (256, 7, 7) in shapes(net).values()


def test_a_merge_is_replaced_by_another():
    text = "input: 3x8x8\nlayers: [{add: [[conv 3 k1], []]}]\n"
    assert built(text).nodes[-1].shape == (3, 8, 8)
    two = built("extends: resnet18\nreplace: {layer1.0.add1: multiply}\n")
    assert params(two) == 11_689_512


@pytest.mark.parametrize(
    ("text", "words", "way_out"),
    [
        ("extends: resnet50\nreplace: {fcc: linear 3}\n", "no layer or group `fcc`", "did you mean `fc`"),
        ("extends: resnet50\nwithout: [layer9]\n", "no layer or group `layer9`", "layer"),
        ("extends: resnet50\nafter: [fc]\n", "`after` is a mapping", "{fc: linear 10}"),
        ("extends: resnet50\nwithout: [[fc]]\n", "`without` is a list of names", "[avgpool, fc]"),
        ("input: 3x8x8\nlayers: [relu]\nreplace: {relu1: gelu}\n", "changes a net that the file extends", "extends"),
        ("extends: res2net50_26w_4s\nreplace: {layer1.0.concat1: [relu]}\n", "takes several tensors", "concat"),
        ("extends: resnet18\nreplace: {fc: lineer 3}\n", "no kind or block `lineer`", "`linear`"),
        ("input: 3x8x8\nlayers: [{net: resnet18, to: layr2}]\n", "no layer or group `layr2`", "`layer2`"),
        ("input: 3x8x8\nlayers: [{net: [a]}]\n", "`net` names one file or bundled net", "{net: resnet50}"),
        ("input: 3x8x8\nlayers: [{net: nonet}]\n", "no file or bundled net `nonet`", ""),
        ("input: 3x8x8\nlayers: [{net: resnet50_keras}]\n", "one dialect", "dialect: keras"),
        ("input: 3x8x8\nlayers: [{net: resnet18, set: [3]}]\n", "`set` is a mapping", "width"),
        ("input: 3x8x8\nlayers: [{net: resnet18, set: {widht: 3}}]\n", "no variable `widht`", "declares"),
        ("input: 3x8x8\nlayers: [{conv: 3 k1, to: x}]\n", "no kind, block or key `to`", "goes with another net"),
    ],
)
def test_a_slip_in_a_part_is_told(text, words, way_out):
    with pytest.raises(CnncalcError) as raised:
        built(text)
    assert words in str(raised.value)
    assert way_out in str(raised.value)


def test_a_net_is_the_backbone_of_another():
    text = "input: 3x64x64\nlayers:\n- {net: resnet50, to: layer2, name: backbone}\n- conv 21 k1\n"
    net = built(text)
    # torchvision's conv1, bn1, layer1 and layer2
    assert params(net) == 9_408 + 128 + 215_808 + 1_219_584 + 512 * 21 + 21
    assert net.nodes[-1].shape == (21, 8, 8)
    assert all(name.startswith("backbone.") for name in list(shapes(net))[:-1])


def test_features_of_a_backbone_are_taken_by_name():
    text = (
        "input: 3x64x64\nlayers:\n- {net: resnet18, to: layer4, name: body}\n- {conv: 8 k1, from: body.layer2}\n"
        "- upsample 1\n- {upsample: 4, from: body, name: up}\n- {concat: , from: [upsample1, up]}\n"
    )
    assert built(text).nodes[-1].shape == (520, 8, 8)


def test_two_uses_of_a_net_are_two_nets():
    net = built("input: 1x28x28\nlayers: [{concat: [{net: lenet5}, {net: lenet5}]}]\n")
    assert params(net) == 2 * 61_706


def test_a_backbone_has_its_own_variables_and_blocks():
    whole = params(load("mobilenet_v2", Options(variables={"width": "0.5"})))
    assert params(built("input: 3x224x224\nlayers: [{net: mobilenet_v2, set: {width: 0.5}}]\n")) == whole


def test_a_net_that_is_a_part_of_itself_ends(tmp_path):
    (tmp_path / "a.yaml").write_text("input: 3x8x8\nlayers: [{net: a.yaml}, {net: a.yaml}]\n")
    with pytest.raises(CnncalcError, match="nested deeper"):
        load(str(tmp_path / "a.yaml"), Options())


def test_many_nets_in_one_are_bounded(tmp_path):
    (tmp_path / "a.yaml").write_text("input: 3x8x8\nlayers: [{repeat: 3000, net: b.yaml}]\n")
    (tmp_path / "b.yaml").write_text("input: 3x8x8\nlayers: [relu]\n")
    with pytest.raises(CnncalcError, match="the bound `built`"):
        load(str(tmp_path / "a.yaml"), Options())


def test_a_part_lies_in_the_files_own_folder(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "secret.yaml").write_text("input: 3x8x8\nlayers: [relu]\n")
    (tmp_path / "in" / "a.yaml").write_text("input: 3x8x8\nlayers: [{net: ../secret.yaml}]\n")
    with pytest.raises(CnncalcError, match="outside the file's folder"):
        load(str(tmp_path / "in" / "a.yaml"), Options())
    assert params(load(str(tmp_path / "in" / "a.yaml"), Options(trust=True))) == 0


def test_a_block_may_be_called_as_a_key_of_nets():
    blocks = "blocks: {to: {with: {n: required}, layers: [conv $n k1]}, set: [relu]}"
    text = f"input: 3x8x8\n{blocks}\nlayers: [{{to: {{n: 4}}}}, set]\n"
    assert built(text).nodes[-1].shape == (4, 8, 8)


def test_a_child_of_a_changed_net_has_its_changes_too(tmp_path):
    (tmp_path / "a.yaml").write_text("extends: resnet18\nreplace: {fc: linear 10}\n")
    (tmp_path / "b.yaml").write_text("extends: a.yaml\nwithout: [maxpool]\n")
    (tmp_path / "c.yaml").write_text("extends: a.yaml\nlayers: [conv 3 k1]\n")
    net = load(str(tmp_path / "b.yaml"), Options())
    assert net.nodes[-1].shape == (10,)
    assert "maxpool" not in shapes(net)
    assert params(load(str(tmp_path / "c.yaml"), Options())) == 3 * 3  # resnet's convolutions have no bias
