"""The reader: JSON and PyYAML are the witnesses for values, tables for faults, hostile files for the bounds."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cnncalc.errors import CnncalcError, Fault
from cnncalc.language.yaml import events
from cnncalc.language.yaml.decoding import decoded
from cnncalc.language.yaml.events import read_by_yaml
from cnncalc.language.yaml.reader import Mapping, Scalar, Sequence, Source, YamlNode, plain_value, scalar_value
from cnncalc.limits import Limits

SCALARS = [
    ("3", 3), ("010", 10), ("138_357_544", 138_357_544), ("-7", -7), ("+7", 7), ("0", 0), (".5", 0.5), ("1.0", 1.0),
    ("1.", 1.0), ("1e-3", 0.001), ("1E3", 1000.0), ("-.5e1", -5.0), ("true", True), ("False", False), ("null", None),
    ("~", None), ("", None), ("no", "no"), ("yes", "yes"), ("on", "on"), ("12:30", "12:30"), ("5M", "5M"),
    ("4.1G", "4.1G"), ("24GiB", "24GiB"), ("0x3", "0x3"), ("0o17", "0o17"), ("1__0", "1__0"), ("_1", "_1"),
    ("1_", "1_"),
    (".inf", ".inf"), (".nan", ".nan"), ("-", "-"), (".", "."), ("1-2", "1-2"), ("2001-01-01", "2001-01-01"),
    ("3x224x224", "3x224x224"), ("٣", "٣"), ("1 000", "1 000"), ("conv 64", "conv 64"), ("e5", "e5"), ("1e", "1e"),
]  # fmt: skip
# text, message, line, column, the marked text, help
FAULTS = [
    ("a: [1, 2\nb: 3\n", "this `[` is never closed", 1, 4, "[", "add `]`; it runs on into line 2"),
    ("- é😀: [a\n", "this `[` is never closed", 1, 7, "[", "add `]`"),
    ("- {a: 1]\n- b", "`]` closes what `{` opened", 1, 8, "]", "write `}`"),
    ("a: [1]]\nb: 1", "this `]` closes nothing", 1, 7, "]", "delete it"),
    ("- [a,, b]\n", "a value is missing before this comma", 1, 6, ",", "goes in quotes"),
    ('- ["a" b]', "a `,` or `]` is missing before this", 1, 8, "b]", "commas"),
    ("a:\n\t- b\n", "a tab stands in the indentation", 2, 1, "\t", "indent with spaces"),
    ('a: "b\nc: 3\n', "this quote is never closed", 1, 4, '"', 'add the closing "'),
    ("a: 'it's'\n", "something stands after the end of the value", 1, 8, "s'", "is written twice"),
    ("a: b: c\n", "a second `: ` on one line", 1, 5, ":", "goes in quotes"),
    ("a:3\nb: 4\n", "a space is missing after the `:`", 1, 1, "a:3", "write `a: 3`"),
    ("b: 4\na:3\n", "a space is missing after the `:`", 2, 1, "a:3", "write `a: 3`"),
    ("input\nb: 4\n", "a `:` is missing after this key", 1, 1, "input", "write `input:`"),
    ("a: 1\nb\nc: 2\n", "a `: ` is missing after this", 2, 1, "b", "every line is `key: value`"),
    ("a:\n   - b\n  - c\n", "this line is indented like nothing above it", 3, 3, "- c", "line 2 starts in column 4"),
    ("a: 1\n- b\n", "expected `key: value` here", 2, 1, "- b", "the mapping that starts on line 1"),
    ("- a\nb: 3\n", "expected `- item` here", 2, 1, "b: 3", "the list that starts on line 1"),
    ("b: - 3\n", "a list cannot start on the line of its key", 1, 4, "-", "on a line of its own"),
    ("- conv 3\n   - relu\n", "this line goes on with the text above it", 2, 4, "- relu", "`- `"),
    ("a:\n  -conv 3\n  - relu\n", "a space is missing after the `-`", 2, 3, "-conv 3", "write `- conv 3`"),
    ("- {x: $(max(1, 2))}", "the `,` ends this text before its `$(` is closed", 1, 7, "$(max(1,", "goes in quotes"),
    ("a: @b\n", "a text cannot start with `@`", 1, 4, "@b", "put it in quotes"),
    ("a: `b`\n", "a text cannot start with a backtick", 1, 4, "`b`", "put it in quotes"),
    ("a: & 3\n", "`&` starts an anchor, and its name is missing", 1, 4, "&", "goes in quotes"),
    ("a: *\n", "`*` starts an alias, and its name is missing", 1, 4, "*", "goes in quotes"),
    ("a: &stem 3\nb: *stam\n", "`*stam` is an alias of nothing", 2, 4, "*stam", "did you mean `*stem`?"),
    ("a: &a [1, *a]\n", "`*a` stands inside `&a` itself", 1, 11, "*a", "cannot hold itself"),
    ("a: &x {b: {c: *x}}\n", "`*x` stands inside `&x` itself", 1, 15, "*x", "cannot hold itself"),
    ("<<: 3\n", "YAML's merge key `<<` is not used here", 1, 1, "<<", "`extends:`"),
    (": 3\n", "a key is missing before this `:`", 1, 1, ": 3", "write `key: value`"),
    ("[a]: 3\n", "a list cannot be a key", 1, 1, "[a]", "goes in quotes"),
    ("{a: b}: 3\n", "a mapping cannot be a key", 1, 1, "{a: b}", "goes in quotes"),
    ("a: !!python/object:os.system x\n", "`!` starts a YAML tag", 1, 4, "!!python/object:os.system", "delete it"),
    ("- !local [a]\n", "`!` starts a YAML tag", 1, 3, "!local", "delete it"),
    ("%YAML 3.0\n---\na: b\n", "a line that starts with `%` is an order to YAML", 1, 1, "%YAML 3.0", "delete it"),
    ("a: 1\n---\nb: 2\n", "a second document starts here", 2, 1, "---", "delete this `---`"),
    ("a: 1\n...\nb: 2\n", "the file goes on after its end", 3, 1, "b: 2", "one mapping"),
    ('- "\\q"\n', "`\\` starts no escape that YAML knows", 1, 4, "\\q", "single quotes"),
    ('- "\\e[31m"\n', "an escape makes the control character U+001B", 1, 4, "\\e[31m", "delete it"),
    ("a: |x\n b\n", "`|` and `>` start a text on the lines below", 1, 5, "x", "on a new line"),
    ("a: 1234567890123\n", "the number is larger than 1,000,0", 1, 4, "1234567890123", "--limit number=2000000000000"),
    ("a: 1e999\n", "the number is beyond the range of decimal numbers", 1, 4, "1e999", "goes in quotes"),
    ("a: b\u2028c\n", "the line separator U+2028", 1, 5, "\u2028", "delete it"),
    ("a: b\x1bc\n", "the control character U+001B stands here", 1, 5, "\x1b", "delete it"),
    ("a:\n \u00a0- b\n", "the character U+00A0 looks like a space here", 2, 2, "\u00a0", "the space bar"),
    ("a: b\x00c\n", "the file is binary, not text", 1, 5, "\x00", "YAML file"),
    ("# nothing\n", "the file is empty", 1, 1, "#", "`input:` and `layers:`"),
]  # fmt: skip
BYTES = [
    (b"\xff\xfea\x00", "the file is in UTF-16, not in UTF-8", 1, 1),
    (b"\xff\xfe\x00\x00a", "the file is in UTF-32, not in UTF-8", 1, 1),
    ("a: é\nb: ü\n".encode("latin-1"), "the byte 0xe9 here is not UTF-8", 1, 4),
    (b"a: b\r\nc: \xc3\xa9 \xff\r\n", "the byte 0xff here is not UTF-8", 2, 6),
    (b"\x7fELF\x00\xff\xd8", "the file is binary, not text", 1, 6),
    (b"", "the file is empty", 1, 1),
]
BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{i + 1}: &a{i + 1} [{', '.join([f'*a{i}'] * 9)}]\n" for i in range(60))
HOSTILE: list[tuple[str, Callable[[], str | bytes], str]] = [
    ("alias bomb", lambda: BOMB, "the bound `nodes`"),
    ("10 MB of [", lambda: "[" * 10_000_000, "the bound `depth`"),
    ("10 MB of {", lambda: "{a: " * 2_500_000, "the bound `depth`"),
    ("10 MB of -", lambda: "- " * 5_000_000, "the bound `depth`"),
    ("10 MB of ?", lambda: "? " * 5_000_000, "the bound `depth`"),
    ("10,000 deep", lambda: "[" * 10_000 + "]" * 10_000, "the bound `depth`"),
    ("deep in blocks", lambda: "\n".join(" " * i + "a:" for i in range(3000)), "the bound `depth`"),
    ("too long", lambda: "#" * 10_000_001, "the bound `text`"),
    ("too long in bytes", lambda: b"#" * 40_000_001, "the bound `text`"),
    ("too many lines", lambda: "\n" * 9_000_000, "the bound `nodes`"),
    ("a million digits", lambda: "a: " + "9" * 1_000_000, "the bound `number`"),
    ("digits and bars", lambda: "a: " + "9_" * 2_000_000 + "9", "the bound `number`"),
    ("spaces", lambda: " " * 9_999_999, "the file is empty"),
    ("one comment", lambda: "#" * 9_999_999, "the file is empty"),
    ("an open quote", lambda: '- "' + "a" * 9_000_000, "this quote is never closed"),
    ("random bytes", lambda: b"\x80\x00\xff" * 3_000_000, "binary"),
    ("duplicates", lambda: "a: 1\n" * 500_000, "the key `a` is given twice"),
]


def read(data: str | bytes, name: str, limits: Limits = Limits()) -> YamlNode:
    """The root node of any text, by PyYAML: tests/test_plainly.py holds what reads plain texts to it."""
    return read_by_yaml(Source(name, decoded(data, name, limits)), limits)


@pytest.fixture(params=["libyaml", "python"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both of PyYAML's parsers: messages and places are the same."""
    if request.param == "python":
        monkeypatch.setattr(events, "_new_parser", yaml.SafeLoader)
    elif not yaml.__with_libyaml__:
        pytest.skip("PyYAML was built without libyaml")
    return str(request.param)


