"""Which bits of a file are flipped, one after the other."""

from tests.support.nightly import is_night

STEP = 5
"""One of so many by day: by this step every place in a byte is met, and every member of a file."""


def bits(data: bytes) -> range:
    """Their numbers; bit n is `1 << n % 8` of byte `n // 8`."""
    return range(0, 8 * len(data), 1 if is_night() else STEP)
