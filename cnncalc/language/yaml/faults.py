"""What YAML's parser found wrong, said in our words: where it really is, and what to do about it.

The parser's own sentences differ between libyaml and the one in Python, and name the place where reading
stopped, which is often far below the mistake. Nothing here imports yaml: an error is read by its attributes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cnncalc.errors import Fault
from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnncalc.language.yaml.tree import Source, YamlNode

__all__ = ["explain", "nested_too_deep"]

NO_SPACE = re.compile(r"^\s*(?:- +)*(?P<key>[A-Za-z_][\w.-]*):(?P<value>[^\s:/].*)$")
BARE_KEY = re.compile(r"^\s*(?:- +)*(?P<key>[A-Za-z_][\w.-]*)\s*$")
# Longer keys are not looked for by YAML.
LONGEST_KEY = 1024
# What libyaml says where it stops at 1,000 levels of nesting, before our own bound is met: since PyYAML 6.0.4.
NESTED = "maximum nesting depth"


class _Spot(NamedTuple):
    """Where the parser stopped (`line`, `column`), and where what it was reading began; all from 1."""

    source: Source
    problem: str
    line: int
    column: int
    begun_line: int
    begun_column: int
    opened: YamlNode | None
    """The innermost list or mapping that is being read."""

    @property
    def text(self) -> str:
        return self.source.line(self.line)

    @property
    def character(self) -> str:
        return self.text[self.column - 1 : self.column]

    @property
    def at_start(self) -> bool:
        """Whether only indentation stands before the spot."""
        return not self.text[: self.column - 1].strip(" -")

    def here(self, message: str, help: str = "", values: str = "", width: int = 1) -> Fault:
        return Fault(message, self.source.place(self.line, self.column, width), values=values, help=help)

    def begun(self, message: str, help: str = "", values: str = "", width: int = 1) -> Fault:
        return Fault(message, self.source.place(self.begun_line, self.begun_column, width), values=values, help=help)

    def rest(self) -> int:
        """The characters from the spot to the end of its line."""
        return len(self.text.rstrip()) - self.column + 1


def explain(error: Exception, source: Source, opened: YamlNode | None) -> Fault:
    """The fault behind an error of YAML's scanner or parser; `opened` is the innermost unfinished node."""
    problem = getattr(error, "problem", None) or ""
    context = getattr(error, "context", None) or ""
    line, column = _clamped(source, getattr(error, "problem_mark", None))
    context_mark = getattr(error, "context_mark", None)
    begun = _clamped(source, context_mark) if context_mark else (line, column)
    spot = _Spot(source, problem, line, column, *begun, opened)
    said = f"{context}; {problem}"
    for words, rule in RULES:
        if any(word in said for word in words):
            return rule(spot)
    help = "look at the brackets, quotes and indentation here and just above"
    return spot.here("this cannot be read as YAML", help, width=spot.rest())


def nested_too_deep(error: Exception) -> bool:
    """Whether a parser stopped at a bound on nesting that is its own."""
    return NESTED in (getattr(error, "problem", None) or "")


def _clamped(source: Source, mark: Any) -> tuple[int, int]:
    """A parser's mark as line and column from 1; the end of the file is put behind its last text."""
    lines = source.lines
    if mark is not None and any(map(str.strip, lines[mark.line :])):
        return mark.line + 1, min(mark.column, len(lines[mark.line])) + 1
    last = len(lines)
    while last > 1 and not lines[last - 1].strip():
        last -= 1
    return max(last, 1), len(source.line(last).rstrip()) + 1


def _missing_space(spot: _Spot, line: int) -> Fault | None:
    """`key:value`, which YAML takes for one word."""
    text = spot.source.line(line)
    found = NO_SPACE.match(text)
    if not found:
        return None
    place = spot.source.place(line, found.start("key") + 1, len(text.rstrip()) - found.start("key"))
    help = f"write `{found['key']}: {found['value'].strip()[:40]}`"
    return Fault("a space is missing after the `:`", place, help=help)


