"""Whole command lines: a command, nets as files or names, and options with values that mostly go with them."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import NamedTuple

import click

from benchmarks.hostile.foreign import foreign_file
from benchmarks.hostile.texts import (
    COMPARISONS,
    bundled_name,
    chain_layers,
    condition,
    net_text,
    symbols,
    unknown_text,
    wild_word,
)  # fmt: skip
from cnncalc.answers.figures import KEYS as TOTALS
from cnncalc.cli.commands.solve import QUESTIONS
from cnncalc.cli.main import COMMANDS, cnncalc
from cnncalc.graph.formats import DTYPES
from cnncalc.layers import KINDS
from cnncalc.limits import Limits
from cnncalc.pages.show.columns import COLUMNS
from cnncalc.solve.figures import FIGURES
from cnncalc.tools.conventions import NAMES

__all__ = ["Case", "case", "drawn"]

USED = (
    *("show",) * 5, *("chain",) * 4, *("explain",) * 3, "compare", *("check",) * 2, *("solve",) * 5, *("sweep",) * 4,
    *("search",) * 2, *("import",) * 2, *("export",) * 2, "kinds", "list", "schema", "completion",
)  # fmt: skip
LAYER = [name for name, (module, _) in QUESTIONS.items() if module == "solve_layer"]
METHODS = {"import": "import_net"}
"""Of the commands whose name is a word of Python."""
SOLVE = ("layer", *(name for name in QUESTIONS if name not in LAYER))


OVER = ("width=0.5,1", "classes=1:9", "width=4:16:4,depth=1,2", "k=1,3,[1,3]", "nope=1", "a=", "a=1:99999")
SPACES = (
    ("mobilenet_v2", "width=0.5,1"), ("lenet5", "classes=1:9"), ("vgg11", "classes=5,7"), ("space.yaml", "a=1:9,b=1:4"),
    ("space.yaml", "a=1:40,b=1:40,k=1,3,[1,3]"), ("space.yaml", "b=0:3"), ("space.yaml", "k=true,1,x,-1,0.5"),
)  # fmt: skip
"""Nets and what they are searched over."""
SPACE = "input: 3x9x9\nvariables: {{a: 4, b: {}, k: 1}}\nlayers: [{}]\n"
SPACE_TEXTS = (
    SPACE.format("2", "conv $a k$k, {repeat: $b, layers: [relu, conv $a k1]}, conv $b k$k"),
    SPACE.format("$(a)", "conv $b k1, {when: a > 3, layers: [conv $(a // b) k$k]}"),
    SPACE.format("2", "{add: [[conv $a k1], [conv $b k$k]]}, conv ?1..9 k?"),
    SPACE.format("2", "{concat: [[conv $a k$k same], [conv $b k1]], name: $(a)}, conv ?1..9 k$k"),
)


class Case(NamedTuple):
    """One run: what it is called with, the files that it finds, and what stands on standard input."""

    arguments: list[str]
    files: dict[str, bytes]
    input: bytes
    completing: bool = False
    """Whether it is a shell that asks what may follow."""


def case(seed: object, index: int, *, readers: bool = False) -> Case:
    """Run number `index` of a seed; always the same. With `readers`, `import` of a file of another tool."""
    return drawn(Random(f"hostile/{seed}/{index}"), readers=readers)


def drawn(random: Random, *, readers: bool = False) -> Case:
    """A run that these numbers choose."""
    writer = Writer(random)
    if readers:
        name, data = foreign_file(random)
        return Case(["import", writer.file(name, data), *writer.opaque()], writer.files, b"")
    name = random.choice(USED)
    arguments = getattr(writer, METHODS.get(name, name))()
    if random.random() < 0.03:
        arguments.insert(random.randint(0, len(arguments)), wild_word(random))
    completing = bool(arguments) and random.random() < 0.03
    if completing:
        arguments = arguments[: random.randint(1, len(arguments))]
    plain = [argument.replace("\0", "") for argument in arguments]  # no system hands on a NUL
    return Case([name, *plain], writer.files, writer.input, completing)


class Writer:
    """Writes one command line, and the files that it names."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.files: dict[str, bytes] = {}
        self.input = b""
        self.one_layer = False
        """Whether it is a question about one layer, whose options are lengths."""

    def opaque(self) -> list[str]:
        return ["--opaque"] if self.chance(0.2) else []

    def chance(self, of: float) -> bool:
        return self.random.random() < of

    def file(self, name: str, text: str | bytes) -> str:
        self.files[name] = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
        return name

    def net(self) -> str:
        """A net as an argument."""
        roll, random = self.random.random(), self.random
        if roll < 0.25:
            return bundled_name(random)
        if roll < 0.3:
            return self.file(*foreign_file(random))
        text = net_text(random)
        if roll < 0.36:
            self.input = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
            return "-"
        if roll < 0.42:
            self.file("parent.yaml", text)
            text = random.choice((
                "extends: parent\n", "extends: parent.yaml\nname: child\n", "extends: parent\nvariables: {width: 3}\n",
                "extends: net\n", f"extends: {bundled_name(random)}\n", "extends: ../net.yaml\n", "extends: '-'\n",
            ))  # fmt: skip
        name = random.choice(("net.yaml",) * 20 + ("a b.yaml", "\udcff.yaml", "=1.yaml", "\x1b[31m.yaml", "a\nb.yaml"))
        return self.file(name, text)

    # -- the commands --

    def import_net(self) -> list[str]:
        net = self.file(*foreign_file(self.random)) if self.chance(0.95) else self.net()
        return [net, *self.options("import")]

    def export(self) -> list[str]:
        to = self.random.choice((["--to", "caffe"], ["--to", "darknet"], ["-o", "out.prototxt"], ["-o", "out.cfg"], []))
        return [self.net(), *to, *self.options("export", without=("to", "output"))]

    def show(self) -> list[str]:
        return [self.net(), *self.options("show")]

    def explain(self) -> list[str]:
        return [self.net(), *self.options("explain")]

    def chain(self) -> list[str]:
        shape, layers = chain_layers(self.random)
        if self.chance(0.35):
            shape = symbols(self.random)
        return [shape, *layers, *self.options("chain")]

    def compare(self) -> list[str]:
        return [*(self.net() for _ in range(self.random.choice((2, 2, 2, 3)))), *self.options("compare")]

    def check(self) -> list[str]:
        return [*(self.net() for _ in range(self.random.choice((1, 1, 2)))), *self.options("check")]

    def sweep(self) -> list[str]:
        net, options = self.net(), self.options("sweep")
        if not self.chance(0.15):
            return [net, *options]
        first, points = (
            '{"figures": ["params"], "texts": "0"}',
            '{"net": ["1"], "from": 0, "figures": [[10], [20]], "faults": [0], "texts": []}',
        )
        lines = [self.random.choice((first, points, "", "{", "[" * 5_000, "null", "\0", "9" * 5_000)) for _ in range(3)]
        self.file("out.csv.part", self.random.choice(("\n", "")).join(lines))
        return [net, *options, "-o", "out.csv", *(["--resume"] if self.chance(0.8) else [])]

    def search(self) -> list[str]:
        random, net, over = self.random, self.net(), self.random.choice(OVER)
        if self.chance(0.7):
            net, over = random.choice(SPACES)
        if net == "space.yaml":
            self.file(net, random.choice(SPACE_TEXTS))
        objective = random.choice(("macs", "params,macs", "params", "flops", "peak_bytes", "latency", "layers", "mac"))
        given = ("scheduler", "workers", "samples", "seed", "over", "minimize", "maximize")
        others = self.options("search", without=given)
        return [net, "--over", over, random.choice(("--minimize", "--maximize")), objective, "--samples", "20", *others]

    def list(self) -> list[str]:
        # all nets in one run take seconds: one family
        return ["--family", self.random.choice(("lenet", "vgg", "resnet")), *self.options("list", without=("family",))]

    def kinds(self) -> list[str]:
        return [self.random.choice([*KINDS, "relu", "fc", "squeeze_excite", "conw"]), *self.options("kinds")]

    def schema(self) -> list[str]:
        return self.options("schema")

    def completion(self) -> list[str]:
        return [self.random.choice(("bash", "zsh", "fish", "sh"))]

    def solve(self) -> list[str]:
        random, which = self.random, self.random.choice(SOLVE)
        if which == "layer":
            which, self.one_layer = random.choice(LAYER), True
            arguments = self.options("solve", which)
        elif which == "variable":
            arguments = [
                self.net(),
                random.choice(("width", "classes", "width", "nope")),
                *self.options("solve", which),
            ]
        elif which == "file":
            arguments = [self.file("unknown.yaml", unknown_text(random)), *self.options("solve", which)]
        else:
            arguments = [self.net(), *self.options("solve", which)]
        return [which, *arguments]

    # -- options --

    def options(self, *path: str, without: tuple[str, ...] = ()) -> list[str]:
        """Some options of a command, required ones always."""
        chosen: list[str] = []
        for option in _declared(path):
            name = option.opts[0].lstrip("-")
            if name in without or (name in ("to", "limit", "jobs") and not self.chance(0.3)):
                continue
            needed = option.required or (self.one_layer and name in ("input", "output", "kernel", "stride"))
            if not (needed or (name == "want" and self.chance(0.8)) or self.chance(0.09)):
                continue
            for _ in range(self.random.choice((1, 1, 2)) if option.multiple else 1):
                chosen.append(self.random.choice(option.opts + option.secondary_opts))
                if not option.is_flag:
                    chosen.append(self.value(option, name))
        return chosen

    def value(self, option: click.Option, name: str) -> str:
        """What an option is given; now and then anything."""
        if self.chance(0.02):
            return wild_word(self.random)
        if isinstance(option.type, click.Choice):
            return str(self.random.choice(list(option.type.choices)))
        write: Callable[[], str] | None = getattr(self, f"of_{name.replace('-', '_')}", None)
        return write() if write is not None else str(self.random.randint(1, 9))

    def of_input(self) -> str:
        random = self.random
        if self.one_layer:
            return self.size(200)
        roll = random.random()
        if roll < 0.35:
            return symbols(random)
        if roll < 0.55:
            return f"{random.choice((1, 2, 3, 3, 4))}x{random.choice(('{8:40:8}', '{8,9}', '{1:5}', '{32}x{16,32}'))}"
        return f"{random.choice((1, 2, 3, 3, 4))}x{random.randint(1, 64)}x{random.randint(1, 64)}"

    def of_set(self) -> str:
        values = ("1", "2", "7", "0.5", "true", "[1, 2]", "1:3", "-1:1:0.5", "0.25:1:0.25", "2,4,8", "abc", "$(1+1)")
        return f"{self.random.choice(('width', 'width', 'classes', 'flag'))}={self.random.choice(values)}"

    def of_batch(self) -> str:
        return self.random.choice(("1", "2", "7", "1k", "N", "0", "1e9"))

    def of_dialect(self) -> str:
        return self.random.choice(("torch", "keras", "caffe", "paddle", "onnx", "kears"))

    def of_freeze(self) -> str:
        return self.random.choice(("*", "conv*", "!fc", "features.*", "relu1", "**", "[a", "conv1"))

    of_functions = of_freeze

    def of_dtype(self) -> str:
        return self.random.choice([*DTYPES, "float31"])

    def of_limit(self) -> str:
        return f"{self.random.choice(Limits._fields)}={self.random.choice(('1', '10', '100', '64', '200', '10k'))}"

    def of_columns(self) -> str:
        return ",".join(
            self.random.choice([column.key for column in COLUMNS]) for _ in range(self.random.randint(1, 4))
        )

    def of_sort(self) -> str:
        return self.random.choice([column.key for column in COLUMNS])

    def of_depth(self) -> str:
        return self.random.choice(("1", "2", "3"))

    def of_convention(self) -> str:
        return ",".join(self.random.sample(NAMES, self.random.choice((1, 1, 2))))

    def of_optimizer(self) -> str:
        return self.random.choice(("sgd", "momentum", "rmsprop", "adam", "adamw", "adm"))

    def size(self, most: int) -> str:
        """One length, or one an axis."""
        return "x".join(str(self.random.randint(1, most)) for _ in range(self.random.choice((1, 1, 1, 2))))

    def of_output(self) -> str:
        if self.one_layer:
            return self.size(100)
        return self.random.choice(("out.json", "out.csv", "out.md", "out.txt", "out.jsonl", "no/out", ".", "-"))

    def of_figures(self) -> str:
        return ",".join(self.random.choice(TOTALS) for _ in range(self.random.randint(1, 3)))

    of_pareto = of_figures

    def of_jobs(self) -> str:
        return "1"

    def of_max(self) -> str:
        return f"{self.random.choice(TOTALS)}={self.random.choice(('1', '5M', '1G', '0', '1.5k'))}"

    def of_require(self) -> str:
        return f"{self.random.choice((*TOTALS, 'output'))}={self.random.choice(('1', '5M', '10', '4x8x8', '1.5k'))}"

    def of_memory(self) -> str:
        return self.random.choice(("24GiB", "1MB", "1", "16G", "100KiB"))

    def of_want(self) -> str:
        what = self.random.choice((*FIGURES, "output", "output", "conv1", "params", "macs"))
        value = self.random.choice(("10", "1M", "5k", "64", "4x8x8", "8", "?x8x8", "1"))
        return f"{what} {self.random.choice(COMPARISONS)} {value}"

    of_maximize = of_minimize = lambda self: self.random.choice([*FIGURES])

    def of_where(self) -> str:
        return condition(self.random, 2)

    def of_from(self) -> str:
        return self.random.choice(("1", "8", "0.5", "-1", "100"))

    def of_to(self) -> str:
        return self.random.choice(("8", "64", "300", "1024", "2.5"))

    def of_step(self) -> str:
        return self.random.choice(("1", "0.5", "0.05", "8", "0"))

    def of_pixel(self) -> str:
        return self.random.choice(("0,0", "1", "3,4", "0,0,0", "99,99", "-1"))

    def of_group(self) -> str:
        return self.random.choice(("features", "layer1", "conv1", "*"))

    of_layer = of_group


def _declared(path: tuple[str, ...]) -> list[click.Option]:
    """The options that a command has."""
    command: click.Command | None = cnncalc
    context = click.Context(cnncalc)
    for name in path:
        assert isinstance(command, click.Group)
        command = command.get_command(context, name)
    assert command is not None
    return [one for one in command.params if isinstance(one, click.Option) and one.name not in ("help", "columns_help")]


assert set(USED) <= set(COMMANDS)
