"""Modules that are alike become one class: what differs between them are its arguments."""
