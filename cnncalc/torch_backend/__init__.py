"""Nets in torch: build them, run them, and hold what torch did against what was predicted.

The only package that imports torch. Nothing but `verify`, the tests and `to_torch` loads it, so torch
stays an extra that the rest of cnncalc never needs.
"""

from __future__ import annotations

from importlib.util import find_spec

from cnncalc.errors import CnncalcError, Fault

if find_spec("torch") is None:
    raise CnncalcError(Fault("torch is not installed", help="install it beside cnncalc: `pip install torch`"))
