"""Nets of very many different layers: the same figures, of which none is kept longer than it is needed."""

from __future__ import annotations

import json

import pytest
from processes import cnncalc

from cnncalc.analysis import costs, many
from cnncalc.language import load
from cnncalc.language.options import Options

NETS = ["resnet18", "mobilenet_v2", "shufflenet_v2_x1_0", "swin_t", "yolov8n"]
OPTIONS = {
    "plain": (Options(), "float32"),
    "trained": (Options(batch=3, train=True, freeze=("*1*",)), "amp-float16"),
}


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("options", ["plain", "trained"])
def test_what_is_not_kept_is_the_same(monkeypatch, name, options):
    chosen, dtype = OPTIONS[options]
    kept = costs.report(load(name, chosen), chosen.batch, dtype, "adam")
    monkeypatch.setattr(costs, "MANY", 0)
    monkeypatch.setattr(many, "NEAR", 3)  # so that layers come again that were forgotten
    forgotten = costs.report(load(name, chosen), chosen.batch, dtype, "adam")
    first, rows = next(iter(forgotten.layers)), [*forgotten.layers]
    assert first == rows[0] == kept.rows[0]
    assert rows == [*kept.rows]
    assert forgotten.totals == kept.totals
    assert len(forgotten.layers) == len(rows)
    assert forgotten.layers[-1] == rows[-1]


def test_layers_with_zeros_and_types_of_their_own(monkeypatch):
    chosen, dtype = Options(sparsity=(("conv*", "0.5"),), types=(("fc", "int8"),)), "float32"
    kept = costs.report(load("resnet18", chosen), 1, dtype)
    monkeypatch.setattr(costs, "MANY", 0)
    forgotten = costs.report(load("resnet18", chosen), 1, dtype)
    assert (forgotten.totals, forgotten.rows) == (kept.totals, kept.rows)
    assert forgotten.totals.nonzeros < forgotten.totals.params


def test_rows_stand_in_json_one_after_another(tmp_path):
    """40,000 layers of some 36,000 kinds: they took 370 MB when all rows were kept."""
    lines = [f"  - conv {n % 7919 + 1} k3 p1\n  - conv {n % 9973 + 1} k1\n" for n in range(20_000)]
    (tmp_path / "net.yaml").write_text("input: 3x8x8\nlayers:\n" + "".join(lines))
    done = cnncalc("show", "net.yaml", "-o", "net.json", cwd=tmp_path, seconds=40, megabytes=260)
    assert done.returncode == 0, done.stderr[-300:]
    answer = json.loads((tmp_path / "net.json").read_text())
    assert len(answer["layers"]) == answer["totals"]["layers"] == 40_000
    assert sum(layer["params"] for layer in answer["layers"]) == answer["totals"]["params"]
