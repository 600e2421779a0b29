"""NNEF, Khronos's exchange format: a graph as text, told in ONNX's operators. Its tensors' files are not read."""
