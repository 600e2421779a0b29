"""Nets as ONNX models: a table of our kinds as nodes, a scribe that notes them, the model made of what it noted."""
