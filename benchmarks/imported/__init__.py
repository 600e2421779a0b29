"""Nets of packages through our readers, held."""
