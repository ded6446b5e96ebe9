"""The rules of publicity that a record is promised by: those that a verifier will look for."""

from __future__ import annotations

from gateway.chain.interfaces import MemberFacts
from ledger.core.verdict.facts import PUBLICITY
from ledger.records.rules import Rules, by_hash


def rules_in_force(facts: MemberFacts, at: int) -> Rules | None:
    """In force in the catalogue at that Unix second; None where there are none or we do not hold
    their file. Not the newest that we hold: others judge by what the chain says."""
    item = facts.rules_item(PUBLICITY, at)
    rules = by_hash(item.content_hash) if item else None
    return rules if rules and item and rules.version == item.version else None
