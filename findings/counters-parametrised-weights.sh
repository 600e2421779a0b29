#!/usr/bin/env bash
# thop, ptflops and torchinfo: weight normalisation makes a layer free.
#
# `torch.nn.utils.parametrizations.weight_norm` puts another class in the place of the layer's. These three look up a
# module's very class, and count nothing for one that they do not know: a WaveNet or a GAN with spectral norms costs what
# its other layers cost. None warns. torchinfo even lists the layer, with its parameters, at 0 multiply-adds.
# Seen on 27 November 2026: see EXPECTED.
set -euo pipefail

EXPECTED='plain thop 15552 ptflops 15984 torchinfo 15984
weight norm thop 0 ptflops 0 torchinfo 0
spectral norm thop 0 ptflops 0 torchinfo 0'

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install -qq --no-compile --disable-pip-version-check numpy==2.4.6 torch==2.13.0 thop==0.1.1.post2209072238 ptflops==0.7.5 torchinfo==1.8.0
cat > "$place/seen.py" <<'PY'
import contextlib
import io

import torch
import torchinfo
from ptflops import get_model_complexity_info
from thop import profile
from torch import nn
from torch.nn.utils import parametrizations

made = {
    "plain": lambda layer: layer,
    "weight norm": parametrizations.weight_norm,
    "spectral norm": parametrizations.spectral_norm,
}
for name, make in made.items():
    with contextlib.redirect_stdout(io.StringIO()):
        net = nn.Sequential(make(nn.Conv2d(4, 6, 3, padding=1))).eval()
        info = torchinfo.summary(net, (1, 4, 8, 9), verbose=0).total_mult_adds
        counter = get_model_complexity_info(net, (4, 8, 9), as_strings=False, print_per_layer_stat=False)[0]
        hooks = int(profile(net, inputs=(torch.zeros(1, 4, 8, 9),), verbose=False)[0])
    print(name, "thop", hooks, "ptflops", counter, "torchinfo", info)
PY
found=$("$place/venv/bin/python" "$place/seen.py" 2> "$place/errors") || { cat "$place/errors" >&2; exit 1; }
diff <(echo "$EXPECTED") <(echo "$found") && echo "as seen"
