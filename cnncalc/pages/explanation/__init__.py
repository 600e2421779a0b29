"""Derivations as pages."""
