"""What may never change meaning: bytes in, bytes out, no I/O, no clock.

A change here needs a new format version and new vectors; everything outside may change freely.
"""
