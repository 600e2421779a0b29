"""The language: names, groups, branches, loops, blocks, variables and files that build on one another."""

from __future__ import annotations

import textwrap

import pytest

from cnncalc import chain, report
from cnncalc.claims.expect import check
from cnncalc.errors import CnncalcError
from cnncalc.language import bundled, load
from cnncalc.language.options import Options
from cnncalc.notation.lines import write


@pytest.fixture
def build(tmp_path):
    """Text to graph; further files stand beside it. `input: 8x16x16` unless the text says."""

    def from_text(text, *, files=None, **options):
        for name, content in (files or {}).items():
            (tmp_path / name).write_text(textwrap.dedent(content), encoding="utf-8")
        text = textwrap.dedent(text)
        if not text.startswith(("input", "extends")):
            text = f"input: 8x16x16\n{text}"
        (tmp_path / "net.yaml").write_text(text, encoding="utf-8")
        return load(str(tmp_path / "net.yaml"), Options(**options))

    return from_text


def names(graph):
    return [node.name for _, node, _ in graph.layers()]


def notations(graph):
    return [write(layer) for _, _, layer in graph.layers()]


def sources(graph, name):
    """The names of the tensors that a layer takes."""
    (node,) = [node for node in graph.nodes if node.name == name]
    return [graph.nodes[index].name for index in node.inputs]


def output(graph):
    (index,) = graph.outputs.values()
    return "x".join(map(str, graph.nodes[index].shape))


def messages(caught):
    return [fault.message for fault in caught.value.faults]


# -- names --


def test_layers_are_called_by_kind_and_count(build):
    graph = build("layers: [conv 8 k3 p1, relu, conv 8 k3 p1, relu, Conv2d 8 k1]")
    assert names(graph) == ["conv1", "relu1", "conv2", "relu2", "conv3"]


def test_a_kind_that_ends_in_a_digit_is_counted_behind_an_underscore(build):
    assert names(build("layers: [relu6, relu6, relu]")) == ["relu6_1", "relu6_2", "relu1"]


def test_a_group_is_a_level_and_counts_anew(build):
    graph = build("""
        layers:
          - relu
          - {name: stage, layers: [relu, {name: deep, layers: [relu, relu]}, relu]}
          - relu
    """)
    assert names(graph) == ["relu1", "stage.relu1", "stage.deep.relu1", "stage.deep.relu2", "stage.relu2", "relu2"]
    assert graph.nodes[graph.groups["stage.deep"]].name == "stage.deep.relu2"


def test_a_group_without_a_name_is_no_level(build):
    assert names(build("layers: [relu, {layers: [relu]}, [relu, [relu]], relu]")) == [f"relu{i}" for i in range(1, 6)]


def test_a_naming_that_there_is_not_is_told(build):
    with pytest.raises(CnncalcError, match="`naming` is `index` or `kind`"):
        build("naming: falt\nlayers: [relu]")


def test_naming_by_position(build):
    graph = build("""
        layers:
          - name: features
            naming: index
            layers:
              - conv 8 k3 p1
              - [relu, {conv: 8 k3 p1, name: own}]
              - {naming: index, layers: [relu, relu]}
              - relu
          - {naming: index, layers: [relu]}
    """)
    assert names(graph) == [
        "features.0", "features.1", "features.own", "features.3.0", "features.3.1", "features.4", "group1.0",
    ]  # fmt: skip


def test_naming_by_position_of_the_whole_net(build):
    assert names(build("naming: index\nlayers: [conv 8 k3, relu, {relu: , name: last}]")) == ["0", "1", "last"]


def test_a_position_that_is_taken_is_a_fault(build):
    with pytest.raises(CnncalcError) as caught:
        build('layers: [{naming: index, name: g, layers: [{relu: , name: "1"}, relu]}]')
    assert messages(caught) == ["the name `g.1` is taken"]


def test_a_flat_block_is_no_level_unless_it_has_a_name(build):
    graph = build("""
        blocks:
          unit:
            with: {prefix: required, out: 3}
            naming: flat
            layers: [{conv: $out k1, name: $(prefix)_conv}, relu]
        layers:
          - relu
          - unit a 8
          - {unit: b$(i + 1), repeat: 2}
          - {unit: c, name: group}
          - {name: stage, naming: index, layers: [relu, {unit: d}, relu]}
          - {concat: [[unit e], [relu]]}
    """)
    assert names(graph) == [
        "relu1", "a_conv", "relu2", "b1_conv", "relu3", "b2_conv", "relu4", "group.c_conv", "group.relu1",
        "stage.0", "stage.d_conv", "stage.2", "stage.3", "e_conv", "relu5", "relu6", "concat1",
    ]  # fmt: skip
    assert "unit1" not in graph.groups
    assert graph.blocks == {"group": "unit"}


