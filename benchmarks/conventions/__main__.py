"""`python -m benchmarks.conventions`: run every tool on every net and write tests/data/conventions.csv.

What is installed is measured, and the rows of the other tools are kept: two of them cannot be installed together.
"""

from __future__ import annotations

import csv
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import torch
import torchvision

from benchmarks.conventions import files, stock, tools
from cnncalc import Options, load

ROOT = Path(__file__).resolve().parents[2]
NETS = ROOT / "tests" / "data" / "conventions"
TABLE = ROOT / "tests" / "data" / "conventions.csv"
HEADING = ("net", "witness", "functions", "convention", "tool", "unit", "count")

TORCHVISION = (
    "alexnet",
    "convnext_tiny",
    "densenet121",
    "efficientnet_b0",
    "googlenet",
    "inception_v3",
    "mnasnet1_0",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "resnet18",
    "resnet50",
    "resnext50_32x4d",
    "shufflenet_v2_x1_0",
    "squeezenet1_1",
    "vgg16",
    "vgg16_bn",
    "vit_b_16",
)
"""torchvision's own models; what their code calls as functions, their files say."""
STOCK = ("lenet5", "lenet5_variant", "mobilenet_v1", "unet")
PADDLE_VISION = ("densenet121", "mobilenet_v2", "resnet18", "resnet50", "resnext50_32x4d", "vgg16", "wide_resnet50_2")
WRITTEN = ("efficientnet_b0", "mnasnet1_0", "mobilenet_v2", "mobilenet_v3_small", "resnet18", "shufflenet_v2_x1_0",
           "squeezenet1_1")  # fmt: skip
"""Bundled nets of which our own ONNX file is counted."""
PADDLE_STOCK = (*STOCK, "alexnet", "efficientnet_b0")


def short(error):
    """The error as one line that says no object's address."""
    return f"{type(error).__name__}: {str(error).splitlines()[0][:100]}"


def torch_rows(name, witness, functions, model, graph):
    inputs = tuple(torch.zeros(1, *graph.nodes[index].shape) for index in graph.inputs.values())
    for convention in tools.installed():
        try:
            number, tool, unit = tools.counted(convention, model, inputs)
        except Exception as error:  # noqa: BLE001 - that a tool fails on a net, in whatever way, is a result
            package, unit = tools.COUNTERS[convention][1:]
            number, tool = short(error), f"{package} {version(package)}"
        yield name, witness, functions, convention, tool, unit, number


def published(name):
    for weights in torchvision.models.get_model_weights(name):
        yield name, "published", "", "paper", f"torchvision {torchvision.__version__}", "GMACs", weights.meta["_ops"]
        break


def paddle_rows(name, witness, make, graph):
    from benchmarks.conventions import stock_paddle

    shape = (1, *graph.nodes[next(iter(graph.inputs.values()))].shape)
    try:
        model = make(stock_paddle)
    except stock_paddle.Unwritten as error:
        print(f"{name}: paddle has no {error}", file=sys.stderr)
        return
    model.eval()
    number, tool, unit = stock_paddle.counted(model, shape)
    yield name, witness, "", "paddle", tool, unit, number


def file_rows(name, graph):
    for convention in tools.installed(files.FILES):
        count, package, unit = files.FILES[convention]
        try:
            number, tool, unit = count(graph)
        except Exception as error:  # noqa: BLE001 - that a tool fails on a net, in whatever way, is a result
            number, tool = short(error), f"{package} {version(package)}"
        yield name, "onnx", "", convention, tool, unit, number


def rows():
    for name in TORCHVISION:
        slow = name in ("googlenet", "inception_v3")  # to give them weights takes a minute
        model = torchvision.models.get_model(name, **({"init_weights": False} if slow else {}))
        yield from torch_rows(name, "torchvision", "", model, load(name, Options()))
        yield from published(name)
    own = sorted(NETS.glob("*.yaml"))
    for name, path in [*((name, name) for name in STOCK), *((file.stem, str(file)) for file in own)]:
        graph = load(path, Options())
        yield from torch_rows(name, "torch", "", stock.Stock(graph), graph)
    for name, path in [*((name, name) for name in (*STOCK, *WRITTEN)), *((file.stem, str(file)) for file in own)]:
        yield from file_rows(name, load(path, Options()))
    if find_spec("paddle") is None:
        return
    for name in PADDLE_VISION:
        import paddle

        model = getattr(paddle.vision.models, name)
        yield from paddle_rows(name, "paddle.vision", lambda _, model=model: model(), load(name, Options()))
    for name, path in [*((name, name) for name in PADDLE_STOCK), *((file.stem, str(file)) for file in own)]:
        graph = load(path, Options())
        yield from paddle_rows(name, "paddle", lambda kinds, graph=graph: kinds.Stock(graph), graph)


def main():
    kept = {}
    if TABLE.exists():
        with TABLE.open(encoding="utf-8") as file:
            kept = {
                (row["net"], row["witness"], row["convention"]): tuple(row.values()) for row in csv.DictReader(file)
            }
    for row in rows():
        print(*row, file=sys.stderr)
        kept[row[0], row[1], row[3]] = row
    with TABLE.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADING)
        writer.writerows(row for _, row in sorted(kept.items()))


main()
