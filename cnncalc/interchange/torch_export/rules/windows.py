"""Convolutions, pools, enlargements and borders of ATen."""

from __future__ import annotations

from typing import Any

from cnncalc.arithmetic.windows.formulas import SAME, Window
from cnncalc.interchange.torch_export.calls import Call
from cnncalc.interchange.torch_export.rules.fixed import fixed_conv, fixed_deconv, is_fixed, plus
from cnncalc.interchange.torch_export.values import Parameter, Places, Refused, Tensor, Value

__all__ = ["WINDOWS"]


def _weights(call: Call) -> tuple[Parameter, bool, list[str]]:
    """The kernel, whether there is a bias, and the names of both."""
    weight, bias = call.parameter("weight"), call.parameter("bias")
    if weight is None or len(weight.dims) < 3:
        raise Refused("it has no kernel among the module's parameters")
    return weight, bias is not None, [*weight.names, bias.name if bias is not None else ""]


def _axes(call: Call) -> int:
    """Spatial axes."""
    return len(call.x().dims) - 2


def _is_no_layers(call: Call, weight: Value) -> bool:
    """Whether a kernel is computed, or fixed, or taken as a tensor before, and so no layer's own."""
    if isinstance(weight, Tensor):
        return True
    return (is_fixed(weight) or call.world.stands_alone(weight)) and len(weight.dims) > 2


def _taken_apart(call: Call) -> Parameter | None:
    """The bias, taken from the layer, which has its weights in common with another, or the bias; None for its own."""
    bias = call.parameter("bias")
    if bias is None or not call.world.takes_apart(call.parameter("weight"), bias):
        return None
    call.arguments["bias"] = None
    return bias


def conv(call: Call) -> Tensor:
    """aten.conv1d to conv3d, and convolution, which can be transposed."""
    if call.get("transposed", False):
        return transposed(call)
    given: Value = call.arguments.get("weight")
    if _is_no_layers(call, given):
        return plus(call, fixed_conv(call, given), call.arguments.get("bias"), axis=1)
    if (bias_apart := _taken_apart(call)) is not None:
        return plus(call, conv(call), bias_apart, axis=1)
    weight, bias, names = _weights(call)
    dims = weight.dims
    axes = len(dims) - 2
    padding = call.get("padding", 0)
    border = padding if isinstance(padding, str) else tuple((one, one) for one in call.lengths("padding", axes, 0))
    return call.put(
        "conv",
        parameters=names,
        out=dims[0],
        kernel=dims[2:],
        stride=call.lengths("stride", axes),
        padding=border,
        dilation=call.lengths("dilation", axes),
        groups=call.get("groups", 1),
        bias=bias,
        norm=weight.norm,
    )


def transposed(call: Call) -> Tensor:
    """aten.conv_transpose1d to conv_transpose3d."""
    given: Value = call.arguments.get("weight")
    if _is_no_layers(call, given):
        return plus(call, fixed_deconv(call, given), call.arguments.get("bias"), axis=1)
    if (bias_apart := _taken_apart(call)) is not None:
        return plus(call, transposed(call), bias_apart, axis=1)
    weight, bias, names = _weights(call)
    dims = weight.dims
    axes, groups = len(dims) - 2, call.get("groups", 1)
    return call.put(
        "deconv",
        parameters=names,
        out=dims[1] * groups,
        kernel=dims[2:],
        stride=call.lengths("stride", axes),
        padding=tuple((one, one) for one in call.lengths("padding", axes, 0)),
        output_padding=call.lengths("output_padding", axes, 0),
        dilation=call.lengths("dilation", axes),
        groups=groups,
        bias=bias,
        norm=weight.norm,
    )


