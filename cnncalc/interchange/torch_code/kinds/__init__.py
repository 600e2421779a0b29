"""What each kind of layer is in PyTorch: one table, by families of kinds."""
