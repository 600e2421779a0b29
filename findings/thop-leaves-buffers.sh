#!/usr/bin/env bash
# thop 0.1.1.post2209072238: counting a net changes its checkpoint, and a net of one layer has no parameters.
#
# `thop.profile` hangs `total_ops` and `total_params` on every module and takes them away again only from modules
# that it counted. A transformer's encoder layer has 12 tensors in its state before and 18 behind; a strict load into
# a new layer fails. And of a net that is a single layer (a bare `Conv2d`) it says the operations, but 0.0 or 0
# parameters; in a `Sequential` the same layer has all of them.
# Seen on 27 November 2026: see EXPECTED.
set -euo pipefail

EXPECTED='12 18 self_attn.out_proj.total_ops
strict load: Unexpected key(s) in state_dict
bare (3888.0, 0)
in a Sequential (3888.0, 112.0)'

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install -qq --no-compile --disable-pip-version-check numpy==2.4.6 torch==2.13.0 thop==0.1.1.post2209072238
cat > "$place/seen.py" <<'PY'
import thop
import torch
from torch import nn

layer = nn.TransformerEncoderLayer(64, 4, 128, batch_first=True).eval()
before = set(layer.state_dict())
thop.profile(layer, (torch.rand(1, 10, 64),), verbose=False)
print(len(before), len(layer.state_dict()), sorted(set(layer.state_dict()) - before)[0])
try:
    nn.TransformerEncoderLayer(64, 4, 128, batch_first=True).load_state_dict(layer.state_dict())
except RuntimeError as error:
    print("strict load:", str(error).splitlines()[1].strip().split(":")[0])
image = torch.rand(1, 3, 8, 8)
print("bare", thop.profile(nn.Conv2d(3, 4, 3), (image,), verbose=False))
print("in a Sequential", thop.profile(nn.Sequential(nn.Conv2d(3, 4, 3)), (image,), verbose=False))
PY
found=$("$place/venv/bin/python" "$place/seen.py" 2> "$place/errors") || { cat "$place/errors" >&2; exit 1; }
diff <(echo "$EXPECTED") <(echo "$found") && echo "as seen"
