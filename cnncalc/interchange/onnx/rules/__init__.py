"""What each operator of ONNX becomes: a function of its call, one table."""
