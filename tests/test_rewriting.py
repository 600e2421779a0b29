"""Rewrites: the text that comes out, outputs that stay where a rule is exact, fields that stay, and faults."""

import json
import re

import pytest
from click.testing import CliRunner

import cnncalc
from cnncalc import CnncalcError
from cnncalc.cli.main import cnncalc as program
from cnncalc.rewrites.table import RULES, asked

NET = """\
# A net, with what I think of it.
name: mine
input: 4x32x32
defaults: {conv: {bias: false}}
variables: {classes: 10, w: 16}
layers:
  # the stem
  - conv $w k7 s2 p3          # wide
  - batchnorm                 # goes into the stem
  - relu
  - {conv: 32 k5 p2 bias, name: five}
  - {repeat: 2, layers: [conv 32 k3 p1, batchnorm, relu]}   # twice
  - add:                      # three paths
      - [conv 32 k3 p1, batchnorm]
      - [conv 32 k1, batchnorm]
      - [batchnorm]
  - relu                      # behind them
  - maxpool k2
  - flatten
  - linear 64                 # hidden
  - relu
  - {linear: $classes, name: fc}

# what I hold it to
expect: {output: 10}
"""
CHANGED = {
    "fold-batchnorm": """\
  - conv $w k7 s2 p3 bias          # wide
- # gone
  - relu
  - {conv: 32 k5 p2 bias, name: five}
  - {repeat: 2, layers: [conv 32 k3 p1 bias, relu]}   # twice
  - add:                      # three paths
      - [conv 32 k3 p1 bias]
      - [conv 32 k1 bias]
      - [batchnorm]
""",
    "fuse-branches": """\
  - conv 32 k3 p1 bias
  - relu                      # behind them
""",
    "fc-to-conv": """\
  - maxpool k2
  - conv 64 k8 bias                 # hidden
  - relu
  - {conv: 10 k1 bias, name: fc}
""",
    "gap-head": """\
  - maxpool k2
  - global_avgpool
  - flatten
  - {linear: $classes, name: fc}
""",
    "new-head 3": """\
  - {linear: 3, name: fc}
""",
    "split-kernel": """\
  - conv 16 k3 p1          # wide
  - batchnorm
  - relu
  - conv 16 k3 p1
  - batchnorm
  - relu
  - conv 16 k3 s2 p1
  - batchnorm                 # goes into the stem
  - relu
  - conv 32 k3 p1 bias
  - {conv: 32 k3 p1 bias, name: five}
""",
    "flatten-kernel": """\
  - conv 16 k1x7 s1x2 p0x3          # wide
  - conv 16 k7x1 s2x1 p3x0
""",
    "separable": """\
  - dwconv k7 s2 p3 nobias          # wide
  - conv 16 k1
""",
    "grouped 2": """\
  - conv $w k7 s2 p3 g2          # wide
""",
    "width 0.5": """\
  - conv 8 k7 s2 p3          # wide
  - batchnorm                 # goes into the stem
  - relu
  - {conv: 16 k5 p2 bias, name: five}
  - {repeat: 2, layers: [conv 16 k3 p1, batchnorm, relu]}   # twice
""",
    "replace relu 'leaky_relu 0.1'": """\
  - leaky_relu 0.1                      # behind them
""",
}
"""Some lines as they are behind each rule; a line `- # gone` stands for nothing."""
SMALL = {
    "convolutions": """\
input: 8x9x9
layers:
  - conv 12 k3 s2 p1 g2
  - batchnorm
  - {deconv: 8 k3 s2 g2, name: up}
  - batchnorm nobias
  - dwconv 2 k3 p1 nobias
  - batchnorm noscale
  - relu
  - {conv: 6 k3 same, name: padded}
  - batchnorm noaffine
  - flatten
  - linear 5
  - batchnorm
  - linear 4
  - softmax
""",
    "sequences": """\
input: 4x20
layers: [conv 8 k5 p2, batchnorm, relu, conv 8 k3 nobias, batchnorm, flatten, linear 3]
""",
    "volumes": """\
input: 2x5x6x7
layers: [conv 4 k3 p1, instancenorm, conv 4 k1x3x3, batchnorm, global_avgpool flat, linear 3]
""",
    "biases": """\
input: 4x8x8
layers: [conv 8 k3, batchnorm, conv 8 k3, instancenorm stats, deconv 6 k2, batchnorm nostats, conv 8 k1, groupnorm 8]
""",
    "heads": """\
input: 3x6x6
layers:
  - {conv: 4 k3, name: a}
  - add:
      - [flatten, linear 6, relu, linear 5]
      - [flatten, linear 5]
      - [global_avgpool flat, linear 5]
  - layernorm
  - linear 3
""",
    "branches": """\
input: 8x12x12
layers:
  - add: [[conv 8 k5 p2 g4, batchnorm], [conv 8 k3 p1 g4], [batchnorm], []]
  - relu
  - add: [[conv 6 k3 s2 p1 nobias, batchnorm], [conv 6 k1 s2]]
  - add: [[dwconv k7 p3, batchnorm], [dwconv k3 p1, batchnorm]]
  - add: [[conv 6 k1x3 p0x1], [conv 6 k3x1 p1x0], []]
""",
}


