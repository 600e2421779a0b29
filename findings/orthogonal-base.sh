#!/usr/bin/env bash
# torch 2.13.0: an orthogonal weight keeps a buffer that is larger than itself.
#
# `torch.nn.utils.parametrizations.orthogonal` on a linear layer 6 → 8 (48 weights) leaves 56 parameters as before
# and adds a buffer named `base` of 8×8 = 64 numbers: the square of the longer side, whatever the shorter one. On
# 4096 → 16 the layer of 65,536 weights carries 16,777,216 numbers in its state and its checkpoint.
# `use_trivialization=False` leaves it out. Spectral norm keeps one vector a side, weight norm nothing.
# Seen on 27 November 2026: see EXPECTED.
set -euo pipefail

EXPECTED='plain 56
orthogonal 56 base: (8, 8)
orthogonal, long 2052 base: (512, 512)
orthogonal, no trivialization 56
spectral 56 _u: (8,) _v: (6,)
weight 64'

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install -qq --no-compile --disable-pip-version-check torch==2.13.0
cat > "$place/seen.py" <<'PY'
from torch import nn
from torch.nn.utils.parametrizations import orthogonal, spectral_norm, weight_norm


def told(name, layer):
    buffers = [f"{key.rpartition('.')[2]}: {tuple(one.shape)}" for key, one in layer.named_buffers()]
    print(name, sum(one.numel() for one in layer.parameters()), *buffers)


told("plain", nn.Linear(6, 8))
told("orthogonal", orthogonal(nn.Linear(6, 8)))
told("orthogonal, long", orthogonal(nn.Linear(512, 4)))
told("orthogonal, no trivialization", orthogonal(nn.Linear(6, 8), use_trivialization=False))
told("spectral", spectral_norm(nn.Linear(6, 8)))
told("weight", weight_norm(nn.Linear(6, 8)))
PY
found=$("$place/venv/bin/python" "$place/seen.py" 2> "$place/errors") || { cat "$place/errors" >&2; exit 1; }
diff <(echo "$EXPECTED") <(echo "$found") && echo "as seen"
