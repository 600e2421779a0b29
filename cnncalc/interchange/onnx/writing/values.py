"""The numbers of learned tensors: zeros, random ones, those of a file, or none at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod, sqrt
from typing import TYPE_CHECKING, Any, TypeAlias

from cnncalc.errors import CnncalcError, Fault, suggestion
from cnncalc.interchange.onnx.writing.scribe import Learned
from cnncalc.interchange.safetensors import WHOLE

if TYPE_CHECKING:
    import numpy as np

__all__ = ["VALUES", "Source", "from_file", "named", "nothing", "source_of"]

Source: TypeAlias = "Callable[[str, Learned], np.ndarray[Any, Any] | None]"
"""The numbers of a tensor by its name, as float32 in its shape in the file; None where the file is to have none."""
VALUES = ("random", "zero", "none")


def source_of(values: str, seed: int) -> Source:
    """The numbers that a word names: `random` ones depend on the seed and on the order of the layers alone."""
    if seed < 0:
        raise CnncalcError(Fault(f"--seed {seed} is no seed", help="give one from 0 on"))
    words: dict[str, Source] = {"zero": zeros, "none": nothing}
    return words[values] if values in words else _Random(seed)


def nothing(name: str, learned: Learned) -> None:
    """No numbers: they are declared to lie in a file beside."""
    return


def zeros(name: str, learned: Learned) -> np.ndarray[Any, Any]:
    """Zeros; a variance is 1, or nothing would come out, and what is told is so from the start."""
    import numpy as np

    if learned.first:
        return np.array(learned.first, np.float32).reshape(learned.shape)
    return np.full(learned.shape, float(learned.role == "running_var"), np.float32)


class _Random:
    """Numbers under which no net fades or bursts (He et al. 2015): factors 1, shifts 0, else √(2/fan-in)·normal."""

    def __init__(self, seed: int) -> None:
        import numpy as np

        self.generator = np.random.default_rng(seed)

    def __call__(self, name: str, learned: Learned) -> np.ndarray[Any, Any]:
        import numpy as np

        if learned.first:
            return zeros(name, learned)
        if len(learned.own) < 2:
            filling = 1.0 if learned.role in ("weight", "running_var") else 0.0
            return np.full(learned.shape, filling, np.float32)
        made = self.generator.standard_normal(prod(learned.shape), np.float32)
        made *= np.float32(sqrt(2 / prod(learned.own[1:])))
        return made.reshape(learned.shape)


def named(tensors: Mapping[str, np.ndarray[Any, Any]]) -> Source:
    """Tensors by torch's names and in torch's shapes."""

    def taken(name: str, learned: Learned) -> np.ndarray[Any, Any]:
        import numpy as np

        return laid_out([np.asarray(tensors[one], np.float32) for one, _ in learned.stored], learned)

    return taken


def laid_out(parts: Sequence[np.ndarray[Any, Any]], learned: Learned) -> np.ndarray[Any, Any]:
    """Torch's tensor as the file has it."""
    whole = NORMS[learned.norm](*parts).reshape(learned.own)
    return (whole if learned.rows is None else whole[slice(*learned.rows)]).reshape(learned.shape)


def of_length(length: np.ndarray[Any, Any], direction: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """What weight normalisation makes: the direction of each filter, of its length (Salimans & Kingma 2016)."""
    squares: np.ndarray[Any, Any] = (direction * direction).sum(axis=tuple(range(1, direction.ndim)), keepdims=True)
    return direction * (length / squares**0.5)


def by_singular(
    weight: np.ndarray[Any, Any], left: np.ndarray[Any, Any], right: np.ndarray[Any, Any]
) -> np.ndarray[Any, Any]:
    """What spectral normalisation makes: divided by the largest singular value (Miyato et al. 2018)."""
    made: np.ndarray[Any, Any] = weight / (left @ weight.reshape(len(left), -1) @ right)
    return made


NORMS: dict[str | None, Callable[..., np.ndarray[Any, Any]]] = {
    None: lambda tensor: tensor, "weight": of_length, "spectral": by_singular,
}  # fmt: skip
"""How a weight is made of what checkpoints have."""


def from_file(path: str, learned: Mapping[str, Learned]) -> Source:
    """The numbers of a safetensors file. Raises CnncalcError with every name and shape that does not fit."""
    from cnncalc.interchange.safetensors import header_of, numbers_of, prefix_of

    stored = header_of(path)
    wanted = {known: shape for one in learned.values() for known, shape in one.stored}
    if prefix := prefix_of(wanted, stored):
        help = f"save it without: `{{name.removeprefix('{prefix}'): one for name, one in state_dict.items()}}`"
        raise CnncalcError(Fault(f"every name in the file begins with `{prefix}`, and none in the net", help=help))
    counters = {name for name in stored if name.endswith((*WHOLE, "relative_coords_table"))}  # which the graph makes
    faults = [
        *(_missing(name, shape, stored) for name, shape in wanted.items() if name not in stored),
        *(
            Fault(f"the file has `{name[:80]}`, which the net has not", help=suggestion(name, wanted, ""))
            for name in stored.keys() - wanted.keys() - counters
        ),
        *(
            Fault(
                f"`{name[:80]}` has another shape in the file",
                values=f"{_told(stored[name].shape)}, and {_told(shape)} here",
            )
            for name, shape in wanted.items()
            if name in stored and stored[name].shape != shape
        ),
    ]
    if faults:
        help = "export the net that the file is of; `--set` and `--input` decide on shapes"
        raise CnncalcError([fault if fault.help else fault._replace(help=help) for fault in faults])

    def taken(name: str, one: Learned) -> np.ndarray[Any, Any]:
        return laid_out([numbers_of(path, stored[part]).reshape(shape) for part, shape in one.stored], one)

    return taken


def _told(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "one number"


def _missing(name: str, shape: tuple[int, ...], stored: Mapping[str, Any]) -> Fault:
    return Fault(
        f"the file has no `{name[:80]}`",
        values=f"a tensor of {_told(shape)}",
        help=suggestion(name, stored, ""),
    )
