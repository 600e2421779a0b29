"""YAML text to nodes that know their place: plain text at once, any other by PyYAML, which is not imported before."""

from __future__ import annotations

from cnncalc.language.yaml.decoding import decoded
from cnncalc.language.yaml.plainly import read_plainly
from cnncalc.language.yaml.tree import Mapping, Scalar, Sequence, Source, YamlNode, plain_value, scalar_value
from cnncalc.limits import Limits

__all__ = ["Mapping", "Scalar", "Sequence", "Source", "YamlNode", "plain_value", "read", "scalar_value"]


def read(data: bytes | str, name: str, limits: Limits = Limits(), *, made: bool = False) -> YamlNode:
    """The root node of a file. `name` is the file's name as the user gave it; `made`: the text was made of that file.

    Raises CnncalcError with all the faults that were found.
    """
    source = Source(name, decoded(data, name, limits), made=made)
    if plain := read_plainly(source, limits):
        return plain
    from cnncalc.language.yaml.events import read_by_yaml

    return read_by_yaml(source, limits)
