"""Frameworks that nets are held against: one table, and what each framework is to tell of a net that it built."""