def faults(data: str | bytes, limits: Limits = Limits()) -> tuple[Fault, ...]:
    with pytest.raises(CnncalcError) as caught:
        read(data, "net.yaml", limits)
    assert all(fault.place is not None and fault.place.file == "net.yaml" for fault in caught.value.faults)
    return caught.value.faults


@pytest.mark.parametrize(("text", "value"), SCALARS)
def test_scalars_are_what_they_look_like(text: str, value: object) -> None:
    assert scalar_value(text, True) == value
    assert type(scalar_value(text, True)) is type(value)
    assert scalar_value(text, False) == text


@pytest.mark.parametrize("text", ["9" * 100_000, "1e999", "-1e999", "9_" * 50_000 + "9"])
def test_a_number_beyond_all_bounds_is_an_error(text: str) -> None:
    with pytest.raises(CnncalcError, match="too large"):
        scalar_value(text, True)


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(("text", "message", "line", "column", "marked", "help"), FAULTS)
def test_faults_say_where_and_what_to_do(
    text: str, message: str, line: int, column: int, marked: str, help: str
) -> None:
    fault = faults(text)[0]
    assert fault.message.startswith(message)
    assert fault.place is not None
    assert (fault.place.line, fault.place.column) == (line, column)
    assert (text.split("\n")[line - 1][column - 1 :])[: fault.place.width] == marked
    assert help in fault.help
    assert str(fault).startswith("error: ")


