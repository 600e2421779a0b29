"""Files that are met in place of a net are told as what they are."""

from __future__ import annotations

import gzip

import pytest

from cnncalc import Options, load
from cnncalc.errors import CnncalcError


@pytest.mark.parametrize("name", ["net.onnx", "net.yaml", "net.prototxt", "net"])
@pytest.mark.parametrize(
    ("content", "message", "help"),
    [
        (b"<!DOCTYPE html>\n<html></html>", "the file is a page of the web", "fetch the file itself"),
        (b"version https://git-lfs.github.com/spec/v1\nsize 9\n", "the file is a pointer of Git LFS", "git lfs pull"),
        (gzip.compress(b"input: 3x8x8\nlayers: [relu]\n", mtime=0), "the file is compressed", "unpack it first"),
        (b'net: "train_val.prototxt"\nbase_lr: 0.01\n', "says how a net of Caffe is trained", "names as `net`"),
    ],
    ids=["page", "pointer", "compressed", "solver"],
)
def test_what_is_no_net_is_told_as_what_it_is(name, content, message, help, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CnncalcError) as raised:
        load(str(tmp_path / name), Options())
    (fault,) = raised.value.faults
    assert message in fault.message
    assert help in fault.help


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("net.ort", "a model in onnxruntime's own format"), ("net.mnn", "a net of MNN"), ("net.rknn", "a net of RKNN"),
        ("net.engine", "an engine of TensorRT"), ("net.plan", "an engine of TensorRT"), ("net.dlc", "a net of SNPE"),
    ],
)  # fmt: skip
def test_what_a_runtime_made_of_a_net_is_told_as_that(name, what, tmp_path):
    (tmp_path / name).write_bytes(b"\x18\0\0\0ORTM" + bytes(32))
    with pytest.raises(CnncalcError) as raised:
        load(str(tmp_path / name), Options())
    (fault,) = raised.value.faults
    assert fault.message == f"the file is named as {what}, and is not one that is read"
    assert fault.help.startswith("give what it was made of: an ONNX or TensorFlow Lite model")
