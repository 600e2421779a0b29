"""The kinds that are no convolution, pool or plain activation, a family a file."""