def run(*words):
    return CliRunner().invoke(program, [str(word) for word in words])


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(NET, encoding="utf-8")
    return path


@pytest.mark.parametrize("rule", CHANGED)
def test_only_the_lines_of_what_changes_do(file, rule):
    found = cnncalc.load(str(file)).rewrite(rule)
    assert found.in_place
    text = found.yaml
    assert CHANGED[rule].replace("- # gone\n", "") in text
    assert text.startswith("# A net, with what I think of it.\nname: mine\n")
    assert "# what I hold it to\nexpect: {output: " in text
    comments = re.findall(r"# .*", NET)
    kept = [one for one in comments if one in text]
    assert len(kept) >= len(comments) - 2
    assert found.net.report().totals.params == cnncalc.load(text).report().totals.params
    assert f"params: {found.net.report().totals.params}" in text


def test_every_rule_is_tried():
    words = {one.split()[0] for one in CHANGED}
    assert words | {"remove-bias-before-norm", "bottleneck"} == {rule.name for rule in RULES}


def test_several_rules_in_order(file):
    found = cnncalc.load(str(file)).rewrite("fuse-branches", "fold-batchnorm", "new-head 3")
    assert [step.asked.text for step in found.steps] == ["fuse-branches", "fold-batchnorm", "new-head 3"]
    first, second, third = found.steps
    assert first.after.report.totals == second.before.report.totals
    assert second.after.report.totals == third.before.report.totals
    assert found.in_place and "batchnorm" not in found.yaml.replace("# ", "")


@pytest.mark.parametrize(
    ("net", "rules"),
    [
        ("convolutions", ["fold-batchnorm", "fc-to-conv"]),
        ("convolutions", ["remove-bias-before-norm", "fold-batchnorm"]),
        ("sequences", ["remove-bias-before-norm", "fold-batchnorm", "fc-to-conv"]),
        ("volumes", ["remove-bias-before-norm", "fold-batchnorm", "fc-to-conv"]),
        ("biases", ["remove-bias-before-norm"]),
        ("biases", ["fold-batchnorm"]),
        ("heads", ["fc-to-conv"]),
        ("branches", ["fuse-branches"]),
    ],
)
def test_exact_rules_leave_the_outputs_as_they_are(net, rules):
    pytest.importorskip("torch")
    found = cnncalc.load(SMALL[net]).rewrite(*rules)
    proved = found.verify()
    assert len(proved.proofs) == len(rules)
    assert all(proof.passed and proof.part < 1e-9 for proof in proved.proofs), proved.proofs
    wrong = [(row.name, row.failed) for row in proved.verification.rows if row.failed]
    assert not wrong and proved.passed, proved.verification.totals


@pytest.mark.parametrize(
    ("net", "input", "rules"),
    [
        ("resnet20_cifar", None, ["fold-batchnorm", "fc-to-conv"]),
        ("yolov10n", "3x32x32", ["fuse-branches"]),
        ("lenet5", None, ["fc-to-conv"]),
    ],
)
def test_exact_rules_on_bundled_nets(net, input, rules):
    pytest.importorskip("torch")
    from cnncalc.torch_backend.rewriting import prove

    found = cnncalc.load(net, input=input).rewrite(*rules)
    for step in found.steps:
        proof = prove(step.asked.text, *step.graphs, step.made)
        assert proof.passed and proof.part < 1e-9, proof


