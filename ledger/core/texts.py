"""What is said to people, in every language we speak."""

from collections.abc import Mapping

__all__ = ["Text"]

Text = Mapping[str, str]
"""The same in `zh` and `en`."""
