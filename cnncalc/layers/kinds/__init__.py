"""The kinds of layers, one family a file."""
