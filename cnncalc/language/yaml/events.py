"""Any YAML text to nodes that know their place. The only module that imports yaml, and only for its events.

The nodes are stacked here, not by YAML's composer, so that nesting and aliases are bounded while they are
read, and so that every duplicate key of a file is reported at once.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cnncalc.errors import CnncalcError, Fault, suggestion
from cnncalc.language.yaml import scalars as scalar_faults
from cnncalc.language.yaml.plainly import NUMBER_START
from cnncalc.language.yaml.tree import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnncalc.language.yaml.tree import Source, YamlNode
    from cnncalc.limits import Limits

__all__ = ["read_by_yaml"]

# A file with more faults than these is not a net with mistakes in it.
MOST_FAULTS = 50
# So many texts are looked for among those before.
MOST_TEXTS = 65_536
# `&name` or `!tag` before a value.
PROPERTY = re.compile(r"[&!]\S*[ \t]+")
QUOTES = ("'", '"')
# Plain, they are faults; in quotes they may be keys.
UNUSABLE_KEYS = ("", "<<")


def read_by_yaml(source: Source, limits: Limits) -> YamlNode:
    """The root node of any text, by PyYAML; raises CnncalcError with all the faults that were found."""
    reader = _Reader(source, limits)
    reader.read()
    if reader.root is None or reader.is_empty():
        reader.faults.append(
            Fault("the file is empty", reader.source.place(1, 1), help="it needs `input:` and `layers:`")
        )
    if reader.faults or reader.root is None:
        raise CnncalcError(reader.faults)
    return reader.root


def _new_parser(text: str) -> Any:
    """What hands out YAML's events: libyaml's parser where it was built, or else the one in Python."""
    try:
        from yaml._yaml import CParser
    except ImportError:
        return _python_parser(text)
    return CParser(text)


def _python_parser(text: str) -> Any:
    """YAML's parser in Python, which has no bound of its own on nesting."""
    from yaml import SafeLoader

    return SafeLoader(text)


class _Open:
    """A list or mapping that is being read; `key` is the mapping's key that waits for its value."""

    __slots__ = ("anchor", "kept", "key", "node")

    def __init__(self, node: Sequence | Mapping, anchor: str | None) -> None:
        self.node = node
        self.anchor = anchor
        self.key: Scalar | None = None
        self.kept = True
        """False for a value that a faulty key leaves without a place."""