def pool(kind: str) -> Any:
    """A pool; torch's stride is its kernel unless told."""

    def rule(call: Call) -> Value:
        axes = _axes(call)
        kernel = call.lengths("kernel_size", axes)
        fields: dict[str, Any] = {
            "kernel": kernel,
            "stride": call.lengths("stride", axes) if call.get("stride") else kernel,
            "padding": tuple((one, one) for one in call.lengths("padding", axes, 0)),
            "rounding": "ceil" if call.get("ceil_mode", False) else None,
        }
        if kind == "maxpool":
            fields["dilation"] = call.lengths("dilation", axes)
        elif call.get("count_include_pad", True) is False:
            fields["count_include_pad"] = False
        if call.get("divisor_override"):
            call.note("a mean that divides by another number than that of its window counts as a mean")
        x = call.x()
        if kind == "maxpool" and x.number in call.world.bordered:  # a border of −∞ is the pool's own, where it may be
            before, border = call.world.bordered[x.number]
            sides = [(own + one, own + other) for (own, _), (one, other) in zip(fields["padding"], border)]
            strides = [max(one, 1) for one in fields["stride"]]  # one of 0 is told when the pool is put in
            windows = map(Window, kernel, strides, [SAME] * axes, fields["dilation"])
            if all(2 * max(pair) <= k for pair, k in zip(sides, kernel)):
                x, fields["padding"] = before, tuple(sides)
            elif sides == [window.padding(n) for window, n in zip(windows, before.dims[2:])]:
                x, fields["padding"], fields["rounding"] = before, "same", None
            else:
                x = _below_all(call, before, border, kernel, fields["dilation"])
        made = call.put(kind, x, **fields)
        return [made, Places(made.number)] if call.used_beside_the_first() else made

    return rule


def _below_all(
    call: Call, x: Tensor, border: tuple[tuple[int, int], ...], kernel: tuple[int, ...], dilation: tuple[int, ...]
) -> Tensor:
    """A map in a border of less than every number, too wide to be a pool's own.

    A window that reaches the map reaches its edge, so that the edge may stand in the border too, unless it is dilated.
    """
    reaching = all(max(pair) < k and apart == 1 for pair, k, apart in zip(border, kernel, dilation))
    if not reaching:
        call.note("a border of −∞, as wide as the kernel or wide below a dilated one, counts as one of zeros")
    mode = "replicate" if reaching else None
    return x._replace(number=call.layer("pad", [x.number], f"{call.name()}_border", border=border, mode=mode))


def adaptive(kind: str) -> Any:
    """An adaptive pool; one to a single pixel is a global one."""

    def rule(call: Call) -> Tensor:
        size, x = call.lengths("output_size", _axes(call)), call.x()
        if max(size) == 1 and (x.batch == 0 or x.dims[0] == 1):
            return call.put(kind.replace("adaptive", "global"))
        return call.put(kind, output=size)

    return rule


