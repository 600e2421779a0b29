"""What options are given: values that mostly go with the net that stands beside them, and now and then anything."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import click

from benchmarks.hostile.texts import COMPARISONS, LETTERS, condition, wild_word
from cnncalc.analysis.memory.optimizers import OPTIMIZERS
from cnncalc.analysis.memory.sharding import SHARDINGS
from cnncalc.answers.figures import KEYS as TOTALS
from cnncalc.graph.formats import DTYPES
from cnncalc.interchange.writers import WRITERS
from cnncalc.limits import Limits
from cnncalc.pages.show.columns import COLUMNS
from cnncalc.solve.figures import FIGURES
from cnncalc.tools.conventions import NAMES
from cnncalc.tools.devices import devices
from cnncalc.tools.runtimes.table import RUNTIMES

__all__ = ["Values"]

PATTERNS = ("*", "*", "conv*", "*conv*", "!fc", "features.*", "relu1", "**", "[a", "conv1", "nope")
GROUPS = ("*", "*", "**", "layer*", "features", "features.*", "layer1", "conv1", "nope")
NUMBERS = ("1", "2", "7", "0.5", "true", "[1, 2]", "1:3", "-1:1:0.5", "0.25:1:0.25", "2,4,8", "abc", "$(1+1)")
WHERE = (
    "params < 5M",
    "macs < 1G and params > 1M",
    "family == 'resnet'",
    "flops / params > 3",
    "name == ''",
    "nope > 1",
)


class Values:
    """A value for each option, by the option's name."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.one_layer = False
        """Whether it is a question about one layer, whose options are lengths."""
        self.variables: tuple[str, ...] = ()
        """Those of the net that was drawn last."""
        self.shape: tuple[str, ...] = ("3", "32", "32")
        """Its input."""
        self.suffixes: tuple[str, ...] = ("json", "csv", "md", "txt", "jsonl")
        """Those of files that the command writes."""

    def chance(self, of: float) -> bool:
        """Whether what has that chance happens."""
        return self.random.random() < of

    def value(self, option: click.Option, name: str) -> str:
        """What an option is given; now and then anything."""
        if self.chance(0.015):
            return wild_word(self.random)
        if isinstance(option.type, click.Choice):
            return str(self.random.choice(list(option.type.choices)))
        write: Callable[[], str] | None = getattr(self, f"of_{name.replace('-', '_')}", None)
        return write() if write is not None else str(self.random.randint(1, 9))

    def size(self, most: int) -> str:
        """One length, or one an axis."""
        return "x".join(str(self.random.randint(1, most)) for _ in range(self.random.choice((1, 1, 1, 2))))

    def of_input(self) -> str:
        random = self.random
        if self.one_layer:
            return self.size(200)
        channels, *lengths = self.shape if self.chance(0.9) else ("3", "8", "8", "8")
        roll = random.random()
        if roll < 0.35:
            lengths = [random.choice((length, *LETTERS[:3])) for length in lengths]
        elif roll < 0.55:
            lengths = [*lengths[:-1], random.choice(("{8:40:8}", "{8,9}", "{1:5}", "{32,64}"))] if lengths else []
        elif roll < 0.9:
            lengths = [str(random.choice((random.randint(1, 64), length))) for length in lengths]
        return "x".join([channels, *lengths])

    def of_set(self) -> str:
        known = self.variables if self.variables and self.chance(0.95) else ("width", "classes", "flag")
        value = self.random.choice(NUMBERS) if self.chance(0.4) else str(self.random.randint(1, 9))
        return f"{self.random.choice(known)}={value}"

    def of_batch(self) -> str:
        return self.random.choice(("1", "2", "7", "32", "64", "1k", "N", "0", "1e9"))

    def of_dialect(self) -> str:
        return self.random.choice(("torch", "torch", "keras", "caffe", "paddle", "onnx", "kears"))

    def of_freeze(self) -> str:
        return self.random.choice(PATTERNS)

    of_functions = of_at = of_freeze

    def of_checkpoint(self) -> str:
        return self.random.choice(GROUPS)

    of_group = of_layer = of_checkpoint

    def of_sparsity(self) -> str:
        share = self.random.choice(("0.5", "2:4", "0.9", "0", "1", "0.125", "1:16", "2", "-1", "nan", "1e-9", "4:2"))
        return f"{self.random.choice(PATTERNS)}={share}" if self.chance(0.95) else share

    def of_shard(self) -> str:
        ranks = self.random.choice(("1", "2", "8", "7", "1024", "0", "1e9", "x"))
        return f"{self.random.choice((*SHARDINGS, *SHARDINGS, 'zero4'))}:{ranks}"

    def of_dtype(self) -> str:
        name = self.random.choice((*DTYPES, *DTYPES, "float31"))
        return f"{self.random.choice(PATTERNS)}={name}" if self.chance(0.4) else name

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

    def of_scale(self) -> str:
        return self.random.choice(("1", "2", "0.1", "1e9", "1e-9"))

    def of_convention(self) -> str:
        return ",".join(self.random.sample(NAMES, self.random.choice((1, 1, 2))))

    def of_optimizer(self) -> str:
        return self.random.choice((*OPTIMIZERS, "adm"))

    def of_device(self) -> str:
        return self.random.choice((*devices(), "own.yaml", "gpu"))

    def of_runtime(self) -> str:
        return self.random.choice((*RUNTIMES, "tensorrt"))

    def of_family(self) -> str:
        return self.random.choice(("lenet", "vgg", "resnet", "densenet", "vit", "vdsr", "vggg"))

    def of_to(self) -> str:
        if "prototxt" in self.suffixes:
            return self.random.choice([writer.name for writer in WRITERS])
        return self.random.choice(("8", "64", "300", "1024", "2.5"))

    def of_output(self) -> str:
        if self.one_layer:
            return self.size(100)
        if self.chance(0.1):
            return self.random.choice(("no/out.json", ".", "-", "out", "out.", "\x1b[31m.json"))
        return f"out.{self.random.choice(self.suffixes)}"

    def of_weights(self) -> str:
        return self.random.choice(("own.safetensors", "own.onnx", "net.yaml"))

    def of_figures(self) -> str:
        return ",".join(self.random.choice(TOTALS) for _ in range(self.random.randint(1, 3)))

    of_pareto = of_figures

    def of_jobs(self) -> str:
        return "1"

    def of_samples(self) -> str:
        return self.random.choice(("2", "20", "100"))

    def of_max(self) -> str:
        return f"{self.random.choice(TOTALS)}={self.random.choice(('1', '5M', '1G', '900T', '0', '1.5k'))}"

    def of_require(self) -> str:
        return f"{self.random.choice((*TOTALS, 'output'))}={self.random.choice(('1', '5M', '10', '4x8x8', '1.5k'))}"

    def of_memory(self) -> str:
        return self.random.choice(("24GiB", "24GiB", "1MB", "1", "16G", "100KiB"))

    def of_want(self) -> str:
        what = self.random.choice((*FIGURES, "output", "output", "conv1"))
        if what in ("output", "conv1"):
            return f"{what} == {self.random.choice(('4x8x8', '8', '?x8x8', '?', '64'))}"
        bound = self.random.choice(("10", "1M", "5k", "64", "1G", "900T", "4x8x8"))
        return f"{what} {self.random.choice((*COMPARISONS, '<=', '>='))} {bound}"

    def of_maximize(self) -> str:
        return self.random.choice([*FIGURES])

    of_minimize = of_maximize

    def of_where(self) -> str:
        return condition(self.random, 2) if self.shape else self.random.choice(WHERE)

    def of_from(self) -> str:
        return self.random.choice(("1", "8", "0.5", "-1", "100"))

    def of_step(self) -> str:
        return self.random.choice(("1", "0.5", "0.05", "8", "0"))

    def of_pixel(self) -> str:
        return self.random.choice(("0,0", "0,0", "1", "3,4", "0,0,0", "99,99", "-1"))
