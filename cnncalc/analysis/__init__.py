"""Graph -> frozen rows of whole numbers."""
