"""The catalogue: what may be recorded, and what is in force where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from gateway.explorer.members import Row, consortium_of, moment
from ledger.chain.contracts import bindings, structs
from ledger.chain.contracts.bindings import Catalogue
from ledger.chain.contracts.structs import CatalogueVersion
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.quorum import View
from ledger.core.errors import CouldNotCheck

ITEMS: Final = 20
"""On a page."""
REGIONS: Final = 40
"""Of an item that are looked at; members may put as many supplements as they like."""
KINDS: Final[Mapping[int, str]] = {
    structs.RECORD_TYPE: "record-type",
    structs.SEVERE_LIST: "list",
    structs.MEASURES: "measures",
    structs.AGREEMENT: "agreement",
    structs.RULES: "rules",
}
VISIBILITIES: Final[Mapping[int, str]] = {
    structs.PUBLIC: "public",
    structs.ON_AUTHORISATION: "on-authorisation",
    structs.GOVERNMENT: "government",
}


def read_catalogue(view: View, network: NetworkFile, start: int) -> Row:
    """Items behind the first `start`, each with its newest version in force nationally and the
    regions with a version in force. Raises CouldNotCheck."""
    catalogue = _catalogue(view, network)
    names, now = catalogue.item_ids_from(start, ITEMS), view.block.time
    rows = []
    for name in names:
        regions = catalogue.regions_from(name, 0, REGIONS)
        versions = catalogue.series((name, region) for region in regions)
        current = {region: in_force(versions, region, now) for region in regions}
        shown = current.get(structs.NATIONAL) or next(
            (one for one in current.values() if one), max(versions, key=_number, default=None)
        )
        rows.append(
            {
                "item": name,
                "kind": "" if shown is None else KINDS.get(shown.item.kind, str(shown.item.kind)),
                "version": None if shown is None else shown.item.version,
                "contentHash": None if shown is None else shown.item.content_hash.hex(),
                "national": current.get(structs.NATIONAL) is not None,
                "regions": [region for region, one in current.items() if region and one],
            }
        )
    return {"items": rows, "count": catalogue.item_count()}


def read_item(view: View, network: NetworkFile, name: str, start: int) -> Row | None:
    """An item with all versions in the regions behind the first `start`; None: there is none of
    that name. Raises CouldNotCheck."""
    catalogue = _catalogue(view, network)
    regions = catalogue.regions_from(name, start, REGIONS + 1)
    if not regions and not start:
        return None
    shown, now = regions[:REGIONS], view.block.time
    versions = catalogue.series((name, region) for region in shown)
    current = [in_force(versions, region, now) for region in shown]
    return {
        "item": name,
        "versions": [_version(one, in_force=one in current) for one in versions],
        "more": len(regions) > REGIONS,
    }


def in_force(
    versions: Sequence[CatalogueVersion], region: str, now: int
) -> CatalogueVersion | None:
    """The version of a series that is in force: the newest one that has begun, unless it ended."""
    begun = _begun(versions, region, now)
    last = max(begun, key=_number, default=None)
    return last if last is not None and last.in_force(now) else None


def _begun(versions: Iterable[CatalogueVersion], region: str, now: int) -> list[CatalogueVersion]:
    return [one for one in versions if one.item.region == region and one.begins <= now]


def _number(version: CatalogueVersion) -> int:
    return version.item.version


def _catalogue(view: View, network: NetworkFile) -> Catalogue:
    account = consortium_of(view, network).current(bindings.CATALOGUE)
    if account is None:
        raise CouldNotCheck("no-code", "no Catalogue is registered")
    return Catalogue(account, view.call, view.calls)


def _version(found: CatalogueVersion, *, in_force: bool) -> dict[str, Any]:
    item = found.item
    return {
        "version": item.version,
        "region": item.region,
        "kind": KINDS.get(item.kind, str(item.kind)),
        "contentHash": item.content_hash.hex(),
        "since": moment(item.since),
        "until": moment(item.until) if item.until else None,
        "putAt": moment(found.put_at),
        "visibility": VISIBILITIES.get(item.visibility, str(item.visibility)),
        "inForce": in_force,
    }
