"""Questions run backwards: one entry a form of the page, with its fields and what answers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cnncalc.api import solving
from cnncalc.api.answers import Answer
from cnncalc.errors import CnncalcError, Fault
from cnncalc.records import NamedTuple
from web.answers.held import TEXT, held, markup

__all__ = ["FORMS", "Field", "Form", "forms", "solve"]


class Field(NamedTuple):
    """One thing that a form asks for."""

    name: str
    label: str
    value: str = ""
    """What stands there at first."""
    hint: str = ""
    """An example, shown where nothing stands."""


class Form(NamedTuple):
    """A question; `answer` takes the net's text and what was filled in, and raises CnncalcError."""

    title: str
    told: str
    fields: tuple[Field, ...]
    answer: Callable[[str, Mapping[str, str]], Answer[Any]]


def _layer(kind: str) -> Callable[[str, Mapping[str, str]], Answer[Any]]:
    """A layer with one number left out."""
    return lambda _, given: getattr(solving, kind)(**given)


def _on_file(text: str, ask: Callable[[str], Answer[Any]]) -> Answer[Any]:
    """Asks what reads a net's file anew: it lies in the folder that the page works in, which is its own."""
    Path(TEXT).write_text(text, encoding="utf-8")
    return ask(TEXT)


def _input_size(text: str, given: Mapping[str, str]) -> Answer[Any]:
    where = (given["where"],) if "where" in given else ()
    return _on_file(text, lambda path: solving.input_size(path, output=given.get("output"), where=where))


def _batch(text: str, given: Mapping[str, str]) -> Answer[Any]:
    _needed(given, "memory")
    return solving.batch_size(held(text).net, memory=given["memory"], optimizer=given.get("optimizer"))


def _variable(text: str, given: Mapping[str, str]) -> Answer[Any]:
    _needed(given, "name", "want")
    return _on_file(text, lambda path: solving.variable(path, given["name"], want=given["want"]))


def _file(text: str, given: Mapping[str, str]) -> Answer[Any]:
    return _on_file(text, lambda path: solving.file(path, want=given.get("want", ()), minimize=given.get("minimize")))


def _needed(given: Mapping[str, str], *names: str) -> None:
    missing = [Fault(f"`{name}` is missing", help="fill it in") for name in names if name not in given]
    if missing:
        raise CnncalcError(missing)


LEFT_OUT = "Leave one number out: every value of it that gives the output."
SIZES = (
    Field("input", "input", "224", "length, as 224 or 224x320"),
    Field("output", "output", "112", "length that is wanted"),
    Field("kernel", "kernel", "7"),
    Field("stride", "stride", "2"),
    Field("padding", "padding", "", "looked for"),
    Field("dilation", "dilation", "", "1"),
)

FORMS: dict[str, Form] = {
    "conv": Form("Convolution", LEFT_OUT, SIZES, _layer("conv")),
    "pool": Form("Pool", LEFT_OUT, SIZES, _layer("pool")),
    "deconv": Form(
        "Transposed convolution",
        LEFT_OUT,
        (
            *(one._replace(value={"input": "112", "output": "224", "kernel": "4"}.get(one.name, one.value))
              for one in SIZES),
            Field("output_padding", "output padding", "", "0"),
        ),
        _layer("deconv"),
    ),
    "input": Form(
        "Input sizes",
        "Every input size that this net takes, or that gives the output, read off its closed form.",
        (Field("output", "output", "", "7x7, or layer4=7x7"), Field("where", "where", "", "H == W")),
        _input_size,
    ),
    "batch": Form(
        "Batch size",
        "The largest batch that fits in a memory; with an optimizer it is training that is counted.",
        (Field("memory", "memory", "24GiB"), Field("optimizer", "optimizer", "", "adam")),
        _batch,
    ),
    "variable": Form(
        "Variable",
        "The values of a variable of this file at which the net is as wanted.",
        (Field("name", "variable", "", "width"), Field("want", "wanted", "", "params <= 5M")),
        _variable,
    ),
    "file": Form(
        "Question marks",
        "Write ? for numbers of the file (k?, ?16|32|64), and say what is wanted of the net.",
        (Field("want", "wanted", "", "output == 64x16x16"), Field("minimize", "smallest", "", "params")),
        _file,
    ),
}  # fmt: skip


def forms() -> list[dict[str, Any]]:
    """Every form, without what answers it: what the page draws."""
    return [
        {"key": key, "title": form.title, "told": form.told, "fields": [field._asdict() for field in form.fields]}
        for key, form in FORMS.items()
    ]


def solve(form: str, given: Mapping[str, str], text: str = "") -> dict[str, Any]:
    """The answer to a form; what was left empty is not given. Raises CnncalcError."""
    found = FORMS[form].answer(text, {name: value for name, value in given.items() if value.strip()})
    return {"html": markup(found.page)}
