"""The national items of the catalogue: a record type for every schema that we ship, the rules of
publicity, the vocabulary of measures and the severe lists that the rules define."""

from ledger.chain.contracts.structs import (
    GENERAL,
    MEASURES,
    MONTH,
    NATIONAL,
    PUBLIC,
    RECORD_TYPE,
    RULES,
    SEVERE_LIST,
    YEAR,
    CatalogueItem,
    Code,
)
from ledger.chain.visibility import VISIBILITY_OF
from ledger.core.ids import Digest
from ledger.records.rules import MEASURES_ITEM, Rules, all_rules, newest
from ledger.records.schema import Schema, all_schemas

# 2024-01-01T00:00+08:00: the year of the catalogue that the schemas follow.
SINCE = 1_704_038_400


def national_items(since: int = SINCE) -> tuple[CatalogueItem, ...]:
    """One item for every schema, rules file and severe list, and the measures, in force from
    `since` (Unix seconds) on."""
    ordered = sorted(all_schemas(), key=lambda schema: (schema.name, schema.version))
    types = (_record_type(schema, since) for schema in ordered)
    rules = (_of_rules(Code(each.name), each, RULES, since) for each in all_rules())
    last = newest()
    measures = _of_rules(Code(MEASURES_ITEM), last, MEASURES, since)
    lists = (_of_rules(Code(each.id), last, SEVERE_LIST, since) for each in last.tables.lists)
    return (*types, *rules, measures, *lists)


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


def _of_rules(item_id: Code, rules: Rules, kind: int, since: int) -> CatalogueItem:
    """An item that a rules file says the meaning of. Such items are public; `granularity` says
    nothing of them, but the contract asks for one."""
    return CatalogueItem(
        item_id=item_id,
        version=rules.version,
        kind=kind,
        content_hash=Digest(bytes.fromhex(rules.sha256)),
        since=since,
        until=0,
        visibility=PUBLIC,
        region=NATIONAL,
        data_class=GENERAL,
        granularity=MONTH,
    )
