"""Whole command lines: a command, nets as files or names, and options with values that mostly go with them."""

from __future__ import annotations

import re
from random import Random
from typing import NamedTuple

import click

from benchmarks.hostile.foreign import foreign_file
from benchmarks.hostile.texts import bundled_name, chain_layers, net_text, symbols, unknown_text, wild_word
from benchmarks.hostile.values import Values
from cnncalc.cli.commands.solve import QUESTIONS
from cnncalc.cli.main import COMMANDS, cnncalc
from cnncalc.layers import KINDS
from cnncalc.rewrites.table import RULES

__all__ = ["Case", "case", "drawn"]

USED = {
    "chain": 38, "solve": 18, "show": 13, "sweep": 8, "kinds": 6, "check": 3, "explain": 2.5, "rewrite": 2, "import": 2,
    "export": 2, "compare": 1.5, "draw": 1.5, "completion": 1.5, "list": 0.5, "search": 0.5, "schema": 0.1,
}  # fmt: skip
"""How often of a hundred, the quick ones oftener; `verify` runs torch, and `web` serves until it is ended."""
LAYER = [name for name, (module, _) in QUESTIONS.items() if module == "solve_layer"]
METHODS = {"import": "import_net"}
"""Of the commands whose name is a word of Python."""
SOLVE = {"layer": 12, "input-size": 3, "batch-size": 3, "file": 4, "variable": 1}
"""Of `layer`, one of the questions about one layer."""
RARE = {
    "train": 0.05, "resume": 0.0, "trust": 0.05, "workers": 0.003, "scheduler": 0.002, "limit": 0.03, "verify": 0.0,
    "jobs": 0.02, "style": 0.03, "functions": 0.03, "set": 0.02, "memory": 0.5, "allow-empty": 0.5, "max": 0.3,
    "dialect": 0.04, "input": 0.08, "sparsity": 0.04, "shard": 0.04, "device": 0.04, "weights": 0.02, "pixel": 0.0,
    "values": 0.02, "opset": 0.02, "seed": 0.03, "scale": 0.005, "explain": 0.03, "diff": 0.2, "runtimes": 0.0,
}  # fmt: skip
"""The chance of options that mostly do not go with the others; `verify` needs torch."""
USUAL = 0.06
WANTED = {
    "N": ("1", "2", "10", "0", "99999999"), "FACTOR": ("0.5", "2", "1", "0.3", "0", "1e9"), "RATIO": ("2", "4", "0"),
    "KIND": ("relu", "gelu", "batchnorm", "maxpool", "conv", "nope"),
}  # fmt: skip
"""What rules of `rewrite` are given."""

