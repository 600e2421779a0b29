"""Nets in torch: build them, run them, and hold what torch did against what was predicted.

The only package that imports torch. Nothing but `verify`, the tests and `to_torch` loads it, so torch
stays an extra that the rest of cnncalc never needs.
"""

from __future__ import annotations

from cnncalc.errors import CnncalcError, Fault

try:
    import torch as _torch
except ModuleNotFoundError as error:
    if error.name != "torch":
        raise
    raise CnncalcError(
        Fault("torch is not installed", help="install it with `pip install 'cnncalc[torch]'`"),
    ) from error

del _torch
