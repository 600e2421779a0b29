"""A Keras model as a program: what is built again and again is a function, and what follows itself is a loop."""
