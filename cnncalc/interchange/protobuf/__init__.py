"""Protobuf without descriptors: its wire format, and messages read by the numbers of their fields."""
