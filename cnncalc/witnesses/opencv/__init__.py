"""What OpenCV's dnn has of a net: read from a model of ONNX, or in Caffe's dialect from a prototxt."""