def _colon(spot: _Spot) -> Fault:
    if spot.column > LONGEST_KEY:
        return spot.here(f"a key is longer than {LONGEST_KEY:,} characters", "a text with `: ` in it goes in quotes")
    if ": " in spot.text[: spot.column - 1] or spot.text[: spot.column - 1].rstrip().endswith(":"):
        help = "a value with `: ` in it goes in quotes; a mapping goes in braces, `{a: 1}`, or on lines of its own"
        return spot.here("a second `: ` on one line", help)
    above = _line_above(spot.source, spot.line)
    if fault := _missing_space(spot, above):
        return fault
    if found := BARE_KEY.match(spot.source.line(above)):
        place = spot.source.place(above, found.start("key") + 1, len(found["key"]))
        return Fault("a `:` is missing after this key", place, help=f"write `{found['key']}:`")
    help = f"line {above} may lack its `: `, or this line is indented too far" if above else "write `key: value`"
    return spot.here("a `:` stands where no key can be", help)


def _key_without_colon(spot: _Spot) -> Fault:
    if fault := _missing_space(spot, spot.begun_line):
        return fault
    text = spot.source.line(spot.begun_line)
    width = len(text.rstrip()) - spot.begun_column + 1
    return spot.begun("a `: ` is missing after this", "in a mapping every line is `key: value`", width=width)


def _unclosed(spot: _Spot) -> Fault:
    """A list in brackets or a mapping in braces that does not go on as it should."""
    opened = spot.opened
    line, column = (opened.line, opened.column) if opened else (spot.begun_line, spot.begun_column)
    bracket = spot.source.line(line)[column - 1 : column]
    if bracket not in ("[", "{"):
        return spot.here("a value is missing here", "a text that starts with a bracket or a comma goes in quotes")
    closing = "]" if bracket == "[" else "}"
    if spot.line == line and spot.character and spot.character not in "]}":
        help = "entries are divided by commas; a text with `,`, brackets or `: ` in it goes in quotes"
        if spot.character == ":":
            return spot.here("a key is missing before this `:`", "write `key: value`")
        if spot.character == ",":
            return spot.here("a value is missing before this comma", help)
        if spot.character == "?":
            start = max(spot.text.rfind(sign, 0, spot.column - 1) for sign in ",[{:") + 1
            text = re.split(r"[,\]}]", spot.text[start:])[0].strip()[:60]
            start = spot.text.index(text, start) + 1
            message = "inside brackets a text with `?` goes in quotes"
            return Fault(message, spot.source.place(line, start, len(text)), help=f'write `"{text}"`')
        return spot.here(f"a `,` or `{closing}` is missing before this", help, width=spot.rest())
    if spot.character in ("]", "}") and spot.character != closing:
        values = f"it is opened by `{bracket}` in line {line}, column {column}"
        return spot.here(f"`{spot.character}` closes what `{bracket}` opened", f"write `{closing}`", values)
    below = f"; it runs on into line {spot.line}" if spot.line > line else ""
    return Fault(f"this `{bracket}` is never closed", spot.source.place(line, column),
                 help=f"add `{closing}`{below}")  # fmt: skip


def _indentation(spot: _Spot) -> Fault:
    """A line that fits neither the list or mapping above it nor any around them."""
    if spot.character == ":":
        return spot.here("a key is missing before this `:`", "write `key: value`", width=spot.rest())
    if not spot.at_start:
        return _trailing(spot)
    is_list = spot.source.line(spot.begun_line)[spot.begun_column - 1 : spot.begun_column] == "-"
    first = len(spot.text) - len(spot.text.lstrip()) + 1
    place = spot.source.place(spot.line, first, len(spot.text.strip()))
    around = f"the {'list' if is_list else 'mapping'} that starts on line {spot.begun_line}"
    if first != spot.begun_column:
        above = _line_above(spot.source, spot.line)
        deeper = len(spot.source.line(above)) - len(spot.source.line(above).lstrip()) + 1
        help = f"line {above} starts in column {deeper}, and {around} in column {spot.begun_column}: use one of these"
        return Fault("this line is indented like nothing above it", place,
                     values=f"it starts in column {first}", help=help)  # fmt: skip
    wanted = "- item" if is_list else "key: value"
    return Fault(f"expected `{wanted}` here", place, help=f"{around} goes on to this line, so this is a part of it")


