"""Bytes: of every tensor, at the peak, for training."""
