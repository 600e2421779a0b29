"""Solved problems and sweeps."""
