"""A net as another net: batch norms folded, kernels split, heads replaced; what that changes is told."""