def test_a_flat_block_that_uses_itself_ends(build):
    with pytest.raises(CnncalcError) as caught:
        build("blocks: {unit: {naming: flat, layers: [unit]}}\nlayers: [unit]")
    assert "nested deeper" in messages(caught)[0]


def test_a_naming_of_a_block_that_there_is_not(build):
    with pytest.raises(CnncalcError) as caught:
        build("blocks: {unit: {naming: flatt, layers: [relu]}}\nlayers: [unit]")
    assert messages(caught) == ["`naming` of a block is `index`, `kind` or `flat`"]


def test_branches_belong_to_the_level_around_their_merge(build):
    graph = build("layers: [{name: g, layers: [{add: [[conv 8 k3 p1, relu], [relu]]}, relu]}]")
    assert names(graph) == ["g.conv1", "g.relu1", "g.relu2", "g.add1", "g.relu3"]


def test_a_name_may_hold_several_levels(build):
    graph = build(
        "layers: [{conv: 8 k1, name: conv.0}, {relu: , name: conv.1}, "
        "{relu: , from: conv.0}, {add: , from: [conv.1, previous]}]"
    )
    assert names(graph) == ["conv.0", "conv.1", "relu1", "add1"]


def test_a_number_given_as_a_name_is_not_counted_again(build):
    assert names(build("layers: [{relu: , name: relu2}, relu, relu]")) == ["relu2", "relu1", "relu3"]


@pytest.mark.parametrize("name", ["a b", "a..b", ".a", "a.", "ä!", "1a-", "a/b", "''"])
def test_what_is_no_name(build, name):
    with pytest.raises(CnncalcError) as caught:
        build(f"layers: [{{relu: , name: {name}}}]") if name != "1a-" else build("layers: [{relu: , name: '!'}]")
    assert "is no name" in messages(caught)[0]


def test_a_name_made_by_an_expression_is_checked(build):
    with pytest.raises(CnncalcError) as caught:
        build("variables: {n: a b}\nlayers: [{relu: , name: x$n}]")
    assert messages(caught) == ["`xa b` is no name"]


def test_outputs_can_be_named(build):
    graph = build("layers: [{conv: 4 k1, name: a}, {conv: 2 k1, name: b}]\noutputs: [a, b]")
    assert list(graph.outputs) == ["a", "b"]


# -- repeat and for --


def test_repeat(build):
    graph = build("layers: [{repeat: 3, layers: [conv $(8 * (i + 1)) k1, {relu: , when: not last}]}]")
    assert notations(graph) == ["conv 8 k1", "relu", "conv 16 k1", "relu", "conv 24 k1"]
    assert names(graph) == ["conv1", "relu1", "conv2", "relu2", "conv3"]


def test_a_repeated_name_gets_numbers_as_in_a_sequential(build):
    assert names(build("layers: [{repeat: 2, name: block, layers: [relu, relu]}]")) == [
        "block.0.relu1", "block.0.relu2", "block.1.relu1", "block.1.relu2",
    ]  # fmt: skip
    assert names(build("layers: [{repeat: 2, relu: , name: act}]")) == ["act.0", "act.1"]


def test_a_name_with_an_expression_stands_as_it_is(build):
    assert names(build("layers: [{repeat: 2, relu: , name: act$(i + 1)}]")) == ["act1", "act2"]


def test_a_repeated_name_means_its_last_turn(build):
    graph = build("layers: [{repeat: 3, relu: , name: act}, {relu: , from: act, name: end}]")
    assert sources(graph, "end") == ["act.2"]


def test_for_runs_lists_in_parallel(build):
    graph = build("layers: [{for: {c: [4, 8], k: [1, 3]}, layers: [conv $c k$k, {relu: , when: first}]}]")
    assert notations(graph) == ["conv 4 k1", "relu", "conv 8 k3"]


def test_loops_nest_and_hide_the_outer_ones_i(build):
    graph = build("layers: [{repeat: 2, layers: [{repeat: 2, layers: [conv $(1 + i) k1]}, conv $(10 + i) k1]}]")
    assert notations(graph) == ["conv 1 k1", "conv 2 k1", "conv 10 k1", "conv 1 k1", "conv 2 k1", "conv 11 k1"]


def test_a_loop_of_no_turns_is_the_identity(build):
    assert names(build("layers: [{repeat: 0, layers: [conv 3 k99]}, relu, {for: {c: []}, layers: [conv $c k3]}]")) == [
        "relu1"
    ]


def test_a_loop_takes_what_the_turn_before_made(build):
    assert output(build("layers: [{repeat: 3, maxpool: k2}]")) == "8x2x2"


# -- when --


@pytest.mark.parametrize(
    ("condition", "there"),
    [("true", True), ("false", False), ("deep", True), ("not deep", False),
     ("width > 8", False), ("$(width <= 8)", True),
     ("in_channels == 8", True), ("'deep' in words", True), ("words[0] == 'deep' and width", True), ("0", False)],
)  # fmt: skip
def test_when(build, condition, there):
    text = f'variables: {{deep: true, width: 8, words: [deep]}}\nlayers: [relu, {{tanh: , when: "{condition}"}}]'
    assert ("tanh1" in names(build(text))) == there