def upsample(mode: str) -> Any:
    """An enlargement to the size that the program states, by a whole factor where it is one."""

    def rule(call: Call) -> Tensor:
        x = call.x()
        before, after = x.dims[2:], call.dims[2:]
        if call.word.endswith("_aa"):
            if before == after:
                return x
            call.note("an enlargement by a filter against steps counts as one without")
        factors = [n // m for n, m in zip(after, before) if m and n % m == 0]
        whole = len(factors) == len(after)
        return call.put(
            "upsample",
            scale=tuple(factors) if whole else None,
            size=None if whole else after,
            mode=mode if mode != "nearest" else None,
            align_corners=True if call.get("align_corners", False) else None,
        )

    return rule


def pad(call: Call) -> Tensor:
    """A border, the last axis first; also before and after the channels."""
    x = call.x()
    mode = call.get("mode", "constant")
    value = call.get("value", 0) if mode == "constant" else 0
    sides = call.get("pad", call.get("padding", []))
    if not isinstance(sides, list) or len(sides) % 2 or len(sides) > 2 * len(x.dims):
        raise Refused(f"a border of {str(sides)[:40]}")
    if not any(sides):
        return x
    pairs = [(0, 0)] * (len(x.dims) - len(sides) // 2)
    pairs += [(sides[at], sides[at + 1]) for at in range(len(sides) - 2, -1, -2)]
    if x.batch is not None and pairs[x.batch] != (0, 0):
        x = call.whole(x, "whole")
    pairs = [(0, 0), *(pair for axis, pair in enumerate(pairs) if axis != x.batch)]
    if any(n < 0 for pair in pairs for n in pair):
        if min(pairs[1]) < 0:
            raise Refused("a border that cuts channels")
        cut = tuple((max(-before, 0), max(-after, 0)) for before, after in pairs[2:])
        pairs = [*pairs[:2], *((max(before, 0), max(after, 0)) for before, after in pairs[2:])]
        if not any(n for pair in pairs for n in pair):
            return call.put("crop", border=cut)
        cropped = call.layer("crop", [x.number], f"{call.name()}_cut", border=cut)
        x = x._replace(number=cropped)
    border = tuple(pairs[2:]) or ((0, 0),)
    channels = (pairs[1],) if any(pairs[1]) else None
    if str(value) in ("-Infinity", "-inf") and channels is None:
        call.world.bordered[len(call.world.sketch.operators)] = (x, border)
    elif value:
        call.note(f"a border of {str(value)[:20]} counts as one of zeros")
    return call.put("pad", x, border=border, channels=channels, mode=mode if mode != "constant" else None)


def deformable(call: Call) -> Tensor:
    """torchvision's deform_conv2d: where its windows look is a tensor, and perhaps what each pixel weighs."""
    given: Value = call.arguments.get("bias")
    if is_fixed(given):  # torchvision gives zeros where there is none
        call.arguments["bias"] = None
    weight, bias, names = _weights(call)
    taken = [call.tensor(call.arguments.get(name)) for name in ("input", "offset")]
    if call.get("use_mask", False):
        taken.append(call.tensor(call.arguments.get("mask")))
    if not (weight.name and weight.learned):
        raise Refused("its weights are none that are learned")
    pairs = {
        name: tuple(call.get(f"{short}_{end}", default) for end in ("h", "w"))
        for name, short, default in (("stride", "stride", 1), ("padding", "pad", 0), ("dilation", "dilation", 1))
    }
    made = call.put(
        "deform_conv",
        *taken,
        parameters=names,
        out=weight.dims[0],
        kernel=weight.dims[2:],
        stride=pairs["stride"],
        padding=tuple((one, one) for one in pairs["padding"]),
        dilation=pairs["dilation"],
        groups=call.get("groups", 1),
        bias=bias,
    )
    return plus(call, made, given, axis=1) if is_fixed(given) and given.factor else made


def pixel_shuffle(call: Call) -> Tensor:
    """Channels become positions."""
    return call.put("pixel_shuffle", factor=call.get("upscale_factor"))


AXES = ("1d", "2d", "3d")
WINDOWS: dict[str, Any] = {
    **{f"conv{axes}": conv for axes in AXES},
    "convolution": conv,
    **{f"conv_transpose{axes}": transposed for axes in AXES},
    **{f"max_pool{axes}": pool("maxpool") for axes in AXES},
    **{f"max_pool{axes}_with_indices": pool("maxpool") for axes in AXES},
    **{f"avg_pool{axes}": pool("avgpool") for axes in AXES},
    **{f"{mark}adaptive_avg_pool{axes}": adaptive("adaptive_avgpool") for axes in AXES for mark in ("", "_")},
    **{f"adaptive_max_pool{axes}": adaptive("adaptive_maxpool") for axes in AXES},
    **{f"upsample_nearest{axes}": upsample("nearest") for axes in AXES},
    "upsample_linear1d": upsample("linear"),
    "upsample_bilinear2d": upsample("linear"),
    "upsample_trilinear3d": upsample("linear"),
    "upsample_bicubic2d": upsample("cubic"),
    "_upsample_bilinear2d_aa": upsample("linear"),
    "_upsample_bicubic2d_aa": upsample("cubic"),
    **{f"_upsample_nearest_exact{axes}": upsample("nearest") for axes in AXES},
    "pad": pad,
    "constant_pad_nd": pad,
    "deform_conv2d": deformable,
    "pixel_shuffle": pixel_shuffle,
    "channel_shuffle": lambda call: call.put("channel_shuffle", groups=call.get("groups")),
    "pixel_unshuffle": lambda call: call.put("pixel_unshuffle", factor=call.get("downscale_factor")),
}
"""By the operator's name in ATen."""
