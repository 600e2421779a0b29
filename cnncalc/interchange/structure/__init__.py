"""From a flat sketch to the text that a person would have written."""
