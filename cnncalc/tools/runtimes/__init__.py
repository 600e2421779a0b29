"""What sizes the runtimes of ONNX and other files make of a net, where these differ from what its dialect says."""
