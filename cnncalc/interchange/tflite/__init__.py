"""TensorFlow Lite's models, without TensorFlow: the tables of a FlatBuffer, and its operators as layers of ours."""
