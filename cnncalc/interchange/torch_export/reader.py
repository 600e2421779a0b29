"""Reads programs of torch.export."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePath
from typing import Any

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.building import leading
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.sketch import Asked, Sketch
from cnncalc.interchange.structure.overwriting import overwritten, with_own_output
from cnncalc.interchange.torch_export.calls import Call
from cnncalc.interchange.torch_export.program import Operation, Program, program_of
from cnncalc.interchange.torch_export.rules.table import OPERATORS, shape_alone
from cnncalc.interchange.torch_export.scattered import with_borders
from cnncalc.interchange.torch_export.values import (
    LIKE,
    Parameter,
    Refused,
    Tensor,
    Value,
    World,
    word_of,
)
from cnncalc.interchange.torch_export.views import Views
from cnncalc.layers import show_shape

__all__ = ["read", "refuse_script", "sketched"]

KEPT = ("clone", "alias", "detach", "contiguous", "lift_fresh_copy", "expand")
"""What gives the very numbers that it takes, so that a buffer stays one."""
ANEW = ("new_zeros", "new_ones", "new_full", "new_empty", "resize_as_", *LIKE)
"""What takes the shape and the type of a tensor alone, and is a constant, or numbers of chance."""
ZEROS = ("zero_", "zeros", "zeros_like", "new_zeros")
"""What is a constant of zeros; ours are ones."""
FULL = ("full", "full_like", "new_full")
"""What is a constant of a number that it is given, and so perhaps of zeros."""
MOST_READINGS = 3
"""What is taken in part is known after the first one, what is taken in another shape after the second."""
MOST_OPERATIONS = 100_000


def read(file: ForeignFile, asked: Asked) -> Sketch:
    """The net of a `.pt2`. Raises CnncalcError, with all operators that are not known together."""
    made = sketched(program_of(file), file.name, asked)
    if asked.inputs:
        made.refitted(asked.inputs)
    return made


def refuse_script(file: ForeignFile, asked: Asked) -> Sketch:
    """A pickle, which runs code when it is opened: never read."""
    help = "write it with `torch.export.save(torch.export.export(model, (x,)), 'net.pt2')`, or as ONNX"
    raise CnncalcError(Fault(f"`{file.name}` is a pickle of torch, and opening one runs code", help=help))


def sketched(program: Program, name: str, asked: Asked) -> Sketch:
    """The net of a program.

    Where layers take parameters of each other in part, or in another shape, these are layers of their own, and all is
    read again.
    """
    if len(program.operations) > MOST_OPERATIONS:
        raise CnncalcError(Fault(f"the program has more than {MOST_OPERATIONS:,} operations"))
    called = PurePath(name).name.removesuffix(".pt2")
    common: set[str] = set()
    alone: set[str] = set()
    for _ in range(MOST_READINGS):
        world = World(program, Sketch(called), common, alone)
        made = _sketched(world, name, asked)
        several = {one for one, others in world.with_others.items() if len(others) > 1} - common
        if not several and world.otherwise <= alone:
            break
        common, alone = common | several, alone | world.otherwise
    return made


def _sketched(world: World, name: str, asked: Asked) -> Sketch:
    """The net of a program, in a world that knows what its layers have in common."""
    program, sketch = world.program, world.sketch
    _enter(world, name)
    whole = with_borders(program)
    views = Views(whole, program.laid_out)
    operations = views.leading(whole, world.used)
    for operation in operations:
        _apply(world, operation, views, opaque=asked.opaque)
    if world.unknown:
        raise CnncalcError(_unknown(world.unknown))
    made_by = {one: operation for operation in operations for one in operation.outputs}
    ends = [
        Call(world, made_by[name]).tensor(one) if isinstance(one, Parameter) and name in made_by else one
        for name, one in ((name, world.values.get(name)) for name in program.outputs)
    ]
    sketch.outputs = _each_once(sketch, [_without_batch(world, one) for one in ends if isinstance(one, Tensor)])
    if not sketch.outputs:
        raise CnncalcError(Fault(f"`{name}` gives nothing that was computed"))
    _say_uncounted(world)
    _keep_copies(world)
    return _led(sketch)


def _keep_copies(world: World) -> None:
    """Let nothing be overwritten of which the program made a copy before, since what is read has no copies."""
    sketch = world.sketch
    layers = sketch.overwriting() if world.copied else []
    for layer, tensors, takers in overwritten(sketch.operators, layers):
        later = not tensors.isdisjoint(sketch.outputs) or any(taker > layer for taker in takers)
        if later and not tensors.isdisjoint(world.copied):
            sketch.operators[layer] = with_own_output(sketch.operators[layer])


def _each_once(sketch: Sketch, ends: list[int]) -> list[int]:
    """The outputs; one that the module gives twice is an identity of the first."""
    made: list[int] = []
    for one in ends:
        again = one in made
        made.append(
            sketch.add(f"output_{len(made)}", "identity", {}, [one], place=None, foreign="output") if again else one
        )
    return made


def _led(sketch: Sketch) -> Sketch:
    """The sketch without what no output comes of, such as inputs of which only the shape is taken: a note says so."""
    named = {number: name for name, number in sketch.inputs.items()}
    made = leading(sketch, sketch.outputs)
    unused = [name for name in named.values() if name not in made.inputs]
    if unused:
        made.notes.append(f"nothing takes the numbers of {', '.join(f'`{one}`' for one in unused)}: left out")
    return made


def _without_batch(world: World, end: Tensor) -> int:
    """An output without its first axis, the batch; where that was merged with others, it comes back by a reshape."""
    shape = end.dims[1:] or (1,)
    if end.batch == 0 or not end.dims or end.dims[0] != 1 or world.sketch.shape(end.number) == shape:
        return end.number
    return world.sketch.add("output", "reshape", {"shape": shape}, [end.number], place=None, foreign="output")


def _enter(world: World, name: str) -> None:
    """Put the inputs, parameters, buffers and constants in scope."""
    program = world.program
    inputs = [one for one in program.inputs if program.shapes.get(one)]
    if not inputs:
        raise CnncalcError(Fault(f"`{name}` takes no tensor"))
    world.size = program.shapes[inputs[0]][0]
    for one in inputs:
        dims = program.shapes[one]
        if dims[0] != world.size or len(dims) > 5:
            values = f"`{one}` is {show_shape(dims)}"
            raise CnncalcError(
                Fault(f"an input has the batch of {world.size} first and 1 to 4 axes more", values=values)
            )
        number = world.sketch.input(one if len(inputs) > 1 else "input", dims[1:] or (1,))
        world.values[one] = Tensor(number, dims, 0)
    for tensor, called in program.parameters.items():
        world.values[tensor] = Parameter(program.aliases.get(called, called), program.shapes.get(tensor, ()))
    for tensor, called in program.buffers.items():
        world.values[tensor] = Parameter(called, program.shapes.get(tensor, ()), learned=False)
    for tensor in program.constants:
        world.values[tensor] = Parameter("", program.shapes.get(tensor, ()))


def _apply(world: World, operation: Operation, views: Views, *, opaque: bool) -> None:
    """Put one operation's layers into the sketch, and what it makes in scope."""
    known = operation.target.startswith(("aten.", "torchvision.deform_conv2d"))
    rule = OPERATORS.get(word_of(operation)) if known else None
    where = operation.module or next(iter(operation.outputs), "")
    try:
        call = Call(world, operation)
        if _is_constant(call):
            source = next((one.number for one in call.arguments.values() if isinstance(one, Tensor)), None)
            zeros = call.word in ZEROS or (call.word in FULL and call.get("fill_value") == 0)
            factor = 0.0 if zeros else 1.0
            shapes = [world.program.shapes.get(one, ()) for one in operation.outputs]
            samples = [source is not None and dims[:1] == (world.size,) for dims in shapes]
            fresh = Parameter("", (), source=source, factor=factor)
            made: Value = [fresh._replace(dims=dims, expanded=one) for dims, one in zip(shapes, samples)]
        elif rule is None and opaque:
            made = shape_alone(call)
        elif rule is None:
            world.unknown.append((operation.target, call.name()))
            return
        else:
            made = _ruled(rule, call)
        part = views.changed(operation)
        if part is not None:
            first = made[0] if isinstance(made, list) else made
            views.write(call, part, first)
    except Refused as refusal:
        if world.unknown:  # it follows from what is not known
            told = rule is not None or opaque or word_of(operation) in ANEW
            world.unknown += [] if told else [(operation.target, where)]
            return
        raise CnncalcError(Fault(f"`{operation.target}` cannot be read: {refusal}", layer=where[:80])) from None
    world.values.update(zip(operation.outputs, made if isinstance(made, list) else [made]))


