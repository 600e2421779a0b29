"""PyTorch programs that take the checkpoints of torchvision's models of the same name, and give what these give."""

from __future__ import annotations

from typing import Any

import programs
import torch
from torchvision import models

from benchmarks.exports.nets import Case
from cnncalc import Options, load
from cnncalc.interchange.torch_code.writer import written

__all__ = ["held"]

torch.set_num_threads(1)

MODULES = (models, models.segmentation, models.video)
CLOSE = 1e-5
"""Of the largest number that comes out."""


def held(case: Case) -> list[str]:
    """How the program and torchvision's model differ; nothing where torchvision has no such model."""
    if case.name not in {name for module in MODULES for name in models.list_models(module=module)}:
        return ["no net"]
    theirs = _theirs(case.name)
    ours = _program(case.small)
    if ours.state_dict().keys() != theirs.state_dict().keys():  # side branches for training are part of theirs
        ours = _program(load(case.name, Options(train=True)))
    ours.load_state_dict(theirs.state_dict(), strict=True)
    (x,) = programs.given(case.small, 1, torch.float32)
    with torch.no_grad():
        wanted, found = _first(theirs(x.clone())), _first(ours.eval()(x.clone()))
    if found.shape != wanted.shape:
        return [f"{tuple(found.shape)}, and torchvision's is {tuple(wanted.shape)}"]
    apart = (found - wanted).abs().max().item()
    return [f"{apart:.3g} apart"] if not apart <= CLOSE * max(1.0, wanted.abs().max().item()) else []


def _theirs(name: str) -> Any:
    """The model with numbers that tell its norms apart, ready to be asked."""
    more: dict[str, Any] = {"weights": None}
    if name in models.list_models(module=models.segmentation):
        more["weights_backbone"] = None
    if name in ("googlenet", "inception_v3"):
        more["init_weights"] = False  # which takes long
    made = models.get_model(name, **more).eval()
    programs.scattered(made, 3)
    if name.startswith("swin_v2"):  # torchvision makes the keys' biases 0 at every call
        for key, one in made.state_dict().items():
            if key.endswith("attn.qkv.bias"):
                third = len(one) // 3
                one[third : 2 * third] = 0
    return made


def _program(graph: Any) -> Any:
    return programs.main_class(programs.run(str(written(graph, 1).content)))()


def _first(found: Any) -> Any:
    """What comes out of the net itself, beside what its side branches give."""
    return found if isinstance(found, torch.Tensor) else next(iter(found.values()))