@pytest.mark.parametrize("word", ["no", "Yes", "'off'", "$word", "word", "'word'", "$(word + 'x')"])
def test_a_condition_is_no_text(build, word):
    """`no` is a word here; that it would be true, as every text is in Python, is a trap."""
    with pytest.raises(CnncalcError) as caught:
        build(f"variables: {{word: no}}\nlayers: [relu, {{tanh: , when: {word}}}]")
    assert messages(caught) == ["a condition is true or false"]


def test_a_branch_in_a_mapping_is_dropped_and_one_in_a_list_is_the_identity(build):
    dropped = build("layers: [relu, {add: [[relu], {relu: , when: false}]}]")
    assert names(dropped) == ["relu1", "relu2"]  # a merge left with one branch is that branch
    identity = build("layers: [relu, {add: [[relu], [{relu: , when: false}]]}]")
    assert names(identity) == ["relu1", "relu2", "add1"]
    assert sources(identity, "add1") == ["relu2", "relu1"]


# -- merges --


@pytest.mark.parametrize(("kind", "shape"), [("add", "8x16x16"), ("concat", "16x16x16"), ("maximum", "8x16x16")])
def test_branches_start_at_the_current_tensor(build, kind, shape):
    graph = build(f"layers: [relu, {{{kind}: [[conv 8 k3 p1, relu], []]}}]")
    assert sources(graph, f"{kind}1") == ["relu2", "relu1"]
    assert output(graph) == shape


def test_a_branch_may_be_one_line_or_one_mapping(build):
    graph = build("layers: [{add: [conv 8 k1, {conv: 8 k1, name: own}, [], identity]}]")
    assert sources(graph, "add1") == ["conv1", "own", "input", "identity1"]


def test_branches_made_by_a_loop(build):
    looped = build("""
        layers:
          - concat:
              - conv 4 k1
              - {for: {k: [3, 5]}, branch: [conv $k k$k same, relu]}
              - {repeat: 2, branch: "conv $(i + 1) k1", name: b}
              - []
    """)
    written = build("""
        layers:
          - concat:
              - conv 4 k1
              - [conv 3 k3 same, relu]
              - [conv 5 k5 same, relu]
              - {name: b.0, layers: [conv 1 k1]}
              - {name: b.1, layers: [conv 2 k1]}
              - []
    """)
    assert names(looped) == names(written)
    assert sources(looped, "concat1") == ["conv1", "relu1", "relu2", "b.0.conv1", "b.1.conv1", "input"]
    assert [node.inputs for node in looped.nodes] == [node.inputs for node in written.nodes]
    assert [node.shape for node in looped.nodes] == [node.shape for node in written.nodes]


@pytest.mark.parametrize("branch", ["{repeat: 0, branch: relu}", "{branch: relu, when: false}"])
def test_a_branch_that_stands_no_time_is_dropped(build, branch):
    assert names(build(f"layers: [relu, {{add: [tanh, {branch}]}}]")) == ["relu1", "tanh1"]
    assert names(build(f"layers: [relu, {{add: [tanh, sigmoid, {branch}]}}]")) == ["relu1", "tanh1", "sigmoid1", "add1"]


def test_a_branch_may_start_elsewhere(build):
    graph = build("layers: [{conv: 4 k1, name: a}, relu, {concat: [tanh, {branch: [conv 2 k1], from: a, repeat: 2}]}]")
    assert sources(graph, "conv1") == sources(graph, "conv2") == ["a"]


def test_a_merge_with_fields(build):
    branched = build("layers: [{concat: {axis: 2, branches: [relu, [], {repeat: 2, branch: tanh}]}}]")
    assert sources(branched, "concat1") == ["relu1", "input", "tanh1", "tanh2"]
    assert output(branched) == "8x16x64"
    for item in ("{concat: {axis: 1, from: [r, input]}}", "{concat: axis=1, from: [r, input]}"):
        named = build(f"layers: [{{relu: , name: r}}, {item}]")
        assert (sources(named, "concat1"), output(named)) == (["r", "input"], "8x32x16")
    assert names(build("layers: [{add: {branches: [relu, []]}}]")) == ["relu1", "add1"]


def test_merges_nest(build):
    graph = build("layers: [{add: [[{concat: [[conv 4 k1], [conv 4 k1]]}], [{add: [[relu], []]}]]}]")
    assert names(graph) == ["conv1", "conv2", "concat1", "relu1", "add1", "add2"]


