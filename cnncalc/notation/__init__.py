"""`conv 64 k3 s2` to a layer and back."""
