"""Derivations as text, Markdown and JSON."""
