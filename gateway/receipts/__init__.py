"""Handing out records and receipts."""
