"""Reads `model.json` of TensorFlow.js: layers models by Keras's reader, graphs by the one here."""

from __future__ import annotations

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.archives import json_of
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.sketch import Asked, Sketch

__all__ = ["read"]


def read(file: ForeignFile, asked: Asked) -> Sketch:
    """The net of a `model.json`. Raises CnncalcError."""
    root = json_of(file.data, file.name, file.limits)
    topology = root.get("modelTopology") if isinstance(root, dict) else None
    if not isinstance(topology, dict):
        raise CnncalcError(
            Fault("a model of TensorFlow.js has a `modelTopology`", help="this may be a list of weights alone")
        )
    if "node" in topology:
        from cnncalc.interchange.tfjs.sketching import sketched as of_graph

        return of_graph(root, file, asked)
    from cnncalc.interchange.keras.reader import sketched

    return sketched(root, asked)
