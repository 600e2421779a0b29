"""YAML text to nodes with line and column."""
