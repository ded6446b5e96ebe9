"""A member on a real chain, put back for each test."""

from tests.support.rolled_back import anvil, member, node

__all__ = ["anvil", "member", "node"]
