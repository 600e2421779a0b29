"""Files with `?` in them."""
