#!/usr/bin/env bash
# torchscan 0.2.0: MaxPool2d(3) and MaxPool2d((3, 3)) are one layer and two numbers.
#
# Of a kernel that is given as one number it takes that for the number of its pixels: 2 comparisons a window where there
# are 8. Average pools likewise. Frameworks' own nets give one number, so that every pool in them is three to nine times
# too cheap. Its dropout, in a net that is in eval mode, costs an operation an element.
# Seen on 27 November 2026: see EXPECTED.
set -euo pipefail

EXPECTED='MaxPool2d(3) 128
MaxPool2d((3, 3)) 512
AvgPool2d(3) 256
AvgPool2d((3, 3)) 640
Dropout in eval mode 576'

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install -qq --no-compile --disable-pip-version-check numpy==2.4.6 torch==2.13.0 torchscan==0.2.0
cat > "$place/seen.py" <<'PY'
import torch
from torch import nn
from torchscan import crawl_module

LAYERS = {
    "MaxPool2d(3)": nn.MaxPool2d(3),
    "MaxPool2d((3, 3))": nn.MaxPool2d((3, 3)),
    "AvgPool2d(3)": nn.AvgPool2d(3),
    "AvgPool2d((3, 3))": nn.AvgPool2d((3, 3)),
    "Dropout in eval mode": nn.Dropout(),
}
for name, layer in LAYERS.items():
    report = crawl_module(nn.Sequential(layer).eval(), args=(torch.zeros(1, 4, 12, 12),))
    print(name, report["totals"]["module_flops"]["known_value"])
PY
found=$("$place/venv/bin/python" "$place/seen.py" 2> "$place/errors") || { cat "$place/errors" >&2; exit 1; }
diff <(echo "$EXPECTED") <(echo "$found") && echo "as seen"
