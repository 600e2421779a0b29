"""Every command in every form: it is drawn, what is printed adds up, or an error says the way out."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import pytest
from command_line import runner

from cnncalc.answers.formulas import Formula, Legend, Line, Section
from cnncalc.answers.page import GAP, Column, Heading, Items, Page, Stack, Table, Text, Verbatim
from cnncalc.cli.main import COMMANDS, cnncalc
from cnncalc.errors import CnncalcError
from cnncalc.forms import FORMS, Form, by_suffix, draw, form_named, text
from cnncalc.forms.web.sheet import SCRIPT

CONV = ("--input", "224", "--output", "112", "--kernel", "7", "--stride", "2")
TEXTS = ("table", "plain", "markdown", "latex", "html")
ASKED = {
    "show": ("show", "lenet5"),
    "show --columns": ("show", "lenet5", "--columns", "name,params,params_share", "--sort", "params"),
    "show --convention": ("show", "lenet5", "--convention", "thop"),
    "show --runtime": ("show", "squeezenet1_0", "--runtime", "tflite"),
    "show --style": ("show", "lenet5", "--style", "keras"),
    "show --variants": ("show", "lenet5", "--variants"),
    "show 1xHxW": ("show", "lenet5", "--input", "1xHxW"),
    "chain": ("chain", "3x32x32", "conv 8 k3 p1", "maxpool k2"),
    "chain --explain": ("chain", "3x32x32", "conv 8 k3 p1", "maxpool k2", "--explain"),
    "explain": ("explain", "lenet5"),
    "explain --convention": ("explain", "lenet5", "--convention", "thop,fvcore"),
    "compare": ("compare", "lenet5", "alexnet"),
    "compare --diff": ("compare", "--diff", "lenet5", "alexnet"),
    "compare --runtimes": ("compare", "squeezenet1_0", "--runtimes"),
    "rewrite": ("rewrite", "lenet5", "fc-to-conv", "width 0.5"),
    "list": ("list", "--family", "lenet5"),
    "check": ("check", "lenet5", "--max", "params=1k"),
    "verify": ("verify", "lenet5", "--device", "meta"),
    "kinds": ("kinds",),
    "kinds conv": ("kinds", "conv"),
    "kinds double_conv": ("kinds", "double_conv"),
    "sweep": ("sweep", "lenet5", "--input", "1x{12:36:4}"),
    "search": ("search", "lenet5", "--over", "classes=5,10", "--input", "1x{28:36:4}", "--minimize", "macs,params"),
    "solve conv-padding": ("solve", "conv-padding", *CONV),
    "solve input-size": ("solve", "input-size", "unet"),
    "solve variable": ("solve", "variable", "mobilenet_v2", "width", "--want", "params <= 3.5M", "--to", "1"),
    "solve batch-size": ("solve", "batch-size", "lenet5", "--memory", "1GiB"),
    "solve file": ("solve", "file", "tests/data/unknown.yaml", "--want", "output == 64x16x16"),
}  # fmt: skip
ADDED_UP = {
    "markdown": r"^\| \w+ \| [^|]* \| \S+ \| ([\d,]+) \|",
    "latex": r"^\w+ & [^&]* & \S+ & ([\d,]+) &",
    "plain": r"^\w+ +\w+ (?:\S+ )* +\S+ +([\d,]+) +[\d,]+$",
}
DOCUMENTS = {"schema", "completion", "import", "export", "draw", "web"}
"""The commands that print a document of its own form, or serve a page."""


def run(*words):
    return runner().invoke(cnncalc, list(map(str, words)))


def test_every_command_is_asked():
    assert {words[0] for words in ASKED.values()} | DOCUMENTS == set(COMMANDS)


@pytest.mark.parametrize("form", [form.name for form in FORMS])
@pytest.mark.parametrize("asked", ASKED)
def test_every_command_in_every_form(asked, form):
    if ASKED[asked][0] == "verify":
        pytest.importorskip("torch")
    done = run(*ASKED[asked], "--format", form)
    if done.exit_code == 2:
        assert form not in TEXTS
        told = json.loads(done.stdout)["error"] if form == "json" else {"help": done.stderr.partition("= help: ")[2]}
        assert re.match(r"the forms are table, plain,|add `-o |JSON holds every layer|ask for one pixel", told["help"])
        return
    assert done.exit_code in (0, 1)
    assert not done.stderr
    CHECKS[form](done.stdout)


def _plain(written):
    assert written.endswith("\n")
    assert not re.search(r"\x1b|\\begin|^\| --", written, re.MULTILINE)


def _markdown(written):
    assert not re.search(r"\n\n\n", written)
    for block in re.findall(r"(?:^\|.*\n)+", written, re.MULTILINE):
        lines = [re.sub(r"\\.", "", line).count("|") for line in block.splitlines()]
        assert len(set(lines)) == 1 and "---" in block.splitlines()[1]
    assert re.match(r"(#|\||- |\*\*|```|[A-Z0-9✓])", written)


def _latex(written):
    assert written.startswith("% needs \\usepackage{booktabs")
    for name in re.findall(r"\\begin{(\w+)}", written):
        assert written.count(f"\\begin{{{name}}}") == written.count(f"\\end{{{name}}}")
    outside = re.sub(r"\\begin{verbatim}.*?\\end{verbatim}", "", written, flags=re.DOTALL)
    assert len(re.findall(r"(?<!\\)\$", outside)) % 2 == 0
    text_alone = re.sub(r"(?<!\\)\$.*?(?<!\\)\$", "", outside)
    assert not re.search(r"(?<!\\)[_#^]", text_alone.partition("\n")[2])
    for places, body in re.findall(r"\\begin{tabular}{(\w+)}(.*?)\\end{tabular}", outside, re.DOTALL):
        rows = [line for line in body.splitlines() if line.endswith(r"\\")]
        assert rows and all(len(re.findall(r"(?<!\\)&", row)) == len(places) - 1 for row in rows)


def _csv(written):
    heading, *rows = csv.reader(io.StringIO(written))
    assert heading and all(len(row) == len(heading) for row in rows)
    assert len(set(heading)) == len(heading)


class Reader(HTMLParser):
    """Holds that every element ends where it must, and that the one script is ours."""

    VOID = ("meta", "br", "rect")

    def __init__(self):
        super().__init__()
        self.open, self.scripts, self.tables = [], [], []

    def handle_starttag(self, tag, attrs):
        if tag not in self.VOID:
            self.open.append(tag)
        assert not any(name.startswith("on") or name in ("href", "src") for name, _ in attrs)
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append(0)
        if tag in ("td", "th"):
            self.tables[-1][-1] += 1

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        """It is closed where it begins."""

    def handle_data(self, data):
        if self.open[-1:] == ["script"]:
            self.scripts.append(data)


def _html(written):
    reader = Reader()
    reader.feed(written)
    assert not reader.open
    assert reader.scripts == [SCRIPT]
    assert f"'sha256-{b64encode(sha256(SCRIPT.encode()).digest()).decode()}'" in written
    assert all(len(set(rows)) == 1 for rows in reader.tables)
    assert "http://" not in written.replace('xmlns="http://www.w3.org/2000/svg"', "")


CHECKS = {
    "table": _plain,
    "plain": _plain,
    "markdown": _markdown,
    "latex": _latex,
    "csv": _csv,
    "json": json.loads,
    "github": lambda written: [re.fullmatch(r"::error [^:]*::.*", line).group() for line in written.splitlines()],
    "html": _html,
    "svg": ET.fromstring,
    "jsonl": lambda written: [json.loads(line) for line in written.splitlines()],
}


def test_the_printed_columns_add_up_in_every_form():
    counted = json.loads(run("show", "lenet5", "--format", "json").stdout)
    total = counted["totals"]["params"]
    lines = run("show", "lenet5", "--format", "jsonl").stdout.splitlines()
    assert sum(json.loads(line)["params"] for line in lines) == total
    rows = csv.DictReader(io.StringIO(run("show", "lenet5", "--format", "csv").stdout))
    assert sum(int(row["params"]) for row in rows) == total
    for form, cell in ADDED_UP.items():
        written = run("show", "lenet5", "--format", form).stdout
        assert sum(int(n.replace(",", "")) for n in re.findall(cell, written, re.MULTILINE)) == total


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_the_name_of_a_file_says_its_form(form, tmp_path):
    if not form.suffix or form.library:
        return
    assert by_suffix(f"a.b{form.suffix.upper()}") == form.name
    file = tmp_path / f"answer{form.suffix}"
    assert run("sweep", "lenet5", "--input", "1x{28:32:4}", "-o", file).exit_code == 0
    CHECKS[form.name](file.read_text(encoding="utf-8"))


def test_a_form_is_one_module_and_one_line(monkeypatch, tmp_path):
    """A toy: the headings of a page, shouted. All commands have it at once, and files that end in `.loud`."""
    import cnncalc.forms
    from cnncalc.answers.page import WHOLE

    (tmp_path / "loud.py").write_text(
        "def draw(page, layout):\n"
        "    return ''.join(type(block).__name__.upper() + '\\n' for block in page.body(layout))\n"
    )
    monkeypatch.setattr(cnncalc.forms, "__path__", [*cnncalc.forms.__path__, str(tmp_path)])
    monkeypatch.setattr(cnncalc.forms, "FORMS", (*FORMS, Form("loud", "loud", ".loud")))
    page = Page("a toy", lambda _: [Heading("a"), Text("b")])
    assert draw(page, "loud", WHOLE) == "HEADING\nTEXT\n"
    for asked, words in ASKED.items():
        if asked not in ("verify", "rewrite"):  # which needs torch, and whose file is the net
            file = tmp_path / f"{asked.replace(' ', '_')}.loud"
            assert run(*words, "-o", file).exit_code in (0, 1), asked
            assert file.read_text(encoding="utf-8").isupper()


FORMULA = Formula("height", "H_out", 3, ("H/2", "6/2", "3"), ("H/2", "6/2", "3"), r"H_{\mathrm{out}}")
BLOCKS: list[Any] = [
    Heading("A_b|c", ("one", "two")),
    Text("Use `a_b` & <c>."),
    Text("conv 16 k3", strong=True),
    Items(["x `y`", "    below it"], lead="Because:"),
    Items(["z"], indent=False, label="hint"),
    Table([Column("Name"), Column("N", right=True)], [("a|b", 1_000), ("total", 1_000)], title="All:", total=True),
    Verbatim("a | b\n- c", "diff"),
    Section("s_1", "conv 1", "3x3", (Line("height", FORMULA), Line("note", note="words")), ("A sentence.",)),
    Legend([("H", "height")]),
    Stack([Text("one"), GAP, Text("two")], indent=True),
]
PLAIN = """\
A_b|c: one, two

