"""Nets of very many different layers: the same figures, of which none is kept longer than it is needed."""

from __future__ import annotations

import json

import pytest
from processes import cnncalc

from cnncalc.analysis import costs, many
from cnncalc.analysis.receptive import fields
from cnncalc.graph import met, signatures
from cnncalc.language import load
from cnncalc.language.options import Options

NETS = ["resnet18", "mobilenet_v2", "shufflenet_v2_x1_0", "swin_t", "yolov8n"]
OPTIONS = {
    "plain": (Options(), "float32"),
    "trained": (Options(batch=3, train=True, freeze=("*1*",)), "amp-float16"),
}


@pytest.fixture(params=["long", "different"])
def forgetful(request, monkeypatch):
    """Every net is one of very many layers, alike or different, and layers come again that were forgotten."""

    def now(layers):
        monkeypatch.setattr(costs, "MANY", layers if request.param == "long" else 0)
        for place in (met, signatures):
            monkeypatch.setattr(place, "MOST", 5)
        for place in (many, fields):
            monkeypatch.setattr(place, "NEAR", 3)
        met.forget()

    return now


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("options", ["plain", "trained"])
def test_what_is_not_kept_is_the_same(forgetful, name, options):
    chosen, dtype = OPTIONS[options]
    kept = costs.report(load(name, chosen), chosen.batch, dtype, "adam")
    forgetful(kept.count)
    forgotten = costs.report(load(name, chosen), chosen.batch, dtype, "adam")
    first, rows = next(iter(forgotten.layers)), [*forgotten.layers]
    assert first == rows[0] == kept.rows[0]
    assert rows == [*kept.rows]
    assert forgotten.totals == kept.totals
    assert len(forgotten.layers) == len(rows)
    assert forgotten.layers[-1] == rows[-1]


def test_layers_with_zeros_and_types_of_their_own(forgetful):
    chosen, dtype = Options(sparsity=(("conv*", "0.5"),), types=(("fc", "int8"),)), "float32"
    kept = costs.report(load("resnet18", chosen), 1, dtype)
    forgetful(kept.count)
    forgotten = costs.report(load("resnet18", chosen), 1, dtype)
    assert (forgotten.totals, forgotten.rows) == (kept.totals, kept.rows)
    assert forgotten.totals.nonzeros < forgotten.totals.params


@pytest.mark.parametrize(
    ("arguments", "megabytes"), [("show net.yaml -o out.json", 150), ("show net.yaml -o out.txt", 150)]
)
def test_rows_are_written_one_after_another(tmp_path, arguments, megabytes):
    """25,000 layers of some 23,000 kinds: 257 and 330 MB of addresses when rows, and what was read, were kept."""
    lines = [f"  - conv {n % 7919 + 1} k3 p1\n  - conv {n % 9973 + 1} k1\n" for n in range(12_500)]
    (tmp_path / "net.yaml").write_text("input: 3x8x8\nlayers:\n" + "".join(lines))
    done = cnncalc(*arguments.split(), cwd=tmp_path, seconds=40, megabytes=megabytes)
    assert done.returncode == 0, done.stderr[-300:]
    if (tmp_path / "out.json").exists():
        answer = json.loads((tmp_path / "out.json").read_text())
        assert len(answer["layers"]) == answer["totals"]["layers"] == 25_000
        assert sum(layer["params"] for layer in answer["layers"]) == answer["totals"]["params"]
    else:
        lines = (tmp_path / "out.txt").read_text().splitlines()
        assert lines[-1].startswith("Layers") or "25,000" in "".join(lines[-20:])
        assert sum(line.lstrip().startswith("conv") for line in lines) == 25_000


@pytest.mark.parametrize("name", ["out.txt", "out.csv"])
def test_what_is_followed_of_alike_layers_is_not_kept(tmp_path, name):
    """60,000 layers of 2,000 kinds: 155 and 180 MB of addresses when what each sees and keeps was kept."""
    lines = "".join(f"  - conv {n % 1000 + 1} k3 p1\n  - conv {n % 1000 + 1} k1\n" for n in range(30_000))
    (tmp_path / "net.yaml").write_text(f"input: 3x8x8\nlayers:\n{lines}")
    done = cnncalc("show", "net.yaml", "-o", name, cwd=tmp_path, seconds=40, megabytes=138)
    assert done.returncode == 0, done.stderr[-300:]
    assert (tmp_path / name).read_text().count("conv 1000 k3 p1") == 30
