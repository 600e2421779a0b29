#!/usr/bin/env bash
# paddle.summary (PaddlePaddle 3.3.1) leaves out parameters that a layer holds beside its sublayers.
#
# It adds up leaves. A block with a convolution and a learned scale for each channel, made by `create_parameter` as
# layer scales, class tokens and position embeddings are, has 20 parameters in `parameters()` and 16 in
# `paddle.summary`, whose total is printed without a warning. If the block has no sublayer, all are counted.
# Seen on 27 November 2026: see EXPECTED.
set -euo pipefail

EXPECTED='Scaled 20 16
Scale 4 4'

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install -qq --no-compile --disable-pip-version-check paddlepaddle==3.3.1
cat > "$place/seen.py" <<'PY'
import contextlib
import io

import paddle
from paddle import nn


class Scaled(nn.Layer):
    def __init__(self):
        super().__init__()
        self.scale = self.create_parameter([4, 1, 1])
        self.conv = nn.Conv2D(4, 4, 1, bias_attr=False)

    def forward(self, image):
        return self.conv(image) * self.scale


class Scale(nn.Layer):
    def __init__(self):
        super().__init__()
        self.scale = self.create_parameter([4, 1, 1])

    def forward(self, image):
        return image * self.scale


for net in (Scaled(), Scale()):
    with contextlib.redirect_stdout(io.StringIO()):
        total = paddle.summary(net, (1, 4, 8, 8))["total_params"]
    print(type(net).__name__, sum(int(one.size) for one in net.parameters()), int(total))
PY
found=$("$place/venv/bin/python" "$place/seen.py" 2> "$place/errors") || { cat "$place/errors" >&2; exit 1; }
diff <(echo "$EXPECTED") <(echo "$found") && echo "as seen"
