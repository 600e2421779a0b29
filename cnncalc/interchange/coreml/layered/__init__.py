"""A NeuralNetwork: layers in order, with their weights inside."""
