"""Receptive fields, measured."""
