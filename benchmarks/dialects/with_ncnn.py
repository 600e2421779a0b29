"""ncnn: a file of one layer with weights of ones, whose output's shape is asked; it tells no parameters."""

from __future__ import annotations

import tempfile
from math import prod
from multiprocessing import Pipe, get_context
from pathlib import Path
from typing import Any

import ncnn
import numpy as np

from cnncalc.interchange.written import Unsaid
from cnncalc.layers.fields import spread

REFUSED = (RuntimeError,)
VERSION = f"ncnn {ncnn.__version__}"
SIDES = {"same": -233, "same_lower": -234}
"""How ncnn writes a convolution's padding by a word."""


def lone(layer: Any, shape: tuple[int, ...]) -> tuple[tuple[int, ...], str]:
    """The shape that comes out, channels first; how many numbers there are it does not say."""
    said = _said(layer, shape)
    here, there = Pipe(duplex=False)
    child = get_context("fork").Process(target=_asked, args=(*said, shape, there))
    child.start()
    child.join()
    if child.exitcode:  # a window that does not fit ends the process
        raise RuntimeError("not run")
    return here.recv(), "?"


def _asked(kind: str, said: str, weights: bytes, shape: tuple[int, ...], there: Any) -> None:
    """Sends the shape that comes out."""
    lengths = " ".join(f"{place}={n}" for place, n in enumerate((*reversed(shape[1:]), shape[0])))
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        (at / "net.param").write_text(f"7767517\n2 2\nInput x 0 1 x {lengths}\n{kind} y 1 1 x y {said}\n")
        (at / "net.bin").write_bytes(weights)
        net = ncnn.Net()
        if net.load_param(str(at / "net.param")) or net.load_model(str(at / "net.bin")):
            raise RuntimeError("not read")
        run = net.create_extractor()
        run.input("x", ncnn.Mat(np.ones(shape, np.float32)).clone())  # some layers write over what they take
        failed, made = run.extract("y")
    if failed or made.dims == 0:
        raise RuntimeError("not run")
    there.send(tuple(map(int, np.array(made).shape)))


def _numbers(*counts: int, flagged: int = 0) -> bytes:
    """Numbers of 1, the first `flagged` of them behind a flag that says that they are floats."""
    return b"".join(
        (b"\0" * 4 if place < flagged else b"") + np.ones(n, np.float32).tobytes() for place, n in enumerate(counts)
    )


def _two(values: Any, keys: tuple[int, int]) -> str:
    """A length for each axis, the width first."""
    height, width = spread(tuple(values), 2)
    return f"{keys[0]}={width} {keys[1]}={height}"


def _said(layer: Any, shape: tuple[int, ...]) -> tuple[str, str, bytes]:
    """ncnn's layer, its fields, and its weights; what the file leaves unsaid is left unsaid."""
    kind, channels = layer.kind, shape[0]
    if getattr(layer, "axis", "features") == "last" or getattr(layer, "norm", None):
        raise Unsaid("a field that ncnn has not")
    if kind == "linear":
        taken = prod(shape)
        weights = _numbers(layer.out * taken, *[layer.out] * layer.bias, flagged=1)
        return "InnerProduct", f"0={layer.out} 1={int(layer.bias)} 2={layer.out * taken}", weights
    if kind == "prelu":
        slopes = 1 if layer.slopes == "shared" else channels
        return "PReLU", f"0={slopes}", _numbers(slopes)
    if kind == "batchnorm" and layer.affine and layer.stats:
        return "BatchNorm", f"0={channels}", _numbers(*[channels] * 4)
    if len(shape) != 3:
        raise Unsaid("two spatial axes")
    if kind in ("maxpool", "avgpool"):
        return "Pooling", _pooled(layer), b""
    if kind in ("conv", "dwconv", "deconv") and getattr(layer, "mode", "zeros") == "zeros":
        return _convolved(layer, channels)
    raise Unsaid(f"no {kind}")


def _pooled(layer: Any) -> str:
    """The fields of a Pooling: modes are 0 up, 1 down, 2 and 3 for `same`."""
    if max(layer.dilation) > 1 or (isinstance(layer.padding, str) and layer.rounding):
        raise Unsaid("no dilation")
    said = [f"0={int(layer.kind == 'avgpool')}", _two(layer.kernel, (1, 11))]
    if layer.stride is not None:
        said.append(_two(layer.stride, (2, 12)))
    if layer.padding in ("same", "same_lower"):
        said.append(f"5={2 + (layer.padding == 'same_lower')}")
        return " ".join(said)
    if isinstance(layer.padding, str):
        raise Unsaid("no such word")
    (top, bottom), (left, right) = spread(layer.padding, 2)
    said.append(f"3={left} 14={right} 13={top} 15={bottom}")
    if layer.rounding is not None:
        said.append(f"5={int(layer.rounding != 'ceil')}")
    return " ".join(said)


def _convolved(layer: Any, channels: int) -> tuple[str, str, bytes]:
    """Convolution, Deconvolution, or one of them in groups."""
    deconv = layer.kind == "deconv"
    groups = layer.group_count((channels, 1, 1)) if not deconv else layer.groups
    out = layer.out if deconv else layer.filters((channels, 1, 1))
    if channels % groups or out % groups:
        raise Unsaid("groups must divide")
    size = out * channels // groups * prod(spread(layer.kernel, 2))
    said = [f"0={out}", _two(layer.kernel, (1, 11)), f"5={int(layer.bias)} 6={size}"]
    if layer.stride is not None:
        said.append(_two(layer.stride, (3, 13)))
    said.append(_two(layer.dilation, (2, 12)))
    if isinstance(layer.padding, str):
        if layer.padding not in SIDES:
            raise Unsaid("no such word")
        said.append(f"4={SIDES[layer.padding]}")
    else:
        (top, bottom), (left, right) = spread(layer.padding, 2)
        said.append(f"4={left} 15={right} 14={top} 16={bottom}")
    if deconv and layer.output_padding is not None:
        said.append(_two(layer.output_padding, (18, 19)))
    name = "Deconvolution" if deconv else "Convolution"
    if groups > 1:
        name, said = f"{name}DepthWise", [*said, f"7={groups}"]
    return name, " ".join(said), _numbers(size, *[out] * layer.bias, flagged=1)
