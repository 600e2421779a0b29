"""A net in Python, and the questions that it answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from os import fspath
from typing import TYPE_CHECKING

from cnncalc.api.answers import Answer, Report
from cnncalc.api.boundary.keywords import known_keywords
from cnncalc.api.building import Buildable
from cnncalc.api.loading import DeviceLike, InputLike, device_of, on_device, options_of, type_of
from cnncalc.errors import CnncalcError, Fault
from cnncalc.graph import Net as Built
from cnncalc.graph import Node
from cnncalc.language.options import Options
from cnncalc.layers.dialects import DIALECTS, like_dialect
from cnncalc.limits import Limits
from cnncalc.notation.shapes import read_shape

if TYPE_CHECKING:
    from os import PathLike

    import torch
    from torch import nn

    from cnncalc.analysis.symbolic.report import SymbolicReport
    from cnncalc.answers.verification import Verification
    from cnncalc.api.pictures import Picture
    from cnncalc.api.rewriting import Rewritten
    from cnncalc.explain.explanation import Explanation
    from cnncalc.interchange.written import Written

__all__ = ["Net"]


class Net(Buildable):
    """A net that answers questions; each gives an `Answer`. It can be built, layer by layer, and gone on with.

    >>> net = Net(input="3x32x32")
    >>> net.add("conv 16 k3 p1").shape
    (16, 32, 32)
    >>> net.report().totals.params
    448

    Shapes are without the batch here, and with it in answers.
    """

    __slots__ = ("build", "options", "path", "stood")

    @known_keywords
    def __init__(
        self, name: str = "net", *, input: object = None, dialect: str = "torch", limits: Limits = Limits()
    ) -> None:
        """`input` is a shape without the batch, as 3x32x32, or a mapping of names to several. Raises CnncalcError."""
        if dialect not in DIALECTS:
            raise CnncalcError(Fault(f"there is no dialect `{dialect[:60]}`", help=like_dialect(dialect)))
        super().__init__(name, input=input, dialect=dialect, limits=limits)
        self.options = Options(limits=limits)
        self.build: Callable[[Options], Built] | None = None
        """What builds it anew under other options; None for a net that was built layer by layer."""
        self.stood: list[Node] = []
        """The nodes that `build` has built: it knows nothing of what was added or frozen since."""
        self.path: str | None = None
        """What `build` reads: a name, a path, or what stands for a text."""

    @classmethod
    def of(
        cls, built: Built, options: Options, build: Callable[[Options], Built] | None, path: str | None = None
    ) -> Net:
        """A net that somebody has built, to ask it."""
        net = cls.__new__(cls)
        for slot in Built.__slots__:
            setattr(net, slot, getattr(built, slot))
        net.options, net.build, net.stood, net.path = options, build, [*built.nodes], path
        return net

    @classmethod
    def read(cls, source: str, options: Options) -> Net:
        """The net of a name, a path, or what stands for a text. Raises CnncalcError with every fault."""
        from cnncalc.language import load

        return cls.of(load(source, options), options, partial(load, source), source)

    def fork(self) -> Net:
        """A net of its own that goes on from here: what is added to one is not in the other. It costs microseconds."""
        stands = self.nodes == self.stood
        return Net.of(super().fork(), self.options, self.build if stands else None, self.path if stands else None)

    @known_keywords
    def report(
        self,
        *,
        batch: int | None = None,
        dtype: str = "float32",
        train: bool | None = None,
        optimizer: str = "sgd",
        amp: str | None = None,
        convention: str | None = None,
        functions: Sequence[str] = (),
        device: DeviceLike | None = None,
    ) -> Report:
        """Shapes, parameters, costs and memory of every layer, and the totals: `cnncalc show`.

        `train` counts side branches that only training uses; `convention` counts as another tool does; `device`, a
        name or a device's file, bounds the time of every layer there. Raises CnncalcError for a batch below 1, and for
        a type, an optimizer, a convention or a device that there is not.
        """
        from cnncalc.analysis.costs import report
        from cnncalc.pages.show.report import page

        images = self._batch(batch)
        net: Built = self
        if train is not None and train != self.options.train:
            net = self._anew(self.options._replace(train=train)) or net
        counted = on_device(report(net, images, type_of(dtype, amp), optimizer), device, type_of(dtype, amp))
        if convention is not None:
            from cnncalc.tools.conventions import convention_named
            from cnncalc.tools.conventions.counting import count, with_counting

            counted = with_counting(counted, count(net, convention_named(convention), images, functions))
        return Report(counted, self.name, page)

    @known_keywords
    def explain(
        self,
        *layers: str,
        batch: int | None = None,
        dtype: str = "float32",
        optimizer: str = "sgd",
        pixel: Sequence[int] | None = None,
        device: DeviceLike | None = None,
    ) -> Answer[Explanation]:
        """The derivation of every number: of the net, or of these layers, groups or patterns: `cnncalc explain`."""
        from cnncalc.explain.answer import explain
        from cnncalc.pages.explanation.page import page

        one = None if pixel is None else list(pixel)
        found = explain(self, layers, self._batch(batch), type_of(dtype, None), one, optimizer, device_of(device))
        return Answer(found, self.name, page)

    @known_keywords
    def closed(
        self, *, input: InputLike | None = None, batch: int | None = 1, dtype: str = "float32", optimizer: str = "sgd"
    ) -> Answer[SymbolicReport]:
        """Every number as an exact formula of the input's lengths: `cnncalc show --input 3xHxW`.

        Without `input` all lengths of the net's own inputs are symbols; without a batch (None) so is the batch.
        """
        from cnncalc.analysis.symbolic.report import symbolic_report
        from cnncalc.pages.show.symbolic import page

        net = self._at(options_of(input=input).input or self._in_symbols())
        found = symbolic_report(net, batch=batch, dtype=type_of(dtype, None), optimizer=optimizer)
        return Answer(found, self.name, page)

    @known_keywords
    def verify(
        self,
        *,
        device: str | None = None,
        batch: int | None = None,
        dtype: str = "float32",
        amp: str | None = None,
        seed: int = 0,
        receptive_field: bool = False,
    ) -> Answer[Verification]:
        """Every number held against torch, which builds and runs the net: `cnncalc verify`. It needs torch."""
        from cnncalc.pages.verification import NetResult, page
        from cnncalc.torch_backend.verify import verify

        found = verify(
            self, net=self.name, device=device, batch=self._batch(batch), dtype=type_of(dtype, amp), seed=seed,
            receptive_field=receptive_field,
        )  # fmt: skip
        return Answer(found, self.name, lambda verification: page([NetResult(self.name, verification)]))

    @known_keywords
    def draw(
        self,
        *,
        view: str = "flow",
        depth: int | None = None,
        heat: str = "",
        style: str = "",
        theme: str = "auto",
        batch: int | None = None,
        dtype: str = "float32",
        device: DeviceLike | None = None,
    ) -> Picture:
        """The net as a picture that a notebook shows, and `.save("net.svg")` writes: `cnncalc draw`.

        `view` is `flow` or `volumes`, `heat` one of macs, params, memory, and latency on a `device`; `depth` folds
        groups. Raises CnncalcError for a choice that there is not, and for a net that is too large to be seen.
        """
        from cnncalc.analysis.costs import report
        from cnncalc.api.pictures import Picture
        from cnncalc.pictures.drawing import View

        counted = on_device(report(self, self._batch(batch), dtype), device, dtype)
        return Picture(counted, View(depth, heat, theme, view, style))

    @known_keywords
    def to_torch(
        self, *, seed: int = 0, device: str | torch.device = "cpu", dtype: torch.dtype | None = None
    ) -> nn.Module:
        """The net as a torch module, ready for training, with torch's own first weights. It needs torch."""
        from cnncalc.torch_backend.building.builder import to_torch

        return to_torch(self.numbers(), seed=seed, device=device, dtype=dtype)

    @known_keywords
    def export(
        self,
        file: str | PathLike[str] | None = None,
        *,
        to: str | None = None,
        force: bool = False,
        opset: int | None = None,
        values: str | None = None,
        weights: str | None = None,
        seed: int | None = None,
    ) -> Written:
        """The net as a file of another tool: `cnncalc export`. `content` is it, `notes` is what to know of it.

        `net.export("net.py")` is a PyTorch program, `net.export(to="torch").content` its text; the other keywords are
        the options of the command. Raises CnncalcError for what the tool cannot say, and for a file that is there,
        unless with `force`; nothing is written then.
        """
        from cnncalc.interchange.writers import exported

        settings = {"opset": opset, "values": values, "weights": weights, "seed": seed}
        return exported(self, self.options.batch, None if file is None else fspath(file), to, settings, force=force)

    @known_keywords
    def rewrite(self, *rules: str, at: str | Sequence[str] = ()) -> Rewritten[Net]:
        """The net through rules, as `net.rewrite("fold-batchnorm", "new-head 10")`: `cnncalc rewrite`.

        `at` are patterns of layers. `.net` is the net that comes out, `.yaml` its file. Raises CnncalcError.
        """
        from cnncalc.api.rewriting import rewritten
        from cnncalc.language import given_text

        def made(text: str) -> Net:
            return Net.read(given_text(text, self.name), Options(limits=self.options.limits))

        return rewritten(self.numbers(), self.name, rules, at, self.options, made)

    def _at(self, input: str) -> Built:
        """The net on inputs with symbols for lengths. Raises CnncalcError where a layer does not take them."""
        anew = self._anew(self.options._replace(input=input, symbols=True))
        if anew is not None:
            return anew
        parts = dict(part.rpartition("=")[::2] for part in input.split(","))
        shapes = {
            self.inputs[name or next(iter(self.inputs))]: read_shape(text, symbols=True) for name, text in parts.items()
        }
        made = self.resized(shapes)
        if made is None:
            raise CnncalcError(Fault(f"the net does not take {input[:60]}", help="give the lengths that may not vary"))
        return made

    def _anew(self, options: Options) -> Built | None:
        """The net built anew under other options; None where it was built, or gone on with, layer by layer."""
        return self.build(options) if self.build is not None and self.nodes == self.stood else None

    def _batch(self, batch: int | None) -> int:
        self.numbers()
        return self.options.batch if batch is None else batch

    def numbers(self) -> Net:
        """The net, whose sizes are numbers. Raises CnncalcError where they are symbols, or there is nothing in it."""
        if not self.inputs:
            raise CnncalcError(Fault("the net is empty", help='start with `cnncalc.Net(input="3x32x32")`'))
        if any(not isinstance(length, int) for index in self.inputs.values() for length in self.nodes[index].shape):
            help = '`net.closed()` answers with formulas; for numbers, load it with a size, as `input="3x224x224"`'
            raise CnncalcError(Fault("the sizes of this net are symbols", help=help))
        return self

    def _in_symbols(self) -> str:
        """The net's own inputs with symbols for lengths."""
        from cnncalc.solve.inputs.sizes import in_symbols

        return in_symbols({name: self.nodes[index].shape for name, index in self.inputs.items()})
