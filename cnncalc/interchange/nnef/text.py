"""The text of an NNEF graph: assignments of operations, in flat or compositional syntax (NNEF 1.0.5, chapter 3)."""

from __future__ import annotations

import re
from typing import TypeAlias

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.text import Text
from cnncalc.limits import Limits
from cnncalc.records import NamedTuple

__all__ = ["Assignment", "Call", "Name", "Parsed", "Value", "parsed"]

TOKEN = re.compile(
    r"\s+|\#[^\n]*|(?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,3})?)|(?P<word>[A-Za-z_]\w*)"
    r"|(?P<text>'[^'\n]*'|\"[^\"\n]*\")|(?P<sign>->|<=|>=|==|!=|&&|\|\||[-+*/^<>!=(){}\[\],;:.])",
    re.ASCII,
)
LONGEST = 400
"""Characters of a word or a text."""
DEEPEST = 32
"""Values inside values; each takes as many calls here as there are levels of signs."""
SIGNS = (
    {"||": "or", "&&": "and"}, {"<": "lt", ">": "gt", "<=": "le", ">=": "ge", "==": "eq", "!=": "ne"},
    {"+": "add", "-": "sub"}, {"*": "mul", "/": "div"}, {"^": "pow"},
)  # fmt: skip
"""Operations that are written as signs, those that bind least first."""


class Name(str):
    """The name of a tensor."""

    __slots__ = ()


class Call(NamedTuple):
    """An operation with its arguments, in their order or by name."""

    operation: str
    ordered: tuple[Value, ...]
    named: dict[str, Value]
    line: int


Value: TypeAlias = "Name | str | int | float | bool | list[Value] | Call"


class Assignment(NamedTuple):
    """The names that what an operation makes gets; several for several outputs."""

    names: list[str]
    value: Value
    line: int


class Parsed(NamedTuple):
    """A whole graph."""

    name: str
    inputs: list[str]
    outputs: list[str]
    body: list[Assignment]
    own: set[str]
    """Operations that the file itself defines."""


class Token(NamedTuple):
    """One piece of the text: what it is (number, word, text, sign, end), itself, and its place."""

    kind: str
    text: str
    line: int
    column: int


def parsed(text: Text, limits: Limits) -> Parsed:
    """The graph of a text. Raises CnncalcError with the place of what is wrong."""
    return Parser(text, limits).graph()


