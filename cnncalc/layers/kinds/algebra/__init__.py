"""Functions, arithmetic, products and reductions of tensors."""
