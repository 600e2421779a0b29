"""Writes nets for Keras 3: our layers as Keras's, then as JSON or as code."""
