"""A net on symbolic lengths: every number as a closed form."""
