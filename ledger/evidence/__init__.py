"""Evidence that outlives every node: an archive, and one header hash (design-2 21)."""
