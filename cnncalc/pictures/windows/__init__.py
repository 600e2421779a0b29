"""What windows do: one axis of each layer, step by step, and what an output pixel sees of the input."""