Use `a_b` & <c>.

conv 16 k3

Because:
  x `y`
      below it

hint: z

All:
Name       N
a|b    1,000
────────────
total  1,000

a | b
- c

s_1   conv 1   3x3
  height  H_out = H/2 = 6/2 = 3
  note    words
  A sentence.

Symbols: H height.

  one

  two
"""
MARKDOWN = r"""### A_b\|c

one, two

Use `a_b` & \<c>.

**`conv 16 k3`**

Because:

- x `y`
  - below it

- hint: z

All:

| Name | N |
| --- | ---: |
| a\|b | 1,000 |
| total | 1,000 |

```diff
a | b
- c
```

### s_1: `conv 1`, 3x3

- **height**: $H_{\mathrm{out}} = H/2 = 6/2 = 3$
- **note**: words

A sentence.

Symbols: $H$ height.

one

two
"""
LATEX = r"""% needs \usepackage{booktabs,amsmath,amssymb}

\subsection*{A\_b\textbar{}c}

one, two.

Use \texttt{a\_b} \& \textless{}c\textgreater{}.

\textbf{\texttt{conv 16 k3}}

Because:
\begin{itemize}
  \item x \texttt{y}
  \item below it
\end{itemize}

\begin{itemize}
  \item hint: z
\end{itemize}

