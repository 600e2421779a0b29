"""`python -m benchmarks.runtimes`: the sizes that runtimes make of single layers; writes tests/data/runtimes.csv.

A column a runtime, its release in the first row; `refused` where it raises an error, empty where its files cannot say
the layer. What is not installed keeps its column: OpenCV 4 and 5 are one package by name. Needs onnx, and:
`pip install onnx==1.23.2 onnxruntime==1.32.0 openvino==2026.4.1 opencv-python-headless==5.0.0.93 coremltools==9.0
ncnn==1.0.20261020 ai-edge-litert==2.3.0`, and elsewhere `opencv-python-headless==4.14.0.94`.
"""

from __future__ import annotations

import csv
import itertools
import logging
import tempfile
import warnings
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from cnncalc.notation.lines import parse

TABLE = Path(__file__).resolve().parents[1] / "tests" / "data" / "runtimes.csv"
NAMES = {"maxpool": "MaxPool", "avgpool": "AveragePool", "lppool": "LpPool", "conv": "Conv", "deconv": "ConvTranspose"}


def cases():
    """A length, which is both of a map's, and a layer."""
    for n, k, s, p in itertools.product((2, 5, 6, 7, 8), (1, 2, 3), (1, 2, 3), (0, 1)):
        if p < k <= n + 2 * p:
            for kind in ("maxpool", "avgpool"):
                yield f"{n} {kind} k{k} s{s} p{p} ceil"
    for n, k, s, d in itertools.product((6, 7, 9), (2, 3), (1, 2), (2,)):
        yield f"{n} maxpool k{k} s{s} d{d}"
        yield f"{n} maxpool k{k} s{s} d{d} ceil"
        yield f"{n} avgpool k{k} s{s} d{d}"
    for n, k, s, side in itertools.product((5, 6, 7), (1, 2, 3), (1, 2, 3), ("same", "same_lower")):
        yield from (f"{n} {kind} k{k} s{s} {side}" for kind in ("maxpool", "avgpool"))
        yield f"{n} maxpool k{k} s{s} {side} d2"
    for n, k, s in itertools.product((5, 6), (2, 3), (1, 2, 3)):
        yield f"{n} lppool k{k} s{s} ceil"
        yield f"{n} lppool k{k} s{s} same"
    for n, k, s, d in itertools.product((5, 6), (2, 3), (1, 2), (1, 2)):
        yield f"{n} conv 1 k{k} s{s} d{d} same nobias"
    for n, k, s, extra in itertools.product((3, 4), (1, 2, 3, 4), (1, 2, 3), (0, 1)):
        if extra < s:
            yield f"{n} deconv 1 k{k} s{s} same nobias" + f" output_padding={extra}" * extra
    for n, scale in itertools.product((3, 5, 7, 11), (1.1, 1.2, 1.3636363636363635, 1.4, 1.7, 2.5)):
        yield f"{n} upsample {scale} nearest"
        yield f"{n} upsample {scale} linear"


class Unsaid(Exception):
    """The runtime's files cannot say the layer."""


def pair(value):
    return list(value) * 2 if len(value) == 1 else list(value)


