"""What one of several ranks holds that train together: parameters, gradients and optimizer state, whole or in shards.

A rank trains on a batch of its own, so that activations and buffers are there as without others. What a rank gathers of
the others for the layer that runs comes on top.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.errors import CnncalcError, Fault, suggestion
from cnncalc.layers import Shape
from cnncalc.records import NamedTuple

__all__ = ["ALONE", "SHARDINGS", "Held", "Sharding", "check_sharding"]

State: TypeAlias = "Callable[[Shape, int], Any]"
"""Bytes that the optimizer keeps of a tensor of this shape and of so many bytes a number."""
Tensors: TypeAlias = "Sequence[tuple[Shape, bool]]"
"""The shapes of the parameters, each with whether it is trained."""
MOST_RANKS = 1_000_000


class Held(NamedTuple):
    """Bytes of the rank that holds most."""

    parameters: Any
    gradients: Any
    state: Any


class Sharding(NamedTuple):
    """How ranks share what training holds."""

    title: str
    held: Callable[[Tensors, int, int, State], Held]
    """Of parameters, for so many ranks and bytes a number."""


def _up(numbers: Any, each: int) -> Any:
    """So many shares, the largest of them."""
    return (numbers + each - 1) // each


def _numbers(tensors: Tensors, *, trained: bool = False) -> Any:
    return sum(product(shape) for shape, trains in tensors if trains or not trained)


def _states(tensors: Tensors, size: int, state: State) -> Any:
    return sum(state(shape, size) for shape, trains in tensors if trains)


def _flat_state(tensors: Tensors, share: Any, size: int, state: State) -> Any:
    """The state of a rank's numbers, which are one tensor; of none there is none."""
    return state((share,), size) if any(trains for _, trains in tensors) else 0


def _alone(tensors: Tensors, ranks: int, size: int, state: State) -> Held:
    trained = _numbers(tensors, trained=True) * size
    return Held(_numbers(tensors) * size, trained, _states(tensors, size, state))


def _replicated(tensors: Tensors, ranks: int, size: int, state: State) -> Held:
    """All of it, and the gradients once more in the buckets in which they are summed."""
    gradients = _numbers(tensors, trained=True) * size
    return Held(_numbers(tensors) * size, 2 * gradients, _states(tensors, size, state))


def _flat(tensors: Tensors, ranks: int) -> Any:
    """A rank's share of all trained numbers laid end to end, as many as are a multiple of twice the ranks."""
    return _up(_numbers(tensors, trained=True), 2 * ranks) * 2


def _states_sharded(tensors: Tensors, ranks: int, size: int, state: State) -> Held:
    gradients = _numbers(tensors, trained=True) * size
    return Held(_numbers(tensors) * size, gradients, _flat_state(tensors, _flat(tensors, ranks), size, state))


def _gradients_sharded(tensors: Tensors, ranks: int, size: int, state: State) -> Held:
    share = _flat(tensors, ranks)
    return Held(_numbers(tensors) * size, share * size, _flat_state(tensors, share, size, state))


def _parameters_sharded(tensors: Tensors, ranks: int, size: int, state: State) -> Held:
    """Each tensor in as many equal shares as there are ranks; the state is of a rank's shares laid end to end."""
    shares = [(_up(product(shape), ranks), trains) for shape, trains in tensors]
    trained = sum(share for share, trains in shares if trains)
    return Held(sum(share for share, _ in shares) * size, trained * size, _flat_state(tensors, trained, size, state))


def _rows_sharded(tensors: Tensors, ranks: int, size: int, state: State) -> Held:
    """Each tensor cut along its first axis; the first rank has the most rows."""
    rows = [((_up(shape[0], ranks), *shape[1:]) if shape else shape, trains) for shape, trains in tensors]
    return Held(_numbers(rows) * size, _numbers(rows, trained=True) * size, _states(rows, size, state))


SHARDINGS: Mapping[str, Sharding] = {
    "ddp": Sharding("torch's DistributedDataParallel: all on each rank, gradients once more in buckets", _replicated),
    "zero1": Sharding("DeepSpeed ZeRO-1: a share of the optimizer's state, numbers laid end to end", _states_sharded),
    "zero2": Sharding("DeepSpeed ZeRO-2: the gradients too", _gradients_sharded),
    "zero3": Sharding("DeepSpeed ZeRO-3: the parameters too, each tensor padded to equal shares", _parameters_sharded),
    "fsdp": Sharding("torch's fully_shard: everything, each tensor cut along its first axis", _rows_sharded),
}  # fmt: skip


ALONE = Sharding("one rank alone", _alone)


def check_sharding(name: str, ranks: int) -> None:
    """Raises `CnncalcError` for a way to share that there is not, or no possible number of ranks; no name is alone."""
    if not name:
        return
    if name not in SHARDINGS:
        help = suggestion(name, SHARDINGS, f"there are {', '.join(SHARDINGS)}")
        raise CnncalcError(Fault(f"there is no way to share training called `{name[:60]}`", help=help))
    if not 1 <= ranks <= MOST_RANKS:
        raise CnncalcError(Fault(f"{ranks} ranks", help=f"give a number from 1 to {MOST_RANKS:,}, as --shard {name}:8"))
