"""Lists of tensors: torch's exporters cut a tensor into one, at once or part by part in a Loop, and pick its parts."""

from __future__ import annotations

from collections.abc import Mapping

from cnncalc.interchange.onnx.call import Call, Live, NotKnown, Parts, Rule, Value
from cnncalc.interchange.onnx.control import stacked
from cnncalc.interchange.onnx.cutting import split as fixed_parts
from cnncalc.interchange.onnx.parts import Tensor
from cnncalc.interchange.onnx.rules.elements import same
from cnncalc.interchange.onnx.rules.shapes import cut, laid_out

__all__ = ["LISTED"]

MOST_PARTS = 10_000


def split(call: Call) -> list[Value]:
    """SplitToSequence: parts of stated lengths, or of one length; without `keepdims` parts of 1 lose the axis."""
    if call.values and isinstance(call.values[0], Tensor):
        return [of_fixed(call, call.fixed(0))]
    live = call.live()
    given = call.whole("axis", 0)
    axis = call.ours(given, live)
    parts = lengths_of(call, call.shape(live)[axis])
    made, start = [], 0
    for place, part in enumerate(parts):
        piece = cut(call, live, axis, start, start + part, suffix=f"_{place + 1}")
        start += part
        if not call.given(1) and not call.whole("keepdims", 1):
            full = call.full(piece)
            at_axis = given % len(full)
            piece = laid_out(call, piece, full[:at_axis] + full[at_axis + 1 :])
        made.append(piece)
    return [Parts(tuple(made))]


def of_fixed(call: Call, whole: Tensor) -> Parts:
    """Parts of a tensor that the file holds, as a matrix for queries and one for keys and values."""
    axis = call.whole("axis", 0)
    if not -len(whole.dims) <= axis < len(whole.dims) or not call.given(1):
        raise NotKnown("its parts lose an axis, or there is none")
    parts = lengths_of(call, whole.dims[axis])
    node = call.node._replace(outputs=("",) * len(parts), attributes={"axis": axis, "split": tuple(parts)})
    return Parts(tuple(fixed_parts(node, [whole], 0) or ()))


def lengths_of(call: Call, n: int) -> list[int]:
    """The lengths of the parts of an axis. Raises `NotKnown`."""
    lengths = call.numbers(1) or (1,)
    if call.given(1) and call.fixed(1).dims:
        parts = list(lengths)
    elif lengths[0] >= 1 and n <= MOST_PARTS * lengths[0]:
        parts = [min(lengths[0], n - start) for start in range(0, n, lengths[0])]
    else:
        raise NotKnown("its parts are not known")
    if sum(parts) != n or min(parts) < 1:
        raise NotKnown("its parts do not add up")
    return parts


def construct(call: Call) -> list[Value]:
    """SequenceConstruct: a list of tensors."""
    return [Parts(tuple(call.live(place) for place in range(len(call.values))))]


def empty(_: Call) -> list[Value]:
    """SequenceEmpty: a list of nothing, into which others are put."""
    return [Parts(())]


def inserted(call: Call) -> list[Value]:
    """SequenceInsert: a list with one tensor more, at its end or where it says."""
    parts, where = parts_of(call), call.numbers(2)
    place = where[0] if where else len(parts)
    place += len(parts) * (place < 0)
    if not 0 <= place <= len(parts) < MOST_PARTS:
        raise NotKnown("where it puts a tensor is not known")
    return [Parts((*parts[:place], call.live(1), *parts[place:]))]


def erased(call: Call) -> list[Value]:
    """SequenceErase: a list without one of its tensors, the last one unless it says which."""
    parts, where = parts_of(call), call.numbers(1)
    place = where[0] if where else len(parts) - 1
    place += len(parts) * (place < 0)
    if not 0 <= place < len(parts):
        raise NotKnown("which one goes is not known")
    return [Parts(parts[:place] + parts[place + 1 :])]


def length(call: Call) -> list[Value]:
    """SequenceLength: how many tensors a list has."""
    return [Tensor((), (len(parts_of(call)),), 7)]


def there(_: Call) -> list[Value]:
    """OptionalHasElement, of a tensor that comes in."""
    return [Tensor((), (True,), 9)]


def parts_of(call: Call) -> tuple[Live | Tensor, ...]:
    """The list that a node takes first."""
    value = call.values[0] if call.values else None
    if not isinstance(value, Parts):
        raise NotKnown("it takes a list of tensors")
    return value.lives


def at(call: Call) -> list[Value]:
    """SequenceAt: one of a list."""
    parts, place = parts_of(call), call.numbers(1)
    if not place or not -len(parts) <= place[0] < len(parts):
        raise NotKnown("which one it takes is not known")
    return [parts[place[0]]]


def joined(call: Call) -> list[Value]:
    """ConcatFromSequence, along an axis or along a new one."""
    parts = [one for one in parts_of(call) if isinstance(one, Live)]
    if len(parts) < len(parts_of(call)):
        raise NotKnown("of fixed tensors")
    if call.whole("new_axis", 0):
        return [stacked(call, parts, call.whole("axis", 0), 0)]
    if len({live.axis for live in parts}) != 1:
        raise NotKnown("the batch is another axis of each part")
    return [call.put("concat", *parts, axis=call.ours(call.whole("axis", 0), parts[0])) if len(parts) > 1 else parts[0]]


LISTED: Mapping[str, Rule] = {
    "SplitToSequence": split,
    "SequenceConstruct": construct,
    **dict.fromkeys(("Optional", "OptionalGetElement"), same),
    "OptionalHasElement": there,
    "SequenceAt": at,
    "SequenceEmpty": empty,
    "SequenceInsert": inserted,
    "SequenceErase": erased,
    "SequenceLength": length,
    "ConcatFromSequence": joined,
}
"""What each of them becomes."""
