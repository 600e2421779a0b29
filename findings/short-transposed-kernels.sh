#!/usr/bin/env bash
# Transposed convolutions whose kernel is shorter than their stride: two lengths for one layer.
#
# A kernel of 2 that steps by 3 over 5 numbers, without padding, covers (5 − 1)·3 + 2 = 14 places: torch 2.13.0 and
# Equinox 0.13.8 say 14. Flax 0.12.8 with `padding="VALID"` and Keras 3.15.1 with `padding="valid"` say 15 = 5·3:
# where the kernel is shorter than the stride they end on a whole step, with a last place that no input reaches. From
# kernel 3 on all agree. Both libraries that are built on jax are among the parties, so the framework below does not
# tell which rule holds.
# Seen on 27 November 2026: see EXPECTED.
set -euo pipefail

EXPECTED='kernel 2 torch 14
kernel 2 equinox 14
kernel 2 flax 15
kernel 2 keras 15
kernel 3 torch 15
kernel 3 equinox 15
kernel 3 flax 15
kernel 3 keras 15'

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install -qq --no-compile --disable-pip-version-check torch==2.13.0 jax==0.10.2 flax==0.12.8 equinox==0.13.8 keras==3.15.1
cat > "$place/seen.py" <<'PY'
import equinox
import jax
import jax.numpy as jnp
import keras
import numpy as np
import torch
from flax import nnx

for kernel in (2, 3):
    line = torch.nn.ConvTranspose1d(1, 1, kernel, stride=3)(torch.ones(1, 1, 5))
    print(f"kernel {kernel}", "torch", line.shape[-1])
    layer = equinox.nn.ConvTranspose1d(1, 1, kernel, stride=3, key=jax.random.PRNGKey(0))
    print(f"kernel {kernel}", "equinox", layer(jnp.ones((1, 5))).shape[-1])
    layer = nnx.ConvTranspose(1, 1, (kernel,), strides=(3,), padding="VALID", rngs=nnx.Rngs(0))
    print(f"kernel {kernel}", "flax", layer(jnp.ones((1, 5, 1))).shape[1])
    layer = keras.layers.Conv1DTranspose(1, kernel, strides=3, padding="valid")
    print(f"kernel {kernel}", "keras", layer(np.ones((1, 5, 1), np.float32)).shape[1])
PY
found=$(KERAS_BACKEND=jax "$place/venv/bin/python" "$place/seen.py" 2> "$place/errors") || { cat "$place/errors" >&2; exit 1; }
diff <(echo "$EXPECTED") <(echo "$found") && echo "as seen"