def test_weights_go_with_the_net():
    torch = pytest.importorskip("torch")
    net = cnncalc.load(SMALL["convolutions"])
    module = net.to_torch(seed=5)
    x = torch.randn(4, 8, 9, 9)
    module(x)  # in training: statistics are no longer zero and one
    module.eval()
    found = net.rewrite("fold-batchnorm", "fc-to-conv")
    made = found.to_torch(module)
    assert sum(one.numel() for one in made.parameters()) == found.net.report().totals.params
    assert torch.allclose(made(x).flatten(1), module(x), atol=1e-5)
    with pytest.raises(CnncalcError, match="no module of the net that was rewritten"):
        found.to_torch(torch.nn.Conv2d(3, 8, 3))
    with pytest.raises(CnncalcError, match="has to be trained"):
        net.rewrite("new-head 3").to_torch(module)


@pytest.mark.parametrize("rule", ["fold-batchnorm", "remove-bias-before-norm", "fc-to-conv"])
def test_a_proof_fails_where_parameters_are_made_wrongly(rule, monkeypatch):
    pytest.importorskip("torch")
    from cnncalc.torch_backend import rewriting

    step = cnncalc.load(SMALL["sequences"]).rewrite(rule).steps[0]
    made = [one for one in step.made if one.how != "same"]
    right = rewriting.MAKERS[made[0].how]

    def wrong(module, branches):
        right(module, branches)
        next(iter(module.parameters())).mul_(1.001)

    monkeypatch.setitem(rewriting.MAKERS, made[0].how, wrong)
    assert not rewriting.prove(rule, *step.graphs, step.made).passed


@pytest.mark.parametrize("rule", [rule for rule in RULES if not rule.exact], ids=lambda rule: rule.name)
def test_counts_and_fields_of_what_is_another_net(rule, file):
    pytest.importorskip("torch")
    words = {"new-head": "3", "grouped": "2", "width": "0.5", "replace": "relu silu"}.get(rule.name, "")
    net = cnncalc.load(str(file), input="4x48x48")
    found = net.rewrite(f"{rule.name} {words}".strip())
    verified = found.net.verify(receptive_field=True)
    assert verified.failed == 0 and verified.held > 100
    if rule.same_field:
        before, after = found.steps[0].before, found.steps[0].after
        assert before.receptive_field == after.receptive_field and found.steps[0].unlike == ()


def test_a_7x7_is_three_3x3():
    """Simonyan and Zisserman 2015, 2.3: 3(3²C²) = 27C² weights in place of 7²C² = 49C²."""
    found = cnncalc.load("input: 64x32x32\nlayers: [conv 64 k7 p3 nobias]\n").rewrite("split-kernel")
    before, after = found.steps[0].before, found.steps[0].after
    assert (before.report.totals.weights, after.report.totals.weights) == (49 * 64**2, 27 * 64**2)
    assert before.receptive_field == after.receptive_field


def test_the_first_matrix_of_vgg_is_a_7x7_of_512():
    found = cnncalc.load("vgg16").rewrite("fc-to-conv")
    report = found.net.report()
    assert report["classifier.0"].notation == "conv 4096 k7"
    assert report["classifier.0"].weights == 7 * 7 * 512 * 4096
    assert report.totals.params == 138_357_544 and report.totals.macs == 15_470_264_320
    larger = cnncalc.load(found.yaml, input="3x384x384").report()
    assert larger.outputs == {"classifier.6": (1, 1000, 6, 6)}


@pytest.mark.parametrize(
    ("net", "params", "macs"),
    [
        ("a0", "8.30", "1.4"),
        ("a1", "12.78", "2.4"),
        ("a2", "25.49", "5.1"),
        ("b0", "14.33", "3.1"),
        ("b1", "51.82", "11.8"),
        ("b2", "80.31", "18.4"),
        ("b3", "110.96", "26.2"),
    ],
)
def test_repvgg_as_it_is_deployed(net, params, macs):
    """Ding et al. 2021, ImageNet, 120 epochs: millions of parameters, cut off, billions of multiply–accumulates."""
    (step,) = cnncalc.load(f"repvgg_{net}").rewrite("fuse-branches").steps
    totals = step.after.report.totals
    assert f"{totals.params // 10_000 / 100:.2f}" == params and f"{totals.macs / 10**9:.1f}" == macs
    assert not [row for row in step.after.report.rows if row.kind in ("batchnorm", "add")]


