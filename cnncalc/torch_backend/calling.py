"""The user's own code: a module that a function of it makes, and what torch.export says of that module."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import linecache
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

import torch
from torch import nn

from cnncalc.errors import CnncalcError, Fault, Place, suggestion
from cnncalc.layers import Shape
from cnncalc.torch_backend.exporting import exported

__all__ = ["program_of"]

WHOLE = ("Long", "long", "int64", "Int", "indices")
"""What torch's errors name where it wants whole numbers, as tables that are looked up do."""
NOT_THE_USERS = (Path(torch.__file__).parent, Path(__file__).parents[1])
"""Code in which a user has nothing to change: torch's and ours; and so is Python's own."""
PYTHONS = Path(inspect.__file__).parent


def program_of(called: str, shapes: Mapping[str, Shape] | Sequence[Shape], batch: int = 1) -> bytes:
    """The program of the module that `package.module:function` makes, on inputs of these shapes without the batch.

    Shapes by name go to what `forward` calls so, or, where it calls nothing so, in their order. The package is looked
    for where Python looks, the current folder first; the function, or class, is called without arguments. What the code
    prints goes to standard error. Raises CnncalcError for whatever it raises, with the place in the user's code.
    """
    before = list(sys.path)
    sys.path.insert(0, str(Path.cwd()))
    try:
        with contextlib.redirect_stdout(sys.stderr):
            module = _module(called)
            with _told(
                f"running `{called}`", "it runs on zeros of the shape of `--input`, with a batch of one before it"
            ):
                names = list(shapes) if isinstance(shapes, Mapping) else []
                sizes = [(batch, *shape) for shape in (shapes.values() if isinstance(shapes, Mapping) else shapes)]
                return _exported(module, sizes, _known(module, names))
    finally:
        sys.path[:] = before


@contextlib.contextmanager
def _told(what: str, help: str) -> Iterator[None]:
    """Tell whatever the user's code raises, and where."""
    try:
        yield
    except CnncalcError:
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the code is the user's, and raises what it likes
        said = " ".join(str(error).split())[:200]
        raise CnncalcError(Fault(f"{what} ended in {type(error).__name__}", _place(error), None, said, help)) from None


def _place(error: BaseException) -> Place | None:
    """The last line of the user's own code on the way to an error."""
    if isinstance(error, SyntaxError) and error.filename:
        text = (error.text or "").rstrip("\n")
        return Place(_near(error.filename), error.lineno or 1, error.offset or 1, 1, text)
    found, trace = None, error.__traceback__
    while trace is not None:
        if _is_the_users(trace.tb_frame):
            found = (trace.tb_frame.f_code.co_filename, trace.tb_lineno)
        trace = trace.tb_next
    if found is None:
        return None
    text = linecache.getline(*found).rstrip("\n")
    column = len(text) - len(text.lstrip()) + 1
    return Place(_near(found[0]), found[1], column, max(len(text) - column + 1, 1), text)


def _is_the_users(frame: FrameType) -> bool:
    path = Path(frame.f_code.co_filename)
    own = path.is_relative_to(PYTHONS) and "site-packages" not in path.parts
    return path.exists() and not own and not any(path.is_relative_to(one) for one in NOT_THE_USERS)


def _near(name: str) -> str:
    path = Path(name)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else name


def _known(module: nn.Module, names: Sequence[str]) -> Sequence[str]:
    """The names of inputs that `forward` has too: all of them, or none. Raises CnncalcError where it has only some."""
    if not names:
        return names
    taken = list(inspect.signature(module.forward).parameters)
    missing = [one for one in names if one not in taken]
    if len(missing) in (0, len(names)):
        return [] if missing else names
    message = f"`forward` of the module takes no `{missing[0][:60]}`"
    raise CnncalcError(Fault(message, help=suggestion(missing[0], taken, f"it takes {', '.join(taken)}")))


def _exported(module: nn.Module, shapes: Sequence[tuple[int, ...]], names: Sequence[str]) -> bytes:
    """The program on zeros where the weights are, of their type; of whole numbers where the code asks for these."""
    first = next((one for one in module.parameters() if one.dtype.is_floating_point), torch.zeros(()))

    def on_zeros(whole: Sequence[int]) -> bytes:
        types = [torch.long if at in whole else first.dtype for at in range(len(shapes))]
        inputs = [torch.zeros(shape, dtype=dtype, device=first.device) for shape, dtype in zip(shapes, types)]
        return exported(module, [] if names else inputs, dict(zip(names, inputs)))

    alone = [[at] for at in range(len(shapes))] if len(shapes) > 1 else []
    try:
        return on_zeros([])
    except (RuntimeError, IndexError, TypeError) as error:
        if not any(word in str(error) for word in WHOLE):
            raise
        for whole in (list(range(len(shapes))), *alone):
            with contextlib.suppress(RuntimeError, IndexError, TypeError):
                return on_zeros(whole)
        raise


def _module(called: str) -> nn.Module:
    """The module: what stands under the name itself, or what it makes."""
    package, _, path = called.partition(":")
    found: object = _imported(package, path)
    for name in path.split("."):
        if not hasattr(found, name):
            offered = [one for one in dir(found) if not one.startswith("_")]
            help = suggestion(name, offered, f"it has {', '.join(offered[:8])}" if offered else "")
            raise CnncalcError(Fault(f"there is no `{name[:60]}` in `{package}`", help=help))
        found = getattr(found, name)
    made = found
    if callable(found) and not isinstance(found, nn.Module):
        _takes_nothing(called, found)
        with _told(f"making `{called}`", "it is called without arguments"):
            made = found()
    if not isinstance(made, nn.Module):
        message = f"`{called}` makes a `{type(made).__name__}`, and no torch module"
        raise CnncalcError(Fault(message, help="name a function or a class that makes one without arguments"))
    return made


def _imported(package: str, path: str) -> object:
    """The user's Python module. Raises CnncalcError."""
    help = "it is looked for where Python looks, the current folder first"
    try:
        with _told(f"importing `{package}`", "`python -c 'import …'` in this folder says all of it"):
            return importlib.import_module(package)
    except CnncalcError:
        top = package.partition(".")[0]
        if package.endswith(".py") and Path(package.replace(".", "/", package.count(".") - 1)).exists():
            help = f"write `{package.removesuffix('.py')}:{path}`, without `.py`"
        elif Path(f"{top}.py").exists() or Path(top).exists() or top in sys.modules:
            raise
        raise CnncalcError(Fault(f"there is no Python module `{package[:60]}`", help=help)) from None


def _takes_nothing(called: str, found: object) -> None:
    """Raises CnncalcError for a function, or a class, that cannot be called without arguments."""
    try:
        parameters = inspect.signature(found).parameters.values()  # type: ignore[arg-type]  # it is callable
    except (TypeError, ValueError):  # of some that are written in C
        return
    wanted = [one.name for one in parameters if one.default is one.empty and one.kind not in (2, 4)]
    if wanted:
        name = called.rpartition(":")[2]
        message = f"`{called}` cannot be called without {', '.join(f'`{one}`' for one in wanted[:5])}"
        help = f"write a function that makes it, such as `def net(): return {name}(…)`, and name that one"
        raise CnncalcError(Fault(message, help=help))
