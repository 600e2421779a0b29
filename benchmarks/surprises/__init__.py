"""What other tools do where a good guess is wrong, measured again: `python -m benchmarks.surprises`.

Each part (`with_…`) is a program for an environment of its own with pinned releases, and knows nothing of cnncalc but
the first, `with_torch`. What they found is tests/data/surprises.csv; docs/surprises.md tells it; the tests hold the
page, and cnncalc where it says the same, against it.
"""
