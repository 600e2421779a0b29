"""Net -> frozen rows of whole numbers."""
