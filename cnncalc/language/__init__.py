"""Text to graph. The only package that knows YAML."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Mapping as MappingType
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnncalc.graph import Net
    from cnncalc.language.documents.document import Document
    from cnncalc.language.documents.foreign import Foreign
    from cnncalc.language.options import Options
    from cnncalc.language.yaml.reader import YamlNode
    from cnncalc.layers import Shape

__all__ = [
    "bundled",
    "chain",
    "given_chain",
    "given_foreign",
    "given_text",
    "input_shapes",
    "load",
    "load_text",
    "loader",
    "read_document",
    "stated_by",
]


def load(net: str, options: Options) -> Net:
    """The graph of a file, of `-` (standard input) or of a bundled net; raises `CnncalcError` with every fault."""
    return read_document(net, options)[0]


def read_document(net: str, options: Options) -> tuple[Net, Document]:
    """The graph, with the document, which knows where everything stands; raises `CnncalcError`."""
    from cnncalc.errors import CnncalcError
    from cnncalc.graph.again import Again
    from cnncalc.language.building.assembling import Assembler
    from cnncalc.language.documents.document import Document
    from cnncalc.language.faults import Faults

    faults = Faults()
    document = Document(net, options, faults)
    document.symbols = options.symbols
    foreign = document.foreign
    if foreign is not None and foreign.net is not None and not options.changes() and not options.symbols:
        return _told(foreign.net, foreign), document
    assembler = Assembler(document, options, faults)
    try:
        net_of = assembler.build()
    except CnncalcError as error:
        if foreign is None:
            raise
        told = error.of_operators(foreign.origins)
        raise (told.of_input(options.input) if options.input else told) from None
    if foreign is not None:
        _told(net_of, foreign)
    elif net != "-":
        known = ((name, assembler.variables.get(name)) for name in document.variables)
        numbers = {name: one for name, one in known if isinstance(one, (int, float)) and not isinstance(one, bool)}
        if numbers:
            net_of.again = Again(numbers, partial(_anew, net, options), partial(_begun, net, options), [*net_of.nodes])
    return net_of, document


def _told(net: Net, foreign: Foreign) -> Net:
    """The net of a foreign file, with what its reader tells of it."""
    net.origins = foreign.origins
    net.noted = tuple(note for note in foreign.notes if note not in foreign.assumed)
    if foreign.assumed:
        net.notices = {**net.notices, "input": "; ".join(foreign.assumed)}
    return net


def _anew(net: str, options: Options, variables: MappingType[str, str]) -> Net:
    """The net for other values of its variables; raises `CnncalcError` with every fault."""
    return load(net, options._replace(variables={**options.variables, **variables}))


def _begun(net: str, options: Options, variables: MappingType[str, str], last: str) -> Net:
    """The net for other values of its variables, up to the group of that name; raises `CnncalcError`."""
    from cnncalc.language.building.assembling import Assembler
    from cnncalc.language.documents.document import Document
    from cnncalc.language.faults import Faults

    faults = Faults()
    chosen = options._replace(variables={**options.variables, **variables})
    return Assembler(Document(net, chosen, faults), chosen, faults).begun(last)


def input_shapes(net: str, options: Options) -> dict[str, Shape]:
    """The inputs of a net whose layers may not fit them; raises `CnncalcError` where a file cannot be read."""
    from cnncalc.language.building.assembling import Assembler
    from cnncalc.language.documents import inputs
    from cnncalc.language.documents.document import Document
    from cnncalc.language.faults import Faults

    faults = Faults()
    document = Document(net, options, faults)
    faults.raise_any()
    shapes = inputs.input_shapes(document, options.input, Assembler(document, options, faults).variables)
    faults.raise_any()
    return shapes


def stated_by(net: str, options: Options) -> YamlNode | None:
    """The `expect:` of a file whose net may not stand, for its own faults; None where there is none to read."""
    from cnncalc.errors import CnncalcError
    from cnncalc.language.documents.document import Document
    from cnncalc.language.faults import Faults

    try:
        document = Document(net, options, Faults())
    except CnncalcError:
        return None
    return document.keys["expect"][1] if "expect" in document.keys else None


def loader(net: str, options: Options) -> Callable[[MappingType[str, str]], Net]:
    """`load` for other values of variables: what the files say is read once, where they are of our own language.

    Raises `CnncalcError` with every fault of the files, as what it gives does with those of the net.
    """
    from cnncalc.language.building.varying import Varying
    from cnncalc.language.documents.document import Document
    from cnncalc.language.expressions.values import begin_work
    from cnncalc.language.faults import Faults

    document = Document(net, options, Faults())
    document.symbols = options.symbols
    document.faults.raise_any()
    varying: dict[frozenset[str], Varying] = {}

    def build(variables: MappingType[str, str]) -> Net:
        chosen = options._replace(variables={**options.variables, **variables})
        if document.foreign is not None:
            return load(net, chosen)
        begin_work()
        faults = document.faults = Faults()
        document.options = chosen
        names = frozenset(variables)
        if names not in varying:
            varying[names] = Varying(document, names)
        return varying[names].build(chosen, faults)

    return build


def load_text(text: str | bytes, name: str, options: Options) -> Net:
    """The graph of a text, which errors call `name`; raises `CnncalcError` with every fault."""
    return load(given_text(text, name), options)


def chain(input: str, layers: Sequence[str], options: Options) -> Net:
    """The graph of layers written one after another on the command line; raises `CnncalcError`."""
    return load(given_chain(input, layers), options)


def given_text(text: str | bytes, name: str) -> str:
    """A net of a text, for whatever takes a net's name; errors call it `name`."""
    from cnncalc.language.documents.library import Given

    return Given.text(text, name)


def given_foreign(found: Foreign, name: str) -> str:
    """A net of another tool that is no file, for whatever takes a net's name."""
    from cnncalc.language.documents.library import Given

    return Given.made(found, name)


def given_chain(input: str, layers: Sequence[str]) -> str:
    """A net of layers one after another, for whatever takes a net's name."""
    from functools import partial

    from cnncalc.language.documents.arguments import tree
    from cnncalc.language.documents.library import Given

    return Given.read_by(partial(tree, input, tuple(layers)), "chain")


def bundled() -> dict[str, Path]:
    """Every bundled architecture by name."""
    from cnncalc.language.documents.library import bundled as files

    return files()
