"""Stored records: sealed, opened or erased."""
