"""What Python gets back: the answers of the command line, with their numbers as attributes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from cnncalc.answers import report as records
from cnncalc.api.boundary.keywords import known_keywords
from cnncalc.errors import CnncalcError, Fault, suggestion

if TYPE_CHECKING:
    from cnncalc.answers.page import Page
    from cnncalc.answers.report import Hint, Row, Shape, Totals

__all__ = ["Answer", "Report"]

Data = TypeVar("Data")


class Answer(Generic[Data]):
    """An answer: `str()` is the table that the command prints, `to_dict()` the object of its JSON.

    `data` is the record itself; its attributes are the answer's too.
    """

    def __init__(self, data: Data, title: str, page: Callable[[Data], Page]) -> None:
        self.data, self._title, self._page = data, title, page

    @property
    def page(self) -> Page:
        """The answer as what every form draws."""
        return self._page(self.data)

    @known_keywords
    def text(self, form: str = "plain") -> str:
        """The answer in a form of the command line, such as `plain`, `markdown` or `json`. Raises CnncalcError."""
        from cnncalc.forms import text

        return text(self.page, form)

    def to_dict(self) -> Any:
        """What `--format json` prints, as Python's own objects."""
        import json

        return json.loads(self.text("json"))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # what copy, pickle and notebooks look for
            raise AttributeError(name)
        return getattr(self.data, name)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._title}>"

    def _repr_html_(self) -> str:
        """For notebooks: what the answer says, and its picture, which is an image so that its looks stay its own."""
        from cnncalc.forms.web.html import notebook

        return notebook(self.page)

    def _repr_svg_(self) -> str | None:
        """For notebooks: the picture of the answer, where it has one that is not too large."""
        picture = self.page.picture
        try:
            return None if picture is None else picture()
        except CnncalcError:
            return None

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """For notebooks and documents: the forms that they may choose from."""
        return {"text/plain": str(self), "text/html": self._repr_html_(), "text/markdown": self.text("markdown")}


class Report(Answer[records.Report]):
    """A net, counted layer by layer: `report["layer1.0.conv1"]` is a row, `report.totals.params` a total.

    Shapes have the batch first; sizes are in bytes where their names say so, else in numbers.
    """

    @property
    def name(self) -> str:
        """The net's name."""
        return self.data.name

    @property
    def rows(self) -> tuple[Row, ...]:
        """Every layer in execution order; `pandas.DataFrame(report.rows)` takes them."""
        return self.data.rows

    @property
    def totals(self) -> Totals:
        """Every figure of the whole net."""
        return self.data.totals

    @property
    def inputs(self) -> dict[str, Shape]:
        """The shape of each input."""
        return self.data.inputs

    @property
    def outputs(self) -> dict[str, Shape]:
        """The shape of each output, by the name of the layer that makes it."""
        return self.data.outputs

    @property
    def hints(self) -> tuple[Hint, ...]:
        """What the author of a layer may want to know."""
        return self.data.hints

    @overload
    def __getitem__(self, layer: str | int) -> Row: ...
    @overload
    def __getitem__(self, layer: slice) -> tuple[Row, ...]: ...
    @known_keywords
    def __getitem__(self, layer: str | int | slice) -> Row | tuple[Row, ...]:
        """The row of a layer by its name or its index, or a slice of rows. Raises CnncalcError where there is none."""
        if isinstance(layer, slice):
            return self.rows[layer]
        if isinstance(layer, int):
            if -len(self.rows) <= layer < len(self.rows):
                return self.rows[layer]
            message = f"there is no row {layer}"
            raise CnncalcError(Fault(message, help=f"there are {len(self.rows):,} rows, the first is 0"))
        for row in self.rows:
            if row.name == layer:
                return row
        raise self._no_layer(layer)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @known_keywords
    def total(self, group: str) -> dict[str, int]:
        """The sum over a layer, or over a group such as `layer1`, of every figure that layers have.

        Raises CnncalcError where there is no such layer or group.
        """
        from cnncalc.answers.figures import OF_LAYERS

        rows = [row for row in self.rows if row.name == group or row.name.startswith(f"{group}.")]
        if not rows:
            raise self._no_layer(group)
        return {key: sum(getattr(row, key) for row in rows) for key in OF_LAYERS}

    def __repr__(self) -> str:
        totals = self.totals
        return f"<Report of {self.name}: {len(self.rows):,} layers, {totals.params:,} parameters, {totals.macs:,} MACs>"

    def _no_layer(self, name: str) -> CnncalcError:
        names = [row.name for row in self.rows]
        groups = dict.fromkeys(part for each in names for part in _groups(each))
        if name in groups:
            help = f'`report.total("{name}")` has its sums'
            return CnncalcError(Fault(f"`{name[:60]}` is a group, and has no row of its own", help=help))
        help = suggestion(name, [*names, *groups], "`report.rows` has every name")
        return CnncalcError(Fault(f"there is no layer or group `{name[:60]}`", help=help))


def _groups(name: str) -> Iterator[str]:
    """The groups around a layer, the outermost first."""
    levels = name.split(".")
    return (".".join(levels[:depth]) for depth in range(1, len(levels)))
