#!/usr/bin/env bash
# How many parameters a batch norm of 4 channels has: 8, 12, 16 or 17, by who is asked for them.
#
# Scale and shift are 8 numbers, the statistics 8 more that no gradient reaches. torch 2.13.0's `parameters()` and
# Flax 0.12.8's `Param` have the 8; Keras 3.15.1's `count_params` has 16, of them 8 to train. PaddlePaddle 3.3.1's
# `parameters()` has all 16, with `stop_gradient` on the statistics, and MLX 0.32.4's too. tinygrad 0.14.0's
# `get_parameters` has 17: the number of batches is one of them; it is what is handed to an optimizer. So the
# one-line parameter count that everybody writes says different things of equal nets.
# Seen on 27 November 2026: see EXPECTED.
set -euo pipefail

EXPECTED='torch 8
flax 8
keras 16 to train 8
paddle 16 [False, False, True, True]
mlx 16 to train 8
tinygrad 17'

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install -qq --no-compile --disable-pip-version-check torch==2.13.0 jax==0.10.2 flax==0.12.8 keras==3.15.1 paddlepaddle==3.3.1 'mlx[cpu]==0.32.4' tinygrad==0.14.0
cat > "$place/seen.py" <<'PY'
import jax
import keras
import numpy as np
import paddle
import tinygrad
import torch
from flax import nnx
from mlx import nn as mlx
from mlx.utils import tree_flatten
from tinygrad.nn.state import get_parameters

print("torch", sum(one.numel() for one in torch.nn.BatchNorm2d(4).parameters()))
state = nnx.state(nnx.BatchNorm(4, rngs=nnx.Rngs(0)), nnx.Param)
print("flax", sum(one.size for one in jax.tree_util.tree_leaves(state)))
model = keras.Sequential([keras.Input((8, 8, 4)), keras.layers.BatchNormalization()])
print("keras", model.count_params(), "to train", sum(int(np.prod(one.shape)) for one in model.trainable_weights))
layer = paddle.nn.BatchNorm2D(4)
print("paddle", sum(int(one.size) for one in layer.parameters()), [one.stop_gradient for one in layer.parameters()])
layer = mlx.BatchNorm(4)
count = lambda tree: sum(one.size for _, one in tree_flatten(tree))
print("mlx", count(layer.parameters()), "to train", count(layer.trainable_parameters()))
print("tinygrad", sum(one.numel() for one in get_parameters(tinygrad.nn.BatchNorm2d(4))))
PY
found=$(KERAS_BACKEND=jax DEV=PYTHON "$place/venv/bin/python" "$place/seen.py" 2> "$place/errors") || { cat "$place/errors" >&2; exit 1; }
diff <(echo "$EXPECTED") <(echo "$found") && echo "as seen"
