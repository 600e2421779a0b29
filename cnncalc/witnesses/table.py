"""The frameworks that nets can be held against: one line each, loaded when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from time import perf_counter
from typing import Any

from cnncalc.answers.verification import Verification
from cnncalc.errors import CnncalcError, Fault
from cnncalc.graph import Net
from cnncalc.records import NamedTuple

__all__ = ["WITNESSES", "Witness"]


class Witness(NamedTuple):
    """One framework. `function` is `module:function` below `cnncalc`.

    It takes a graph and the batch, builds the net there, and gives what the framework has (`cnncalc.witnesses.seen`);
    it raises CnncalcError that names every layer which the framework cannot say. That of a framework that has
    `options`, as torch, takes these too, and holds the figures itself.
    """

    name: str
    packages: tuple[str, ...]
    """What has to be installed, as it is imported."""
    function: str
    options: frozenset[str] = frozenset()
    """What of `verify` it knows beside a net and a batch."""

    def verify(self, graph: Net, *, net: str, batch: int, options: Mapping[str, Any]) -> Verification:
        """Hold a net. Raises CnncalcError where it cannot be tried: not installed, or a layer it has not."""
        self.require()
        module, _, function = self.function.partition(":")
        found = getattr(import_module(f"cnncalc.{module}"), function)
        if self.options:
            verification = found(graph, net=net, batch=batch, **options)
            assert isinstance(verification, Verification)
            return verification
        from cnncalc.witnesses.holding import held

        start = perf_counter()
        seen = found(graph, batch)
        return held(graph, seen, net=net, batch=batch, seconds=perf_counter() - start)

    def require(self) -> None:
        """Raises CnncalcError where a package is not installed, with the extra that has it."""
        for package in self.packages:
            if find_spec(package) is None:
                extra = f"`pip install 'cnncalc[{self.name}]'`"
                raise CnncalcError(Fault(f"{package} is not installed", help=f"install it beside cnncalc: {extra}"))

    def versions(self) -> dict[str, str]:
        """The release of each package, without the name of its build; empty for one that says none."""
        from importlib.metadata import packages_distributions, version

        known = packages_distributions()
        names = {package: known.get(package, ()) for package in self.packages}
        return {package: version(found[0]).partition("+")[0] if found else "" for package, found in names.items()}


WITNESSES: dict[str, Witness] = {
    one.name: one
    for one in (
        Witness(
            "torch",
            ("torch",),
            "torch_backend.verify:verify",
            frozenset({"device", "dtype", "seed", "receptive_field", "progress"}),
        ),
        Witness("keras", ("keras",), "witnesses.keras:seen"),
        Witness("paddle", ("paddle",), "witnesses.paddle.witness:seen"),
        Witness("opencv", ("onnx", "cv2"), "witnesses.opencv.witness:seen"),
        Witness("onnxruntime", ("onnx", "onnxruntime"), "witnesses.onnxruntime:seen"),
    )
}
