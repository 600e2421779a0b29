#!/usr/bin/env bash
# MLX 0.32.4: freezing a net and thawing it makes its running statistics trainable.
#
# A batch norm of MLX keeps its running mean and variance frozen, and `layer.unfreeze()` of the layer itself leaves
# them so. The same call on a net that holds it does not: behind `net.freeze(); net.unfreeze()`, the usual way back
# from a warm-up of the head, `trainable_parameters()` has 8 numbers more for 4 channels, and an optimizer that is
# given them moves statistics by weight decay.
# Seen on 27 November 2026: see EXPECTED.
set -euo pipefail

EXPECTED='new 120
the layer frozen and thawed 120
the net frozen and thawed 128'

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install -qq --no-compile --disable-pip-version-check 'mlx[cpu]==0.32.4'
cat > "$place/seen.py" <<'PY'
from mlx import nn
from mlx.utils import tree_flatten


def trainable(module):
    return sum(one.size for _, one in tree_flatten(module.trainable_parameters()))


net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm(4))
print("new", trainable(net))
net.layers[1].freeze()
net.layers[1].unfreeze()
print("the layer frozen and thawed", trainable(net))
net.freeze()
net.unfreeze()
print("the net frozen and thawed", trainable(net))
PY
found=$("$place/venv/bin/python" "$place/seen.py" 2> "$place/errors") || { cat "$place/errors" >&2; exit 1; }
diff <(echo "$EXPECTED") <(echo "$found") && echo "as seen"
