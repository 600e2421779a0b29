"""A net as another net: batch norms folded, kernels split, heads replaced; what changes is told, exact rules are proved."""
