"""Files that are not read are told as what they are."""

from __future__ import annotations

import pytest
from reading import read

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
