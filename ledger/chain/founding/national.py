"""The national items of the catalogue: a record type for every schema that we ship, and the rules
of publicity."""

from ledger.chain.contracts.structs import (
    GENERAL,
    MONTH,
    NATIONAL,
    PUBLIC,
    RECORD_TYPE,
    RULES,
    YEAR,
    CatalogueItem,
    Code,
)
from ledger.chain.visibility import VISIBILITY_OF
from ledger.core.ids import Digest
from ledger.records.rules import Rules, all_rules
from ledger.records.schema import Schema, all_schemas

# 2024-01-01T00:00+08:00: the year of the catalogue that the schemas follow.
SINCE = 1_704_038_400


def national_items(since: int = SINCE) -> tuple[CatalogueItem, ...]:
    """One item for every schema and for every rules file, in force from `since` (Unix seconds)
    on."""
    ordered = sorted(all_schemas(), key=lambda schema: (schema.name, schema.version))
    types = (_record_type(schema, since) for schema in ordered)
    return (*types, *(_rules(rules, since) for rules in all_rules()))


def _record_type(schema: Schema, since: int) -> CatalogueItem:
    return CatalogueItem(
        item_id=Code(schema.name),
        version=schema.version,
        kind=RECORD_TYPE,
        content_hash=Digest(bytes.fromhex(schema.sha256)),
        since=since,
        until=0,
        visibility=VISIBILITY_OF[schema.visibility],
        region=NATIONAL,
        data_class=GENERAL,
        granularity=YEAR if schema.period == "year" else MONTH,
    )


def _rules(rules: Rules, since: int) -> CatalogueItem:
    """Rules are public; `granularity` says nothing of them, but the contract asks for one."""
    return CatalogueItem(
        item_id=Code(rules.name),
        version=rules.version,
        kind=RULES,
        content_hash=Digest(bytes.fromhex(rules.sha256)),
        since=since,
        until=0,
        visibility=PUBLIC,
        region=NATIONAL,
        data_class=GENERAL,
        granularity=MONTH,
    )
