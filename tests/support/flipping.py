"""Which bits of a file are flipped, one after the other."""

import os

EVERY = "CREDIT_LEDGER_EVERY_BIT"
"""Set by `make nightly`: each bit, for minutes."""
STEP = 5
"""Else one of so many: by this step every place in a byte is met, and every member of a file."""


def bits(data: bytes) -> range:
    """Their numbers; bit n is `1 << n % 8` of byte `n // 8`."""
    return range(0, 8 * len(data), 1 if EVERY in os.environ else STEP)
