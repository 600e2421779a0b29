"""A net as a program: PyTorch code that a person would have written."""