@cache
def onnx_model(n, text):
    """The layer as a node of that name, with its own words."""
    from onnx import TensorProto, helper

    layer = parse(text, "onnx").layer
    names, tensors, said = ["x"], [], {}
    if layer.kind == "upsample":
        scales = np.array([1, 1, *pair(layer.scale)], np.float32)
        tensors.append(helper.make_tensor("scales", TensorProto.FLOAT, [4], scales.tobytes(), raw=True))
        names += ["", "scales"]
        places = "asymmetric" if layer.mode == "nearest" else "half_pixel"
        said |= {"mode": layer.mode, "coordinate_transformation_mode": places, "nearest_mode": "floor"}
        operator = "Resize"
    else:
        operator = NAMES[layer.kind]
        said |= {"kernel_shape": pair(layer.kernel), "strides": pair(layer.stride or (1,))}
        if max(getattr(layer, "dilation", None) or (1,)) > 1:
            said["dilations"] = pair(layer.dilation)
        if isinstance(layer.padding, str):
            said["auto_pad"] = "SAME_UPPER" if layer.padding == "same" else "SAME_LOWER"
        else:
            said["pads"] = [one for side in (0, 1) for one in (layer.padding[0][side], layer.padding[-1][side])]
        if getattr(layer, "rounding", None) == "ceil":
            said["ceil_mode"] = 1
        if layer.kind in ("conv", "deconv"):
            weight = np.ones((1, 1, *pair(layer.kernel)), np.float32)
            tensors.append(helper.make_tensor("w", TensorProto.FLOAT, weight.shape, weight.tobytes(), raw=True))
            names.append("w")
        if layer.kind == "deconv" and layer.output_padding:
            said["output_padding"] = pair(layer.output_padding)
    x, y = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (("x", [1, 1, n, n]), ("y", [1, 1, None, None]))
    )
    graph = helper.make_graph([helper.make_node(operator, names, ["y"], **said)], "g", [x], [y], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)])
    model.ir_version = 8
    return model.SerializeToString()


def image(n):
    return np.ones((1, 1, n, n), np.float32)


def by_onnxruntime(n, text):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 4, 1
    session = onnxruntime.InferenceSession(onnx_model(n, text), options, providers=["CPUExecutionProvider"])
    return session.run(None, {"x": image(n)})[0].shape[2]


def by_openvino(n, text):
    import openvino

    core = openvino.Core()
    return core.compile_model(core.read_model(onnx_model(n, text)), "CPU")([image(n)])[0].shape[2]


def by_opencv(n, text):
    import cv2

    found = set()
    engines = [cv2.dnn.ENGINE_CLASSIC, cv2.dnn.ENGINE_NEW] if cv2.__version__.startswith("5") else [None]
    for engine in engines:  # both engines of OpenCV 5 have to agree
        packed = np.frombuffer(onnx_model(n, text), np.uint8)
        net = cv2.dnn.readNetFromONNX(packed) if engine is None else cv2.dnn.readNetFromONNX(packed, engine)
        net.setInput(image(n))
        found.add(net.forward().shape[2])
    (size,) = found
    return size


def by_coreml(n, text):
    from coremltools.converters.mil import Builder as mb  # noqa: N813 # as its own documents call it

    layer = parse(text, "onnx").layer
    dilated = max(getattr(layer, "dilation", None) or (1,)) > 1
    if layer.kind == "lppool" or (dilated and layer.kind != "conv"):
        raise Unsaid
    if layer.kind == "deconv" and layer.output_padding:
        raise Unsaid

    def built(x):
        if layer.kind == "upsample":
            factors = dict(zip(("scale_factor_height", "scale_factor_width"), pair(layer.scale)))
            return (mb.upsample_nearest_neighbor(x=x, **factors) if layer.mode == "nearest"
                    else mb.upsample_bilinear(x=x, align_corners=False, **factors))  # fmt: skip
        said = {"strides": pair(layer.stride or (1,))}
        if isinstance(layer.padding, str):
            said["pad_type"] = layer.padding
        else:
            said |= {"pad_type": "custom", "pad": [layer.padding[0][0]] * 4}
        if layer.kind in ("conv", "deconv"):
            weight = np.ones((1, 1, *pair(layer.kernel)), np.float32)
            if layer.kind == "conv":
                return mb.conv(x=x, weight=weight, dilations=pair(layer.dilation), **said)
            return mb.conv_transpose(x=x, weight=weight, **said)
        said |= {"kernel_sizes": pair(layer.kernel), "ceil_mode": layer.rounding == "ceil"}
        return mb.max_pool(x=x, **said) if layer.kind == "maxpool" else mb.avg_pool(x=x, **said)

    made = mb.program(input_specs=[mb.TensorSpec(shape=(1, 1, n, n))])(built)
    return made.functions["main"].outputs[0].shape[2]


