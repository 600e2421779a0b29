"""Rooms and their doors: which of a room's modules others may enter it by. All others are private to it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOORS = {
    "analysis.memory": "checkpoints elements gradients layouts optimizers sharding totals",
    "analysis.receptive": "alignment fields sight",
    "analysis.remarks": "hints nets windows",
    "analysis.symbolic": "closed input_conditions report",
    "api": "answers builtin nets opening programs questions rewriting",
    "api.boundary": "keywords",
    "claims": "decimals expect figures latency quantities wants",
    "cli": "main",
    "cli.commands": "",
    "cli.program": "declared ending group reading table",
    "cli.verifying": "asked journal nets",
    "explain": "answer explanation totals",
    "forms": "coloured json_form web.html",
    "forms.web": "html",
    "graph": "again formats nodes plan rules stored way_out",
    "interchange": (
        "caffe.writing.pieces caffe.writing.writer file keras.writing.config keras.writing.model keras.writing.writer "
        "onnx.writing.model onnx.writing.scribe onnx.writing.writer opening sketch structure.holding "
        "structure.writing weights.held writers written"
    ),
    "interchange.caffe": "writing.pieces writing.writer",
    "interchange.caffe.writing": "pieces writer",
    "interchange.coreml": "",
    "interchange.coreml.layered": "network",
    "interchange.darknet": "",
    "interchange.keras": "opening reader writing.config writing.model writing.writer",
    "interchange.ncnn": "",
    "interchange.nnef": "",
    "interchange.onnx": "arrays fold model parts telling writing.model writing.scribe writing.writer",
    "interchange.onnx.rules": "searches table",
    "interchange.onnx.writing": "model scribe writer",
    "interchange.openvino": "",
    "interchange.paddle": "",
    "interchange.protobuf": "fields wire",
    "interchange.structure": "holding overwriting writing",
    "interchange.structure.blocks": "arguments spreading units",
    "interchange.tfjs": "",
    "interchange.tflite": "",
    "interchange.torch_code": "",
    "interchange.torch_code.classes": "making varying",
    "interchange.torch_code.kinds": "said",
    "interchange.torch_code.modules": "bodies freezing parts sharing",
    "interchange.torch_export": "program",
    "interchange.torch_export.rules": "table",
    "interchange.ultralytics": "",
    "interchange.weights": "held",
    "language.expressions": "values",
    "language.yaml": "reader tree",
    "pages.explanation": "page",
    "pictures": "drawing heat scatter theme windows.field windows.panels windows.steps",
    "pictures.flow": "drawing painting tree",
    "pictures.volumes": "drawing",
    "pictures.windows": "field panels steps",
    "rewrites": "rewriting table",
    "rewrites.rules": "",
    "running": "journal runner work",
    "solve.files": "answer diagram growing judging stages sums",
    "solve.inputs": "batches sizes variables",
    "solve.layer": "answer asking",
    "solve.search": "answer question",
    "solve.sweep": "evaluating grid journal points ranges sweeping",
    "tools": "conventions conventions.counting conventions.difference devices runtimes.running runtimes.table styles",
    "torch_backend": "calling building.builder exporting rewriting verify",
    "torch_backend.building.kinds": "naming unfolding",
    "torch_backend.fields": "receptive",
    "torch_backend.running": "flops keeping measure planning training watching",
    "witnesses": "table",
    "witnesses.opencv": "",
    "witnesses.paddle": "",
}


def module_name(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in (ROOT / "cnncalc").rglob("*.py")}


def imported(path):
    """Every module of ours that a file imports, for types and inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("cnncalc"):
            for one in node.names:
                full = f"{node.module}.{one.name}"
                yield full if full in MODULES else node.module


IMPORTS = {name: set(imported(path)) for name, path in MODULES.items()}


@pytest.mark.parametrize("room", DOORS)
def test_nobody_reaches_past_a_door(room):
    prefix = f"cnncalc.{room}."
    outside = [name for name in MODULES if not f"{name}.".startswith(prefix)]
    entered = {one for name in outside for one in IMPORTS[name] if one.startswith(prefix)}
    assert {one.removeprefix(prefix) for one in entered} == set(DOORS[room].split())
