"""torchvision's ViT-B/16 as torch's FlopCounterMode counts it in eval mode."""

from __future__ import annotations

import torch
import torchvision
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.surprises.saying import tell

net, image = torchvision.models.vit_b_16().eval(), torch.zeros(1, 3, 224, 224)


def flops(gradients: bool) -> int:
    """What is counted with gradients or without."""
    with torch.set_grad_enabled(gradients), FlopCounterMode(display=False) as counter:
        net(image)
    return int(counter.get_total_flops())


tell([("ViT-B/16 in eval mode", flops(True)), ("the same without gradients", flops(False))])
