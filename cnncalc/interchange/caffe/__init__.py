"""Caffe's prototxt, old and new."""
