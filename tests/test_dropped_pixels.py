"""The hint about pixels that no window sees, against every pixel and window counted one by one."""

import re
from random import Random

import pytest
from command_line import runner
from explained import only, said

from cnncalc import Options, chain, report
from cnncalc.cli.main import cnncalc as program

CHAINS = 400


class Line:
    """Which elements of a line depend on a pixel of the image, and what the layers that drop some should say."""

    def __init__(self, length):
        self.holds = [True] * length
        self.dropped = {}

    def slide(self, name, kernel, stride, padding, dilation=1):
        """Every window in turn, as long as one fits; what no window takes is dropped."""
        before = [(None, False)] * padding
        line = [*before, *enumerate(self.holds), *before]
        taken, result = set(), []
        for start in range(0, len(line) - dilation * (kernel - 1), stride):
            window = [line[start + dilation * i] for i in range(kernel)]
            result.append(any(holds for _, holds in window))
            taken |= set(range(start, start + dilation * (kernel - 1) + 1))
        last = max(taken)
        lost = sum(holds for place, (_, holds) in enumerate(line) if place > last)
        if lost and dilation * (kernel - 1) + 1 >= stride:
            self.dropped[name] = f"{lost} of {len(self.holds)}"
        self.holds = result

    def spread(self, kernel, stride):
        """A transposed convolution: every element adds a kernel."""
        result = [False] * ((len(self.holds) - 1) * stride + kernel)
        for place, holds in enumerate(self.holds):
            for i in range(kernel):
                result[place * stride + i] |= holds
        self.holds = result


def drawn(random, count):
    """Layers drawn at random, and what becomes of a line of pixels in them."""
    line = Line(random.randint(8, 40))
    length, layers, slid = len(line.holds), [], {"conv": 0, "maxpool": 0}
    for _ in range(count):
        here = len(line.holds)
        draw = random.choice(["pad", "pad", "conv", "conv", "maxpool", "relu", "upsample", "conv_transpose", "crop"])
        kernel, stride = random.randint(1, 4), random.randint(1, 4)
        if draw == "pad":
            before, after = random.randint(0, 3), random.randint(0, 5)
            layers.append(f"pad {before}:{after}")
            line.holds = [False] * before + line.holds + [False] * after
        elif draw == "crop" and here > 9:
            layers.append(f"crop 1:{stride}")
            line.holds = line.holds[1:-stride]
        elif draw in slid and here > 8:
            padding = random.randint(0, kernel // 2)
            dilation = random.randint(1, 2)
            slid[draw] += 1
            layers.append(f"{draw} {'2 ' if draw == 'conv' else ''}k{kernel} s{stride} p{padding} d{dilation}")
            line.slide(f"{draw}{slid[draw]}", kernel, stride, padding, dilation)
        elif draw == "upsample" and here < 80:
            layers.append("upsample 2")
            line.holds = [holds for holds in line.holds for _ in range(2)]
        elif draw == "conv_transpose" and here < 80:
            layers.append(f"conv_transpose 2 k{kernel} s{stride}")
            line.spread(kernel, stride)
        else:
            layers.append("relu")
    return f"2x{length}", layers, line


def told(hints):
    """What the hint says of each layer."""
    for hint in hints:
        if "seen by no window" in hint.text:
            numbers = re.search(r"\((.*)\)", hint.text)[1]
            if ";" not in numbers and not re.match(r"[a-z]", numbers):
                return {name: numbers.partition(" along")[0] for name in hint.layer.split(", ")}
            parts = [part.split(" ", 1) for part in numbers.split("; ") if "more" not in part]
            return {name: rest.partition(" along")[0] for name, rest in parts}
    return {}


@pytest.mark.parametrize("seed", range(4))
def test_the_hint_says_what_counting_each_pixel_says(seed):
    random = Random(seed)
    dropping = 0
    for _ in range(CHAINS // 4):
        shape, layers, line = drawn(random, random.randint(1, 7))
        said = told(report(chain(shape, layers, Options())).hints)
        dropping += bool(line.dropped)
        assert bool(said) == bool(line.dropped), (shape, layers, line.dropped)
        assert said.items() <= line.dropped.items() or len(line.dropped) > 3, (shape, layers, said, line.dropped)
    assert 5 < dropping < 50


BRANCHES = {
    "a padding layer's own pixels are no loss": (["pad 0:1", "relu", "batchnorm", "maxpool k2 s2"], ""),
    "nor in branches that were all padded": (["{add: [[pad 0:1], [conv 2 k1, pad 0:1]]}", "maxpool k2 s2"], ""),
    "one branch that is not": (["{add: [[pad 0:1], [conv 2 k2 p1]]}", "maxpool k2 s2"], "1 of 9"),
    "padded, then transposed": (["pad 0x0:1", "permute 0x2x1", "maxpool k2 s2"], ""),
    "each axis for itself": (["pad 0:1x0", "crop 0x0:1", "maxpool k2 s2"], "1 of 7 along the width"),
}


@pytest.mark.parametrize("what", BRANCHES)
def test_a_border_is_followed_through_branches_and_turns(what):
    layers, wanted = BRANCHES[what]
    said = " ".join(
        hint.text for hint in report(chain("2x8x8" if "{" not in layers[0] else "2x8", layers, Options())).hints
    )
    assert (wanted in said) if wanted else ("no window" not in said), said


def test_each_layer_has_its_own_number():
    done = runner().invoke(program, ["chain", "3x16", "maxpool k3 s3", "conv 4 k2 s2"])
    assert (
        "maxpool1, conv1: the last pixels are seen by no window (maxpool1 1 of 16 along the length; conv1 1 of 5"
        in done.stdout
    )


def test_windows_with_holes_are_told_by_what_they_see():
    """Against every window's pixels, written down one by one."""
    random = Random(29)
    counted = 0
    for _ in range(400):
        kernel, stride, dilation = random.randint(1, 4), random.randint(2, 4), random.randint(2, 4)
        padding, length = random.randint(0, 3), random.randint(10, 30)
        starts = range(0, length + 2 * padding - dilation * (kernel - 1), stride)
        if not starts or dilation * (kernel - 1) + 1 < stride:
            continue
        seen = {start + dilation * i - padding for start in starts for i in range(kernel)} & {*range(length)}
        reached = min(starts[-1] + dilation * (kernel - 1) + 1 - padding, length)
        remarks = said(only(f"1x{length}", f"conv 1 k{kernel} s{stride} p{padding} d{dilation}"))
        if len(seen) < reached:
            counted += 1
            assert f"sees {len(seen)} of the {length} pixels and skips the others" in remarks
            assert "every pixel of the input is seen" not in remarks
        else:
            assert "skips the others" not in remarks
        if "every pixel of the input is seen" in remarks:
            assert len(seen) == length
    assert counted > 100
