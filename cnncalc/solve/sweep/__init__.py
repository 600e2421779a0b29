"""A table over a grid."""