def test_a_unet_needs_no_names(build):
    graph = build("""
        blocks:
          level:
            with: {depth: required}
            layers:
              - conv 8 k3 p1
              - when: depth > 0
                layers:
                  - concat: [[], [maxpool k2, level $(depth - 1), deconv 8 k2 s2]]
              - conv 8 k3 p1
        layers: [level 3]
    """)
    assert output(graph) == "8x16x16"
    assert sum(name.rpartition(".")[2] == "concat1" for name in names(graph)) == 3


def test_merges_of_named_layers(build):
    graph = build("""
        layers:
          - {conv: 4 k1, name: a}
          - {conv: 4 k1, name: b, from: input}
          - {concat: , from: [a, b, a], name: all}
          - {multiply: , from: [all, previous]}
    """)
    assert sources(graph, "all") == ["a", "b", "a"]
    assert sources(graph, "multiply1") == ["all", "all"]
    assert output(graph) == "12x16x16"


# -- from --


def test_from_looks_in_the_group_and_then_outwards(build):
    graph = build("""
        layers:
          - {relu: , name: x}
          - name: g
            layers:
              - {relu: , name: first, from: x}
              - {relu: , name: x}
              - {add: , from: [x, first, input, g.first, previous], name: sum}
          - {add: , from: [x, g.x, g], name: all}
    """)
    assert sources(graph, "g.first") == ["x"]
    assert sources(graph, "g.sum") == ["g.x", "g.first", "input", "g.first", "g.x"]
    assert sources(graph, "all") == ["x", "g.x", "g.sum"]


def test_a_group_can_start_elsewhere(build):
    graph = build(
        "layers: [{relu: , name: a}, relu, {name: g, from: a, layers: [relu, relu]}, {add: , from: [g, relu1]}]"
    )
    assert sources(graph, "g.relu1") == ["a"]


def test_from_by_an_expression(build):
    graph = build(
        "layers: [{repeat: 2, relu: , name: act}, {repeat: 2, relu: , from: act.$i, name: then$i}, "
        "{add: , from: [then0, then1]}]"
    )
    assert sources(graph, "then1") == ["act.1"]


# -- several inputs --


def test_several_inputs(build):
    text = """\
        inputs: {left: 3x8x8, right: 5x8x8}
        layers:
          - {conv: 4 k1, name: a}
          - {conv: 4 k1, name: b, from: right}
          - {add: , from: [a, b]}
    """
    graph = build(text)
    assert sources(graph, "a") == ["left"]  # the first is the current tensor
    assert list(graph.inputs) == ["left", "right"]
    changed = build(text, input="left=3x6x6,right=5x6x6")
    assert output(changed) == "4x6x6"
    with pytest.raises(CnncalcError, match="has no input `middle`"):
        build(text, input="middle=3x6x6")


def test_an_input_of_any_rank_and_by_expressions(build):
    assert output(build("input: 3x100\nlayers: [conv 8 k3]")) == "8x98"
    assert output(build("input: 1x8x9x10\nlayers: [conv 8 k3]")) == "8x6x7x8"
    assert output(build("input: 512\nlayers: [linear 10]")) == "10"
    assert output(build("input: [3, $(2 * size), $size]\nvariables: {size: 8}\nlayers: [relu]")) == "3x16x8"
    assert (
        output(build("input: 3x${size}x$size".replace("{size}", "(size)") + "\nvariables: {size: 8}\nlayers: [relu]"))
        == "3x8x8"
    )
    assert output(build("layers: [relu]", input="3x5x5")) == "3x5x5"


def test_one_input_gives_way_to_several(build):
    parent = "input: 3x8x8\nlayers: [relu]\n"
    text = "extends: parent\ninputs: {a: 3x8x8, b: 3x8x8}\nlayers: [{add: , from: [a, b]}]\n"
    assert list(build(text, files={"parent.yaml": parent}).inputs) == ["a", "b"]


# -- side branches --

AUX = """
    layers:
      - conv 8 k3 p1
      - {aux: [global_avgpool, flatten, linear 10], name: head, train_only: true}
      - {aux: [relu]}
      - conv 8 k3 p1
"""


def test_a_side_branch_leaves_the_current_tensor(build):
    graph = build(AUX)
    assert names(graph) == ["conv1", "aux1.relu1", "conv2"]
    assert sources(graph, "conv2") == ["conv1"]
    assert list(graph.outputs) == ["conv2", "aux1.relu1"]


def test_what_is_for_training_only_counts_in_training(build):
    graph = build(AUX, train=True)
    assert names(graph)[1:4] == ["head.global_avgpool1", "head.flatten1", "head.linear1"]
    assert list(graph.outputs) == ["conv2", "head.linear1", "aux1.relu1"]
    assert report(graph).totals.params - report(build(AUX)).totals.params == 90


def test_a_side_branch_may_end_in_nothing(build):
    text = "layers: [relu, {aux: [global_avgpool flat, linear 10], output: false, name: head}, tanh]"
    graph = build(text)
    assert list(graph.outputs) == ["tanh1"]
    assert report(graph).totals.params == 10 * graph.nodes[0].shape[0] + 10
    with pytest.raises(CnncalcError, match="`relu` takes no `output`"):
        build("layers: [{relu: , output: false}]")


