"""Checks of many subjects for one matter, and what was done about them (design-2 15)."""
