"""Parquet, by pyarrow: a column of whole numbers, of text or of fractions for each column of the answer's table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from cnncalc.answers.page import Columnar

if TYPE_CHECKING:
    from cnncalc.answers.page import Column, Layout, Page, Table

__all__ = ["draw"]

DIGITS = 38
"""As many has Parquet's largest whole number."""


def draw(page: Page, _: Layout) -> bytes:
    """The table of the page; nothing where a cell is empty."""
    from pyarrow import BufferOutputStream, parquet, table  # type: ignore[import-not-found]

    assert page.table is not None
    answer = page.table()
    written = BufferOutputStream()
    columns = zip(answer.columns, _columns(answer))
    parquet.write_table(table({one.key: _array(one, values) for one, values in columns}), written)
    whole: bytes = written.getvalue().to_pybytes()
    return whole


def _columns(answer: Table) -> Iterator[Sequence[Any]]:
    """The values of each column, one column after the other; of many rows no more is in memory than that takes."""
    rows = answer.rows
    if isinstance(rows, Columnar):
        for place in range(len(answer.columns)):
            yield list(chain.from_iterable(stretch[place] for stretch in rows.stretches()))
    elif rows:
        yield from zip(*rows, strict=True)
    else:
        yield from ([] for _ in answer.columns)


def _array(column: Column, values: Sequence[Any]) -> Any:
    """int64 where all values fit, then a decimal of 38 digits, then text; float64 for fractions."""
    from pyarrow import array, decimal128, float64, int64, string

    texts = [value if isinstance(value, int) and column.exact else column.text(value) or None for value in values]
    numbers = [None if value is None else _as_number(value) for value in texts]
    if not column.right or any(isinstance(value, str) for value in numbers):
        return array([None if value is None else str(value) for value in texts], string())
    if any(isinstance(value, float) for value in numbers):
        return array(numbers, float64())
    largest = max((abs(value) for value in numbers if isinstance(value, int)), default=0)
    if largest < 2**63:
        return array(numbers, int64())
    if largest < 10**DIGITS:
        return array(numbers, decimal128(DIGITS))
    return array([None if value is None else str(value) for value in numbers], string())


def _as_number(value: int | str) -> int | float | str:
    """A number where a text is written as one."""
    if isinstance(value, int) or re.fullmatch(r"-?[0-9]+", value):
        return int(value)
    return float(value) if re.fullmatch(r"-?[0-9]*\.[0-9]+", value) else value
