"""The one table of runtimes: which release was measured, and what each makes of what implementations differ in.

`python -m benchmarks.runtimes` measures them, tests/data/runtimes.csv holds what they say, docs/runtimes.md tells it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnncalc.arithmetic.windows.formulas import Rounding
from cnncalc.errors import CnncalcError, Fault, suggestion
from cnncalc.layers.dialects import DIALECTS, Dialect
from cnncalc.records import NamedTuple

__all__ = ["RUNTIMES", "Runtime", "asked_for"]


class Runtime(NamedTuple):
    """One runtime: its release, and what it has in place of its net's dialect."""

    name: str
    title: str
    version: str
    """The release that was measured."""
    changes: Mapping[str, Any]
    """Fields of `Dialect`, and their values here."""

    def ruled(self, rules: Dialect) -> Dialect:
        """The rules of a layer's dialect, changed to what the runtime does."""
        return rules._replace(runs=f"{self.title} {self.version}", **self.changes)

    def __str__(self) -> str:
        return f"{self.title} {self.version}"


SIZES = {
    name: getattr(DIALECTS["onnx"], name)
    for name in (
        "ceil", "ceil_of", "clip_needs_padding", "pool_padding_limit", "pool_same_pads_first",
        "pool_same_needs_padding", "pools_ignore_dilation", "lp_pads", "lp_rounds_up", "transposed_same",
        "transposed_fills_stride", "output_padding_below", "same_dilation", "scales_in_single", "truncates", "overpads",
    )
}  # fmt: skip
"""What onnxruntime does, the rules that are no sizes left to the net's dialect."""
EVEN = {**SIZES, "pool_same_pads_first": False, "pool_same_needs_padding": (), "same_dilation": "kept", "truncates": ""}
"""`same` gives ⌈n/s⌉, dilated or not."""
NO_DILATION = {f"{kind} dilated": "its pools have no dilation" for kind in ("maxpool", "avgpool", "lppool")}
UP = Rounding.CEIL_UNCLIPPED


def _of(*runtimes: Runtime) -> dict[str, Runtime]:
    return {one.name: one for one in runtimes}


def not_measured(*features: str) -> dict[str, str]:
    """Features of which no measurement says anything."""
    return {feature: f"`{feature}` was not measured" for feature in features}


RUNTIMES = _of(
    Runtime("onnxruntime", "onnxruntime", "1.32.0", SIZES),
    Runtime("openvino", "OpenVINO", "2026.4.1", {**EVEN, "ceil_of": {"maxpool": UP}}),
    Runtime(
        "opencv", "OpenCV", "5.0.0",
        {
            **EVEN, "ceil": UP, "transposed_same": "opencv", "missing": {"lppool": "its reader refuses LpPool"},
            "truncates": "OpenCV goes on where one pixel is left",
        },
    ),
    Runtime(
        "opencv-4", "OpenCV", "4.14.0",
        {
            **EVEN, "clip_needs_padding": True, "pools_ignore_dilation": True, "transposed_same": "opencv",
            "missing": {"lppool": "its reader refuses LpPool"},
        },
    ),
    Runtime(
        "coreml", "Core ML", "9.0 (coremltools)",
        {
            **EVEN, "clip_needs_padding": True, "transposed_same": "keras",
            "unsaid": {**NO_DILATION, **not_measured("deconv same output_padding", "lppool ceil", "lppool same")},
        },
    ),
    Runtime(
        "ncnn", "ncnn", "1.0.20261020",
        {
            **EVEN, "ceil": UP, "pool_padding_limit": "none", "transposed_same": "ncnn", "unsaid": NO_DILATION,
            "missing": {"lppool": "ncnn's pools are of maxima and averages"},
        },
    ),
    Runtime(
        "tflite", "TensorFlow Lite", "2.3.0 (ai-edge-litert)",
        {
            **EVEN,
            "unsaid": {
                **NO_DILATION,
                **{f"{kind} ceil": "its pools do not round up" for kind in ("maxpool", "avgpool", "lppool")},
                **dict.fromkeys(
                    ("deconv same", "deconv same_lower", "upsample by a fraction"),
                    "its file holds the output's size, which the converter chose",
                ),
                **dict.fromkeys(
                    ("conv same_lower", "dwconv same_lower", "maxpool same_lower", "avgpool same_lower"),
                    "its `same` has the odd pixel after",
                ),
            },
            "missing": {"lppool": "its pools are of maxima and averages"},
        },
    ),
)  # fmt: skip


def asked_for(text: str) -> tuple[Runtime, str]:
    """The runtime of that name, and what is to be said of a release that was not measured: `openvino==2025.1`.

    Raises CnncalcError for a name that is none.
    """
    name, _, version = (part.strip() for part in text.lower().partition("=="))
    if name not in RUNTIMES:
        help = suggestion(name, RUNTIMES, f"the runtimes are {', '.join(RUNTIMES)}")
        raise CnncalcError(Fault(f"there is no runtime `{name[:60]}`", help=help))
    found = RUNTIMES[name]
    if not version or version == found.version.partition(" ")[0]:
        return found, ""
    return found, f"{found.title} {version[:30]} was not measured; these are the sizes of {found.version}."
