"""Darknet's configuration files."""
