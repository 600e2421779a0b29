"""A foreign file as text of our language: what every command that takes a net opens."""

from __future__ import annotations

import re
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
    """Of a net that is right with the input that its file says: the file is not what is to be changed."""
    given = ", ".join((f"{name}=" if name else "") + show_shape(shape) for name, shape in asked.inputs.items())
    help = f"the file is right with its own input, but not with `--input {given}`: leave that out, or give another size"
    return CnncalcError([fault._replace(help=help) for fault in error.faults])


_KNOWN: dict[tuple[object, ...], Foreign | None] = {}
"""What the last few files became: a sweep opens one file many times."""
MOST_KNOWN = 8
SYMBOL = r"[A-Za-z_][A-Za-z0-9_]*"  # compiled where a shape is given
INPUTS = r"(?m)^inputs?:.*\n(?:[ \t].*\n)*"
STAND_INS = (224, 352, 256)
"""Lengths that stand for symbols: a file whose layers are the same ones with each of them has those of any."""


def opened(name: str, path: Path | None, content: bytes | None, options: Options) -> Foreign | None:
    """What `cnncalc.language` asks of a file that may be foreign; the same one is read once. Raises CnncalcError."""
    file = ForeignFile(name, path, options.limits, content)
    inputs = {} if options.input is None else shapes_of(options.input)
    asked = Asked(inputs, options.variables, options.train, options.opaque)
    try:
        return known(file, asked)
    except CnncalcError:
        if options.input is None or not has_symbols(options.input):
            raise
        made = with_symbols(file, asked, options.input)
        if made is None:
            raise
        return made


def has_symbols(text: str) -> bool:
    """Whether a shape that is given has lengths such as `H`."""
    return any(
        re.fullmatch(SYMBOL, length.strip()) for part in text.split(",") for length in part.split("=")[-1].split("x")
    )


def with_symbols(file: ForeignFile, asked: Asked, text: str) -> Foreign | None:
    """A file whose lengths are given as symbols, where its layers are the same ones whatever they are; else None."""
    made: list[Foreign] = []
    for length in STAND_INS:
        parts = [part.rpartition("=") for part in text.split(",")]
        closed = [
            (*named, "x".join(str(length) if re.fullmatch(SYMBOL, one.strip()) else one for one in shape.split("x")))
            for *named, shape in parts
        ]
        inputs = shapes_of(",".join("".join(part) for part in closed))
        try:
            found = known(file, asked._replace(inputs=inputs))
        except CnncalcError:
            return None
        if found is None:
            return None
        made.append(found)
    texts = {re.sub(INPUTS, "", foreign.text) for foreign in made}
    return made[0] if len(texts) == 1 else None


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
