#!/usr/bin/env bash
# ptflops 0.7.5: its two backends see different nets.
#
# The backend that is the default patches modules and some functions; a convolution that is called as a function, and
# a matrix product written `@`, count 0 there, and 5,184 and 2,048 with `backend="aten"`. That one counts an LSTM, a
# PReLU, a pool and an upsampling as 0, which the default has. Neither says what it passed over, and a PyTorch net
# that calls `F.conv2d` once is under-counted by just that without a warning.
# Seen on 27 November 2026: see EXPECTED.
set -euo pipefail

EXPECTED='functional.conv2d default 0 pytorch 0 aten 5184
@ default 0 pytorch 0 aten 2048
LSTM default 3280 pytorch 3280 aten 0
AvgPool2d default 512 pytorch 512 aten 0
Conv2d default 5184 pytorch 5184 aten 5184'

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install -qq --no-compile --disable-pip-version-check numpy==2.4.6 torch==2.13.0 ptflops==0.7.5
cat > "$place/seen.py" <<'PY'
import contextlib
import io

import torch
from ptflops import get_model_complexity_info
from torch import nn
from torch.nn import functional


class Function(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(4, 4, 3, 3))

    def forward(self, image):
        return functional.conv2d(image, self.weight)


class Product(nn.Module):
    def forward(self, image):
        return image @ image.transpose(-1, -2)


NETS = {
    "functional.conv2d": (Function(), (4, 8, 8)),
    "@": (Product(), (4, 8, 8)),
    "LSTM": (nn.LSTM(8, 8, batch_first=True), (5, 8)),
    "AvgPool2d": (nn.AvgPool2d(2), (4, 8, 8)),
    "Conv2d": (nn.Conv2d(4, 4, 3, bias=False), (4, 8, 8)),
}
for name, (net, shape) in NETS.items():
    counts = []
    for more in ({}, {"backend": "pytorch"}, {"backend": "aten"}):
        with contextlib.redirect_stdout(io.StringIO()):
            counts.append(get_model_complexity_info(net, shape, as_strings=False, print_per_layer_stat=False, **more)[0])
    print(name, "default", counts[0], "pytorch", counts[1], "aten", counts[2])
PY
found=$("$place/venv/bin/python" "$place/seen.py" 2> "$place/errors") || { cat "$place/errors" >&2; exit 1; }
diff <(echo "$EXPECTED") <(echo "$found") && echo "as seen"
