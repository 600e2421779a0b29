"""The reference table of counting conventions: what the tools themselves print. Needs the tools; see README.md here."""
