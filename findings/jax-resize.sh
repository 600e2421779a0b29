#!/usr/bin/env bash
# `jax.image.resize` (jax 0.10.2) and torch 2.13.0's `interpolate` share the names of their methods, not the methods.
#
# `nearest` of jax takes pixel centres, as torch's `nearest-exact` does; torch's own `nearest` rounds corners down:
# from 5 to 8 three places differ. `linear` of jax blurs before it shrinks (`antialias` is on), torch does not unless
# it is told. So a U-Net's upsampling agrees at whole factors only, and shrinking never.
# Seen on 27 November 2026: see EXPECTED.
set -euo pipefail

EXPECTED='jax nearest 0 0 1 2 2 3 4 4
torch nearest 0 0 1 1 2 3 3 4
torch nearest-exact 0 0 1 2 2 3 4 4
jax linear 0 3 1 0
jax linear, antialias=False 0 4 0 0
torch linear 0 4 0 0'

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install -qq --no-compile --disable-pip-version-check torch==2.13.0 jax==0.10.2
cat > "$place/seen.py" <<'PY'
import jax
import jax.numpy as jnp
import torch
from torch.nn.functional import interpolate

shown = lambda numbers: " ".join(f"{float(number):g}" for number in numbers)
line = torch.arange(5.0).reshape(1, 1, 5)
print("jax nearest", shown(jax.image.resize(jnp.arange(5.0), (8,), "nearest")))
print("torch nearest", shown(interpolate(line, size=8)[0, 0]))
print("torch nearest-exact", shown(interpolate(line, size=8, mode="nearest-exact")[0, 0]))
line = torch.tensor([[[0.0, 0, 0, 8, 0, 0, 0, 0]]])
print("jax linear", shown(jax.image.resize(jnp.asarray(line[0, 0].numpy()), (4,), "linear")))
print("jax linear, antialias=False", shown(jax.image.resize(jnp.asarray(line[0, 0].numpy()), (4,), "linear", antialias=False)))
print("torch linear", shown(interpolate(line, size=4, mode="linear")[0, 0]))
PY
found=$("$place/venv/bin/python" "$place/seen.py" 2> "$place/errors") || { cat "$place/errors" >&2; exit 1; }
diff <(echo "$EXPECTED") <(echo "$found") && echo "as seen"