def test_unnamed_side_branches_are_called_alike_in_training_and_not(build):
    text = "layers: [relu, {aux: [relu], train_only: true}, {aux: [tanh]}, relu]"
    assert "aux2.tanh1" in names(build(text))
    assert "aux2.tanh1" in names(build(text, train=True))


# -- shared parameters --


def test_a_layer_shares_another_ones_parameters(build):
    graph = build("""
        layers:
          - {conv: 8 k3 p1, name: first}
          - {conv: 8 k3 p1, share: first, name: second}
          - {share: first, name: third}
          - {share: third}
    """)
    rows = report(graph).rows
    assert [row.params for row in rows] == [584, 0, 0, 0]
    assert len({row.macs for row in rows}) == 1
    assert notations(graph) == ["conv 8 k3 p1"] * 4
    owners = [graph.nodes[node.share].name for node in graph.nodes if node.share is not None]
    assert owners == ["first"] * 3


def test_a_group_is_shared(build):
    graph = build("""
        blocks: {head: [conv 8 k3 p1, batchnorm, {name: deep, layers: [conv 4 k1]}]}
        layers:
          - {relu: , name: p3}
          - {maxpool: k2, name: p4}
          - {head: , from: p3, name: head3}
          - {share: head3, from: p4, name: head4}
          - {aux: [relu], from: head3}
          - {relu: , from: head4}
    """)
    shared = {node.name: graph.nodes[node.share].name for node in graph.nodes if node.share is not None}
    assert shared == {f"head4.{name}": f"head3.{name}" for name in ("conv1", "batchnorm1", "deep.conv1")}
    assert graph.nodes[graph.groups["head4"]].shape == (4, 8, 8)
    assert report(graph).totals.params == 584 + 16 + 36


# -- freezing --


def test_freezing(build):
    text = """
        layers:
          - {name: features, trainable: false, layers: [conv 8 k3, batchnorm, {conv: 8 k1, name: deep.conv}]}
          - {conv: 8 k1, trainable: $(1 > 2)}
          - {name: head, layers: [conv 8 k1, {conv: 8 k1, trainable: true}]}
          - {trainable: false, layers: [{conv: 8 k1, trainable: true, name: still}]}
    """
    trained = [row.name for row in report(build(text)).rows if row.trainable]
    assert trained == ["head.conv1", "head.conv2"]
    trained = [row.name for row in report(build(text, freeze=("head.conv1",))).rows if row.trainable]
    assert trained == ["head.conv2"]
    assert not any(row.trainable for row in report(build(text, freeze=("head",))).rows)
    assert not any(row.trainable for row in report(build(text, freeze=("*conv2", "*.conv1"))).rows)
    with pytest.raises(CnncalcError, match="matches no layer"):
        build(text, freeze=("heads.*",))
    with pytest.raises(CnncalcError, match="`--freeze !fc` matches no layer"):
        build(text, freeze=("!fc",))


# -- blocks --

BLOCKS = """
    variables: {base: 4}
    blocks:
      unit:
        with: {width: required, stride: 1, out: $(2 * width), act: relu}
        layers: [conv $width k3 s$stride p1, $act, conv $out k1]
      short: [relu, tanh]
      positions: {naming: index, layers: [relu, tanh]}
      outer: {with: {width: 3}, layers: [unit $width stride=2, unit $(width + base)]}
"""


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        ("unit 4", ["conv 4 k3 p1", "relu", "conv 8 k1"]),
        ("unit 4 2", ["conv 4 k3 s2 p1", "relu", "conv 8 k1"]),
        ("unit 4 out=5 act=tanh", ["conv 4 k3 p1", "tanh", "conv 5 k1"]),
        ("unit width=$(base * 3)", ["conv 12 k3 p1", "relu", "conv 24 k1"]),
        ("unit $(in_channels // 2) 2", ["conv 4 k3 s2 p1", "relu", "conv 8 k1"]),
        ("{unit: {width: 4, act: tanh}}", ["conv 4 k3 p1", "tanh", "conv 8 k1"]),
        ("{unit: [4, 2]}", ["conv 4 k3 s2 p1", "relu", "conv 8 k1"]),
        ("{unit: 4 2}", ["conv 4 k3 s2 p1", "relu", "conv 8 k1"]),
        ("short", ["relu", "tanh"]),
        ("{short: }", ["relu", "tanh"]),
        ("outer", ["conv 3 k3 s2 p1", "relu", "conv 6 k1", "conv 7 k3 p1", "relu", "conv 14 k1"]),
        ("$(['short', 'unit'][0])", ["relu", "tanh"]),
    ],
)
def test_uses_of_blocks(build, use, expected):
    assert (
        notations(build(textwrap.dedent(BLOCKS) + f"layers: [{use if use[0] != '$' else chr(34) + use + chr(34)}]"))
        == expected
    )


