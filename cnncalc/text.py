"""Numbers, shapes and names as people read them."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import chain, islice

__all__ = [
    "BETWEEN",
    "SUPERSCRIPTS",
    "Distinct",
    "aligned",
    "axes_text",
    "number",
    "percent",
    "plural",
    "printable",
    "printable_lines",
    "rounded",
    "shape_text",
    "shortened",
    "signed",
    "size_text",
    "width",
]

BETWEEN = "  "
"""What stands between two columns of text."""
SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
"""Digits as exponents: `str.translate` takes it."""
AT_A_TIME = 10_000
"""Rows that are written at once."""
_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")


class Distinct:
    """Names that are given once each: a second `conv` is `conv_2`. Many equal ones cost no more than many others."""

    __slots__ = ("_numbers", "taken")

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.taken = set(taken)
        """Names that are reserved, or given."""
        self._numbers: dict[str, int] = {}

    def __call__(self, wanted: str, avoid: Container[str] = ()) -> str:
        """The name, or else one that is `numbered`."""
        if wanted in self.taken:
            return self.numbered(wanted, avoid)
        self.taken.add(wanted)
        return wanted

    def numbered(self, stem: str, avoid: Container[str] = ()) -> str:
        """The first name of a stem with a number behind it, from 2 on, that nothing has and `avoid` has not."""
        number = self._numbers.get(stem, 2)
        while (name := f"{stem}_{number}") in self.taken or name in avoid:
            number += 1
        self._numbers[stem] = number + 1
        self.taken.add(name)
        return name


def number(value: object) -> str:
    """A whole number with thousands separators; a symbolic size as it prints itself."""
    return f"{value:,}" if isinstance(value, int) else str(value)


def plural(count: int, noun: str) -> str:
    """`1 layer`, `2,000 layers`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def axes_text(values: Sequence[object]) -> str:
    """One number where all axes agree, else one an axis: `427`, `1x7`."""
    return "x".join(map(str, values if len(set(values)) > 1 else values[:1]))


def shape_text(shape: Sequence[object]) -> str:
    """`64x56x56`: a shape as it is written in a file, without the batch that is its first axis."""
    return "x".join(map(str, shape[1:]))


def printable(text: str) -> str:
    r"""The text with everything that could move a cursor, end a line or hide in it written as an escape.

    >>> printable("a\x1b[2J\nb")
    'a\\x1b[2J\\nb'
    """
    return text if text.isprintable() else "".join(map(_escaped, text))


def printable_lines(text: str) -> str:
    """As `printable`, line by line."""
    return "\n".join(map(printable, text.split("\n")))


def _escaped(letter: str) -> str:
    if letter.isprintable() or letter == "\N{NO-BREAK SPACE}":
        return letter
    code = ord(letter)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file name that is no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return letter.encode("unicode_escape").decode("ascii")


def percent(part: int, whole: int) -> str:
    """The share in per cent with one decimal, rounded half up, by whole numbers; nothing for nothing."""
    if not (part and whole):
        return ""
    tenths = (2000 * part + whole) // (2 * whole)
    if not tenths:
        return "<0.1%"
    return f"{tenths // 10}.{tenths % 10}%"


def size_text(count: int) -> str:
    """Bytes in MiB (in KiB below one, in GiB … from 1,024 on) with three digits or more, by whole numbers."""
    if not count:
        return "0 bytes"
    power = 1 if count < 1024**2 else 2
    while power < len(_UNITS) - 1 and count >= 1024 ** (power + 1):
        power += 1
    unit = 1024**power
    places = 2 if count < 10 * unit else 1
    scaled = (2 * count * 10**places + unit) // (2 * unit)
    return f"{scaled // 10**places:,}.{scaled % 10**places:0{places}} {_UNITS[power]}"


def signed(value: int) -> str:
    """`+1,234`, `−1,234` or `0`."""
    return f"{'+' if value > 0 else '−' if value < 0 else ''}{abs(value):,}"


def rounded(count: int) -> str:
    """`15.5 G`: how papers and data sheets print a count of operations; nothing below a million."""
    for power, letter in ((12, "T"), (9, "G"), (6, "M")):
        if count >= 10**power:
            hundredths = (200 * count + 10**power) // (2 * 10**power)
            return f"{hundredths // 100:,}.{hundredths % 100:02} {letter}"
    return ""


def shortened(count: int) -> str:
    """`138.4 M`: four digits, by whole numbers."""
    for power, letter in ((12, "T"), (9, "G"), (6, "M"), (3, "k")):
        if count >= 10**power:
            places = max(0, 4 - len(str(count // 10**power)))
            scaled = (2 * count * 10**places + 10**power) // (2 * 10**power)
            whole, rest = divmod(scaled, 10**places)
            return f"{whole:,}.{rest:0{places}} {letter}" if places else f"{whole:,} {letter}"
    return str(count)


def width(text: str) -> int:
    """How many columns of a terminal the text takes: ideographs take two, combining marks none."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(letter) else 2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def _padded(cells: Sequence[str], right: bool, most: int) -> list[str]:
    if all(cell.isascii() for cell in cells):
        return [cell.rjust(most) for cell in cells] if right else [cell.ljust(most) for cell in cells]
    blanks = [" " * (most - width(cell)) for cell in cells]
    return [blank + cell if right else cell + blank for cell, blank in zip(cells, blanks, strict=True)]


def aligned(rows: Iterable[Sequence[str]], right: Sequence[bool], above: Sequence[str] = ()) -> list[str]:
    """Lines of text from rows of cells, below a row of headings; `right` says which columns are aligned to the right.

    The rows are read twice, some at a time, so that those that are made when read are never there all at once.
    """
    return [*aligned_in_turn(rows, right, above)]


def aligned_in_turn(rows: Iterable[Sequence[str]], right: Sequence[bool], above: Sequence[str] = ()) -> Iterator[str]:
    """The same lines, one after another."""
    head: list[list[tuple[str, ...]]] = [list(zip(above))] if above else []
    widths = [0] * len(right)
    for columns in chain(head, _stretches(rows)):
        widths = [max(most, *map(width, cells)) for most, cells in zip(widths, columns, strict=True)]
    for columns in chain(head, _stretches(rows)):
        padded = [_padded(*one) for one in zip(columns, right, widths, strict=True)]
        for line in zip(*padded, strict=True):
            yield BETWEEN.join(line).rstrip()


def _stretches(rows: Iterable[Sequence[str]]) -> Iterator[list[tuple[str, ...]]]:
    """Columns of some rows at a time."""
    left = iter(rows)
    while some := list(islice(left, AT_A_TIME)):
        yield list(zip(*some, strict=True))
