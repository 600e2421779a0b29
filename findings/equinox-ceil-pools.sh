#!/usr/bin/env bash
# `use_ceil` of Equinox 0.13.8 is not torch's `ceil_mode`: other averages, and pools that are refused.
#
# Its documentation names no difference. A window of 2 with stride 2 over 1 … 5, rounded up, ends with the 5 alone:
# torch 2.13.0 divides it by the one number that is there and says 5, Equinox by the whole window and says 2.5. A
# padded pool that rounds up, window 2, stride 3, padding 1 on 5, has two places in torch, which drops a window that
# would start in the padding; Equinox wants four numbers of padding on the right for it and raises, since that is
# more than the kernel.
# Seen on 27 November 2026: see EXPECTED.
set -euo pipefail

EXPECTED='torch average [[1.5, 3.5, 5.0]]
equinox average [[1.5, 3.5, 2.5]]
torch maximum [[1.0, 4.0]]
equinox maximum RuntimeError'

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install -qq --no-compile --disable-pip-version-check torch==2.13.0 jax==0.10.2 equinox==0.13.8
cat > "$place/seen.py" <<'PY'
import equinox
import jax.numpy as jnp
import torch

line = [[1.0, 2.0, 3.0, 4.0, 5.0]]
print("torch average", torch.nn.AvgPool1d(2, 2, ceil_mode=True)(torch.tensor(line)).tolist())
print("equinox average", equinox.nn.AvgPool1d(2, 2, use_ceil=True)(jnp.array(line)).tolist())
print("torch maximum", torch.nn.MaxPool1d(2, 3, 1, ceil_mode=True)(torch.tensor(line)).tolist())
try:
    print("equinox maximum", equinox.nn.MaxPool1d(2, 3, 1, use_ceil=True)(jnp.array(line)).tolist())
except RuntimeError as error:
    print("equinox maximum", type(error).__name__)
PY
found=$("$place/venv/bin/python" "$place/seen.py" 2> "$place/errors") || { cat "$place/errors" >&2; exit 1; }
diff <(echo "$EXPECTED") <(echo "$found") && echo "as seen"