def test_blocks_are_levels_counted_by_their_name(build):
    graph = build(
        textwrap.dedent(BLOCKS)
        + "layers: [short, positions, {short: , name: own}, short, {repeat: 2, short: , name: r}]"
    )
    assert names(graph) == [
        "short1.relu1", "short1.tanh1", "positions1.0", "positions1.1", "own.relu1", "own.tanh1", "short2.relu1",
        "short2.tanh1", "r.0.relu1", "r.0.tanh1", "r.1.relu1", "r.1.tanh1",
    ]  # fmt: skip


def test_a_block_sees_the_files_variables_and_not_its_callers_names(build):
    text = "variables: {w: 4}\nblocks: {a: [conv $w k1], b: {with: {w: 6}, layers: [a, conv $w k1]}}\nlayers: [b]"
    assert notations(build(text)) == ["conv 4 k1", "conv 6 k1"]
    with pytest.raises(CnncalcError, match="there is no `x` here"):
        build("blocks: {a: [conv $x k1], b: {with: {x: 6}, layers: [a]}}\nlayers: [b]")
    with pytest.raises(CnncalcError, match="there is no `i` here"):
        build("blocks: {a: [conv $(i + 1) k1]}\nlayers: [{repeat: 2, layers: [a]}]")


def test_in_channels_of_a_block_is_that_of_its_start_and_then_of_each_layer(build):
    text = (
        "blocks: {a: {with: {hidden: $(in_channels * 2)}, layers: [conv $hidden k1, "
        "conv $(in_channels + 1) k1]}}\n"
        "layers: [a]"
    )
    assert notations(build(text)) == ["conv 16 k1", "conv 17 k1"]


def test_a_files_own_block_wins_over_the_librarys_and_over_a_kind(build):
    assert notations(build("layers: [separable_conv 16]")) == ["dwconv k3 p1 nobias", "conv 16 k1 nobias"]
    assert notations(build("blocks: {separable_conv: [relu]}\nlayers: [separable_conv]")) == ["relu"]
    assert notations(build("blocks: {relu: [tanh]}\nlayers: [relu]")) == ["tanh"]


def test_what_a_file_sets_does_not_reach_into_the_library(build):
    text = (
        "variables: {kernel: 5, stride: 2}\n"
        "defaults: {dwconv: {stride: 2}, conv: {bias: true, padding: 3}}\n"
        "layers: [separable_conv 16]"
    )
    assert notations(build(text)) == ["dwconv k3 p1 nobias", "conv 16 k1 nobias"]


def test_an_expression_that_gives_no_name_is_told(build):
    with pytest.raises(CnncalcError, match="`` is no name"):
        build("variables: {x: ''}\nlayers: [{relu: , name: $x}]")


def test_every_block_of_the_library_can_be_used(build):
    from cnncalc.language.building.builder import Builder
    from cnncalc.language.documents.document import Document
    from cnncalc.language.documents.library import library_blocks
    from cnncalc.language.faults import Faults
    from cnncalc.language.yaml.reader import Scalar

    build("layers: [relu]")
    faults = Faults()
    builder = Builder(Document("vgg16", Options(), faults), Options(), faults)
    known = library_blocks()
    assert len(known) >= 10
    for name in known:
        block = builder.blocks.find(name)
        needed = [
            key
            for key, (_, default) in block.parameters.items()
            if isinstance(default, Scalar) and default.text == "required"
        ]
        use = " ".join([name, *(f"{key}=16" for key in needed)])
        assert build(f"input: 16x32x32\nlayers: [{use}]").nodes, use


def test_a_recursive_block_ends_by_its_when(build):
    text = "blocks: {a: {with: {n: required}, layers: [relu, {a: $(n - 1), when: n > 1}]}}\nlayers: [a 5]"
    assert len(names(build(text))) == 5


# -- variables and --set --


def test_variables(build):
    text = """
        variables: {width: 0.5, base: $(int(16 * width)), many: [1, 2], words: {a: relu, b: [tanh]},
          flag: true, kernel: 3}
        layers: [conv $base k$kernel, $(words.a), "$(words['b'][0])", conv $(sum(many)) k1 bias=$flag]
    """
    assert notations(build(text)) == ["conv 8 k3", "relu", "tanh", "conv 3 k1"]
    changed = build(
        text, variables={"width": "0.25", "many": "[3, 4]", "flag": "false", "words": "{a: elu, b: [selu]}"}
    )
    assert notations(changed) == ["conv 4 k3", "elu", "selu", "conv 7 k1 nobias"]


def test_variables_may_stand_in_any_order(build):
    assert notations(build("variables: {a: $(b * 2), b: $c, c: 3}\nlayers: [conv $a k1]")) == ["conv 6 k1"]