SIDES = {"same": (-233, 2), "same_lower": (-234, 3)}
"""How ncnn writes them: as a convolution's padding, and as a pool's mode."""


def by_ncnn(n, text):
    import ncnn

    layer = parse(text, "onnx").layer
    weights = 0
    if layer.kind == "upsample":
        mode = 1 if layer.mode == "nearest" else 2
        kind, said = "Interp", f"0={mode} 1={layer.scale[0]} 2={layer.scale[0]}"
    elif layer.kind in ("maxpool", "avgpool"):
        if max(getattr(layer, "dilation", None) or (1,)) > 1:
            raise Unsaid
        border = layer.padding if isinstance(layer.padding, str) else layer.padding[0][0]
        mode = SIDES[border][1] if isinstance(border, str) else 0 if layer.rounding == "ceil" else 1
        pad = 0 if isinstance(border, str) else border
        kind = "Pooling"
        said = f"0={int(layer.kind == 'avgpool')} 1={layer.kernel[0]} 2={(layer.stride or (1,))[0]} 3={pad} 5={mode}"
    elif layer.kind in ("conv", "deconv"):
        weights = layer.kernel[0] ** 2
        kind = "Convolution" if layer.kind == "conv" else "Deconvolution"
        said = (
            f"0=1 1={layer.kernel[0]} 2={layer.dilation[0]} 3={layer.stride[0]} 4={SIDES[layer.padding][0]} 6={weights}"
        )
        if getattr(layer, "output_padding", None):
            said += f" 18={layer.output_padding[0]}"
    else:
        raise Unsaid
    with tempfile.TemporaryDirectory() as folder:
        net, at = ncnn.Net(), Path(folder)
        (at / "net.param").write_text(f"7767517\n2 2\nInput x 0 1 x 0={n} 1={n} 2=1\n{kind} y 1 1 x y {said}\n")
        (at / "net.bin").write_bytes((b"\0" * 4 + np.ones(weights, np.float32).tobytes()) if weights else b"")
        if net.load_param(str(at / "net.param")) or net.load_model(str(at / "net.bin")):
            raise RuntimeError("not read")
        run = net.create_extractor()
        run.input("x", ncnn.Mat(image(n)[0]))
        failed, made = run.extract("y")
        if failed:
            raise RuntimeError("not run")
        return np.array(made).shape[1]


def by_tflite(n, text):
    from benchmarks.runtimes_tflite import size

    return size(n, parse(text, "onnx").layer, Unsaid)


RUNTIMES = {
    "onnxruntime": (by_onnxruntime, "onnxruntime", ""),
    "openvino": (by_openvino, "openvino", ""),
    "opencv": (by_opencv, "opencv-python-headless", "5"),
    "opencv-4": (by_opencv, "opencv-python-headless", "4"),
    "coreml": (by_coreml, "coremltools", ""),
    "ncnn": (by_ncnn, "ncnn", ""),
    "tflite": (by_tflite, "ai-edge-litert", ""),
}


def measured(run, case):
    n, text = case.split(" ", 1)
    try:
        return str(run(int(n), text))
    except Unsaid:
        return ""
    except Exception:  # noqa: BLE001 - that a runtime refuses a layer, in whatever way, is a result
        return "refused"


def main():
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    every = list(cases())
    columns = {}
    if TABLE.exists():
        with TABLE.open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                case = row.pop("case")
                for name, cell in row.items():
                    columns.setdefault(name, {})[case] = cell
    for name, (run, package, starts) in RUNTIMES.items():
        try:
            release = version(package)
        except PackageNotFoundError:
            continue
        if release.startswith(starts):
            columns[name] = {"": release, **{case: measured(run, case) for case in every}}
    order = [name for name in RUNTIMES if name in columns]
    with TABLE.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["case", *order])
        writer.writerows([case, *(columns[name].get(case, "") for name in order)] for case in ["", *every])


if __name__ == "__main__":
    main()
