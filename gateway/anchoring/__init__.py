"""Anchoring checkpoints of the log on the chain, and what is known of the chain."""
