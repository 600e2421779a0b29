"""The answer of each command as rows and lines."""
