"""The public names: load anything, and ask it."""

from __future__ import annotations

from cnncalc.api.answers import Answer, Report
from cnncalc.api.nets import Net
from cnncalc.api.opening import chain, load
from cnncalc.api.questions import check, sweep

__all__ = ["Answer", "Net", "Report", "chain", "check", "load", "sweep"]
