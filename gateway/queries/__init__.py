"""Queries about subjects: answered for other members, and asked of them (design-2 15)."""