def _trailing(spot: _Spot) -> Fault:
    if spot.character in ("]", "}"):
        return spot.here(f"this `{spot.character}` closes nothing", "delete it")
    help = "put the whole value in quotes, or start a new line"
    if spot.text[: spot.column - 1].endswith("'"):
        help = "inside single quotes a `'` is written twice; or use double quotes"
    return spot.here("something stands after the end of the value", help, width=spot.rest())


def _line_above(source: Source, line: int) -> int:
    """The last line above that is neither empty nor a comment; 0 if there is none."""
    above = line - 1
    while above > 0 and not source.line(above).split("#")[0].strip():
        above -= 1
    return above


def _first_character(spot: _Spot) -> Fault:
    character = spot.character
    if character == "\t" or "\t" in spot.text[: spot.column]:
        return _tab(spot)
    if character and character in "@`%|>&*!":
        shown = "a backtick" if character == "`" else f"`{character}`"
        return spot.here(f"a text cannot start with {shown}", "put it in quotes", width=spot.rest())
    return spot.here(f"`{character}` cannot stand here", "put the text in quotes", width=spot.rest())


def _tab(spot: _Spot) -> Fault:
    column = spot.text.find("\t") + 1 or spot.column
    place = spot.source.place(spot.line, column)
    return Fault("a tab stands in the indentation", place, help="indent with spaces")


def _quote(spot: _Spot) -> Fault:
    if "escape" in spot.problem or "hexdecimal" in spot.problem or "hexadecimal" in spot.problem:
        width = 2
        column = spot.text.rfind("\\", 0, spot.column) + 1 or spot.column
        place = spot.source.place(spot.line, column, width)
        return Fault("`\\` starts no escape that YAML knows", place, help="in single quotes a `\\` is itself")
    if "tab" in spot.problem:
        return _tab(spot)
    quote = spot.source.line(spot.begun_line)[spot.begun_column - 1 : spot.begun_column]
    return spot.begun("this quote is never closed", f"add the closing {quote}")


def _anchor(spot: _Spot) -> Fault:
    sign = spot.source.line(spot.begun_line)[spot.begun_column - 1 : spot.begun_column]
    what = "an alias" if sign == "*" else "an anchor"
    return spot.begun(f"`{sign}` starts {what}, and its name is missing", "a text that starts with it goes in quotes")


def _tag(spot: _Spot) -> Fault:
    help = "a text that starts with `!` goes in quotes"
    return spot.begun("`!` starts a YAML tag, which is not used here", help)


def _directive(spot: _Spot) -> Fault:
    place = spot.source.place(spot.line, 1, len(spot.text.rstrip()))
    return Fault("a line that starts with `%` is an order to YAML, and none is used here", place, help="delete it")


def _after_end(spot: _Spot) -> Fault:
    help = "the file is one mapping: `input:`, `layers:` and other keys, all starting in column 1"
    return spot.here("the file goes on after its end", help, width=spot.rest())


def _item(spot: _Spot) -> Fault:
    help = "start the list on a line of its own, or write it in brackets: `[a, b]`"
    return spot.here("a list cannot start on the line of its key", help)


def _question(spot: _Spot) -> Fault:
    return spot.here("`? ` starts a key in YAML, and none can stand here", "a text that starts with it goes in quotes")


def _block_text(spot: _Spot) -> Fault:
    if "tab" in spot.problem:
        return _tab(spot)
    return spot.here("`|` and `>` start a text on the lines below", "start that text on a new line", width=spot.rest())


# The words of PyYAML's two parsers that we rely on, and the rule of ours behind each; seen in 6.0.1 to 6.0.4.
RULES: list[tuple[tuple[str, ...], Callable[[_Spot], Fault]]] = [
    (("quoted scalar",), _quote),
    (("block scalar",), _block_text),
    (("mapping values are not allowed",), _colon),
    (("could not find expected ':'",), _key_without_colon),
    (("sequence entries are not allowed",), _item),
    (("mapping keys are not allowed",), _question),
    (("cannot start any token",), _first_character),
    (("violates indentation", "found a tab"), _tab),
    (("' or ']'", "' or '}'", "node content"), _unclosed),
    (("an anchor", "an alias"), _anchor),
    (("directive", "incompatible YAML"), _directive),
    (("a tag", "tag handle", "tag prefix"), _tag),
    (("document start",), _after_end),
    (("block mapping", "block collection", "block sequence"), _indentation),
]
