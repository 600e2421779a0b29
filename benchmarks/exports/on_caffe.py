"""Caffe's prototxt, read by OpenCV with a file of zeros beside: the shapes of all layers that both know by a name."""

from __future__ import annotations

from benchmarks.exports.nets import NOT_HELD, Case
from cnncalc.errors import CnncalcError
from cnncalc.witnesses.holding import held
from cnncalc.witnesses.opencv.caffe import read
from cnncalc.witnesses.opencv.witness import asked

__all__ = ["by_opencv"]


LACKING = ("round_mode", '"Clip"', '"Bias"', '"Reduction"', '"Upsample"', '"Embed"', '"Tile"')
"""Fields and layers of Caffe, or of its forks, that OpenCV does not know."""


def by_opencv(case: Case) -> list[str]:
    """How OpenCV's shapes differ from the net's. Raises CnncalcError where Caffe cannot say it."""
    file = read(case.whole, 1)
    try:
        seen = asked(file, case.whole, 1)
    except CnncalcError as error:
        return [f"{NOT_HELD}OpenCV: {error.faults[0].values[-160:]}"]
    lacking = [one for one in LACKING if one in file.content.decode()]
    if seen.refusal and lacking:
        return [f"{NOT_HELD}OpenCV has no {', '.join(lacking)}: {seen.refusal[-80:]}"]
    if not seen.rows and not seen.refusal:
        return ["no layer was held"]
    found = held(case.whole, seen, net="", batch=1, seconds=0)
    figures = [(row.name, figure) for row in found.rows for figure in row.figures]
    figures += [("in all", figure) for figure in found.totals]
    return [f"{name}: {one.what} {one.predicted}, there {one.measured}" for name, one in figures if not one.passed]
