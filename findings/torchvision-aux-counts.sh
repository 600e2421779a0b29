#!/usr/bin/env bash
# torchvision 0.29.1: whether `num_params` of its weights counts auxiliary heads depends on the net.
#
# The metadata of GoogLeNet's weights says 6,624,904 parameters, without the two auxiliary heads that the built net
# has in training (13,004,888 with them); those of Inception v3 say 27,161,264, with its auxiliary head (23,834,568
# without). FCN and DeepLabV3 again count it: built with the documented default `aux_loss=None` and no weights they
# have 2,365,205 fewer than the metadata say. So one column of torchvision's table of models compares nets with heads
# to nets without.
# Seen on 27 November 2026: see EXPECTED.
set -euo pipefail

EXPECTED='googlenet without 6624904 with 13004888 num_params 6624904
inception_v3 without 23834568 with 27161264 num_params 27161264
fcn_resnet50 without 32957013 with 35322218 num_params 35322218
deeplabv3_resnet50 without 39638869 with 42004074 num_params 42004074'

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install -qq --no-compile --disable-pip-version-check torch==2.14.1 torchvision==0.29.1
cat > "$place/seen.py" <<'PY'
from torchvision import models
from torchvision.models import segmentation


def count(net):
    return sum(one.numel() for one in net.parameters())


for build, weights in (
    (models.googlenet, models.GoogLeNet_Weights.DEFAULT),
    (models.inception_v3, models.Inception_V3_Weights.DEFAULT),
):
    numbers = [count(build(aux_logits=aux, init_weights=False)) for aux in (False, True)]
    print(build.__name__, "without", numbers[0], "with", numbers[1], "num_params", weights.meta["num_params"])
for build, weights in (
    (segmentation.fcn_resnet50, segmentation.FCN_ResNet50_Weights.DEFAULT),
    (segmentation.deeplabv3_resnet50, segmentation.DeepLabV3_ResNet50_Weights.DEFAULT),
):
    numbers = [count(build(weights_backbone=None, aux_loss=aux)) for aux in (None, True)]
    print(build.__name__, "without", numbers[0], "with", numbers[1], "num_params", weights.meta["num_params"])
PY
found=$("$place/venv/bin/python" "$place/seen.py" 2> "$place/errors") || { cat "$place/errors" >&2; exit 1; }
diff <(echo "$EXPECTED") <(echo "$found") && echo "as seen"