@pytest.mark.parametrize(("data", "message", "line", "column"), BYTES)
def test_bytes_that_are_no_text(data: bytes, message: str, line: int, column: int) -> None:
    (fault,) = faults(data)
    assert fault.message.startswith(message)
    assert fault.place is not None
    assert (fault.place.line, fault.place.column) == (line, column)


@pytest.mark.parametrize(("make", "message"), [case[1:] for case in HOSTILE], ids=[case[0] for case in HOSTILE])
def test_hostile_files_stop_at_once(make: Callable[[], str | bytes], message: str) -> None:
    data = make()
    start = time.process_time()
    found = faults(data)
    assert time.process_time() - start < 2
    assert any(message in fault.message for fault in found)
    for fault in found:
        assert "the bound" not in fault.message or "--limit" in fault.help


# How deep a text nests that opens `depth` lists or mappings, and the column where one too many is opened.
NESTED: list[tuple[str, Callable[[int], str], Callable[[int], tuple[int, int]]]] = [
    ("lists in brackets", lambda depth: "[" * depth + "]" * depth, lambda most: (1, most + 1)),
    ("mappings in braces", lambda depth: "{a: " * depth + "1" + "}" * depth, lambda most: (1, 4 * most + 1)),
    ("lists in lines", lambda depth: "- " * depth + "1", lambda most: (1, 2 * most + 1)),
    ("mappings in lines", lambda depth: "\n".join(" " * i + "a:" for i in range(depth)), lambda most: (most + 1,) * 2),
]


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(("text", "place"), [case[1:] for case in NESTED], ids=[case[0] for case in NESTED])
@pytest.mark.parametrize("most", [64, 1500])
@pytest.mark.parametrize("beyond", [1, 900, 1100])
def test_the_bound_on_nesting_is_ours(
    text: Callable[[int], str], place: Callable[[int], tuple[int, int]], most: int, beyond: int
) -> None:
    limits = Limits(depth=most)
    read(text(most), "net.yaml", limits)
    (fault,) = faults(text(most + beyond), limits)
    assert fault.message == f"lists and mappings are nested deeper than {most:,}, the bound `depth`"
    further = "raise it with `--limit depth=128`", "256 is as far as `depth` goes: write it another way"
    assert fault.help == further[most > 256]
    assert fault.place is not None
    assert (fault.place.line, fault.place.column) == place(most)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux says what a process took at most")
