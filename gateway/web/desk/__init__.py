"""Pages of the clerk: files and records."""