class Parser:
    """A text on its way, a token at a time."""

    def __init__(self, text: Text, limits: Limits) -> None:
        self.source, self.limits = text, limits
        self.at, self.line, self.start = 0, 1, 0
        self.depth = 0
        self.token = self.next()

    # -- tokens --

    def next(self) -> Token:
        """The next token, blanks and comments passed over."""
        whole = self.source.text
        while self.at < len(whole):
            found = TOKEN.match(whole, self.at)
            column = self.at - self.start + 1
            if found is None:
                raise self.fault("this is no part of NNEF", self.line, column)
            self.at = found.end()
            line, kind, piece = self.line, found.lastgroup, found[0]
            if "\n" in piece:
                self.line += piece.count("\n")
                self.start = found.start() + piece.rfind("\n") + 1
            if kind is not None:
                if len(piece) > LONGEST:
                    raise self.fault(f"a word is longer than {LONGEST} characters", line, column)
                return Token(kind, piece, line, column)
        return Token("end", "", self.line, self.at - self.start + 1)

    def fault(self, message: str, line: int, column: int) -> CnncalcError:
        """What is wrong at a place."""
        return CnncalcError(Fault(message, self.source.place(line, column)))

    def unlike(self, wanted: str) -> CnncalcError:
        """Another token stands where one is wanted."""
        what = f"`{self.token.text[:40]}`" if self.token.text else "the end of the file"
        return self.fault(f"{wanted} is expected, not {what}", self.token.line, self.token.column)

    def take(self) -> Token:
        """The token, and on to the next one."""
        token, self.token = self.token, self.next()
        return token

    def word(self) -> str:
        """A word."""
        if self.token.kind != "word":
            raise self.unlike("a name")
        return self.take().text

    def sign(self, sign: str) -> None:
        """This sign."""
        if self.token.text != sign or self.token.kind == "text":
            raise self.unlike(f"`{sign}`")
        self.take()

    def skip(self, sign: str) -> bool:
        """Whether this sign stands here; it is taken then."""
        if self.token.kind != "sign" or self.token.text != sign:
            return False
        self.take()
        return True

    # -- grammar --

    def graph(self) -> Parsed:
        """The whole file: its version, what it defines, its graph."""
        own: set[str] = set()
        while self.token.text != "graph":
            head = self.word()
            if head == "fragment":
                own.add(self.word())
            self.definition(braces=head == "fragment")
        self.take()
        name = self.word()
        inputs = self.names()
        self.sign("->")
        outputs = self.names()
        self.sign("{")
        body: list[Assignment] = []
        while not self.skip("}"):
            body.append(self.assignment())
            if len(body) > self.limits.layers:
                help = self.limits.way_out("layers")
                raise CnncalcError(Fault(f"the graph has more than {self.limits.layers:,} operations", help=help))
        return Parsed(name, inputs, outputs, body, own)

    def definition(self, *, braces: bool) -> None:
        """Pass over a statement, or a fragment with its body; one may end after its head, too."""
        while not self.skip(";"):
            if self.token.kind == "end":
                raise self.unlike("a `graph`")
            if self.take().text == "{" and braces:
                while not self.skip("}"):
                    if self.token.kind == "end":
                        raise self.unlike("`}`")
                    self.take()
                return

    def names(self) -> list[str]:
        """Names in parentheses."""
        self.sign("(")
        found = [self.word()]
        while self.skip(","):
            found.append(self.word())
        self.sign(")")
        return found

    def assignment(self) -> Assignment:
        """`name = …;`, or several names in brackets."""
        line = self.token.line
        closing = {"(": ")", "[": "]"}.get(self.token.text, "")
        if closing:
            self.take()
        names = [self.word()]
        while self.skip(","):
            names.append(self.word())
        if closing:
            self.sign(closing)
        self.sign("=")
        value = self.expression(0)
        self.sign(";")
        return Assignment(names, value, line)

    def expression(self, level: int) -> Value:
        """Operations that are written as signs, which bind ever stronger."""
        if level == len(SIGNS):
            return self.operand()
        left = self.expression(level + 1)
        while self.token.kind == "sign" and self.token.text in SIGNS[level]:
            token = self.take()
            left = Call(SIGNS[level][token.text], (left, self.expression(level + 1)), {}, token.line)
        return left

    def operand(self) -> Value:
        """A number, a text, a list, a name, an operation, or one of these behind a sign or in parentheses."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.fault(f"values nest deeper than {DEEPEST}", self.token.line, self.token.column)
        made = self.inner()
        self.depth -= 1
        return made

    def inner(self) -> Value:
        """An operand whose depth is counted."""
        kind, text = self.token.kind, self.token.text
        if kind == "number":
            self.take()
            return float(text) if re.search(r"[.eE]", text) else int(text[:20])
        if kind == "text":
            return self.take().text[1:-1]
        if self.skip("-") or self.skip("+"):
            value = self.operand()
            return -value if text == "-" and isinstance(value, (int, float)) else value
        if self.skip("[") or self.skip("("):
            return self.listed("]" if text == "[" else ")")
        if text in ("true", "false"):
            self.take()
            return text == "true"
        return self.named()

    def listed(self, closing: str) -> Value:
        """What stands in brackets; a single value in parentheses is itself."""
        values: list[Value] = []
        single = closing == ")"
        while not self.skip(closing):
            values.append(self.expression(0))
            if not self.skip(","):
                self.sign(closing)
                break
            single = False
        return values[0] if single and values else values

    def named(self) -> Value:
        """A tensor, or an operation: `name<type>(…)`."""
        line = self.token.line
        name = self.word()
        if self.skip("<"):
            self.word()
            self.sign(">")
        if not self.skip("("):
            return Name(name)
        ordered: list[Value] = []
        named: dict[str, Value] = {}
        while not self.skip(")"):
            value = self.expression(0)
            if isinstance(value, Name) and self.skip("="):
                named[str(value)] = self.expression(0)
            else:
                ordered.append(value)
            if not self.skip(","):
                self.sign(")")
                break
        return Call(name, tuple(ordered), named, line)
