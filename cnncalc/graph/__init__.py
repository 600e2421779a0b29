"""A network as a graph of layers with known shapes."""

from __future__ import annotations

from cnncalc.graph.net import Graph, Node, Origin, broken_requirement, undecided

__all__ = ["Graph", "Node", "Origin", "broken_requirement", "undecided"]