@pytest.mark.parametrize(
    ("text", "value", "layer"),
    [("010", "10", "conv 10 k1"), ("1_000", "1000", "conv 1000 k1"), ("'8'", "8", "conv 8 k1"), ("0x3", "0x3", None),
     ("8.0", "8", "conv 8 k1"), ("1e1", "10", "conv 10 k1")],
)  # fmt: skip
def test_numbers_are_what_they_look_like(build, text, value, layer):
    net = f"variables: {{w: {text}}}\nlayers: [conv $w k1]"
    if layer is None:
        with pytest.raises(CnncalcError, match="expected a whole number"):
            build(net)
    else:
        assert notations(build(net)) == [layer]


def test_words_stay_words(build):
    text = (
        "variables: {a: no, b: 12:30, c: yes, d: 0x3, e: on}\n"
        "layers: [{relu: , when: \"a == 'no' and b == '12:30' and c == 'yes'\"}, conv 8 k7 p$d, "
        "{tanh: , when: e == 'on'}]"
    )
    assert notations(build(text)) == ["relu", "conv 8 k7 p0x3", "tanh"]


def test_a_dollar_doubled_is_a_dollar(build):
    assert build("name: $$5\nlayers: [relu]").name == "$$5"  # a name is text


# -- dialects and defaults --


def test_dialects(build):
    assert output(build("dialect: caffe\nlayers: [maxpool k3 s2]")) == "8x8x8"
    assert output(build("layers: [maxpool k3 s2]")) == "8x7x7"
    assert output(build("dialect: caffe\nlayers: [maxpool k3 s2]", dialect="torch")) == "8x7x7"
    assert output(build("dialect: caffe\nlayers: [maxpool k3]")) == "8x14x14"
    assert output(build("dialect: caffe\nlayers: [linear 10]")) == "10"
    with pytest.raises(CnncalcError, match="there is no dialect `keros`"):
        build("layers: [relu]", dialect="keros")


def test_defaults(build):
    text = (
        "defaults: {Conv2d: {use_bias: false, k: 3}, relu: {inplace: true}}\n"
        "layers: [conv 8, conv 8 k1 bias, {conv: {out: 4}}, relu, linear 3 axis=last]"
    )
    assert notations(build(text)) == [
        "conv 8 k3 nobias",
        "conv 8 k1",
        "conv 4 k3 nobias",
        "relu inplace",
        "linear 3 last",
    ]


# -- extends --

PARENT = """\
name: parent
source: somewhere
input: 3x8x8
dialect: caffe
variables: {width: required, depth: 1}
defaults: {conv: {bias: false}}
blocks: {unit: [conv $width k1, relu], other: [relu]}
layers: [{repeat: $depth, layers: [unit]}]
expect: {output: 999}
"""


def test_extends(build):
    child = (
        "extends: parent\nvariables: {width: 4, depth: 2}\nblocks: {other: [tanh]}\ndefaults: {conv: {bias: true}}\n"
    )
    graph = build(child, files={"parent.yaml": PARENT})
    assert notations(graph) == ["conv 4 k1", "relu"] * 2
    assert graph.dialect == "caffe"
    assert graph.name.endswith("net.yaml")  # a name is its file's own
    assert graph.source == "somewhere"
    assert graph.expect is None


def test_any_key_can_be_replaced(build):
    child = (
        "extends: parent.yaml\n"
        "input: 1x4x4\n"
        "source: here\n"
        "name: child\n"
        "variables: {width: 4, extra: 7}\n"
        "layers: [conv $extra k1, other]\n"
    )
    graph = build(child, files={"parent.yaml": PARENT})
    assert (graph.name, graph.source, output(graph)) == ("child", "here", "7x4x4")


def test_extends_over_several_files(build):
    files = {"parent.yaml": PARENT, "middle.yaml": "extends: parent\nvariables: {width: 4}\n"}
    assert notations(build("extends: middle\nvariables: {depth: 3}\n", files=files)) == ["conv 4 k1 nobias", "relu"] * 3


def test_extends_a_bundled_net(build):
    assert output(build("extends: vgg16\nvariables: {classes: 7}\n")) == "7"


def test_a_parents_variables_must_be_there(build):
    with pytest.raises(CnncalcError, match="has no variable `widht`"):
        build("extends: parent\nvariables: {width: 4, widht: 5}\n", files={"parent.yaml": PARENT})


def test_a_folder_of_ones_own_wins_over_the_bundled_nets(build):
    assert names(build("extends: vgg16\n", files={"vgg16.yaml": "input: 3x8x8\nlayers: [tanh]"})) == ["tanh1"]


# -- expect --


