"""What a rule is computed with: whole numbers, closed forms, traced numbers. No file, no YAML, no torch."""
