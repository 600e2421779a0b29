"""A fuzz of the whole command line; `python -m benchmarks.hostile --help`."""
