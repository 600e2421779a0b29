"""As other tools count and print."""
