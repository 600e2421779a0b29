"""A Core ML model to a sketch: which of its kinds it is, what comes in, what comes out."""

from __future__ import annotations

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.archives import member_of
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.onnx.telling import Dims
from cnncalc.interchange.protobuf.fields import Fields
from cnncalc.interchange.protobuf.wire import Message
from cnncalc.interchange.sketch import Asked, Sketch

__all__ = ["read", "read_package"]

PIPELINES = (200, 201, 202)
NETWORKS = (303, 403, 500)
PROGRAM = 502
OTHERS = {
    300: "a linear regression", 301: "a support vector machine", 302: "an ensemble of trees",
    304: "a probit regression", 400: "a linear classifier", 401: "a support vector machine",
    402: "an ensemble of trees", 404: "a nearest-neighbours classifier", 501: "a recommender", 555: "a custom model",
    556: "a link to another model",
}  # fmt: skip
"""Models that are no networks."""
SOURCE = "com.github.apple.coremltools.source"
DEEPEST = 8
GREY = (10, 40)


def read(file: ForeignFile, asked: Asked) -> Sketch:
    """A `.mlmodel`. Raises CnncalcError with everything that is wrong."""
    return model(Fields(Message(file.data)), file, asked)


def read_package(file: ForeignFile, asked: Asked) -> Sketch:
    """A zipped `.mlpackage`. Raises CnncalcError with everything that is wrong."""
    return model(Fields(Message(member_of(file, "com.apple.CoreML/model.mlmodel"))), file, asked)


def model(top: Fields, file: ForeignFile, asked: Asked) -> Sketch:
    """The network that a Model holds, itself or in a pipeline."""
    try:
        found, described = network(top, 0)
        if PROGRAM in found:
            from cnncalc.interchange.coreml.program import program

            return program(found.part(PROGRAM), shapes(described), file, asked, made_by=framework(described))
        from cnncalc.interchange.coreml.layered.network import told

        number = next(number for number in NETWORKS if number in found)
        outputs = [feature.text(1) for feature in described.each(10)]
        return told(found.part(number), shapes(described), outputs, file, asked)
    except CnncalcError as error:
        raise CnncalcError(
            [fault._replace(message=f"`{file.name}` is a Core ML model: {fault.message}") for fault in error.faults]
        ) from None


def network(top: Fields, depth: int) -> tuple[Fields, Fields]:
    """The one model with a network, and its description. Raises CnncalcError where there is none, or several."""
    if depth > DEEPEST:
        raise CnncalcError(Fault(f"pipelines stand in each other deeper than {DEEPEST}"))
    if PROGRAM in top or any(number in top for number in NETWORKS):
        return top, top.part(2)
    for number in PIPELINES:
        if number in top:
            pipeline = top.part(number).part(1) if number != PIPELINES[-1] else top.part(number)
            nets = (PROGRAM, *NETWORKS, *PIPELINES)
            found = [network(one, depth + 1) for one in pipeline.each(1) if any(kind in one for kind in nets)]
            if len(found) == 1:
                return found[0]
            raise CnncalcError(
                Fault(f"it is a pipeline with {len(found)} networks", help="save each of them as a model of its own")
            )
    what = next((name for number, name in OTHERS.items() if number in top), "a model without layers")
    raise CnncalcError(Fault(f"it is {what}, no network", help="give a model with a network in it"))


def framework(description: Fields) -> str:
    """The framework whose net the converter read, with its version, where it says so."""
    said = description.part(100).each(100)
    return next((entry.text(2) for entry in said if entry.text(1) == SOURCE), "")


def shapes(description: Fields) -> dict[str, Dims | None]:
    """The inputs of a model as they are described, with the batch where they have one."""
    found: dict[str, Dims | None] = {}
    for feature in description.each(1):
        kind = feature.part(3)
        image, array = kind.part(4), kind.part(5)
        if 4 in kind:
            channels = 1 if image.whole(3) in GREY else 3
            found[feature.text(1)] = (1, channels, image.whole(2) or None, image.whole(1) or None)
        elif 5 in kind:
            dims = tuple(n if n > 0 else None for n in array.wholes(1))
            found[feature.text(1)] = dims or None
    return found
