"""Small ONNX models of every operator with arguments drawn at random, held against onnxruntime tensor by tensor."""
