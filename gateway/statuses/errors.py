"""Why the chain is not followed."""

from __future__ import annotations

from ledger.core.errors import CouldNotCheck


class ActsUnclear(CouldNotCheck):
    """What the nodes give does not fold to what the contract says, or is of a kind that this
    program does not know. Nothing of it is taken up, and nothing is acknowledged."""

    def __init__(self, what: str) -> None:
        super().__init__("acts-unclear", what)
