#!/usr/bin/env bash
# Recurrent layers of equal sizes have different numbers of parameters in every library.
#
# 4 inputs, 8 states. torch 2.13.0 and PaddlePaddle 3.3.1 hold two biases a gate, since cuDNN wants them: LSTM 448,
# GRU 336, plain 112. Keras 3.15.1, MLX 0.32.4 and Equinox 0.13.8 hold one for an LSTM: 416. A GRU is 336 in Keras
# (two biases: `reset_after` is on), but 320 in MLX and Equinox, which keep a second bias for the candidate state
# alone, and 312 in Flax 0.12.8, which has one. So an import that takes the shapes of weights for granted is off by a
# bias.
# Seen on 27 November 2026: see EXPECTED.
set -euo pipefail

EXPECTED='torch [448, 336, 112]
paddle [448, 336, 112]
keras [416, 336, 104]
mlx [416, 320, 104]
equinox [416, 320]
flax [416, 416, 312, 104]'

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install -qq --no-compile --disable-pip-version-check torch==2.13.0 jax==0.10.2 flax==0.12.8 equinox==0.13.8 keras==3.15.1 paddlepaddle==3.3.1 'mlx[cpu]==0.32.4'
cat > "$place/seen.py" <<'PY'
import equinox
import jax
import keras
import paddle
import torch
from flax import nnx
from mlx import nn as mlx
from mlx.utils import tree_flatten

leaves = lambda tree: sum(one.size for one in jax.tree_util.tree_leaves(tree))
print("torch", [sum(one.numel() for one in kind(4, 8).parameters()) for kind in (torch.nn.LSTM, torch.nn.GRU, torch.nn.RNN)])
print("paddle", [sum(int(one.size) for one in kind(4, 8).parameters()) for kind in (paddle.nn.LSTM, paddle.nn.GRU, paddle.nn.SimpleRNN)])
layers = keras.layers
print("keras", [keras.Sequential([keras.Input((5, 4)), kind(8)]).count_params() for kind in (layers.LSTM, layers.GRU, layers.SimpleRNN)])
print("mlx", [sum(one.size for _, one in tree_flatten(kind(4, 8).parameters())) for kind in (mlx.LSTM, mlx.GRU, mlx.RNN)])
key = jax.random.PRNGKey(0)
cells = (equinox.nn.LSTMCell, equinox.nn.GRUCell)
print("equinox", [leaves(equinox.filter(kind(4, 8, key=key), equinox.is_array)) for kind in cells])
cells = (nnx.OptimizedLSTMCell, nnx.LSTMCell, nnx.GRUCell, nnx.SimpleCell)
print("flax", [leaves(nnx.state(kind(4, 8, rngs=nnx.Rngs(0)), nnx.Param)) for kind in cells])
PY
found=$(KERAS_BACKEND=jax "$place/venv/bin/python" "$place/seen.py" 2> "$place/errors") || { cat "$place/errors" >&2; exit 1; }
diff <(echo "$EXPECTED") <(echo "$found") && echo "as seen"