All:

\begin{tabular}{lr}
\toprule
Name & N \\
\midrule
a\textbar{}b & 1,000 \\
\midrule
total & 1,000 \\
\bottomrule
\end{tabular}

\begin{verbatim}
a | b
- c
\end{verbatim}

\subsubsection*{s\_1, \texttt{conv 1}, 3x3}

\begin{itemize}
  \item \textbf{height}: $H_{\mathrm{out}} = H/2 = 6/2 = 3$
  \item \textbf{note}: words
\end{itemize}
A sentence.

Symbols: $H$ height.

one

two
"""


@pytest.mark.parametrize(("form", "golden"), [("plain", PLAIN), ("markdown", MARKDOWN), ("latex", LATEX)])
def test_every_kind_of_block(form, golden):
    assert text(Page("a toy", lambda _: BLOCKS), form) == golden


def test_what_a_page_lacks_is_an_error_with_the_way_out():
    page = Page("a toy", lambda _: BLOCKS)
    for form in ("json", "jsonl", "csv", "svg"):
        with pytest.raises(CnncalcError, match=f"a toy has no form {form}") as failure:
            draw(page, form)
        assert failure.value.faults[0].help == "the forms are table, plain, markdown, latex, html"
    with pytest.raises(CnncalcError, match="there is no form `csw`"):
        form_named("csw")
