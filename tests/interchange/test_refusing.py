"""Files that are not read are told as what they are."""

from __future__ import annotations

import pytest
from reading import read

from cnncalc.errors import CnncalcError


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\x08\x04\x12\x92\x02\n\x15\n\x05image\x1a\x0c", "is a Core ML model"),
        (b"# a comment\nversion 1.0;\n\ngraph net( input ) -> ( output )\n{\n}\n", "is a graph in NNEF"),
        (b"\x80\x02}q\x00.", "is a pickle"),
        (b"import torch\n\nclass Net:\n    pass\n", "is a Python program"),
    ],
    ids=["Core ML", "NNEF", "pickle", "Python"],
)
def test_a_file_that_is_not_read_is_told_as_what_it_is(data, said):
    with pytest.raises(CnncalcError, match=said) as caught:
        read(data, "net.bin")
    assert caught.value.faults[0].help
