#!/usr/bin/env bash
# A layer of 4,160 parameters, quantised: 0, 704, 2,304 or 4,224 parameters.
#
# The usual count of parameters after a linear layer 64 → 64 was quantised. torch 2.13.0's dynamic int8 layer keeps
# packed weights that are no parameters: 0. MLX 0.32.4 packs eight 4-bit weights in one uint32 and counts the words,
# and a scale and an offset for each group of 64: 512 + 2·64 + 64 = 704. Keras 3.15.1 counts int4 by the packed byte,
# with scales, zero points and an index of groups, and int8 with 64 scales. None of these numbers tells how many
# weights the layer has.
# Seen on 27 November 2026: see EXPECTED.
set -euo pipefail

EXPECTED='torch int8 0
mlx int4 704
keras int8 4224 bias (64,) kernel (64, 64) kernel_scale (64,)
keras int4 2304 bias (64,) kernel (64, 32) kernel_scale (1, 64) kernel_zero (1, 64) g_idx (64,)'

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install -qq --no-compile --disable-pip-version-check torch==2.13.0 keras==3.15.1 'mlx[cpu]==0.32.4'
cat > "$place/seen.py" <<'PY'
import keras
import torch
from mlx import nn as mlx
from mlx.utils import tree_flatten

net = torch.ao.quantization.quantize_dynamic(torch.nn.Sequential(torch.nn.Linear(64, 64)), {torch.nn.Linear})
print("torch int8", sum(one.numel() for one in net.parameters()))
net = mlx.Sequential(mlx.Linear(64, 64))
mlx.quantize(net, group_size=64, bits=4)
print("mlx int4", sum(one.size for _, one in tree_flatten(net.parameters())))
for mode in ("int8", "int4"):
    net = keras.Sequential([keras.Input((64,)), keras.layers.Dense(64)])
    net.quantize(mode)
    print("keras", mode, net.count_params(), *(f"{one.name} {tuple(one.shape)}" for one in net.weights))
PY
found=$(KERAS_BACKEND=torch "$place/venv/bin/python" "$place/seen.py" 2> "$place/errors") || { cat "$place/errors" >&2; exit 1; }
diff <(echo "$EXPECTED") <(echo "$found") && echo "as seen"
