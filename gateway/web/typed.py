"""What people type, as the interface takes it."""

from __future__ import annotations

from typing import Final

MOST_DIGITS: Final = 15
"""Of a number that JSON carries; Python itself reads no more than 4,300 of them."""


def number(text: str) -> int | str:
    """The number that a text is; the text itself where it is none, which the interface then says
    with the name of the field."""
    digits = text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
    return int(text) if digits else text
