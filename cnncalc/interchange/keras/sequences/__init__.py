"""Layers that run along a sequence."""