def test_scores_that_add_up_have_heads_alike():
    text = """\
input: 4x8x8
layers:
  - {add: [[conv 8 k3 p1, relu, conv 5 k1], [{repeat: 60, layers: [{add: [[], [relu]]}]}, conv 5 k1]]}
  - upsample 2
  - softmax
"""
    report = cnncalc.load(text).rewrite("new-head 3").net.report()
    assert report.outputs == {"softmax1": (1, 3, 16, 16)}
    assert [row.notation for row in report if row.kind == "conv"] == ["conv 8 k3 p1", "conv 3 k1", "conv 3 k1"]


def test_a_net_of_others_is_written_anew():
    found = cnncalc.load("resnet18", freeze="layer1.*").rewrite("fold-batchnorm", "new-head 5")
    assert not found.in_place and "expect: {output: 5, params: " in found.yaml
    assert "written anew" in str(found)
    report = found.net.report()
    assert report["layer1.0.conv1"].trainable == 0 and report["layer2.0.conv1"].trainable > 0
    assert not [row for row in report if row.kind == "batchnorm"]


@pytest.mark.parametrize(
    ("words", "faults"),
    [
        (["fold-batchnrm"], ["there is no rule `fold-batchnrm`.*did you mean `fold-batchnorm`"]),
        (["fold", "seperable"], ["there is no rule `fold`", "there is no rule `seperable`.*did you mean `separable`"]),
        (["new-head"], ["`new-head` needs a number.*such as `new-head 10`"]),
        (["new-head", "many"], ["takes a whole number from 1 to 1,000,000, not `many`"]),
        (["new-head", "0"], ["takes a whole number from 1"]),
        (["grouped", "1"], ["`grouped N` of 1 changes nothing"]),
        (["width", "nan"], ["takes a number from 0.001 to 1,000, not `nan`"]),
        (["width", "1/0"], ["takes a number from 0.001"]),
        (["replace", "relu"], ["needs two kinds.*such as `replace relu silu`"]),
        (["fold-batchnorm", "3"], ["there is no rule `3`.*`fold-batchnorm` takes nothing behind it"]),
        (["new-head 'a"], ["cannot be read as a rule"]),
        ([], ["no rule is named.*the rules are fold-batchnorm"]),
    ],
)
def test_rules_that_cannot_be_read(words, faults):
    with pytest.raises(CnncalcError) as raised:
        asked(words)
    assert len(raised.value.faults) == len(faults)
    for fault, expected in zip(raised.value.faults, faults):
        assert re.search(expected, str(fault), re.DOTALL)


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ("replace silu relu", "finds nothing to change in .*a layer of that kind"),
        (
            "replace relu flatten",
            '`replace relu flatten`: a shape would change.*mine.yaml:10.*would make 4096.*at="!relu1"',
        ),
        ("replace relu leaky_rel", "there is no kind or block `leaky_rel`.*did you mean `leaky_relu`"),
        ("replace conv 'conv k3'", "conv1.*it made 16x16x16, and would make 16x18x18"),
        ("replace 'conv k' relu", "`replace`: `conv k`: "),
        ("grouped 3", "left conv1, five, .*: 3 does not divide its channels"),
        ("new-head 10", "left fc: it has 10 already"),
    ],
)
def test_rules_that_do_not_go_with_a_net(file, rule, fault):
    with pytest.raises(CnncalcError) as raised:
        cnncalc.load(str(file)).rewrite(rule)
    assert re.search(fault, str(raised.value), re.DOTALL)


def test_layers_that_see_other_pixels():
    net = cnncalc.load("input: 4x9x9\nlayers: [conv 4 k3 p1, relu, conv 4 k5 p2, {name: c, conv: 4 k1}]\n")
    (step,) = net.rewrite("replace", "conv 4 k5 p2", "conv 4 k3 p1").steps
    assert step.unlike == ("conv2", "c")
    (step,) = net.rewrite("split-kernel").steps
    assert step.unlike == ()


def test_what_a_rule_leaves_is_told(file):
    (step,) = cnncalc.load(str(file)).rewrite("fold-batchnorm").steps
    assert dict(step.passed) == {"no convolution or linear layer stands before the norm": ["batchnorm6"]}


