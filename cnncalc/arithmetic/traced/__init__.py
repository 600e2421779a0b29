"""Numbers that carry how they came about, and how that is written."""