class _Reader:
    """Stacks YAML's events into nodes, and collects the faults on the way."""

    def __init__(self, source: Source, limits: Limits) -> None:
        self.source = source
        self.limits = limits
        self.most = limits.nodes
        self.short = len(str(limits.number))
        self._begin()

    def _begin(self) -> None:
        """Nothing of the text is read yet."""
        self.faults: list[Fault] = []
        self.root: YamlNode | None = None
        self.stack: list[_Open] = []
        self.texts: dict[str, str] = {}
        """One of those that are equal, as most lines of a long file are to others."""
        # None stands for a list or mapping that is not finished: an alias to it would make a circle.
        self.anchors: dict[str, YamlNode | None] = {}
        self.total = 0
        self.documents = 0

    def read(self) -> None:
        """Read the whole text; raises CnncalcError where it cannot go on."""
        import yaml

        for new_parser in (_new_parser, _python_parser):
            try:
                self._follow(new_parser)
            except yaml.YAMLError as error:
                from cnncalc.language.yaml.faults import nested_too_deep

                if not nested_too_deep(error):
                    self._broken(error)
                # libyaml looks ahead and stops at a depth of its own: the bound is ours, and can be raised
                self._begin()
            except (ValueError, OverflowError) as error:  # a number in an escape beyond all bounds, in Python's parser
                self._broken(error)
            else:
                return

    def _follow(self, new_parser: Callable[[str], Any]) -> None:
        """Stack the events of one parser, to the end of the text."""
        import yaml

        handlers: dict[type, Callable[[Any], None]] = {
            yaml.ScalarEvent: self._scalar,
            yaml.SequenceStartEvent: self._sequence,
            yaml.SequenceEndEvent: self._close,
            yaml.MappingStartEvent: self._mapping,
            yaml.MappingEndEvent: self._close,
            yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: self._document,
        }
        parser = new_parser(self.source.text)
        while (event := parser.get_event()) is not None:
            if handler := handlers.get(type(event)):
                handler(event)

    def is_empty(self) -> bool:
        """Whether the root is a null that nobody wrote, as in a file of comments."""
        return isinstance(self.root, Scalar) and self.root.plain and not self.root.text

    # -- faults

    def _fault(self, message: str, line: int, column: int, width: int = 1, *, values: str = "", help: str) -> None:
        self._note(Fault(message, self.source.place(line, column, width), values=values, help=help))

    def _note(self, fault: Fault | None) -> None:
        if fault is None:
            return
        self.faults.append(fault)
        if len(self.faults) >= MOST_FAULTS:
            raise CnncalcError(self.faults)

    def _bound(self, what: str, name: str, event: Any) -> CnncalcError:
        mark = event.start_mark
        place = self.source.place(mark.line + 1, mark.column + 1)
        message = f"{what} {getattr(self.limits, name):,}, the bound `{name}`"
        return CnncalcError([*self.faults, Fault(message, place, help=self.limits.way_out(name))])

    def _broken(self, error: Exception) -> None:
        from cnncalc.language.yaml.faults import explain

        opened = self.stack[-1].node if self.stack else None
        fault = explain(error, self.source, opened)
        if "is never closed" in fault.message and fault.place is not None:
            # what stands behind an open bracket was taken for a part of it: a fault found there is no other mistake
            self.faults = [one for one in self.faults if one.place is None or one.place.line <= fault.place.line]
        raise CnncalcError([*self.faults, fault]) from None

    # -- events

    def _document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            mark = event.start_mark
            place = self.source.place(mark.line + 1, mark.column + 1, 3)
            fault = Fault("a second document starts here", place, help="a file holds one net: delete this `---`")
            raise CnncalcError([*self.faults, fault])

    def _counted(self, event: Any) -> None:
        self.total += 1
        if self.total > self.most:
            raise self._bound("the file holds more values than", "nodes", event)

    def _start(self, event: Any) -> tuple[int, int]:
        """Where a node starts (line and column from 1), its anchor and tag left out."""
        mark = event.start_mark
        line, column = mark.line + 1, mark.column + 1
        if event.anchor is None and event.tag is None:
            return line, column
        if event.tag is not None:
            self._tag(event, line, column)
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        text = self.source.line(line)
        while found := PROPERTY.match(text, column - 1):
            column = found.end() + 1
        return line, column

    def _tag(self, event: Any, line: int, column: int) -> None:
        text = self.source.line(line)
        column = text.find("!", column - 1) + 1 or column
        width = len(re.split(r"[\s,\[\]{}]", text[column - 1 :], maxsplit=1)[0])
        if event.tag == "!" and width > 1:
            width = 1
        help = "delete it; a number that is meant as a text goes in quotes, and a text that starts with `!` as well"
        self._fault("`!` starts a YAML tag, which is not used here", line, column, width, help=help)

    def _scalar(self, event: Any) -> None:
        self._counted(event)
        text, style = event.value, event.style
        text = self.texts.setdefault(text, text) if len(self.texts) < MOST_TEXTS else self.texts.get(text, text)
        if event.anchor is None and event.tag is None:  # spelled out: most of a file passes here
            mark = event.start_mark
            line, column = mark.line + 1, mark.column + 1
        else:
            line, column = self._start(event)
        if not style:
            node = Scalar(self.source, line, column, text, True)
            if text[:1] in NUMBER_START and not (len(text) < self.short and text.isdecimal()):
                self._note(scalar_faults.number(node, self.limits))
            if " -" in text or "$(" in text:
                mark = event.end_mark
                self._note(scalar_faults.ending(node, mark.line + 1, mark.column + 1))
        else:
            node = Scalar(self.source, line, column + (style in QUOTES), text, False)
            if style == '"' and not text.isprintable():
                self._note(scalar_faults.escape(node))
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        self._add(node)

    def _sequence(self, event: Any) -> None:
        self._counted(event)
        self._open(Sequence(self.source, *self._start(event)), event)

    def _mapping(self, event: Any) -> None:
        self._counted(event)
        self._open(Mapping(self.source, *self._start(event)), event)

    def _open(self, node: Sequence | Mapping, event: Any) -> None:
        if len(self.stack) >= self.limits.depth:
            raise self._bound("lists and mappings are nested deeper than", "depth", event)
        self.stack.append(_Open(node, event.anchor))

    def _close(self, event: Any) -> None:
        opened = self.stack.pop()
        if opened.anchor is not None:
            self.anchors[opened.anchor] = opened.node
        self._add(opened.node)

    def _alias(self, event: Any) -> None:
        mark, name = event.start_mark, event.anchor
        line, column, width = mark.line + 1, mark.column + 1, len(name) + 1
        node = self.anchors.get(name)
        if node is None:
            if name in self.anchors:
                message, help = f"`*{name}` stands inside `&{name}` itself", "a value cannot hold itself"
            else:
                message = f"`*{name}` is an alias of nothing: no `&{name}` stands before it"
                known = suggestion(name, self.anchors)
                help = known.replace("`", "`*", 1) or "a text that starts with `*` goes in quotes"
            self._fault(message, line, column, width, help=help)
            node = Scalar(self.source, line, column, "", True)
        self.total += node.size
        if self.total > self.limits.nodes:
            raise self._bound("with its aliases written out, the file holds more values than", "nodes", event)
        self._add(node, (line, column))

    # -- the tree

    def _add(self, node: YamlNode, alias: tuple[int, int] | None = None) -> None:
        """Put a finished node where it belongs."""
        if not self.stack:
            self.root = node
            return
        opened = self.stack[-1]
        parent = opened.node
        parent.size += node.size
        if type(parent) is Sequence:
            parent.items.append(node)
            return
        assert isinstance(parent, Mapping)
        key = opened.key
        if key is None:
            if type(node) is Scalar and node.text not in parent.entries and node.text not in UNUSABLE_KEYS:
                opened.key = node
            else:
                opened.key, opened.kept = self._key(node, parent, alias)
        else:
            opened.key = None
            if opened.kept:
                parent.entries[key.text] = (key, node)
            else:
                opened.kept = True

    def _key(self, node: YamlNode, parent: Mapping, alias: tuple[int, int] | None) -> tuple[Scalar, bool]:
        """The key that a node is, and whether its value is to be kept."""
        line, column = alias or (node.line, node.column)
        if not isinstance(node, Scalar):
            what = "list" if isinstance(node, Sequence) else "mapping"
            help = "a text with `$(…)`, `{` or `[` at its start goes in quotes"
            self._fault(f"a {what} cannot be a key", line, column, node.place().width, help=help)
            return Scalar(self.source, line, column, "", False), False
        text = node.text
        if text in parent.entries:
            first = parent.entries[text][0]
            values = f"first given on line {first.line}"
            self._fault(f"the key `{text[:60]}` is given twice", line, column, len(text),
                        values=values, help="keep one of the two")  # fmt: skip
            return node, False
        if node.plain and text in UNUSABLE_KEYS:
            if text:
                help = "write the entries out, or make them a block with `with:`; `extends:` builds on another file"
                self._fault("YAML's merge key `<<` is not used here", line, column, 2, help=help)
            else:
                self._fault("a key is missing before this `:`", line, column, help="write `key: value`")
            return node, False
        return node, True