def test_layers_that_are_named(file):
    found = cnncalc.load(str(file)).rewrite("grouped 2", at=["conv1", "five"])
    assert [one.name for one in found.steps[0].changes] == ["conv1", "five"]
    others = cnncalc.load(str(file)).rewrite("grouped 2", at="!conv1")
    assert "conv1" not in [one.name for one in others.steps[0].changes]
    with pytest.raises(CnncalcError, match="matches no layer"):
        cnncalc.load(str(file)).rewrite("grouped 2", at="layer9.*")


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("fold-batchnorm", "what the norm takes goes elsewhere"),
        ("remove-bias-before-norm", "the norm takes the mean of several channels together"),
        ("fuse-branches", "windows, groups or sizes differ"),
        ("new-head 3", "left a: what it makes goes elsewhere, too"),
        ("bottleneck", "no more channels"),
    ],
)
def test_why_layers_are_left(rule, why):
    text = """\
input: 4x8x8
layers:
  - {conv: 64 k3 p1, name: a}
  - {batchnorm: , name: b}
  - {conv: 64 k3 p1, from: a, name: c}
  - groupnorm 8
  - add: [[conv 64 k3 p1], [conv 64 k3 p1 d1 g2]]
  - {add: , from: [add1, b]}
"""
    with pytest.raises(CnncalcError) as raised:
        cnncalc.load(text).rewrite(rule, at=["a", "b", "groupnorm1", "add1", "add2"])
    assert why in str(raised.value)


@pytest.mark.parametrize(
    ("text", "rule", "lines", "in_place"),
    [
        ("layers: [{conv: 8 k3 p1, name: a}, {batchnorm: , name: b}, {add: , from: [a, b]}, conv 4 k1, batchnorm]",
         "fold-batchnorm", ["{add: , from: [a, b]}, conv 4 k1]"], True),
        ("layers: [{conv: 8 k3 p1, name: a}, {batchnorm: , name: b}, relu, {add: , from: [b, relu1]}]",
         "fold-batchnorm", ["  - {conv: 8 k3 p1, name: a}", "  - {add: [[], [relu]]}"], False),
        ("layers: [&unit {layers: [conv 3 k7 p3, relu]}, *unit]",
         "split-kernel", ["conv 3 k3 p1, relu, conv 3 k3 p1, relu, conv 3 k3 p1, relu"], True),
        ("layers: [{repeat: 2, layers: [conv $(8 if first else 4) k3 p1, relu]}]",
         "separable", ["dwconv k3 p1", "conv 8 k1", "conv 4 k1"], False),
        ("layers: ['conv 8 k3 p1', \"batchnorm\", relu]", "fold-batchnorm", ["layers: ['conv 8 k3 p1', relu]"], True),
        ("layers:\n  - name: a\n    conv: 8 k3 nobias   # why\n  - batchnorm: eps=1\n    name: b\n  # rest\n  - relu",
         "fold-batchnorm", ["  - name: a", "    conv: 8 k3   # why", "  # rest", "  - relu"], True),
        ("layers:\n  - {conv: {out: 8, kernel: 3}, name: a}\n  - batchnorm", "fold-batchnorm",
         ["  - {conv: {out: 8, kernel: 3}, name: a}"], True),
        ("layers:\n  - {conv: {out: 8, kernel: 3, bias: false}, name: a}\n  - batchnorm", "fold-batchnorm",
         ["  - {conv: 8 k3, name: a}"], False),
        ("blocks: {unit: {with: {c: required}, layers: [conv $c k3 p1 nobias, batchnorm]}}\nlayers: [unit 8, unit 4]",
         "fold-batchnorm", ["blocks: {unit: {with: {c: required}, layers: [conv $c k3 p1]}}"], True),
        ("variables: {w: 8}\nlayers: [conv $(2 * w) k3 groups=1 p1 bias=false, batchnorm]",
         "fold-batchnorm", ["layers: [conv $(2 * w) k3 groups=1 p1]"], True),
        ("layers: [conv 8 k3, batchnorm]\nexpect: {output: 8x6x6}\n# end", "fold-batchnorm",
         ["layers: [conv 8 k3]", "expect: {output: 8x6x6, params: 224, macs: 7776}", "# end"], True),
    ],
)  # fmt: skip
def test_how_layers_may_be_written(text, rule, lines, in_place):
    found = cnncalc.load(f"input: 3x8x8\n{text}\n").rewrite(rule)
    assert found.in_place is in_place
    written = found.yaml.splitlines()
    assert [one for one in lines if not any(one in line for line in written)] == []


