"""What the exchange refuses, and what may be wrong with a peer.

LedgerError
├─ SignatureRefused   a request whose signature does not hold: answered 401
├─ Refused            a member's request that it may not make, or not so
├─ EvidenceError
│  └─ BadAnswer       what a peer answered is not its own, not to our request, or false
└─ CouldNotCheck
   └─ PeerSilent      no answer: not reached, too slow, not to be asked
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger.core.errors import CouldNotCheck, EvidenceError, LedgerError


class SignatureRefused(LedgerError):
    """A request is not proven to be a member's. code: a title of `gateway.http.problems`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Refused(LedgerError):
    """A member may not have this, or its papers are not good. code: a title of
    `gateway.http.problems`. extra: members beside those of the problem."""

    def __init__(self, code: str, *, extra: Mapping[str, Any] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.extra = dict(extra or {})


class BadAnswer(EvidenceError):
    """A peer's answer counts for nothing.

    code: `answer-unsigned` `answer-form` `answer-key` `answer-digest` `answer-replayed`
    `answer-signature` `answer-malformed` `answer-too-large` `other-record` `binding-differs`
    `receipt-false`.
    """

    code: str

    def __init__(self, code: str, member: str, problem: str = "") -> None:
        super().__init__(f"{member}: {code}" + (f": {problem}" if problem else ""))
        self.code = code
        self.member = member
        self.problem = problem


class PeerSilent(CouldNotCheck):
    """Nothing came that can be judged.

    code: `peer-unknown` `peer-not-active` `no-endpoint` `endpoint-refused` `address-private`
    `name-unknown` `unreachable` `too-slow` `peer-busy` `not-recognised` `not-anchored`
    `receipt-unchecked`.
    """

    def __init__(self, code: str, member: str, problem: str = "") -> None:
        super().__init__(code, problem or code, member=member)
        self.member = member


class PeerRefused(LedgerError):
    """A peer refused in an answer that it signed. code: its problem's. status: HTTP."""

    def __init__(self, code: str, member: str, status: int) -> None:
        super().__init__(f"{member}: {code}")
        self.code = code
        self.member = member
        self.status = status
