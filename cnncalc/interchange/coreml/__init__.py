"""Core ML: neural networks and programs, told in ONNX's operators."""
