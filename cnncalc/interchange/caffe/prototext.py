"""The text format of protocol buffers: `name: value` and `name { … }`, to messages whose values know their place.

No schema is needed: a value says what it is read as. What the grammar leaves open (commas, semicolons, `<…>`, lists in
brackets, texts in pieces, a colon before a brace) is taken as protobuf's own parser takes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cnncalc.errors import CnncalcError, Fault, Place
from cnncalc.interchange.text import Text
from cnncalc.limits import Limits

__all__ = ["Message", "Value", "read_message"]

TOKEN = re.compile(
    r"""(?:\s|\#[^\n]*)*
    (?: (?P<word>[A-Za-z_][\w.]*)
      | (?P<number>[-+]?(?:0[xX][0-9a-fA-F]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?[fF]?)(?![\w.]))
      | (?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
      | (?P<sign>[][{}<>:,;-])
      | (?P<end>\Z)
    )""",
    re.VERBOSE | re.ASCII,
)
CLOSING = {"{": "}", "<": ">"}
FLAGS = {"true": True, "True": True, "t": True, "1": True, "false": False, "False": False, "f": False, "0": False}
LARGEST = 2**31 - 1
"""Of a whole number: Caffe's own are int32, and no shape that fits a memory needs more."""
LONGEST_NUMBER = 40


class Value:
    """A scalar: a number, a word, or a text in quotes."""

    __slots__ = ("offset", "quoted", "source", "text")

    def __init__(self, source: Text, offset: int, text: str, *, quoted: bool) -> None:
        self.source, self.offset, self.text, self.quoted = source, offset, text, quoted

    def place(self) -> Place:
        """Where it stands."""
        return self.source.at(self.offset, len(self.text) + 2 * self.quoted)

    def whole(self, name: str) -> int:
        """A whole number. Raises CnncalcError for anything else."""
        text = self.text
        if not self.quoted and len(text) <= LONGEST_NUMBER and re.fullmatch(r"[-+]?(0[xX][0-9a-fA-F]+|[0-9]+)", text):
            number = int(text, 16 if "x" in text.lower() else 10)
            if abs(number) <= LARGEST:
                return number
            raise self.wrong(f"`{name}` is beyond what a net holds", f"at most {LARGEST:,}")
        raise self.wrong(f"`{name}` is a whole number", "write one, such as 3")

    def real(self, name: str) -> float:
        """A decimal number. Raises CnncalcError for anything else."""
        text = self.text.rstrip("fF") if self.text[:2].lower() != "0x" else self.text
        if (
            not self.quoted
            and len(text) <= LONGEST_NUMBER
            and re.fullmatch(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?", text)
        ):
            number = float(text)
            if abs(number) < float("inf"):
                return number
        raise self.wrong(f"`{name}` is a decimal number", "write one, such as 0.5")

    def flag(self, name: str) -> bool:
        """`true` or `false`. Raises CnncalcError for anything else."""
        if self.text in FLAGS:
            return FLAGS[self.text]
        raise self.wrong(f"`{name}` is true or false", "write `true` or `false`")

    def wrong(self, message: str, help: str) -> CnncalcError:
        """What is wrong with this value."""
        shown = self.text if len(self.text) <= LONGEST_NUMBER else f"{self.text[:LONGEST_NUMBER]}…"
        return CnncalcError(Fault(message, self.place(), values=f"it is `{shown}`", help=help))


class Message:
    """Fields in the order of the file; a name may come more than once."""

    __slots__ = ("_by_name", "entries", "offset", "source")

    def __init__(self, source: Text, offset: int) -> None:
        self.source, self.offset = source, offset
        self.entries: list[tuple[str, Message | Value]] = []
        self._by_name: dict[str, list[Message | Value]] | None = None

    def place(self) -> Place:
        """Where it starts."""
        return self.source.at(self.offset, 1)

    def add(self, name: str, value: Message | Value) -> None:
        """One more field."""
        self.entries.append((name, value))

    def having(self, name: str) -> list[Message | Value]:
        """Everything of that name."""
        if self._by_name is None:
            self._by_name = {}
            for key, value in self.entries:
                self._by_name.setdefault(key, []).append(value)
        return self._by_name.get(name, [])

    def values(self, name: str) -> list[Value]:
        """All scalars of that name; a message there is an error."""
        found: list[Value] = []
        for value in self.having(name):
            if isinstance(value, Message):
                raise CnncalcError(Fault(f"`{name}` is a single value, not a message", value.place()))
            found.append(value)
        return found

    def messages(self, name: str) -> list[Message]:
        """All messages of that name; a scalar there is an error."""
        found: list[Message] = []
        for value in self.having(name):
            if isinstance(value, Value):
                raise value.wrong(f"`{name}` is a message", f"write `{name} {{ … }}`")
            found.append(value)
        return found

    def message(self, name: str) -> Message:
        """The message of that name, empty where there is none; several are one, as protobuf merges them."""
        found = self.messages(name)
        if len(found) == 1:
            return found[0]
        merged = Message(self.source, found[0].offset if found else self.offset)
        for one in found:
            merged.entries.extend(one.entries)
        return merged

    def word(self, name: str, default: str = "") -> str:
        """A text or an enumeration's word; the last one of that name, as protobuf takes it."""
        found = self.values(name)
        return found[-1].text if found else default

    def whole(self, name: str, default: int) -> int:
        """A whole number."""
        found = self.values(name)
        return found[-1].whole(name) if found else default

    def real(self, name: str, default: float) -> float:
        """A decimal number."""
        found = self.values(name)
        return found[-1].real(name) if found else default

    def flag(self, name: str, *, default: bool) -> bool:
        """`true` or `false`."""
        found = self.values(name)
        return found[-1].flag(name) if found else default

    def wholes(self, name: str) -> list[int]:
        """Every whole number of that name."""
        return [value.whole(name) for value in self.values(name)]


class Tokens:
    """The tokens of a text, one ahead."""

    __slots__ = ("_next", "kind", "offset", "source", "text")

    def __init__(self, source: Text) -> None:
        self.source = source
        self._next = 0
        self.step()

    def step(self) -> None:
        """Go on to the next token."""
        found = TOKEN.match(self.source.text, self._next)
        if found is None:
            blank = re.compile(r"(?:\s|#[^\n]*)*").match(self.source.text, self._next)
            assert blank is not None
            message = "this is no part of protobuf's text format"
            help = "fields are `name: value` or `name { … }`; texts stand in quotes, on one line"
            raise CnncalcError(Fault(message, self.source.at(blank.end(), 1), help=help))
        self.kind = str(found.lastgroup)
        self.text = found[self.kind]
        self.offset = found.start(self.kind)
        self._next = found.end()

    def place(self) -> Place:
        """Where the token stands."""
        return self.source.at(self.offset, len(self.text))

    def take(self, *signs: str) -> str:
        """Step over one of these signs, if it stands here; the sign, or nothing."""
        if self.kind == "sign" and self.text in signs:
            sign = self.text
            self.step()
            return sign
        return ""


def read_message(source: Text, limits: Limits) -> Message:
    """The whole text as one message. Raises CnncalcError with the place of the first thing that is wrong."""
    tokens = Tokens(source)
    top = Message(source, 0)
    opened: list[tuple[Message, str, int]] = [(top, "", 0)]
    count = 0
    while True:
        message, closing, _ = opened[-1]
        if tokens.kind == "end":
            if closing:
                raise _unclosed(source, opened[-1][2], closing, tokens.place())
            return top
        if closing and tokens.take(closing):
            opened.pop()
            tokens.take(",", ";")
            continue
        count += 1
        if count > limits.nodes:
            message_text = f"the file has more than {limits.nodes:,} fields, the bound `nodes`"
            raise CnncalcError(Fault(message_text, tokens.place(), help=limits.way_out("nodes")))
        name = _name(tokens)
        colon = tokens.take(":")
        offset = tokens.offset
        if opening := tokens.take("{", "<"):
            if len(opened) >= limits.depth:
                message_text = f"messages nest deeper than {limits.depth}, the bound `depth`"
                raise CnncalcError(Fault(message_text, source.at(offset, 1), help=limits.way_out("depth")))
            inner = Message(source, offset)
            message.add(name, inner)
            opened.append((inner, CLOSING[opening], offset))
            continue
        if not colon:
            raise CnncalcError(Fault(f"`:` or `{{` is missing after `{name}`", tokens.place()))
        for value in _values(tokens, name):
            message.add(name, value)
        tokens.take(",", ";")


def _name(tokens: Tokens) -> str:
    """The name of a field; that of an extension stands in brackets."""
    bracket = tokens.take("[")
    if tokens.kind != "word":
        closes = tokens.text in ("}", ">")
        help = "one closing brace too many" if closes else "fields are `name: value` or `name { … }`"
        shown = f"`{tokens.text[:40]}`" if tokens.kind != "end" else "the end of the file"
        raise CnncalcError(Fault(f"the name of a field is expected, not {shown}", tokens.place(), help=help))
    name = tokens.text
    tokens.step()
    if bracket and not tokens.take("]"):
        raise CnncalcError(Fault(f"`]` is missing after `{name}`", tokens.place()))
    return name


def _values(tokens: Tokens, name: str) -> Iterator[Value]:
    """One value, or a list of them in brackets."""
    if not tokens.take("["):
        yield _value(tokens, name)
        return
    if tokens.take("]"):
        return
    while True:
        yield _value(tokens, name)
        if tokens.take("]"):
            return
        if not tokens.take(","):
            raise CnncalcError(Fault(f"`,` or `]` is missing in the list of `{name}`", tokens.place()))


def _value(tokens: Tokens, name: str) -> Value:
    """A number, a word, or a text, which may come in several pieces."""
    offset = tokens.offset
    minus = tokens.take("-")
    if tokens.kind not in ("number", "word", "text") or (minus and tokens.kind == "text"):
        shown = f"`{tokens.text[:40]}`" if tokens.kind != "end" else "the end of the file"
        raise CnncalcError(Fault(f"a value is expected for `{name}`, not {shown}", tokens.place()))
    quoted = tokens.kind == "text"
    pieces: list[str] = []
    while True:
        pieces.append(tokens.text[1:-1] if quoted else minus + tokens.text)
        tokens.step()
        if not quoted or tokens.kind != "text":
            return Value(tokens.source, offset, "".join(pieces), quoted=quoted)


def _unclosed(source: Text, offset: int, closing: str, end: Place) -> CnncalcError:
    message = f"a message that starts here is never closed by `{closing}`"
    help = f"the file ends at line {end.line}; it may have been cut"
    return CnncalcError(Fault(message, source.at(offset, 1), help=help))
