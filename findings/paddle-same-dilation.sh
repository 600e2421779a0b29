#!/usr/bin/env bash
# PaddlePaddle 3.3.1 drops the dilation of a convolution whose padding is "SAME", without a word.
#
# A kernel of 3 with dilation 2 reaches 5 pixels. With the padding written as 2 it does; with "SAME", which asks for the
# same padding, it reaches 3 neighbouring pixels, as with dilation 1: `UpdatePaddingAndDilation` sets every dilation to
# 1. Shapes are alike, so that nothing tells. The saved program still says 2. A transposed convolution with "SAME" takes
# the padding that a forward one on the same length would have: 5 by stride 2 becomes 9, where TensorFlow makes 10.
# Seen on 28 November 2026: columns that one pixel in the middle of 9 reaches; lengths. See EXPECTED.
set -euo pipefail

EXPECTED='2 [2, 4, 6]
SAME [3, 4, 5]
transposed [9, 12, 13]'

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install -qq --no-compile --disable-pip-version-check paddlepaddle==3.3.1
cat > "$place/seen.py" <<'PY'
import paddle
import paddle.nn.functional as F

image = paddle.zeros([1, 1, 9, 9])
image[0, 0, 4, 4] = 1.0
ones = paddle.ones([1, 1, 3, 3])
for padding in (2, "SAME"):
    made = F.conv2d(image, ones, padding=padding, dilation=2)
    print(padding, [place for place, one in enumerate(made[0, 0].sum(0).tolist()) if one])
inputs = [paddle.ones([1, 1, n, n]) for n in (5, 6, 7)]
print("transposed", [F.conv2d_transpose(one, ones, stride=2, padding="SAME").shape[3] for one in inputs])
PY
found=$("$place/venv/bin/python" "$place/seen.py" 2> "$place/errors") || { cat "$place/errors" >&2; exit 1; }
diff <(echo "$EXPECTED") <(echo "$found") && echo "as seen"
