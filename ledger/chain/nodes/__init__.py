"""Nodes of a chain: asked one by one, or together as a quorum."""
