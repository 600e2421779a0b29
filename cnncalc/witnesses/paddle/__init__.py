"""Paddle: the net layer by layer from `paddle.nn`, run on zeros."""
