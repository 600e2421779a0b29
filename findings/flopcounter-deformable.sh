#!/usr/bin/env bash
# FlopCounterMode (torch 2.14.1) counts nothing for torchvision's deformable convolution.
#
# A deformable convolution multiplies as a plain one does: 2·6·6·3·3·4·8 = 20,736 floating-point operations beside
# its sampling. FlopCounterMode says 20,736 for the plain one and 0 for `torchvision.ops.DeformConv2d`, forward and
# backward, without a word: operators outside ATen that nobody registered are free. A detector's head of deformable
# layers seems to cost what its offsets cost.
# Seen on 27 November 2026: see EXPECTED.
set -euo pipefail

EXPECTED='plain 20736 62208
deformable 0 0'

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install -qq --no-compile --disable-pip-version-check torch==2.14.1 torchvision==0.29.1
cat > "$place/seen.py" <<'PY'
import torch
from torch.utils.flop_counter import FlopCounterMode
from torchvision.ops import DeformConv2d


def flops(call):
    with FlopCounterMode(display=False) as counter:
        call()
    return counter.get_total_flops()


image = torch.rand(1, 4, 8, 8, requires_grad=True)
offsets = torch.rand(1, 18, 6, 6)
plain, deformable = torch.nn.Conv2d(4, 8, 3, bias=False), DeformConv2d(4, 8, 3, bias=False)
print("plain", flops(lambda: plain(image)), flops(lambda: plain(image).sum().backward()))
print("deformable", flops(lambda: deformable(image, offsets)), flops(lambda: deformable(image, offsets).sum().backward()))
PY
found=$("$place/venv/bin/python" "$place/seen.py" 2> "$place/errors") || { cat "$place/errors" >&2; exit 1; }
diff <(echo "$EXPECTED") <(echo "$found") && echo "as seen"
