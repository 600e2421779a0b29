"""Reports made by hand, so that what draws them can be tested without the engine that computes them."""

from __future__ import annotations

from cnncalc.answers.report import Hint, Report, Row, Totals


def row(
    name, notation, before, after, *, weights=0, biases=0, buffers=0, macs=0, inputs=("input",), frozen=False, line=1
):
    """A layer between two shapes (without batch); MACs and parameters as given, FLOPs by a rule of thumb."""
    params = weights + biases
    size = 1
    for length in after:
        size *= length
    return Row(
        name=name,
        kind=notation.split()[0],
        notation=notation,
        inputs=tuple(inputs),
        input_shapes=tuple((1, *before) for _ in inputs),
        output_shape=(1, *after),
        params=params,
        weights=weights,
        biases=biases,
        trainable=0 if frozen else params,
        buffers=buffers,
        macs=macs,
        flops=2 * macs + size,
        backward_flops=4 * macs,
        nonzeros=params,
        nonzero_macs=macs,
        recomputed_macs=0,
        optimizer_bytes=0,
        weight_bytes=4 * params,
        activation_bytes=4 * size,
        moved_bytes=4 * (params + size),
        saved_bytes=4 * size if macs else 0,
        line=line,
    )


def report_of(name, shape, rows, hints=(), **changes):
    """The report of the rows, with totals that add up."""
    rows = tuple(rows)
    sums = {key: sum(getattr(each, key) for each in rows) for key in Totals._fields if key in Row._fields}
    totals = Totals(
        layers=len(rows),
        weighted_layers=sum(each.kind in {"conv", "linear"} for each in rows),
        step_flops=2 * sums["macs"] + sums["backward_flops"],
        backward_bytes=sums["saved_bytes"],
        rank_bytes=8 * sums["params"] + sums["saved_bytes"],
        buffer_bytes=4 * sums["buffers"],
        peak_bytes=max((each.activation_bytes for each in rows), default=0),
        train_bytes=8 * sums["params"] + sums["saved_bytes"],
        **sums,
    )
    report = Report(
        name=name,
        source="",
        dialect="torch",
        file="net.yaml",
        inputs={"input": (1, *shape)},
        rows=rows,
        outputs={rows[-1].name: rows[-1].output_shape} if rows else {},
        totals=totals,
        hints=tuple(Hint(*hint) for hint in hints),
    )
    return report.changed(**changes)


class Pen:
    """Writes rows one after another, keeping the shape."""

    def __init__(self, shape, prefix=""):
        self.shape, self.prefix, self.rows = shape, prefix, []

    def add(self, name, notation, after=None, **numbers):
        after = after or self.shape
        self.rows.append(row(self.prefix + name, notation, self.shape, after, line=len(self.rows) + 5, **numbers))
        self.shape = after

    def conv(self, name, out, kernel, stride=1, *, bias=True, notation=""):
        channels, height, width = self.shape
        after = (out, -(-height // stride), -(-width // stride))
        weights = out * channels * kernel * kernel
        text = (
            f"conv {out} k{kernel}" + (f" s{stride}" if stride > 1 else "") + (f" p{kernel // 2}" if kernel > 1 else "")
        )
        numbers = {"weights": weights, "biases": out if bias else 0, "macs": weights * after[1] * after[2]}
        self.add(name, notation or text + ("" if bias else " nobias"), after, **numbers)

    def batchnorm(self, name):
        self.add(name, "batchnorm", weights=self.shape[0], biases=self.shape[0], buffers=2 * self.shape[0])

    def pool(self, name, notation, size):
        self.add(name, notation, (self.shape[0], size, size))

    def linear(self, name, out):
        weights = self.shape[0] * out
        self.add(name, f"linear {out}", (out,), weights=weights, biases=out, macs=weights)


def vgg16():
    pen = Pen((3, 224, 224))
    number = 0
    for channels, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(count):
            pen.conv(f"features.{number}", channels, 3)
            pen.add(f"features.{number + 1}", "relu inplace")
            number += 2
        pen.pool(f"features.{number}", "maxpool k2", pen.shape[1] // 2)
        number += 1
    pen.pool("avgpool", "adaptive_avgpool 7", 7)
    pen.add("flatten", "flatten", (512 * 49,))
    for number, out in ((0, 4096), (3, 4096), (6, 1000)):
        pen.linear(f"classifier.{number}", out)
        if out == 4096:
            pen.add(f"classifier.{number + 1}", "relu inplace")
            pen.add(f"classifier.{number + 2}", "dropout 0.5")
    return report_of("VGG-16", (3, 224, 224), pen.rows, source="Simonyan & Zisserman 2015")


def resnet50():
    pen = Pen((3, 224, 224))
    pen.conv("conv1", 64, 7, 2, bias=False)
    pen.batchnorm("bn1")
    pen.add("relu", "relu inplace")
    pen.pool("maxpool", "maxpool k3 s2 p1", 56)
    for stage, (width, count) in enumerate(((64, 3), (128, 4), (256, 6), (512, 3)), start=1):
        for number in range(count):
            _bottleneck(pen, f"layer{stage}.{number}.", width, 2 if stage > 1 and number == 0 else 1, number == 0)
    pen.pool("avgpool", "global_avgpool", 1)
    pen.add("flatten", "flatten", (2048,))
    pen.linear("fc", 1000)
    return report_of("ResNet-50", (3, 224, 224), pen.rows)


def _bottleneck(pen, prefix, width, stride, downsample):
    before = pen.shape
    pen.prefix = prefix
    for number, (out, kernel, step) in enumerate(((width, 1, 1), (width, 3, stride), (4 * width, 1, 1)), start=1):
        pen.conv(f"conv{number}", out, kernel, step, bias=False)
        pen.batchnorm(f"bn{number}")
        if number < 3:
            pen.add(f"relu{number}", "relu inplace")
    after = pen.shape
    if downsample:
        pen.shape = before
        pen.conv("downsample.0", 4 * width, 1, stride, bias=False)
        pen.batchnorm("downsample.1")
    pen.add("add", "add", after, inputs=(f"{prefix}bn3", f"{prefix}downsample.1" if downsample else "input"))
    pen.add("relu3", "relu inplace")
    pen.prefix = ""
