"""What the catalogue has in force of the rules that a record is judged and promised by: what a
verifier will look for."""

from __future__ import annotations

from gateway.base.schema_folder import SchemaFolder
from gateway.chain.interfaces import MemberFacts
from ledger.core.verdict.facts import PUBLICITY
from ledger.records.rules import Rules


def rules_in_force(facts: MemberFacts, at: int, library: SchemaFolder) -> Rules | None:
    """In force in the catalogue at that Unix second; None where there are none or we do not hold
    their file. Not the newest that we hold: others judge by what the chain says."""
    item = facts.rules_item(PUBLICITY, at)
    rules = library.rules(item.content_hash) if item else None
    return rules if rules and item and rules.version == item.version else None


def measures_in_force(facts: MemberFacts, at: int, library: SchemaFolder) -> frozenset[str]:
    """The names of the measures that a record may name at that Unix second. None of them where
    the catalogue has no vocabulary or we do not hold its file: what cannot be compared is refused
    and can be sent again."""
    item = facts.measures_item(at)
    rules = library.rules(item.content_hash) if item else None
    return frozenset(each.name["zh"] for each in rules.tables.measures) if rules else frozenset()
