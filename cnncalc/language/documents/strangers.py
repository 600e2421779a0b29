"""Texts that are a mapping, and no net: said once, as what they seem to be, where every key would be a fault."""

from __future__ import annotations

from collections.abc import Collection

from cnncalc.errors import Fault, near
from cnncalc.language.yaml.reader import Mapping

__all__ = ["stranger"]

SHOWN, LOOKED = 3, 20
SEEM: tuple[tuple[frozenset[str], str, str], ...] = (
    (
        frozenset({"architectures", "model_type", "transformers_version"}),
        "the settings of a Hugging Face model, which do not say its layers",
        "export the model: `torch.onnx.export(…)`, or `cnncalc.from_torch(module, x)` in Python",
    ),
    (
        frozenset({"weight_map"}),
        "the index of weights in several files",
        "give the net; `cnncalc check NET --weights FILE` holds weights against it",
    ),
    (
        frozenset({"images", "annotations", "categories"}),
        "a data set's annotations",
        "give the net that is trained on it",
    ),
    (
        frozenset({"dependencies", "devDependencies", "scripts", "services", "jobs"}),
        "a program's settings",
        "give the net's own file",
    ),
)
"""What a text with one of these keys seems to be, and the way out."""
OTHERWISE = "give a file of a net, as docs/formats.md lists them; one of ours has `input: 3x224x224` and `layers:`"


def stranger(root: Mapping, keys: Collection[str]) -> Fault | None:
    """The one fault of a mapping with no key of a net, and none that is meant for one; None for any other."""
    own = list(root.entries)
    if not own or any(key in keys for key in own):
        return None
    what, help = next(((what, help) for known, what, help in SEEM if not known.isdisjoint(own)), ("", OTHERWISE))
    if not what and any(near(key[:60], keys) for key in own[:LOOKED]):
        return None
    shown = ", ".join(f"`{key[:40]}`" for key in own[:SHOWN])
    more = f" and {len(own) - SHOWN:,} more" if len(own) > SHOWN else ""
    seems = f"it seems to be {what}; its keys are" if what else "its keys are"
    place = root.place()._replace(text="")
    return Fault("this is no net: it has none of the keys of one", place, values=f"{seems} {shown}{more}", help=help)