OVER = ("width=0.5,1", "classes=1:9", "width=4:16:4,depth=1,2", "k=1,3,[1,3]", "nope=1", "a=", "a=1:99999")
SPACES = (
    ("lenet5", "classes=1:9"), ("vgg11", "classes=5,7"), *(("space.yaml", "a=1:9,b=1:4"),) * 9, ("space.yaml", "b=0:3"),
    ("space.yaml", "a=1:40,b=1:40,k=1,3,[1,3]"), ("mobilenet_v2", "width=0.5,1"), ("space.yaml", "k=true,1,x,-1,0.5"),
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
    name = random.choices(list(USED), list(USED.values()))[0]
    arguments = getattr(writer, METHODS.get(name, name))()
    if random.random() < 0.02:
        arguments.insert(random.randint(0, len(arguments)), wild_word(random))
    completing = bool(arguments) and random.random() < 0.03
    if completing:
        arguments = arguments[: random.randint(1, len(arguments))]
    plain = [argument.replace("\0", "") for argument in arguments]  # no system hands on a NUL
    return Case([name, *plain], writer.files, writer.input, completing)


class Writer(Values):
    """Writes one command line, and the files that it names."""

    def __init__(self, random: Random) -> None:
        super().__init__(random)
        self.files: dict[str, bytes] = {}
        self.input = b""

    def opaque(self) -> list[str]:
        return ["--opaque"] if self.chance(0.2) else []

    def file(self, name: str, text: str | bytes) -> str:
        self.files[name] = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
        return name

    def net(self) -> str:
        """A net as an argument."""
        roll, random = self.random.random(), self.random
        self.variables = ()
        if roll < 0.2:
            name = bundled_name(random)
            self.variables, self.shape = ("classes",), ("1" if name == "lenet5" else "3", "64", "64")
            return name
        if roll < 0.23:
            return self.file(*foreign_file(random))
        text = net_text(random)
        self.known(text)
        if roll < 0.29:
            self.input = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
            return "-"
        if roll < 0.33:
            self.file("parent.yaml", text)
            text = random.choice((
                "extends: parent\n", "extends: parent.yaml\nname: child\n", "extends: parent\nvariables: {width: 3}\n",
                "extends: net\n", f"extends: {bundled_name(random)}\n", "extends: ../net.yaml\n", "extends: '-'\n",
            ))  # fmt: skip
        name = random.choice(("net.yaml",) * 40 + ("a b.yaml", "\udcff.yaml", "=1.yaml", "\x1b[31m.yaml", "a\nb.yaml"))
        return self.file(name, text)

    def known(self, text: str | bytes) -> None:
        """What options may ask of the net with this text."""
        if isinstance(text, bytes):
            return
        if "variables: {width" in text:
            self.variables = ("width", "flag")
        if found := re.search(r"^input: (\d+(?:x\d+)*)$", text, re.MULTILINE):
            self.shape = tuple(found[1].split("x"))

    # -- the commands --

    def import_net(self) -> list[str]:
        self.suffixes = ("yaml",)
        net = self.file(*foreign_file(self.random)) if self.chance(0.95) else self.net()
        return [net, *self.options("import", without=("input",) if self.chance(0.9) else ())]

    def export(self) -> list[str]:
        self.suffixes = ("prototxt", "cfg", "py", "json", "onnx")
        net, options = self.net(), self.options("export", without=("to", "output"))
        if self.chance(0.5):
            return [net, "-o", self.of_output(), *options]
        return [net, *(["--to", self.of_to()] if self.chance(0.95) else []), *options]

    def draw(self) -> list[str]:
        self.suffixes = ("svg", "dot", "mmd", "html")
        return [self.net(), *self.options("draw")]

    def rewrite(self) -> list[str]:
        self.suffixes = ("yaml",)
        rules: list[str] = []
        random = self.random
        for _ in range(random.choice((1, 1, 1, 2))):
            rule = random.choice(RULES)
            rules.append(rule.name)
            asked = rule.arguments if not rule.optional or self.chance(0.5) else ()
            rules += [random.choice(WANTED[name]) for name in asked]
        return [self.net(), *rules, *self.options("rewrite")]

    def show(self) -> list[str]:
        return [self.net(), *self.options("show")]

    def explain(self) -> list[str]:
        net = self.net()
        if self.chance(0.6):
            return [net, *self.options("explain")]
        pixel = ["--pixel", self.of_pixel()] if self.chance(0.4) else []
        return [net, self.random.choice(("*", "conv1", "*conv*", "relu1", "nope")), *pixel, *self.options("explain")]

    def chain(self) -> list[str]:
        shape, layers = chain_layers(self.random)
        if self.chance(0.35):
            shape = symbols(self.random)
        return [shape, *layers, *self.options("chain", without=("input",))]

    def compare(self) -> list[str]:
        count = self.random.choice((1, 2, 2, 2, 3))
        nets = [self.net() for _ in range(count)]
        return [
            *nets,
            *(["--runtimes"] if count == 1 else []),
            *self.options("compare", without=("diff",) if count > 2 else ()),
        ]

    def check(self) -> list[str]:
        return [*(self.net() for _ in range(self.random.choice((1, 1, 2)))), *self.options("check")]

    def sweep(self) -> list[str]:
        net, options = self.net(), self.options("sweep")
        if self.variables and self.chance(0.5):
            options += [
                "--set",
                f"{self.random.choice(self.variables)}={self.random.choice(('1:4', '1,2,3', '2:9:3'))}",
            ]
        if not self.chance(0.05):
            return [net, *options, *(["-o", "out.csv", "--resume"] if self.chance(0.05) else [])]
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
        self.shape = ()
        return ["--family", self.of_family(), *self.options("list", without=("family",))]

    def kinds(self) -> list[str]:
        return [self.random.choice([*KINDS, "relu", "fc", "squeeze_excite", "conw"]), *self.options("kinds")]

    def schema(self) -> list[str]:
        return self.options("schema")

    def completion(self) -> list[str]:
        return [self.random.choice(("bash", "zsh", "fish", "sh"))]

    def solve(self) -> list[str]:
        random, which = self.random, self.random.choices(list(SOLVE), list(SOLVE.values()))[0]
        if which == "layer":
            which, self.one_layer = random.choice(LAYER), True
            return [which, *self.options("solve", which)]
        net = self.file("unknown.yaml", unknown_text(random)) if which == "file" else self.net()
        if which != "variable":
            return [which, net, *self.options("solve", which)]
        name = random.choice(self.variables) if self.variables and self.chance(0.95) else "width"
        bounds = [] if self.chance(0.2) else ["--to", self.of_to()]
        return [which, net, name, *bounds, *self.options("solve", which, without=("to", "from", "step", "set"))]

    # -- options --

    def options(self, *path: str, without: tuple[str, ...] = ()) -> list[str]:
        """Some options of a command, required ones always."""
        chosen: list[str] = []
        for option in _declared(path):
            name = option.opts[0].lstrip("-")
            needed = option.required or (self.one_layer and name in ("input", "output", "kernel", "stride"))
            usual = 0.95 if name == "want" else 0.3 if name == "set" and self.variables else RARE.get(name, USUAL)
            if name in without or not (needed or self.chance(usual)):
                continue
            for _ in range(self.random.choice((1, 1, 1, 2)) if option.multiple else 1):
                chosen.append(self.random.choice(option.opts + option.secondary_opts))
                if not option.is_flag:
                    chosen.append(self.value(option, name))
        return chosen


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