def _ruled(rule: Any, call: Call) -> Value:
    """What a rule makes of a call; arguments of types that torch never writes there are refused in one place."""
    try:
        return rule(call)
    except (TypeError, ValueError, IndexError, ZeroDivisionError, AttributeError) as error:
        raise Refused(f"its arguments are not as torch writes them ({str(error)[:80]})") from None


def _is_constant(call: Call) -> bool:
    """Whether what it makes depends on no input and no parameter: masks, positions, numbers."""
    values = call.taken()
    made_anew = call.word in ANEW
    return made_anew or (
        call.word not in KEPT and all(isinstance(one, Parameter) and (not one.name or _is_fixed(one)) for one in values)
    )


def _is_fixed(value: Parameter) -> bool:
    """A buffer that no layer of ours has, such as a table of positions: it is a constant to what takes it.

    One that was expanded to be each sample's is a layer of ours, which a program that we wrote has so.
    """
    return not value.learned and not value.expanded


def _unknown(found: list[tuple[str, str]]) -> Fault:
    """All operators that are not known, and how often each stands there."""
    counts = Counter(target for target, _ in found)
    listed = ", ".join(f"`{target[:60]}` {count} ×" for target, count in counts.most_common(20))
    more = f" and {len(counts) - 20} more" if len(counts) > 20 else ""
    help = "`--opaque` reads them as layers of which only the shape is known: they count as nothing"
    return Fault("the program has operators that are not known", None, found[0][1][:80], listed + more, help)


def _say_uncounted(world: World) -> None:
    """Name the parameters that no layer holds."""
    program = world.program
    counted = {called.partition("[")[0] for called in world.counted}  # of a part, that of the whole parameter
    missing = {
        called: program.shapes.get(one, ())
        for one, called in program.parameters.items()
        if called not in counted and called not in program.aliases
    }
    if any(word_of(one) in ("item", "_local_scalar_dense") for one in program.operations):
        world.sketch.notes.append("the code looks at numbers that it computes: this is the way that it took")
    if missing:
        named = ", ".join(f"{called} {show_shape(dims)}" for called, dims in list(missing.items())[:4])
        more = f" and {len(missing) - 4} more" if len(missing) > 4 else ""
        total = sum(product(dims) for dims in missing.values())
        world.sketch.notes.append(f"{total:,} parameters are in the file and in no layer: {named}{more}")
