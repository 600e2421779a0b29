"""Nets, layer by layer, in numbers or in formulas."""
