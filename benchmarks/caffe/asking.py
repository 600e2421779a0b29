"""Asks a real Caffe what it makes of nets, by the program of shapes.cpp."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

__all__ = ["Made", "asked"]

Shape = tuple[int, ...]


class Made(NamedTuple):
    """What Caffe makes of a net: its blobs by name, and for each layer the shapes of what it learns or keeps."""

    blobs: Mapping[str, Shape]
    learned: Mapping[str, list[Shape]]


def asked(program: str, nets: Mapping[str, str], *, forward: bool = False) -> dict[str, Made | str]:
    """By name what Caffe makes of prototxts, or what it says against one; with `forward` each is run as well."""
    found: dict[str, Made | str] = {}
    with TemporaryDirectory() as folder:
        paths = {str(Path(folder) / f"{place}.prototxt"): name for place, name in enumerate(nets)}
        for path, name in paths.items():
            Path(path).write_text(nets[name], encoding="utf-8")
        done = subprocess.run(
            [program], input="\n".join(paths), capture_output=True, text=True, check=True,
            env={**os.environ, **({"FORWARD": "1"} if forward else {})},
        )  # fmt: skip
    for part in done.stdout.split("net\t")[1:]:
        path, *lines, verdict = part.strip().splitlines()
        found[paths[path]] = _made(lines) if verdict == "ok" else _said(lines)
    return found


def _made(lines: list[str]) -> Made:
    made = Made({}, {})
    for line in lines:
        what, name, shape = line.split("\t")
        sizes = tuple(map(int, filter(None, shape.split("x"))))
        if what == "blob":
            made.blobs[name] = sizes  # type: ignore[index]  # it is being made
        else:
            made.learned.setdefault(name, []).append(sizes)  # type: ignore[attr-defined]  # it is being made
    return made


def _said(lines: list[str]) -> str:
    """The line that says what failed, without when and where."""
    failed = [line for line in lines if "Check failed" in line or "Error parsing" in line or "Unknown" in line]
    return (failed or lines or ["nothing"])[0].rpartition("] ")[2]
