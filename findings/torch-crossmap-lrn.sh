#!/usr/bin/env bash
# torch 2.13.0: the sums of nn.CrossMapLRN2d keep the first channel, and its gradient is another function's.
#
# A sum slides along the channels: one more square comes in, one less stays. The test that takes one out begins a channel
# late, so the first channel is never taken out of any sum. The gradient is that of the norm as papers have it, with the
# wrong sums in it, so gradcheck fails. nn.LocalResponseNorm, which averages over a window, is right.
# Seen on 28 November 2026: see EXPECTED.
set -euo pipefail

EXPECTED='channels that differ from LocalResponseNorm: 3 4 5 6 7 8 9 10 11
with the first channel in every sum: none
gradcheck: False'

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install -qq --no-compile --disable-pip-version-check numpy==2.4.6 torch==2.13.0
cat > "$place/seen.py" <<'PY'
import warnings

import torch
from torch import nn

warnings.simplefilter("ignore")
torch.manual_seed(0)
size, alpha, beta = 5, 1.0, 0.75
x = torch.randn(2, 12, 3, 3, dtype=torch.double)
given = nn.CrossMapLRN2d(size, alpha)(x)


def differing(other):
    return " ".join(str(c) for c in range(12) if not torch.allclose(given[:, c], other[:, c])) or "none"


print("channels that differ from LocalResponseNorm:", differing(nn.LocalResponseNorm(size, alpha)(x)))
squares = x.square()
sums = [squares[:, max(0, c - 2) : c + 3].sum(1) + squares[:, 0] * (c > 2) for c in range(12)]
print("with the first channel in every sum:", differing(x * (1 + alpha / size * torch.stack(sums, 1)) ** -beta))
x.requires_grad_()
print("gradcheck:", torch.autograd.gradcheck(nn.CrossMapLRN2d(size, alpha), x, raise_exception=False))
PY
found=$("$place/venv/bin/python" "$place/seen.py" 2> "$place/errors") || { cat "$place/errors" >&2; exit 1; }
diff <(echo "$EXPECTED") <(echo "$found") && echo "as seen"
