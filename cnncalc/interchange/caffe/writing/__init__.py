"""A net as a prototxt."""