def test_expect_in_all_its_forms(build, tmp_path):
    build("""
        dialect: torch
        layers:
          - {name: stem, layers: [conv 4 k3 p1, batchnorm, maxpool k3 s2]}
          - {aux: [conv 1 k1], name: head, train_only: true}
          - flatten
          - linear 10
        expect:
          output: 10
          outputs: {linear1: 10}
          params: 2_270
          weights: 2_252
          biases: 18
          trainable: 2270
          buffers: 8
          macs: 75_688
          layers: 5
          weighted_layers: 2
          shapes: {stem: 4x7x7, stem.conv1: 4x16x16}
          train: {params: 2275, output: 10}
          keras: {params: 2278}
          caffe: {shapes: {stem: 4x8x8}}
    """)
    checks = check(str(tmp_path / "net.yaml"), Options(), {}, {}).checks
    assert [(one.what, one.expected, one.found) for one in checks if not one.passed] == []
    assert len(checks) == 16
    budget = check(str(tmp_path / "net.yaml"), Options(), {"params": 2269}, {"output": "10"}).checks
    assert [(one.what, one.passed) for one in budget[16:]] == [("params", False), ("output", True)]


# -- chain --


def test_chain():
    graph = chain("3x200x200", ["conv 16 k5 s2 p1", "maxpool k3 s1 ceil", "conv 16 k3 p1"], Options())
    assert [node.shape for node in graph.nodes[1:]] == [(16, 99, 99), (16, 97, 97), (16, 97, 97)]


def test_chain_takes_merges_and_library_blocks():
    graph = chain("3x8x8", ["{add: [[conv 3 k3 p1], []]}", "[relu, relu]", "conv_bn_relu 8"], Options())
    assert names(graph)[:4] == ["conv1", "add1", "relu1", "relu2"]


# -- the bundled nets --


@pytest.mark.parametrize(
    "name", ["lenet5", "resnet18", "mobilenet_v2", "googlenet", "densenet121", "unet", "inception_v3"]
)
def test_bundled_nets_in_every_mode(name):
    assert name in bundled()
    for train in (False, True):
        totals = report(load(name, Options(train=train))).totals
        assert totals.params == totals.weights + totals.biases
        assert report(load(f"{name}.yaml", Options(train=train))).totals == totals


# -- blocks of several tensors --

FUSED = """\
    input: 3x8x8
    blocks:
      fuse:
        with: {c: $(in_channels * inputs)}
        layers:
          - concat: [{repeat: $inputs, name: m, branch: [{conv: 2 k1 nobias, from: inputs.$i}]}]
          - {conv: $c k1 nobias, name: last}
    layers:
      - {conv: 4 k1 nobias, name: a}
      - {conv: 5 k1 nobias, name: b}
      - {fuse: , name: both, from: [a, b]}
"""


def test_a_block_may_take_several_tensors(build):
    graph = build(textwrap.dedent(FUSED))
    assert sources(graph, "both.m.0.conv1") == ["a"]
    assert sources(graph, "both.m.1.conv1") == ["b"]
    assert graph.nodes[-1].shape == (8, 8, 8)
    # by hand: a 3·4, b 4·5, the two branches 4·2 and 5·2, the last from 2·2 channels to 4·2
    assert report(graph).totals.params == 12 + 20 + 8 + 10 + 32


def test_a_block_knows_the_one_tensor_that_it_takes_too(build):
    graph = build("blocks: {twice: [relu, {add: , from: [previous, inputs.0]}]}\nlayers: [tanh, twice]")
    assert sources(graph, "twice1.add1") == ["twice1.relu1", "tanh1"]


def test_a_block_has_no_more_tensors_than_it_takes(build):
    with pytest.raises(CnncalcError, match=r"there is no layer `inputs\.2`"):
        build(textwrap.dedent(FUSED).replace("{conv: $c k1 nobias, name: last}", "{conv: 1 k1, from: inputs.2}"))


def test_a_block_of_several_tensors_is_no_group_to_share(build):
    with pytest.raises(CnncalcError, match="takes several tensors, and is no group to share"):
        build(textwrap.dedent(FUSED) + "  - {share: both, from: b}\n")


def test_the_greatest_common_divisor(build):
    assert build("layers: ['conv $(gcd(12, 18)) k1']").nodes[-1].shape[0] == 6
    with pytest.raises(CnncalcError, match="`gcd` takes whole numbers"):
        build("layers: ['conv $(gcd(1.5, 3)) k1']")


def test_a_reshape_takes_the_shape_of_a_second_tensor(build):
    text = "layers: [{relu: , name: map}, reshape 1x-1, {reshape: , from: [previous, map]}]"
    graph = build(text)
    assert graph.nodes[-1].shape == graph.nodes[0].shape
    with pytest.raises(CnncalcError, match="a reshape needs a shape, or a second input that has it"):
        build("layers: [{relu: , name: map}, {reshape: 1x-1, from: [previous, map]}]")
    with pytest.raises(CnncalcError, match="keeps the number of elements"):
        build("layers: [{relu: , name: map}, {conv: 9 k1, name: c}, {reshape: , from: [c, map]}]")
