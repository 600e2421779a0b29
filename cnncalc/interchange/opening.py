"""A foreign file as text of our language: what every command that takes a net opens."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.formats import Format, recognised
from cnncalc.interchange.refusing import misnamed
from cnncalc.interchange.sketch import Asked, Sketch
from cnncalc.language.documents.foreign import Foreign
from cnncalc.language.options import Options
from cnncalc.layers import FieldError, Shape, show_shape
from cnncalc.layers.fields import whole

__all__ = ["imported", "opened", "read_as", "shapes_of"]


def imported(file: ForeignFile, asked: Asked) -> Foreign | None:
    """The file as text; None where its format is not known. Raises CnncalcError with everything that is wrong."""
    found = recognised(file)
    if found is None:
        misnamed(file)
        return None
    made = read_as(found, file, asked)
    if made is None or isinstance(made, Foreign):
        return made
    if isinstance(made, str):
        return Foreign(made, found.name)
    from cnncalc.interchange.structure.holding import sketched

    text, names, net = sketched(made, file.name, file.limits)
    origins = {name: operator.origin() for name, operator in zip(names, made.operators) if operator.layer is not None}
    inputs = {own: names[tensor] for own, tensor in made.inputs.items() if own != names[tensor]}
    told = {"notes": tuple(made.notes), "assumed": tuple(made.assumed), "idle": tuple(made.idle)}
    return Foreign(text, found.name, origins=origins, inputs=inputs, net=net, **told)


def read_as(form: Format, file: ForeignFile, asked: Asked) -> Sketch | Foreign | str | None:
    """What the reader of a format makes of a file. Raises CnncalcError with everything that is wrong."""
    try:
        made = form.read(file, asked)
    except CnncalcError as error:  # of a reader that says no way out there is one
        if asked.inputs and _reads(form, file, asked._replace(inputs={})):
            raise _of_the_input(error, asked) from None
        otherwise = "or describe the net in a file of ours"
        raise error.with_way_out(
            f"write the file anew as {form.name}, {otherwise}", f"mend that line, {otherwise}"
        ) from None
    assert made is None or isinstance(made, (Sketch, Foreign, str))
    return made


def _reads(form: Format, file: ForeignFile, asked: Asked) -> bool:
    try:
        return form.read(file, asked) is not None
    except CnncalcError:
        return False


def _of_the_input(error: CnncalcError, asked: Asked) -> CnncalcError:
    """Of a net that is right with the input that its file says."""
    from cnncalc.graph.way_out import channels_last  # only a mistake pays for it

    given = ", ".join((f"{name}=" if name else "") + show_shape(shape) for name, shape in asked.inputs.items())
    return error.of_input(given, channels_last(asked.inputs.values()))


_KNOWN: dict[tuple[object, ...], Foreign | None] = {}
"""What the last few files became: a sweep opens one file many times."""
MOST_KNOWN = 8
SYMBOL = r"[A-Za-z_][A-Za-z0-9_]*"  # compiled where a shape is given
INPUTS = r"(?m)^inputs?:.*\n(?:[ \t].*\n)*"
RESHAPED = r"(?<=\breshape )[-0-9x]+|(?<=\breshape: )[-0-9x]+"
STAND_INS = (224, 352, 256)
"""Lengths that stand for symbols: a file whose layers are the same ones with each of them has those of any.

