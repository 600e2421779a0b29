"""A net held against a file of weights: names and shapes alone; no number is read, and nothing is unpickled."""
