#!/usr/bin/env bash
# torch 2.13.0: torch.onnx.export writes an LSTM with a projection as a smaller LSTM without one, and says nothing.
#
# nn.LSTM(5, 8, proj_size=3) has cells of 8 whose outputs are projected to 3. ONNX's LSTM has no projection. The exporter
# writes an LSTM of hidden_size 3: of the weights of the four gates, 8 rows each, the first twelve rows of all stand in the
# file, the others and the projection do not (120 numbers of 344; without a projection all 480). The start of the cell's
# state keeps its 8, which onnxruntime refuses when it runs; onnx's full check does not mind. The older exporter refuses.
# Seen on 29 November 2026: see EXPECTED.
set -euo pipefail

EXPECTED='hidden 8: 480 parameters, 480 in the file, hidden_size 8, full check passes, runs equal
hidden 8, projected to 3: 344 parameters, 120 in the file, hidden_size 3, full check passes, Fail when run
hidden 8, projected to 3, dynamo=False: SymbolicValueError'

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install -qq --no-compile --disable-pip-version-check \
    numpy==2.4.6 torch==2.13.0 onnx==1.23.2 onnxscript==0.7.2 onnxruntime==1.32.0
cat > "$place/seen.py" <<'PY'
import logging
import os
import sys
import tempfile
import warnings
from math import prod

import onnx
import onnxruntime
import torch
from torch import nn

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
path = os.path.join(tempfile.mkdtemp(), "net.onnx")


class Sequence(nn.Module):
    def __init__(self, **more):
        super().__init__()
        self.cells = nn.LSTM(5, 8, batch_first=True, **more)

    def forward(self, x):
        return self.cells(x)[0]


for said, more in (("hidden 8", {}), ("hidden 8, projected to 3", {"proj_size": 3})):
    net, x = Sequence(**more).eval(), torch.rand(2, 7, 5)
    torch.onnx.export(net, (x,), path, dynamo=True, verbose=False)
    onnx.checker.check_model(path, full_check=True)
    graph = onnx.load(path).graph
    (node,) = [one for one in graph.node if one.op_type == "LSTM"]
    held = sum(prod(one.dims) for one in graph.initializer if one.name in node.input[1:4])
    hidden = next(one.i for one in node.attribute if one.name == "hidden_size")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(path, options)
    try:
        (made,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
        ran = "runs equal" if torch.allclose(torch.tensor(made), net(x), atol=1e-5) else "runs otherwise"
    except Exception as error:
        ran = f"{type(error).__name__} when run"
    parameters = sum(one.numel() for one in net.parameters())
    print(f"{said}: {parameters} parameters, {held} in the file, hidden_size {hidden}, full check passes, {ran}")
sys.stdout.flush()
output = os.dup(1)
os.dup2(2, 1)  # the exporter prints its graph
try:
    torch.onnx.export(net, (x,), path, dynamo=False)
except Exception as error:
    sys.stdout.flush()
    os.dup2(output, 1)
    print(f"{said}, dynamo=False: {type(error).__name__}")
PY
found=$("$place/venv/bin/python" "$place/seen.py" 2> "$place/errors") || { cat "$place/errors" >&2; exit 1; }
diff <(echo "$EXPECTED") <(echo "$found") && echo "as seen"
