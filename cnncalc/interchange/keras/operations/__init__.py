"""Operations of `keras.ops` and of TensorFlow as layers of ours."""
