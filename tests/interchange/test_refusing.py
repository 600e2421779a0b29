"""Files that are not read are told as what they are."""

from __future__ import annotations

import pytest
from reading import read

from cnncalc.api import load
from cnncalc.errors import CnncalcError


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\x80\x02}q\x00.", "is a pickle"),
        (b"import torch\n\nclass Net:\n    pass\n", "is a Python program"),
    ],
    ids=["pickle", "Python"],
)
def test_a_file_that_is_not_read_is_told_as_what_it_is(data, said):
    with pytest.raises(CnncalcError, match=said) as caught:
        read(data, "net.bin")
    assert caught.value.faults[0].help


MODEL = b'{"class_name": "Sequential", "config": {"layers": []}}'


@pytest.mark.parametrize(
    "data",
    [b"// a model\n" + MODEL, b"/* a\n * model */\n" + MODEL, b"# a model\n" + MODEL, MODEL[:-1] + b",\n}"],
    ids=["line", "block", "hash", "comma"],
)
def test_json_of_another_tool_with_what_json_has_not_is_told_so(data):
    with pytest.raises(CnncalcError, match="is broken JSON") as caught:
        read(data, "model.json")
    assert caught.value.faults[0].help == "take comments out, and a comma behind the last entry: JSON has neither"


def test_a_mark_of_the_byte_order_is_passed_over():
    with pytest.raises(CnncalcError) as caught:
        read(b"\xef\xbb\xbf" + MODEL, "model.json")
    with pytest.raises(CnncalcError) as without:
        read(MODEL, "model.json")
    assert caught.value.faults == without.value.faults


def test_a_net_of_ours_in_json_has_comments_as_yaml_has_them(tmp_path):
    net = '{"input": "3x8x8", "layers": ["flatten", "linear 2",],}'
    (tmp_path / "net.json").write_text("# mine\n" + net, encoding="utf-8")
    assert load(tmp_path / "net.json").nodes[-1].shape == (2,)
    (tmp_path / "other.json").write_text("// mine\n" + net, encoding="utf-8")
    with pytest.raises(CnncalcError, match="JSON has no comments"):
        load(tmp_path / "other.json")
