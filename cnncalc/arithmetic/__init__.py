"""What a rule is computed with: whole numbers, and later closed forms and traced numbers. No file, no YAML, no torch."""
