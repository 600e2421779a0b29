"""Closed forms: sizes, conditions on them, cases and maxima."""
