"""Nodes that are several layers in one: attention, what onnxruntime fuses and quantises, what is rare."""
