"""The command line: one command a file, each a few lines. The only place that knows click."""
