#!/usr/bin/env bash
# Flax 0.12.8 averages the padding of `SAME` with the rest; Keras 3.15.1 on the same jax does not.
#
# Average pooling of ones is one wherever only ones are averaged. A 2×2 window with stride 2 over 3×3 and `SAME`
# gives a half and a quarter at the far border in Flax, since `count_include_pad` is true unless it is said
# otherwise, and ones in Keras, whose `same` is otherwise the very same windows. A net that moves from one to the
# other keeps its shapes and its checkpoint loads; its outputs differ at the border only.
# Seen on 27 November 2026: see EXPECTED.
set -euo pipefail

EXPECTED='flax  1 0.5 0.5 0.25
flax, count_include_pad=False  1 1 1 1
keras  1 1 1 1'

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install -qq --no-compile --disable-pip-version-check jax==0.10.2 flax==0.12.8 keras==3.15.1
cat > "$place/seen.py" <<'PY'
import jax.numpy as jnp
import keras
import numpy as np
from flax import nnx

ones = jnp.ones((1, 3, 3, 1))
shown = lambda found: " ".join(f"{number:g}" for number in np.asarray(found).ravel())
print("flax ", shown(nnx.avg_pool(ones, (2, 2), strides=(2, 2), padding="SAME")))
print("flax, count_include_pad=False ", shown(nnx.avg_pool(ones, (2, 2), strides=(2, 2), padding="SAME", count_include_pad=False)))
print("keras ", shown(keras.layers.AveragePooling2D(2, padding="same")(np.ones((1, 3, 3, 1), np.float32))))
PY
found=$(KERAS_BACKEND=jax "$place/venv/bin/python" "$place/seen.py" 2> "$place/errors") || { cat "$place/errors" >&2; exit 1; }
diff <(echo "$EXPECTED") <(echo "$found") && echo "as seen"
