"""Reading from the chain what this member's gateway needs of it."""

from __future__ import annotations

from gateway.chain.interfaces import MemberFacts, OwnKey, OwnLog, RecordType
from ledger.chain.contracts.bindings import CATALOGUE, LOG_ANCHOR, Catalogue, Consortium
from ledger.chain.contracts.structs import (
    ACTIVE,
    MEASURES,
    NATIONAL,
    OPEN,
    RECORD_TYPE,
    RULES,
    SEVERE_LIST,
    CatalogueItem,
    Key,
    Log,
)
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.quorum import View
from ledger.core.errors import ConfigError
from ledger.records.rules import MEASURES_ITEM
from ledger.records.store import Library


def read_facts(
    view: View, network: NetworkFile, member: str, library: Library | None = None
) -> MemberFacts:
    """All facts as of the view's block. library: files beside those that we package, which name
    more severe lists. Raises CouldNotCheck, or ConfigError where the member or a contract is not
    registered."""
    consortium = Consortium(network.consortium, view.call, view.calls)
    found = consortium.member(member)
    if found is None:
        raise ConfigError("node.code", f"{member} is no member of this network")
    history = consortium.contract_history(LOG_ANCHOR)
    catalogue = consortium.current(CATALOGUE)
    if not history or catalogue is None:
        raise ConfigError("network", "LogAnchor or Catalogue is not registered")
    held = library or Library()
    items = _items(Catalogue(catalogue, view.call, view.calls), found.region, held)
    return MemberFacts(
        chain_id=network.chain_id,
        consortium=network.consortium,
        deploy_block_hash=network.deploy_block_hash,
        member=member,
        region=found.region,
        roles=found.roles,
        active=found.status == ACTIVE,
        logs=tuple(_log(log) for log in consortium.logs(member)),
        keys=tuple(_key(key) for key in consortium.keys(member)),
        record_types=tuple(_record_type(item) for item in items if item.kind == RECORD_TYPE),
        rules=tuple(_record_type(item) for item in items if item.kind == RULES),
        lists=tuple(_record_type(item) for item in items if item.kind == SEVERE_LIST),
        measures=tuple(_record_type(item) for item in items if item.kind == MEASURES),
        log_anchors=tuple(entry.account for entry in history),
        catalogue=catalogue,
        block=view.block.number,
        block_hash=view.block.hash,
        block_time=view.block.time,
    )


def _items(catalogue: Catalogue, region: str, held: Library) -> list[CatalogueItem]:
    """Of the types and rules whose files we hold and the lists that these name, as they are for
    the nation and for our region: what other regions put is no business of ours, and may be more
    than can be read."""
    types = (schema.name for schema in held.all_schemas())
    rules = held.all_rules()
    lists = (each.id for one in rules for each in one.tables.lists)
    names = dict.fromkeys((*types, *(one.name for one in rules), MEASURES_ITEM, *lists))
    regions = dict.fromkeys((NATIONAL, region))
    wanted = ((name, one) for name in names for one in regions)
    return [version.item for version in catalogue.series(wanted)]


def _log(log: Log) -> OwnLog:
    return OwnLog(
        log_id=log.log_id.hex(),
        seq=log.seq,
        open=log.status == OPEN,
        trusted_size=log.trusted_size,
    )


def _key(key: Key) -> OwnKey:
    return OwnKey(
        key_id=key.key_id.hex(),
        purpose=key.purpose,
        alg=key.alg,
        public_key=key.public_key.hex(),
        not_before=key.not_before,
        not_after=key.not_after,
        compromised_since=key.compromised_since,
    )


def _record_type(item: CatalogueItem) -> RecordType:
    return RecordType(
        name=item.item_id,
        version=item.version,
        content_hash=item.content_hash.hex(),
        since=item.since,
        until=item.until,
        visibility=item.visibility,
        region=item.region,
        data_class=item.data_class,
        granularity=item.granularity,
    )
