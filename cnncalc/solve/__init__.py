"""Inverse problems over formulas, graphs and files: from what should come out to what must go in."""
