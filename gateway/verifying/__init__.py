"""Judging receipts for programs on this machine that are not written in Python."""
