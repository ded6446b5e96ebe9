"""Transactions: built, priced, signed and sent until they are mined."""
