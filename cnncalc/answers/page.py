"""What every command answers: a page of a few kinds of blocks, with its data. A form draws it and knows no command.

A page is laid out for a room: on a terminal it may fold rows and shorten what is said, in a document it may say more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from cnncalc.records import NamedTuple
from cnncalc.text import number, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cnncalc.answers.formulas import Legend, Section

__all__ = [
    "GAP",
    "WHOLE",
    "Annotation",
    "Block",
    "Column",
    "Columnar",
    "Each",
    "Heading",
    "Items",
    "Layout",
    "Page",
    "Stack",
    "Table",
    "Text",
    "Verbatim",
    "cell_text",
]


class Layout(NamedTuple):
    """Where a page is read."""

    width: int | None = None
    """The columns of a terminal; None without a limit."""
    height: int | None = None
    document: bool = False
    """Whether it becomes part of a document, in which everything is said."""


WHOLE = Layout()
MANY = 20_000
"""Rows whose texts are made again when they are read again, in place of being kept."""


def cell_text(value: object) -> str:
    """Whole numbers with thousands separators, anything else as it is."""
    return number(value) if isinstance(value, int) else printable(str(value))


class Column(NamedTuple):
    """What stands in one column of a table, and how."""

    heading: str
    key: str = ""
    """Its heading in CSV."""
    right: bool = False
    """Aligned to the right, as numbers are."""
    text: Callable[[Any], str] = cell_text
    """How a value is written for people."""
    exact: bool = True
    """Whether CSV has a number as it is, and not its text."""
    cut: bool = False
    """Whether it may be cut short, as words may and numbers may not."""
    style: str = ""
    """`name`: dotted names of layers; `notation`: a kind and its fields; `code`; `prose`: sentences with code."""
    colour: str = ""
    """Of the bar beside each number, with its share of `whole`; empty without one."""
    whole: int = 0
    lines: Callable[[str], Sequence[str]] | None = None
    """How a text too long for one line is broken, in the last column."""


class Each(Sequence[Any]):
    """A list whose entries are made one by one as they are read, of what is kept more tightly."""

    __slots__ = ("made", "of")

    def __init__(self, of: Sequence[Any], made: Callable[[Any], Any]) -> None:
        self.of, self.made = of, made

    def __len__(self) -> int:
        return len(self.of)

    def __getitem__(self, at: Any) -> Any:
        return Each(self.of[at], self.made) if isinstance(at, slice) else self.made(self.of[at])

    def __iter__(self) -> Iterator[Any]:
        return map(self.made, self.of)


class Columnar(Each):
    """Such a list of rows that is kept by columns: some rows at a time, as a list of values for each column."""

    __slots__ = ("stretches",)

    def __init__(
        self, of: Sequence[Any], made: Callable[[Any], Any], stretches: Callable[[], Iterator[list[Sequence[Any]]]]
    ) -> None:
        super().__init__(of, made)
        self.stretches = stretches


class Table(NamedTuple):
    """Rows of values under columns."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    title: str = ""
    """Above it."""
    headed: bool = True
    """Whether plain text has the headings too."""
    total: bool = False
    """Whether the last row is the total of the others."""
    indent: bool = False
    fitted: bool = False
    """Whether it shares the width of a terminal: with bars where there is room, with words cut where there is not."""
    most: int | None = None
    """The columns of a terminal at which its lines are cut, where their ends matter least."""
    weights: Sequence[str] = ()
    """How much each row stands out, in the words of rich."""

    def texts(self) -> Sequence[list[str]]:
        """The cells as people read them, row by row."""

        def cells(row: Sequence[Any]) -> list[str]:
            return [column.text(value) for column, value in zip(self.columns, row)]

        many = isinstance(self.rows, Each) or len(self.rows) > MANY
        return Each(self.rows, cells) if many else [cells(row) for row in self.rows]


class Heading(NamedTuple):
    """A name, and facts about what it names."""

    name: str
    facts: Sequence[str] = ()
    level: int = 3


class Text(NamedTuple):
    """A sentence or two; code stands in backticks."""

    text: str
    strong: bool = False
    """Whether it is the answer itself, in the language of nets."""


class Items(NamedTuple):
    """Things to be read one by one; one that begins with four blanks belongs to that before it."""

    items: Sequence[str]
    lead: str = ""
    indent: bool = True
    """Whether plain text sets them off."""
    label: str = ""
    """What each of them is, as `hint`."""


class Verbatim(NamedTuple):
    """Text whose lines stay as they are; `language` is `diff` where they begin with marks of what was and what is."""

    text: str
    language: str = "text"


class Stack(NamedTuple):
    """Blocks that belong together: plain text sets them without blank lines, but for each GAP."""

    blocks: Sequence[Block]
    indent: bool = False


Block: TypeAlias = "Heading | Text | Items | Table | Verbatim | Section | Legend | Stack"
GAP = Text("")


class Annotation(NamedTuple):
    """Something that is wrong, and where."""

    message: str
    file: str
    line: int | None = None
    column: int | None = None


class Page(NamedTuple):
    """An answer to be read."""

    what: str
    """What it is, for errors: `an explanation`."""
    body: Callable[[Layout], Iterable[Block]]
    data: Callable[[], Any] | None = None
    """The answer as JSON has it; None where it is text alone."""
    table: Callable[[], Table] | None = None
    """The answer as one table, as CSV has it; None where it is none."""
    records: str = ""
    """The list in `data` that has an entry for each row of the table; empty where there is none."""
    picture: Callable[[], str] | None = None
    """The answer as SVG, drawn when it is asked for; None where there is nothing to draw."""
    to_picture: str = ""
    """What to ask for, where nothing is drawn, so that something is."""
    annotations: Callable[[], Iterable[Annotation]] | None = None
    """What is wrong, place by place; None where the answer judges nothing."""
