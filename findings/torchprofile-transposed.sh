#!/usr/bin/env bash
# torchprofile 0.1.0: a grouped transposed convolution counts 16 times what it costs, and 4 times if it is as wide.
#
# It recognises a transposed convolution by its weight's first axis differing from the output's channels, and then
# multiplies every output position by all channels that come in: times stride squared for positions that are not there,
# times the groups. Where as many channels come out as went in it takes the layer for a plain convolution, and is wrong
# by the stride alone. A 3x3 convolution with `padding="same"` is free.
# Seen on 27 November 2026: see EXPECTED.
set -euo pipefail

EXPECTED='4 to 8 channels, stride 2, 4 groups: 147456 for 9216
4 to 4 channels, stride 2, 4 groups: 18432 for 4608
Conv2d padding=1: 15552
Conv2d padding="same": 0'

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install -qq --no-compile --disable-pip-version-check numpy==2.4.6 torch==2.13.0 torchprofile==0.1.0
cat > "$place/seen.py" <<'PY'
import warnings

import torch
from torch import nn
from torchprofile import profile_macs

warnings.simplefilter("ignore")
image = torch.zeros(1, 4, 8, 9)
for out, right in ((8, 9216), (4, 4608)):
    layer = nn.ConvTranspose2d(4, out, 4, stride=2, padding=1, groups=4)
    print(f"4 to {out} channels, stride 2, 4 groups: {profile_macs(layer, image)} for {right}")
print("Conv2d padding=1:", profile_macs(nn.Conv2d(4, 6, 3, padding=1), image))
print('Conv2d padding="same":', profile_macs(nn.Conv2d(4, 6, 3, padding="same"), image))
PY
found=$("$place/venv/bin/python" "$place/seen.py" 2> "$place/errors") || { cat "$place/errors" >&2; exit 1; }
diff <(echo "$EXPECTED") <(echo "$found") && echo "as seen"
