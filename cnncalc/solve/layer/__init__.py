"""One number of a layer that is left out."""
