#!/usr/bin/env bash
# OpenVINO 2026.4.1: saving a model turns a weight of 1,000,000 into 65,504.
#
# `save_model` compresses constants to float16 unless told otherwise. That numbers beyond its range forbid this is half
# true: up to 749 of 1,000 weights may lie outside, and are cut off at 65,504 without a word; from three quarters of a
# tensor on it stays in float32. The file holds 2,000 bytes in the one case and 4,000 in the other.
# Seen on 27 November 2026: see EXPECTED.
set -euo pipefail

EXPECTED='normal: 2000 bytes, largest as float16
10 of 1,000 are 1e6: 2000 bytes, largest 65504 instead of 1000000
749 of 1,000 are 1e6: 2000 bytes, largest 65504 instead of 1000000
750 of 1,000 are 1e6: 4000 bytes, largest 1000000'

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install -qq --no-compile --disable-pip-version-check numpy==2.4.6 openvino==2026.4.1
cat > "$place/seen.py" <<'PY'
import os
import tempfile

import numpy as np
import openvino
from openvino import opset13 as ops


def saved(values):
    image = ops.parameter([1, 4], np.float32)
    model = openvino.Model([ops.matmul(image, ops.constant(values.reshape(4, 250)), False, False)], [image])
    path = os.path.join(tempfile.mkdtemp(), "net.xml")
    openvino.save_model(model, path)
    return open(path[:-3] + "bin", "rb").read()


plain = np.random.default_rng(0).standard_normal(1000).astype(np.float32)
print(f"normal: {len(saved(plain))} bytes, largest as float16")
for many in (10, 749, 750):
    values = plain.copy()
    values[:many] = 1e6
    kept = saved(values)
    numbers = np.frombuffer(kept, np.float16 if len(kept) == 2000 else np.float32)
    largest = f"{numbers.max():.0f}"
    instead = "" if largest == "1000000" else " instead of 1000000"
    print(f"{many} of 1,000 are 1e6: {len(kept)} bytes, largest {largest}{instead}")
PY
found=$("$place/venv/bin/python" "$place/seen.py" 2> "$place/errors") || { cat "$place/errors" >&2; exit 1; }
diff <(echo "$EXPECTED") <(echo "$found") && echo "as seen"
