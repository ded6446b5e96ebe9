"""The access log: who asked for what, for which purpose, and what was decided."""
