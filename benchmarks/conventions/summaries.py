"""`python -m benchmarks.conventions.summaries`: what the tools' summaries say, as tests/data/styles/facts.json.

Rows and totals only. Whatever is installed is measured; the facts of the other tools are kept. Keras needs another
environment than the others: `pip install keras==3.15.1 jax==0.10.2`, and KERAS_BACKEND=jax.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

FACTS = Path(__file__).resolve().parents[2] / "tests" / "data" / "styles" / "facts.json"
TOTALS = re.compile(r"^ ?((?!Model)[A-Z][A-Za-z/\- ]+?)(?: \((?:MB|G|M|Units\.\w+)\))?: (.+)$")


def totals_of(lines):
    """Every `words: number` line."""
    found = [TOTALS.match(line) for line in lines]
    return {match[1].strip(): match[2].strip() for match in found if match}


def of_keras():
    import keras

    for name in ("VGG16", "ResNet50", "MobileNet"):
        keras.backend.clear_session()
        model = getattr(keras.applications, name)(weights=None)
        lines = []
        model.summary(print_fn=lambda text, lines=lines, **_: lines.extend(text.splitlines()))
        rows = [[one.name, type(one).__name__, _keras_shape(one), f"{one.count_params():,}"] for one in model.layers]
        yield f"keras {name}", {"tool": f"keras {keras.__version__}", "rows": rows, "totals": totals_of(lines)}


def _keras_shape(layer):
    shape = layer.output[0].shape if isinstance(layer.output, list) else layer.output.shape
    return f"({', '.join(map(str, shape))})"


def printed(run):
    with contextlib.redirect_stdout(io.StringIO()) as text:
        run()
    return text.getvalue().splitlines()


def of_paddle():
    import paddle
    from paddle import nn

    def lenet(convolution, pool, head):
        return nn.Sequential(
            convolution, nn.Sigmoid(), pool(2, 2), nn.Conv2D(6, 16, 5), nn.Sigmoid(), pool(2, 2), nn.Flatten(), *head
        )

    fully = [nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)]
    nets = {
        "lenet5": lambda: lenet(
            nn.Conv2D(1, 6, 5, padding=2), nn.AvgPool2D, [fully[0], nn.Sigmoid(), fully[1], nn.Sigmoid(), fully[2]]
        ),
        "lenet5_variant": lambda: lenet(nn.Conv2D(1, 6, 3, padding=1), nn.MaxPool2D, fully),
    }
    for name, make in nets.items():
        lines = printed(lambda make=make: paddle.summary(make(), (1, 1, 28, 28)))
        rows = [re.split(r"\s{2,}", line.strip()) for line in lines if re.match(r"\s*\w+-\d+ ", line)]
        for row in rows:  # Paddle numbers layers through the whole process
            row[0] = row[0].rpartition("-")[0]
        yield (
            f"paddle {name}",
            {
                "tool": f"paddlepaddle {version('paddlepaddle')}",
                "rows": rows,
                "totals": totals_of(lines),
            },
        )


def of_torch():
    import torchinfo
    import torchsummary
    import torchvision

    for name in ("vgg16", "resnet18"):
        model = torchvision.models.get_model(name)
        lines = str(torchinfo.summary(model, (1, 3, 224, 224), verbose=0)).splitlines()
        rows = [re.split(r"\s{2,}", line.lstrip("│├└─ ")) for line in lines if re.search(r": \d+-\d+ ", line)]
        yield (
            f"torchinfo {name}",
            {
                "tool": f"torchinfo {version('torchinfo')}",
                "rows": rows,
                "totals": totals_of(lines),
            },
        )
        lines = printed(lambda model=model: torchsummary.summary(model, (3, 224, 224), device="cpu"))
        rows = [re.split(r"\s{2,}", line.strip()) for line in lines if re.match(r"\s*\w+-\d+ ", line)]
        yield (
            f"torchsummary {name}",
            {
                "tool": f"torchsummary {version('torchsummary')}",
                "rows": rows,
                "totals": totals_of(lines),
            },
        )


def main():
    facts = json.loads(FACTS.read_text(encoding="utf-8")) if FACTS.exists() else {}
    for package, measure in (("keras", of_keras), ("paddlepaddle", of_paddle), ("torchinfo", of_torch)):
        try:
            version(package)
        except PackageNotFoundError:
            print(f"{package} is not installed: its facts are kept", file=sys.stderr)
            continue
        facts |= dict(measure())
    entries = []
    for name, fact in sorted(facts.items()):
        rows = ",\n    ".join(json.dumps(row) for row in fact["rows"])
        head = f'"tool": {json.dumps(fact["tool"])}, "totals": {json.dumps(fact["totals"])}'
        entries.append(f'{json.dumps(name)}: {{{head},\n  "rows": [\n    {rows}]}}')
    FACTS.write_text("{\n" + ",\n".join(entries) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
