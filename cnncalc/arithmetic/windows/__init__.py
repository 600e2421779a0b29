"""Lengths of windows and the pixels that they see, in whole numbers."""
