"""Lists of a day: our own part of one, and all parts together."""
