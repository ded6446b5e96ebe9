"""Founding a network: contracts, first members and the national catalogue."""
