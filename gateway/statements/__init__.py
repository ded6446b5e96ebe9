"""Statements: issued under a promise, kept sealed, moved to the log once a day (design-2 10)."""
