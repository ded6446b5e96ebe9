"""Wrapped keys: those of all sealed content, in a table of their own."""
