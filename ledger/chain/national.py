"""The national items of the catalogue: a record type for every schema that we ship."""

from ledger.chain.structs import (
    GENERAL,
    MONTH,
    NATIONAL,
    ON_AUTHORISATION,
    PUBLIC,
    RECORD_TYPE,
    YEAR,
    CatalogueItem,
    Code,
)
from ledger.core.ids import Digest
from ledger.records.schema import Schema, all_schemas

# 2024-01-01T00:00+08:00: the year of the catalogue that the schemas follow.
SINCE = 1_704_038_400
# What a subject offers of itself is shown to those whom it authorises.
_ON_AUTHORISATION = {"voluntary"}


def national_items(since: int = SINCE) -> tuple[CatalogueItem, ...]:
    """One item for every schema, in force from `since` (Unix seconds) on."""
    ordered = sorted(all_schemas(), key=lambda schema: (schema.name, schema.version))
    return tuple(_item(schema, since) for schema in ordered)


def _item(schema: Schema, since: int) -> CatalogueItem:
    return CatalogueItem(
        item_id=Code(schema.name),
        version=schema.version,
        kind=RECORD_TYPE,
        content_hash=Digest(bytes.fromhex(schema.sha256)),
        since=since,
        until=0,
        visibility=ON_AUTHORISATION if schema.name in _ON_AUTHORISATION else PUBLIC,
        region=NATIONAL,
        data_class=GENERAL,
        granularity=YEAR if schema.period == "year" else MONTH,
    )