@pytest.mark.parametrize(
    "head",
    [
        "  - {repeat: 2, layers: [dropout, linear 8, relu]}\n",
        "  - repeat: 2   # wide\n    layers: [dropout, linear 8, relu]\n",
        "  - layers:\n      - name: hidden\n        layers:\n          - linear 8\n          - relu\n",
    ],
)
def test_a_group_without_layers_goes_too(head):
    text = f"input: 3x8x8\nlayers:\n  - conv 8 k3\n  - flatten\n{head}  - linear 5\n"
    found = cnncalc.load(text).rewrite("gap-head")
    lines = ["input: 3x8x8", "layers:", "  - conv 8 k3", "  - global_avgpool", "  - flatten", "  - linear 5"]
    assert found.in_place and found.yaml.splitlines() == lines


def test_a_net_in_one_line_keeps_no_old_figures():
    text = "{input: 3x8x8, layers: [conv 8 k3, batchnorm], expect: {params: 240}}\n"
    found = cnncalc.load(text).rewrite("fold-batchnorm")
    assert not found.in_place and "params: 224" in found.yaml and "240" not in found.yaml


def test_files(file, tmp_path):
    out = tmp_path / "out.yaml"
    done = run("rewrite", file, "fold-batchnorm", "-o", out)
    assert done.exit_code == 0 and done.output.endswith(f"written to {out}\n")
    assert out.read_text(encoding="utf-8") == cnncalc.load(str(file)).rewrite("fold-batchnorm").yaml
    assert run("check", out).exit_code == 0
    assert "is there already" in run("rewrite", file, "fold-batchnorm", "-o", out).stderr
    assert "what is written is YAML" in run("rewrite", file, "fold-batchnorm", "-o", "net.json").stderr
    assert "is there already" in run("rewrite", file, "fold-batchnorm", "-o", file).stderr
    assert file.read_text(encoding="utf-8") == NET
    assert run("rewrite", file, "fold-batchnorm", "-o", file, "--force").exit_code == 0
    assert file.read_text(encoding="utf-8") == out.read_text(encoding="utf-8")
    alone = run("rewrite", out, "new-head 4", "-o", "-")
    assert alone.stdout == cnncalc.load(str(out)).rewrite("new-head 4").yaml


def test_nothing_is_written_where_a_later_rule_fails(file, tmp_path):
    out = tmp_path / "out.yaml"
    done = run("rewrite", file, "fold-batchnorm", "replace", "silu", "relu", "-o", out)
    assert done.exit_code == 2 and not out.exists()


def test_json(file):
    pytest.importorskip("torch")
    found = json.loads(run("rewrite", file, "fold-batchnorm", "--format", "json", "--verify").stdout)
    assert found["passed"] and found["proofs"][0]["passed"] and found["in_place"]
    assert [one["net"] for one in found["nets"]] == ["before", "fold-batchnorm"]
    (step,) = found["steps"]
    assert step["changes"][1] == {"name": "batchnorm1", "before": "batchnorm", "after": []}
    assert step["before"]["params"] > step["after"]["params"] == found["nets"][1]["totals"]["params"]
    assert "the answer goes to standard output" in run("rewrite", file, "fold-batchnorm", "--format", "parquet").stderr


def test_in_python(file, tmp_path):
    found = cnncalc.rewrite(str(file), "fold-batchnorm")
    found.save(tmp_path / "a.yaml")
    with pytest.raises(CnncalcError, match=r"over it with `force=True`"):
        found.save(tmp_path / "a.yaml")
    found.save(tmp_path / "a.yaml", force=True)
    with pytest.raises(CnncalcError, match="what is written is YAML"):
        found.save(tmp_path / "a.txt")
    built = cnncalc.Net(input="3x8x8")
    built.add("conv 8 k3 nobias")
    built.add("batchnorm")
    assert "layers:\n  - conv 8 k3\n" in built.rewrite("fold-batchnorm").yaml
    with pytest.raises(CnncalcError, match="`at` cannot be 3"):
        built.rewrite("fold-batchnorm", at=3)  # type: ignore[arg-type]  # what is wrong is told
