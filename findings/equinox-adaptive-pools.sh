#!/usr/bin/env bash
# Adaptive average pools of Equinox 0.13.8 are not torch's where the sizes do not divide.
#
# From 8 to 3 torch 2.13.0 averages [0, 3), [2, 6), [5, 8), which overlap; Keras 3.15.1 does the same. Equinox cuts
# the line in three pieces that do not overlap, the longer ones first: [0, 3), [3, 6), [6, 8). Where the output
# divides the input all agree, so that a converted VGG works at 224 and not at 256 (8 to 7).
# Seen on 27 November 2026: see EXPECTED.
set -euo pipefail

EXPECTED='8 4 torch 0.5 2.5 4.5 6.5
8 4 keras 0.5 2.5 4.5 6.5
8 4 equinox 0.5 2.5 4.5 6.5
8 3 torch 1 3.5 6
8 3 keras 1 3.5 6
8 3 equinox 1 4 6.5
8 7 torch 0.5 1.5 2.5 3.5 4.5 5.5 6.5
8 7 keras 0.5 1.5 2.5 3.5 4.5 5.5 6.5
8 7 equinox 0.5 2 3 4 5 6 7'

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install -qq --no-compile --disable-pip-version-check torch==2.13.0 jax==0.10.2 equinox==0.13.8 keras==3.15.1
cat > "$place/seen.py" <<'PY'
import equinox
import jax.numpy as jnp
import keras
import numpy as np
import torch

for length, wanted in ((8, 4), (8, 3), (8, 7)):
    line = np.arange(length, dtype=np.float32)
    shown = lambda found: " ".join(f"{number:g}" for number in np.asarray(found).ravel())
    print(length, wanted, "torch", shown(torch.nn.AdaptiveAvgPool1d(wanted)(torch.tensor(line)[None])))
    print(length, wanted, "keras", shown(keras.layers.AdaptiveAveragePooling1D(wanted)(line[None, :, None])))
    print(length, wanted, "equinox", shown(equinox.nn.AdaptiveAvgPool1d(wanted)(jnp.asarray(line)[None])))
PY
found=$(KERAS_BACKEND=jax "$place/venv/bin/python" "$place/seen.py" 2> "$place/errors") || { cat "$place/errors" >&2; exit 1; }
diff <(echo "$EXPECTED") <(echo "$found") && echo "as seen"
