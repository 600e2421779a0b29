#!/usr/bin/env bash
# onnxruntime 1.32.0: its INT4 quantiser leaves linear layers as torch exports them untouched, and says nothing.
#
# MatMulNBitsQuantizer packs the weights of MatMul nodes, four bits a number and a scale for a block. torch writes
# nn.Linear with a bias as Gemm on rows, and as MatMul on more axes: of the same layer one becomes a sixth, the other stays
# as it is, and so does a 1x1 convolution, which is the same product. So a classifier behind a pool is not quantised.
# Seen on 28 November 2026: see EXPECTED.
set -euo pipefail

EXPECTED='Linear on rows: Gemm, 33280 bytes
Linear on rows of rows: MatMulNBits, Add, 5632 bytes
Conv2d 1x1: Conv, 33280 bytes'

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install -qq --no-compile --disable-pip-version-check \
    numpy==2.4.6 torch==2.13.0 onnx==1.23.2 onnxscript==0.7.2 onnxruntime==1.32.0
cat > "$place/seen.py" <<'PY'
import logging
import os
import tempfile
import warnings

import onnx
import torch
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer
from torch import nn

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
for said, layer, shape in (
    ("Linear on rows", nn.Linear(64, 128), (1, 64)),
    ("Linear on rows of rows", nn.Linear(64, 128), (1, 3, 64)),
    ("Conv2d 1x1", nn.Conv2d(64, 128, 1), (1, 64, 3, 3)),
):
    path = os.path.join(tempfile.mkdtemp(), "net.onnx")
    torch.onnx.export(layer.eval(), (torch.rand(shape),), path, dynamo=False)
    quantiser = MatMulNBitsQuantizer(onnx.load(path), block_size=32, is_symmetric=True)
    quantiser.process()
    graph = quantiser.model.model.graph
    nodes = [one.op_type for one in graph.node]
    print(f"{said}: {', '.join(nodes)}, {sum(len(one.raw_data) for one in graph.initializer)} bytes")
PY
found=$("$place/venv/bin/python" "$place/seen.py" 2> "$place/errors") || { cat "$place/errors" >&2; exit 1; }
diff <(echo "$EXPECTED") <(echo "$found") && echo "as seen"
