"""Nets as other tools write them, read as text of our language."""
