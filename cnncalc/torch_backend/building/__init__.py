"""A graph as torch modules."""
