"""Keras models of versions 1 to 3: JSON, `.keras`, HDF5, and the layers models of tfjs."""
