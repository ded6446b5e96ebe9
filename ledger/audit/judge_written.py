"""Revocations and products judged: by who wrote them, with which key, and whether the signature is
in the transaction."""

from __future__ import annotations

from ledger.audit.case_rules import is_active
from ledger.audit.findings import Findings
from ledger.audit.signatures import check
from ledger.audit.state import Key, State, missing
from ledger.audit.written import Event, Writing, Written, fold
from ledger.chain.nodes.quorum import View
from ledger.core.keys import Purpose, Role

__all__ = ["WRITERS", "WrittenReader", "is_in_doubt", "judge_written"]

WRITERS = Role.PROVINCE | Role.BUREAU
"""Who keeps authorisations, and who makes products (design-2 14, 17)."""


class WrittenReader:
    """Takes events in their order. `now` is at the head, `written` at the end of block `last`."""

    def __init__(self, state: State, last: int, findings: Findings) -> None:
        """state: what Consortium says at `last`."""
        self.now = Written()
        self.written = Written()
        self._state = state
        self._last = last
        self._findings = findings

    def take(self, event: Event, time: int, *, in_turn: bool, ours: bool) -> None:
        """One more. time: Unix seconds of its block; in_turn: the contract held the role; ours: it
        and all before it are what ships. Raises CouldNotCheck where an event before it is
        missing."""
        if ours and not in_turn:
            raise missing(f"{event.entry.address} had no role at block {event.entry.block}")
        if not in_turn:
            self._out_of_turn(event)
            return
        _, why = fold(self.now, event, time)
        if ours and why is not None:
            raise missing(f"{type(event).__name__} at block {event.entry.block}: {why}")
        if event.entry.block > self._last:
            return
        writing, why = fold(self.written, event, time)
        if why is not None:
            self._not_allowed(writing, why)
        member = self._state.members.get(writing.member)
        able = member is not None and is_active(member, writing.place)
        if member is None or not able or not member.roles_at(writing.place) & WRITERS:
            if writing.purpose == Purpose.PRODUCT:
                _tell(self._findings, "product-not-a-maker", writing)
            else:
                self._not_allowed(writing, "custodian")

    def _out_of_turn(self, event: Event) -> None:
        if event.entry.block <= self._last:
            writing, _ = fold(Written(), event, 0)
            self._not_allowed(writing, "out-of-turn")

    def _not_allowed(self, writing: Writing, why: str) -> None:
        if why == "version":
            _tell(self._findings, "product-version-gap", writing)
        else:
            _tell(self._findings, f"{_kind(writing)}-not-allowed", writing, why=why)


def judge_written(
    view: View, chain_id: int, state: State, written: Written, findings: Findings
) -> None:
    """Findings about the keys and signatures of all. Raises CouldNotCheck."""
    for writing in written.writings:
        key = state.keys.get((writing.member, writing.key_id))
        if not _is_valid(key, writing):
            _tell(findings, f"{_kind(writing)}-key-not-valid", writing, keyId=writing.key_id.hex())
        elif is_in_doubt(state, writing):
            _tell(findings, f"{_kind(writing)}-key-disputed", writing, keyId=writing.key_id.hex())
    answers = check(view, chain_id, (one.signed for one in written.writings))
    for writing, (one, seen) in zip(written.writings, answers, strict=True):
        if seen == "no-transaction":
            findings.unchecked("transaction-missing", writing.where, tx=one.tx)
        elif seen != "valid":
            code = f"{_kind(writing)}-signature-{seen}"
            _tell(findings, code, writing, keyId=writing.key_id.hex())


def is_in_doubt(state: State, writing: Writing) -> bool:
    """Whether its key is held to have been stolen when it signed."""
    key = state.keys.get((writing.member, writing.key_id))
    return key is not None and 0 < key.compromised_since <= writing.time


def _is_valid(key: Key | None, writing: Writing) -> bool:
    fits = key is not None and key.purpose == writing.purpose
    return fits and key is not None and key.not_before <= writing.time <= key.not_after


def _kind(writing: Writing) -> str:
    return "product" if writing.purpose == Purpose.PRODUCT else "revocation"


def _tell(findings: Findings, code: str, writing: Writing, **evidence: str) -> None:
    findings.add(
        code, log=b"", member=writing.member, where=writing.where, tx=writing.signed.tx, **evidence
    )
