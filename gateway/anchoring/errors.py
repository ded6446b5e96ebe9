"""What can be wrong between our log and the chain."""

from __future__ import annotations

from ledger.core.errors import LedgerError


class LogFault(LedgerError):
    """An open log of ours and the chain contradict each other; an operator must act, nothing is
    anchored.

    code: `log-behind-chain` (the database is older than the chain: restored from a backup),
    `log-forked` (another tree stands there) or `log-damaged` (ours does not read back).
    """

    def __init__(self, code: str, *, chain_size: int, our_size: int) -> None:
        super().__init__(f"{code}: chain at {chain_size}, log at {our_size}")
        self.code = code
        self.chain_size = chain_size
        self.our_size = our_size


class AnchorsUnclear(LedgerError):
    """The events on the chain do not add up to the size that the contract names. Everything is
    read again from the deployment on."""


class AnchorRefused(LedgerError):
    """The contract refused the anchor of a log: key, member or log is not in force. code: the
    contract's error."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
