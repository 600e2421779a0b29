"""Models of TensorFlow.js: layers models, which are Keras's, and graph models, which are TensorFlow's."""
