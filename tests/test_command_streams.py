"""Every command into a device that is full, or an output that is closed: told, exit 2, and never an answer lost."""

from __future__ import annotations

import os

import pytest
from processes import SECONDS, cnncalc

from cnncalc.cli.commands.solve import QUESTIONS
from cnncalc.forms import FORMS

FULL = ">/dev/full" if os.path.exists("/dev/full") else ">&-"  # noqa: PTH110
FILES = {
    "n.yaml": "input: 3x8x8\nvariables: {x: 2}\nlayers: [conv $x k1, batchnorm, relu]\n",
    "q.yaml": "input: 3x8x8\nlayers: [conv ?1..4 k1, relu]\n",
    "bad.yaml": "input: 3x8x8\nlayers: [conw 3 k3]\n",
    "f.cfg": "[net]\nheight=8\nwidth=8\nchannels=3\n\n[convolutional]\nfilters=4\nsize=3\npad=1\nactivation=leaky\n",
}
SIZES = {"input": "8", "output": "8", "kernel": "3", "stride": "1", "padding": "1", "dilation": "1"}
LAYERS = {
    question: [
        word
        for name, size in SIZES.items()
        if name != question.partition("-")[2] and (question.startswith("deconv") or name != "output-padding")
        for word in (f"--{name}", size)
    ]
    for question, (module, _) in QUESTIONS.items()
    if module == "solve_layer"
}
CALLS = [
    *(["solve", question, *words] for question, words in LAYERS.items()),
    ["solve", "input-size", "n.yaml"],
    ["solve", "variable", "n.yaml", "x", "--want", "params <= 99"],
    ["solve", "file", "q.yaml", "--want", "params <= 99"],
    ["solve", "file", "q.yaml", "--want", "params == 1"],
    ["solve", "batch-size", "n.yaml", "--memory", "1MiB"],
    ["sweep", "n.yaml", "--set", "x=1,2"],
    ["sweep", "n.yaml", "--set", "x=1,2", "--pareto", "params"],
    ["search", "n.yaml", "--over", "x=1,2", "--minimize", "params"],
    ["kinds"], ["kinds", "conv"], ["kinds", "conw"], ["web", "--port", "99999"], ["schema"],
    ["completion", "bash"], ["completion", "zsh"], ["completion", "fish"],
    ["--help"], ["--version"], [], ["solve"], ["solve", "--help"], ["solve", "file", "--help"],
    ["rewrite", "n.yaml", "fold"], ["rewrite", "n.yaml", "width", "2"],
    ["export", "n.yaml", "--to", "caffe"], ["export", "n.yaml", "--to", "torch"],
    ["draw", "n.yaml"], ["list", "--family", "vgg"], ["import", "f.cfg"],
    ["compare", "n.yaml", "n.yaml"], ["compare", "n.yaml", "f.cfg", "--diff"],
    ["check", "n.yaml", "bad.yaml"], ["explain", "n.yaml"], ["chain", "3x8x8", "relu"],
    ["show", "n.yaml", "--set", "help"],
    *([command, "--help"] for command in ("show", "verify", "web")),
    *(["compare", "n.yaml", "n.yaml", "--format", form.name] for form in FORMS),
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("streams")
    for name, text in FILES.items():
        (made / name).write_text(text)
    return made


@pytest.mark.parametrize(("place", "words"), list(enumerate(CALLS)), ids=[" ".join(words) for words in CALLS])
def test_an_answer_that_is_lost_is_told(folder, place, words):
    shell = [FULL, ">&-", f"{FULL} 2>&-", ">&- <&-"][place % 4]
    done = cnncalc(*words, cwd=folder, shell=shell, seconds=60 if words[:1] == ["list"] else SECONDS)
    assert done.returncode == 2
    assert done.stdout == ""
    if "2>" not in shell:
        assert done.stderr.startswith("error: ")
        assert "= help: " in done.stderr or "usage: " in done.stderr


@pytest.mark.parametrize("shell", [FULL, ">&-"])
def test_a_verification_of_several_nets_that_is_lost_is_told(folder, shell):
    pytest.importorskip("torch")
    done = cnncalc(
        "verify", "n.yaml", "n.yaml", "--device", "meta", "--set", "x=3", cwd=folder, shell=shell, seconds=120,
        megabytes=16_000,
    )  # fmt: skip
    assert done.returncode == 2
    assert "error: the output cannot be written" in done.stderr
