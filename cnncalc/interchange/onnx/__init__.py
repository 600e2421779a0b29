"""ONNX files: the wire, the model in it, arithmetic of shapes, and a table of operators."""