def test_hostile_files_take_little_memory() -> None:
    code = (
        "from pathlib import Path\nfrom cnncalc.language.yaml.reader import read\n"
        "from cnncalc.errors import CnncalcError\n"
        "for text in ('[' * 10_000_000, 'a: ' + '9_' * 4_000_000, 'ж: [\\n' + 'жж\\n' * 900_000):\n"
        "    try:\n        read(text, 'f')\n    except CnncalcError as error:\n        print(len(error.faults))\n"
        # not getrusage: its maximum begins with that of the process that forked this one
        "lines = Path('/proc/self/status').read_text().splitlines()\n"
        "print(next(int(line.split()[1]) // 1024 for line in lines if line.startswith('VmHWM')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *counts, megabytes = done.stdout.split()
    assert counts == ["1"] * 3
    assert int(megabytes) < 500


def test_bounds_can_be_raised() -> None:
    assert isinstance(read("[" * 100 + "]" * 100, "f", Limits(depth=100)), Sequence)
    assert plain_value(read("a: 99999999999999", "f", Limits(number=10**14))) == {"a": 99999999999999}
    assert "`nodes`" in faults("[a, b, c]", Limits(nodes=3))[0].message
    assert read("[a, b, c]", "f", Limits(nodes=4)).size == 4
    assert "`text`" in faults("[a, b, c]", Limits(text=5))[0].message


def test_all_faults_of_a_file_are_reported() -> None:
    found = faults("a: 1\nb: {c: 1, c: 2, c: 3}\na: 2\nd: *x\ne: !t 3\n<<: 4\nf: [g\n")
    assert [(fault.place.line, fault.message[:13]) for fault in found if fault.place] == [
        (2, "the key `c` i"), (2, "the key `c` i"), (3, "the key `a` i"), (4, "`*x` is an al"), (5, "`!` starts a "),
        (6, "YAML's merge "), (7, "this `[` is n"),
    ]  # fmt: skip
    assert [fault.values for fault in found[:3]] == ["first given on line 2"] * 2 + ["first given on line 1"]


def test_nodes_know_their_place() -> None:
    text = "name: net # a comment\nlayers:\n  - conv 64 k3\n  - {conv: 'a b', name: \"x\"}\n  - &n [p, q] # r\n  - *n\n"
    root = read(text, "net.yaml")
    assert isinstance(root, Mapping)
    assert root.entries["name"][0].place()[:4] == ("net.yaml", 1, 1, 4)
    assert root.entries["name"][1].place()[:4] == ("net.yaml", 1, 7, 3)
    layers = root.entries["layers"][1]
    assert isinstance(layers, Sequence)
    conv, long_form, listed, alias = layers.items
    assert conv.place()[:5] == ("net.yaml", 3, 5, 10, "  - conv 64 k3")
    assert conv.place(4).width == 4
    assert long_form.place()[1:4] == (4, 5, 24)
    assert isinstance(long_form, Mapping)
    assert long_form.entries["conv"][1].place()[1:4] == (4, 13, 3)
    assert long_form.entries["name"][1].place()[1:4] == (4, 26, 1)
    assert listed.place()[1:4] == (5, 8, 6)
    assert alias is listed
    assert [node.size for node in (conv, long_form, listed, layers, root)] == [1, 5, 3, 13, 17]
    assert root.source.lines[1] == "layers:"


def test_texts_in_blocks_and_quotes() -> None:
    root = read("a: |\n  one\n  two\nb: >\n  three\n  four\nc: 'it''s'\nd: \"\\t'\"\ne: '3'\n", "f")
    assert plain_value(root) == {"a": "one\ntwo\n", "b": "three four\n", "c": "it's", "d": "\t'", "e": "3"}
    assert isinstance(root, Mapping)
    assert root.entries["b"][1].place()[1:4] == (4, 4, 1)


@pytest.mark.parametrize("text", ["\ufeffa: 1\n", "a: 1\r\n", "---\na: 1\n", "{a: 1}", '"a": 1\n...\n', "a : 1 # b"])
def test_ways_to_write_the_same(text: str) -> None:
    assert plain_value(read(text, "f")) == {"a": 1}
    assert plain_value(read(text.encode(), "f")) == {"a": 1}


# ---------------------------------------------------------------------------------- laws

PRINTABLE = st.characters(exclude_categories=["Cc", "Cs", "Cf", "Zl", "Zp", "Zs", "Co", "Cn"])
TEXT = st.text(PRINTABLE | st.just(" "), max_size=12)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=15,
)


