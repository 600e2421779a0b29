"""Many nets that are verified: by whom, and kept on the way."""
