#!/usr/bin/env bash
# Keras 3.15.1: an average pool with padding="same" gives other numbers on torch than on jax, from the same weights.
#
# Keras leaves the border out of a mean. On torch it does so only where both sides have as much of it; where padding is
# uneven (an even map, kernel 3, stride 2), it lays copies of the outermost pixels around the map first, and averages
# them, too. Of the numbers 1 to 36 the last window holds 29, 30, 35 and 36, whose mean is 32.5.
# Seen on 28 November 2026: see EXPECTED.
set -euo pipefail

EXPECTED='jax: uneven 32.5, even 22.0
torch: uneven 33.7, even 22.0'

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install -qq --no-compile --disable-pip-version-check \
    numpy==2.4.6 torch==2.13.0 jax==0.10.2 keras==3.15.1
cat > "$place/seen.py" <<'PY'
import keras
import numpy as np


def last(length, stride):
    numbers = np.arange(1, length * length + 1, dtype=np.float32).reshape(1, length, length, 1)
    return float(keras.layers.AveragePooling2D(3, stride, "same")(numbers)[0, -1, -1, 0])


print(f"{keras.backend.backend()}: uneven {last(6, 2):.1f}, even {last(5, 1):.1f}")
PY
found=$(for backend in jax torch; do
    KERAS_BACKEND=$backend "$place/venv/bin/python" "$place/seen.py" 2> "$place/errors" || { cat "$place/errors" >&2; exit 1; }
done)
diff <(echo "$EXPECTED") <(echo "$found") && echo "as seen"