def count(value: object) -> int:
    if isinstance(value, dict):
        return 1 + sum(1 + count(each) for each in value.values())
    return 1 + sum(map(count, value)) if isinstance(value, list) else 1


def scalars(node: YamlNode) -> Iterator[Scalar]:
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from scalars(item)
    elif isinstance(node, Mapping):
        for key, value in node.entries.values():
            yield key
            yield from scalars(value)


@given(VALUES)
def test_json_is_read_as_json_reads_it(value: object) -> None:
    root = read(json.dumps(value, ensure_ascii=False), "f")
    assert plain_value(root) == value
    assert root.size == count(value)


@given(VALUES)
def test_what_yaml_writes_is_found_at_its_place(value: object) -> None:
    text = yaml.dump(value, Dumper=yaml.SafeDumper, allow_unicode=True, width=10**6, default_style='"')
    lines = text.splitlines()
    for node in scalars(read(re.sub("!!(null|int|float|bool) ", "", text), "f")):
        place = node.place()
        assert 1 <= place.line <= len(lines)
        assert place.text[place.column - 1 :].startswith(node.text) or "\\" in place.text


def outcome(make: Callable[[str], object], text: str | bytes) -> object:
    """What a parser of PyYAML makes of a text: its value, or its faults."""
    original = events._new_parser
    events._new_parser = make  # type: ignore[assignment] # a parser of either loader
    try:
        return plain_value(read(text, "f"))
    except CnncalcError as error:
        return error.faults
    finally:
        events._new_parser = original


@given(st.text(st.sampled_from("ab:-[]{},#&*!|>'\"%@` \n\t?\\0~<é\u00a0"), max_size=40))
def test_both_parsers_end_in_a_value_or_a_fault_with_its_place(text: str) -> None:
    made = [outcome(make, text) for make in (events._new_parser, yaml.SafeLoader)]
    lines = text.split("\n")
    for faults_made in (each for each in made if isinstance(each, tuple)):
        for fault in faults_made:
            assert fault.message
            assert 1 <= fault.place.line <= len(lines)
            assert 1 <= fault.place.column <= len(lines[fault.place.line - 1]) + 1
    if not any(isinstance(each, tuple) for each in made):
        assert made[0] == made[1]


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    made = outcome(events._new_parser, data)
    if isinstance(made, tuple):
        assert made
        assert all(line.isprintable() for fault in made for line in str(fault).split("\n"))
    else:
        assert made is None or isinstance(made, (int, float, str, list, dict))
