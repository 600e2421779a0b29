#!/usr/bin/env bash
# torchvision 0.29.1's detectors have more parameters when no pretrained weights are asked for.
#
# Faster R-CNN, Mask R-CNN, RetinaNet and FCOS on ResNet-50 choose the class of their norms by the arguments for
# weights: without any, batch norms, whose scales and shifts are parameters; with pretrained ones, frozen norms,
# whose scales and shifts are buffers. The difference, 53,120 numbers, is just what ResNet-50's norms have. The count
# of a net that was built without weights, to count it, is therefore not that of the published detector; the second
# generation (`…_v2`) and SSD do not differ.
# Seen on 27 November 2026: see EXPECTED.
set -euo pipefail

EXPECTED='fasterrcnn_resnet50_fpn 41808406 41755286 53120
maskrcnn_resnet50_fpn 44454513 44401393 53120
retinanet_resnet50_fpn 34068119 34014999 53120
fcos_resnet50_fpn 32322720 32269600 53120
fasterrcnn_resnet50_fpn_v2 43712278 43712278 0
ssd300_vgg16 35641826 35641826 0'

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install -qq --no-compile --disable-pip-version-check torch==2.14.1 torchvision==0.29.1
cat > "$place/seen.py" <<'PY'
from torchvision.models import detection

for name, weights in (
    ("fasterrcnn_resnet50_fpn", detection.FasterRCNN_ResNet50_FPN_Weights),
    ("maskrcnn_resnet50_fpn", detection.MaskRCNN_ResNet50_FPN_Weights),
    ("retinanet_resnet50_fpn", detection.RetinaNet_ResNet50_FPN_Weights),
    ("fcos_resnet50_fpn", detection.FCOS_ResNet50_FPN_Weights),
    ("fasterrcnn_resnet50_fpn_v2", detection.FasterRCNN_ResNet50_FPN_V2_Weights),
    ("ssd300_vgg16", detection.SSD300_VGG16_Weights),
):
    net = getattr(detection, name)(weights=None, weights_backbone=None)
    built, published = sum(one.numel() for one in net.parameters()), weights.DEFAULT.meta["num_params"]
    print(name, built, published, built - published)
PY
found=$("$place/venv/bin/python" "$place/seen.py" 2> "$place/errors") || { cat "$place/errors" >&2; exit 1; }
diff <(echo "$EXPECTED") <(echo "$found") && echo "as seen"
