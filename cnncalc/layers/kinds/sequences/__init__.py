"""Attention and recurrent layers, on sequences (features x length) and on maps."""
