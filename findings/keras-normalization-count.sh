#!/usr/bin/env bash
# Keras 3.15.1: a preprocessing layer that learned its numbers is counted, one that was told them is not.
#
# `Normalization()` of three channels has 7 parameters in `count_params` and `summary` (mean, variance and one
# counter); `Normalization(mean=…, variance=…)`, which computes the same, has 0. EfficientNet-B0 of
# keras.applications has 5,330,571 parameters: the 5,288,548 of the paper's net, 42,016 moving statistics, and these
# 7. Layers that draw random numbers (Dropout, RandomFlip, GaussianNoise, LSTM even without dropout) have a seed of
# two numbers in `variables`, and none in `weights` and `count_params`.
# Seen on 27 November 2026: see EXPECTED.
set -euo pipefail

EXPECTED='Normalization 7 7
Normalization, told 0 0
Dropout 0 2
RandomFlip 0 2
LSTM 416 418
Dense 40 40
EfficientNetB0 5330571'

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install -qq --no-compile --disable-pip-version-check torch==2.13.0 keras==3.15.1
cat > "$place/seen.py" <<'PY'
import keras
import numpy as np

LAYERS = keras.layers


def told(name, layer, shape=(8, 8, 3)):
    image = keras.Input(shape)
    model = keras.Model(image, layer(image))
    print(name, model.count_params(), sum(int(np.prod(one.shape)) for one in model.variables))


told("Normalization", LAYERS.Normalization())
told("Normalization, told", LAYERS.Normalization(mean=[0, 0, 0], variance=[1, 1, 1]))
told("Dropout", LAYERS.Dropout(0.5))
told("RandomFlip", LAYERS.RandomFlip())
told("LSTM", LAYERS.LSTM(8), (5, 4))
told("Dense", LAYERS.Dense(8), (4,))
print("EfficientNetB0", keras.applications.EfficientNetB0(weights=None).count_params())
PY
found=$(KERAS_BACKEND=torch "$place/venv/bin/python" "$place/seen.py" 2> "$place/errors") || { cat "$place/errors" >&2; exit 1; }
diff <(echo "$EXPECTED") <(echo "$found") && echo "as seen"
