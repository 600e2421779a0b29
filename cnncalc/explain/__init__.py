"""Every number with its derivation."""
