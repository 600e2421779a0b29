"""Which inputs, batches and variables do."""
