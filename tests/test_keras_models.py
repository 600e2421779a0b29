"""`--style keras-nested` and `keras-sequential`: the rows that Keras 3.15.1 prints of such models."""

from __future__ import annotations

import os
from importlib.util import find_spec

import pytest
from command_line import runner

from cnncalc.cli.main import cnncalc as program

TWICE = """
name: ne
dialect: keras
inputs: {left: 8, right: 8}
layers:
  - {name: tower, layers: [{linear: 4, name: e}], from: left}
  - {name: again, share: tower, from: right}
  - {add: , from: [tower, again], name: add}
"""
ONCE = """
name: ne2
dialect: keras
input: 8
layers:
  - {name: tower, layers: [{linear: 4, name: e}, {dropout: 0.5, name: d}]}
  - {linear: 3, name: h}
"""
PLAIN = """
name: s
dialect: keras
input: 3x8x8
layers:
  - {conv: 4 k3, name: c}
  - {maxpool: 2, name: p}
  - {batchnorm: , name: n}
  - {flatten: , name: f}
  - {linear: 2, name: g}
"""
OUTSIDE = """
name: ou
dialect: keras
input: 3x8x8
layers:
  - {conv: 3 k1, name: stem}
  - {name: block, layers: [{share: stem}, {conv: 3 k1, name: e}, relu]}
  - {share: block.e}
"""
SAID = {
    ("keras-nested", TWICE): (
        "left (InputLayer) | (None, 8) | 0 | -", "right (InputLayer) | (None, 8) | 0 | -",
        "tower (Functional) | (None, 4) | 36 | left[0][0], right[0][0]",
        "add (Add) | (None, 4) | 0 | tower[0][0], tower[1][0]",
    ),
    ("keras-nested", ONCE): (
        "input_layer (InputLayer) | (None, 8) | 0", "tower (Functional) | (None, 4) | 36", "h (Dense) | (None, 3) | 15",
    ),
    ("keras-nested", OUTSIDE): (
        "input_layer (InputLayer) | (None, 8, 8, 3) | 0", "stem (Conv2D) | (None, 8, 8, 3) | 12",
        "block (Functional) | (None, 8, 8, 3) | 24", "e (Conv2D) | (None, 8, 8, 3) | 12",
    ),
    ("keras-sequential", PLAIN): (
        "c (Conv2D) | (None, 6, 6, 4) | 112", "p (MaxPooling2D) | (None, 3, 3, 4) | 0",
        "n (BatchNormalization) | (None, 3, 3, 4) | 16", "f (Flatten) | (None, 36) | 0", "g (Dense) | (None, 2) | 74",
    ),
}  # fmt: skip
TOTALS = {
    TWICE: ("36 (144.00 B)", "36 (144.00 B)", "0 (0.00 B)"), ONCE: ("51 (204.00 B)", "51 (204.00 B)", "0 (0.00 B)"),
    OUTSIDE: ("24 (96.00 B)", "24 (96.00 B)", "0 (0.00 B)"),
    PLAIN: ("202 (808.00 B)", "194 (776.00 B)", "8 (32.00 B)"),
}  # fmt: skip


def rows(lines):
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines if line.startswith("│")]
    return [" | ".join(row) for row in cells]


def totals(lines):
    return tuple(line.partition("params: ")[2].strip() for line in lines if "params: " in line)


@pytest.mark.parametrize(("style", "text"), SAID)
def test_a_model_has_the_rows_of_keras(style, text, tmp_path):
    (tmp_path / "net.yaml").write_text(text)
    done = runner().invoke(program, ["show", str(tmp_path / "net.yaml"), "--style", style])
    lines = done.stdout.splitlines()
    assert rows(lines) == [*SAID[style, text]]
    assert totals(lines) == TOTALS[text]


def test_what_branches_is_no_sequential(tmp_path):
    (tmp_path / "net.yaml").write_text(TWICE)
    done = runner().invoke(program, ["show", str(tmp_path / "net.yaml"), "--style", "keras-sequential"])
    assert done.exit_code == 2 and "plain sequence" in done.stderr and "`--style keras`" in done.stderr


BRANCHED = """
input: 3x8x8
layers:
  - {conv: 3 k3 p1, name: stem}
  - {name: block, layers: [{add: [[conv 3 k1], []]}]}
  - {add: , from: [block, stem]}
  - {name: open, layers: [{conv: 3 k1, name: first}, conv 3 k1]}
  - {add: , from: [open, open.first]}
"""


def test_a_group_of_which_more_than_one_tensor_is_taken_is_no_model(tmp_path):
    (tmp_path / "net.yaml").write_text(BRANCHED)
    done = runner().invoke(program, ["show", str(tmp_path / "net.yaml"), "--style", "keras-nested"])
    names = [row.partition(" ")[0] for row in rows(done.stdout.splitlines())]
    assert "block" in names and "open" not in names and "open_first" in names


def models():
    """The same models, made by Keras."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras
    from keras import layers

    one = keras.Input((8,), name="in")
    tower = keras.Model(one, layers.Dense(4, name="e")(one), name="tower")
    left, right = keras.Input((8,), name="left"), keras.Input((8,), name="right")
    added = layers.Add(name="add")([tower(left), tower(right)])
    inner = keras.Input((8,), name="inner")
    stem = keras.Model(inner, layers.Dropout(0.5, name="d")(layers.Dense(4, name="e")(inner)), name="tower")
    outer = keras.Input((8,), name="input_layer")
    plain = [keras.Input((8, 8, 3)), layers.Conv2D(4, 3, name="c"), layers.MaxPooling2D(name="p"),
             layers.BatchNormalization(name="n"), layers.Flatten(name="f"), layers.Dense(2, name="g")]  # fmt: skip
    shared, again = layers.Conv2D(3, 1, name="stem"), layers.Conv2D(3, 1, name="e")
    image, entered = keras.Input((8, 8, 3), name="input_layer"), keras.Input((8, 8, 3))
    block = keras.Model(entered, layers.ReLU(name="relu")(again(shared(entered))), name="block")
    return {
        OUTSIDE: keras.Model(image, again(block(shared(image))), name="ou"),
        TWICE: keras.Model([left, right], added, name="ne"),
        ONCE: keras.Model(outer, layers.Dense(3, name="h")(stem(outer)), name="ne2"),
        PLAIN: keras.Sequential(plain, name="s"),
    }


def test_that_is_what_keras_prints(monkeypatch):
    if find_spec("keras") is None:
        pytest.skip("Keras is an extra: pip install 'cnncalc[keras]'")
    monkeypatch.setenv("COLUMNS", "200")
    for text, model in models().items():
        lines: list[str] = []
        model.summary(line_length=150, print_fn=lambda part, **_: lines.extend(part.splitlines()))  # noqa: B023
        assert rows(lines) == [*next(said for (_, one), said in SAID.items() if one == text)]
        assert totals(lines) == TOTALS[text]


def test_an_output_of_no_axes_has_the_batch_alone(tmp_path):
    (tmp_path / "net.prototxt").write_text(
        'input: "data" input_shape { dim: 1 dim: 3 dim: 8 dim: 8 } '
        'layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" inner_product_param { num_output: 4 } } '
        'layer { name: "acc" type: "Accuracy" bottom: "fc" bottom: "fc" top: "acc" }'
    )
    done = runner().invoke(program, ["show", str(tmp_path / "net.prototxt"), "--style", "keras"])
    assert "| (None,) | 0 |" in rows(done.stdout.splitlines())[-1]