A length of a reshape may differ, which follows from the others: there the file computes it, or says -1 itself.
"""


def opened(name: str, path: Path | None, content: bytes | None, options: Options) -> Foreign | None:
    """What `cnncalc.language` asks of a file that may be foreign; the same one is read once. Raises CnncalcError."""
    file = ForeignFile(name, path, options.limits, content)
    inputs = {} if options.input is None else shapes_of(options.input)
    asked = Asked(inputs, options.variables, options.train, options.opaque)
    try:
        return known(file, asked)
    except CnncalcError as error:
        if options.input is None or not has_symbols(options.input):
            raise
        told = error
    try:
        return with_symbols(file, asked, options.input)
    except CnncalcError as error:
        if {*told.faults} <= {*error.faults}:  # what no length mends
            raise told from None
        raise


def has_symbols(text: str) -> bool:
    """Whether a shape that is given has lengths such as `H`."""
    return any(
        re.fullmatch(SYMBOL, length.strip()) for part in text.split(",") for length in part.split("=")[-1].split("x")
    )


def with_symbols(file: ForeignFile, asked: Asked, text: str) -> Foreign | None:
    """A file whose lengths are given as symbols. Raises CnncalcError where its layers are others with other lengths."""
    made: list[Foreign] = []
    for length in STAND_INS:
        closed = _closed(text, length)
        try:
            found = known(file, asked._replace(inputs=shapes_of(closed)))
        except CnncalcError as error:
            fault = _no_symbols(text, f"with {length} in their place: {error.faults[0].message}")
            raise CnncalcError([fault, *error.faults]) from None
        if found is None:
            return None
        made.append(found)
    texts = _left_open([foreign.text for foreign in made])
    first, *others = (re.sub(INPUTS, "", one).splitlines() for one in texts)
    for length, other in zip(STAND_INS[1:], others):
        if first != other:
            apart = next(pair for pair in zip_longest(first, other, fillvalue="") if pair[0] != pair[1])
            ours, theirs = (f"`{line.strip()[:80]}`" for line in apart)
            raise CnncalcError(_no_symbols(text, f"with {STAND_INS[0]} one is {ours}, with {length} {theirs}"))
    return made[0] if texts[0] == made[0].text else made[0]._replace(text=texts[0], net=None)


def _left_open(texts: Sequence[str]) -> list[str]:
    """The same texts; of a reshape that has one length that is another in each of them, that one is `-1`."""
    found = [re.findall(RESHAPED, text) for text in texts]
    if len({*map(len, found)}) > 1:
        return [*texts]
    opened = [_one_open(alike) for alike in zip(*found)]
    return [_with_reshapes(text, opened) for text in texts]


def _with_reshapes(text: str, shapes: Sequence[str]) -> str:
    """The text with these shapes in its reshapes, in order; an empty one leaves what is there."""
    each = iter(shapes)
    return re.sub(RESHAPED, lambda own: next(each) or str(own[0]), text)


def _one_open(shapes: Sequence[str]) -> str:
    """Shapes that differ in one length, with `-1` for it; empty where they do not, or it is not the only open one."""
    axes = [*zip(*(shape.split("x") for shape in shapes))]
    given = ["-1" if len({*lengths}) > 1 else lengths[0] for lengths in axes]
    return "x".join(given) if given.count("-1") == 1 and len({shape.count("x") for shape in shapes}) == 1 else ""


def _no_symbols(text: str, values: str) -> Fault:
    message = f"`--input {text[:60]}`: these lengths cannot be symbols, the file's layers depend on them"
    return Fault(message, values=values, help=f"give numbers, as `--input {_closed(text, STAND_INS[0])[:80]}`")


def _closed(text: str, length: int) -> str:
    """A shape that is given, with a number for each of its symbols."""
    parts = [part.rpartition("=") for part in text.split(",")]
    return ",".join(
        name + equals + "x".join(str(length) if re.fullmatch(SYMBOL, one.strip()) else one for one in shape.split("x"))
        for name, equals, shape in parts
    )


def known(file: ForeignFile, asked: Asked) -> Foreign | None:
    """What the file becomes, read once. Raises CnncalcError."""
    if file.path is None:
        return imported(file, asked)
    try:
        found = file.path.stat()
    except OSError as error:
        raise CnncalcError(Fault(f"`{file.name}` cannot be read: {error.strerror}", help="name another file")) from None
    key = (file.path, found.st_mtime_ns, found.st_size, file.limits, repr(asked))
    if key in _KNOWN:
        return _KNOWN[key]
    if len(_KNOWN) >= MOST_KNOWN:
        _KNOWN.pop(next(iter(_KNOWN)))
    made = imported(file, asked)
    _KNOWN[key] = made and made._replace(net=None)  # a net is one reader's: the next one builds its own
    return made


def shapes_of(text: str) -> dict[str, Shape]:
    """`3x224x224` or `left=3x64x64,right=3x64x64`; what is no shape in numbers is left to the language to judge."""
    shapes: dict[str, Shape] = {}
    for part in text.split(","):
        name, _, shape = part.rpartition("=")
        try:
            shapes[name.strip()] = tuple(whole(length, 1) for length in shape.split("x"))
        except FieldError:
            continue
    return shapes
