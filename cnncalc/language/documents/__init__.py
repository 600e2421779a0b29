"""A file as it stands: its keys, variables, and what it extends."""
