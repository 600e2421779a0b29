"""A net that anybody can build: layers with known shapes, added one by one; a fork goes on by itself."""

from __future__ import annotations

from cnncalc.graph.met import Costs, Met, costs, forget
from cnncalc.graph.names import UNKNOWN, Level, groups_of, is_name, matching, why_no_name
from cnncalc.graph.net import Input, Net
from cnncalc.graph.nodes import Node, Origin
from cnncalc.graph.rules import broken_requirement, undecided
from cnncalc.graph.signatures import Signatures

__all__ = [
    "UNKNOWN", "Costs", "Input", "Level", "Met", "Net", "Node", "Origin", "Signatures",
    "broken_requirement", "costs", "forget", "groups_of", "is_name", "matching", "undecided",
    "why_no_name",
]  # fmt: skip
