"""`python -m benchmarks.conventions.layers`: every tool on nets of one layer; writes tests/data/convention_layers.csv.

A column a convention, below its name the tool's release; an error by its name where the tool fails. The columns of
tools that are not installed are kept. Cases stand in tests/data/convention_layers.txt: an input and a layer, or several
inputs and a layer that takes them from `a`, `b` and `c`.
"""

from __future__ import annotations

import csv
import logging
import sys
from importlib.metadata import version
from pathlib import Path

import torch

from benchmarks.conventions import files, stock, tools

DATA = Path(__file__).resolve().parents[2] / "tests" / "data"
sys.path.insert(0, str(DATA.parent / "support"))

from one_layer import one_layer  # noqa: E402 # the path to what tests share comes first

TABLE = DATA / "convention_layers.csv"


def counted(case, convention):
    """The tool's number for the net of one layer, or the name of the error that it fails with."""
    graph = one_layer(case)
    if convention in files.FILES:
        try:
            return str(files.FILES[convention][0](graph)[0])
        except Exception as error:  # noqa: BLE001 - that a tool fails on a layer, in whatever way, is a result
            return type(error).__name__
    inputs = tuple(torch.zeros(1, *graph.nodes[index].shape) for index in graph.inputs.values())
    model = stock.Stock(graph)
    try:
        return str(tools.counted(convention, model, inputs)[0])
    except Exception as error:  # noqa: BLE001 - that a tool fails on a layer, in whatever way, is a result
        return type(error).__name__


def main():
    logging.disable(logging.CRITICAL)
    cases = (DATA / "convention_layers.txt").read_text(encoding="utf-8").splitlines()
    columns = {}
    if TABLE.exists():
        with TABLE.open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                case = row.pop("case")
                for convention, number in row.items():
                    columns.setdefault(convention, {})[case] = number
    for convention in tools.installed({**tools.COUNTERS, **files.FILES}):
        package = (tools.COUNTERS | files.FILES)[convention][1]
        columns[convention] = {"": f"{package} {version(package)}"}
        for case in cases:
            columns[convention][case] = counted(case, convention)
    order = [name for name in (*tools.COUNTERS, *files.FILES) if name in columns]
    with TABLE.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["case", *order])
        writer.writerows([case, *(columns[name].get(case, "") for name in order)] for case in ["", *cases])


if __name__ == "__main__":
    main()
