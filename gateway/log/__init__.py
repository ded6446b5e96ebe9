"""The public log of this member: an append-only tree, its tiles and its checkpoint."""
