"""What is told of products: how they stand on the chain, what went in, whether they are stale, and
which of them a record went into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from gateway.accesses.services import Access, AccessLog
from gateway.base.context import Context
from gateway.base.db import begin_read
from gateway.base.errors import NotReady
from gateway.base.policy import ALWAYS, Caller, Decision, Purpose, Record, decide
from gateway.mirrors.leaves import Leaves
from gateway.products import store
from gateway.products.chain import ProductChain
from gateway.products.errors import ProductRefused
from gateway.products.fates import remedy_of
from gateway.products.finding import record_ids
from gateway.products.interfaces import KINDS, Cause, ProductAction
from gateway.products.manifests import Held, Manifests
from gateway.products.staleness import Followed, causes_among, causes_of, followed
from ledger.chain.contracts.bindings import PAGE_OF_VERSIONS
from ledger.chain.products import Found
from ledger.core.canonical import hex32, instant
from ledger.core.errors import CouldNotCheck, Malformed
from ledger.core.ids import ProductId, RecordId
from ledger.core.manifest import show_input
from ledger.core.texts import Text

MAX_CAUSES: Final = 1_000
"""Causes in one answer; how many there are is said beside them."""
MAX_INPUTS_PAGE: Final = 1_000
MAX_VERSIONS: Final = 1_000
"""Versions that one answer about a record names."""
_KIND_NAMES: Final = {number: name for name, number in KINDS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A version of a product. version: None: the newest whose manifest is here."""

    member: str
    product_id: ProductId
    version: int | None = None


class Looking:
    """Tells of products. Safe in threads."""

    def __init__(
        self,
        ctx: Context,
        *,
        chain: ProductChain,
        manifests: Manifests,
        accesses: AccessLog,
        leaves: Leaves,
    ) -> None:
        self._ctx = ctx
        self._chain = chain
        self._manifests = manifests
        self._accesses = accesses
        self._leaves = leaves

    # ---- products

    def page(self, caller: Caller, after: int) -> Mapping[str, Any]:
        """The products that are known here, behind a place."""
        with begin_read(self._ctx.engine) as connection:
            rows = store.page(connection, after)
            seen = [row for row in rows if _may(caller, row)]
            items = [self._item(connection, row) for row in seen]
        last = rows[-1].n if len(rows) == store.PAGE else None
        return {"items": items, "next": last}

    def show(self, caller: Caller, name: Name, start: int = 0) -> Mapping[str, Any]:
        """A product as the chain has it, with what is kept here. start: how many of its versions
        to leave out. Raises ProductRefused (`not-found`), NotReady."""
        found = self._on_chain(name, start)
        with begin_read(self._ctx.engine) as connection:
            row = store.product_row(connection, name.member, name.product_id)
            if row is not None and not _may(caller, row):
                row = None
            if row is None and found is None:
                raise ProductRefused("not-found", self._elsewhere(connection, caller, name))
            here = {} if row is None else _versions_here(connection, row)
            acts = [] if row is None else store.acts_of(connection, row.n)
        return {
            "_type": "credit-ledger/product@1",
            "member": name.member,
            "product": hex32(name.product_id),
            "title": "" if row is None else row.title,
            **_facts(row, found),
            "versions": list(_versions(found, here, start)),
            "acts": [_act(one) for one in acts],
        }

    def _on_chain(self, name: Name, start: int) -> Found | None:
        try:
            now = self._chain.now()
            return now.found(name.member, name.product_id, start=start, count=PAGE_OF_VERSIONS)
        except CouldNotCheck as error:
            raise NotReady("chain-unknown") from error

    def _item(self, connection: sa.Connection, row: store.Row) -> Mapping[str, Any]:
        versions = store.versions_of(connection, row.n)
        acts = store.acts_of(connection, row.n)
        return {
            "member": row.member,
            "product": hex32(row.product),
            "kind": _KIND_NAMES.get(row.kind),
            "title": row.title,
            "versions": [one.version for one in versions],
            "waiting": sum(one.state in store.IN_FLIGHT for one in acts),
            "refused": sum(one.state == "refused" for one in acts),
        }

    # ---- versions

    def status(self, caller: Caller, name: Name) -> Mapping[str, Any]:
        """Whether a version is stale, and why. Raises ProductRefused (`not-found`,
        `manifest-missing`), NotReady."""
        with begin_read(self._ctx.engine) as connection:
            how_far = followed(connection)
            row = self._version(connection, caller, name)
            causes = causes_of(connection, self._manifests.open(connection, row))
        return {
            "_type": "credit-ledger/product-status@1",
            "member": name.member,
            "product": hex32(name.product_id),
            "version": row.version,
            "inputs": row.inputs,
            **_stale(causes, how_far),
        }

    def inputs(self, caller: Caller, name: Name, after: int, limit: int) -> Mapping[str, Any]:
        """What went into a version, each with how it stands. after: how many to leave out. Raises
        as `status`."""
        with begin_read(self._ctx.engine) as connection:
            how_far = followed(connection)
            row = self._version(connection, caller, name)
            held = self._manifests.open(connection, row)
            page = held.manifest.record_ids[after : after + limit]
            firsts = {one: held.firsts[one] for one in page if one in held.firsts}
            causes = {one.record: one for one in causes_among(connection, page, firsts)}
        self._note(caller, name)
        end = after + len(page)
        return {
            "_type": "credit-ledger/product-inputs@1",
            "member": name.member,
            "product": hex32(name.product_id),
            "version": row.version,
            "inputs": row.inputs,
            "items": [_input(record, causes.get(record)) for record in page],
            "next": end if end < row.inputs else None,
            "followedAt": instant(how_far.time),
        }

    def manifest(self, caller: Caller, name: Name) -> bytes:
        """The manifest of a version, for its users. Raises as `status`."""
        data = self._held(caller, name).manifest.encode()
        self._note(caller, name)
        return data

    def input_file(self, caller: Caller, name: Name, record: bytes) -> bytes:
        """One record of a version, to be shown without the others. Raises as `status`;
        ProductRefused (`not-an-input`)."""
        held = self._held(caller, name)
        with begin_read(self._ctx.engine) as connection:
            [record_id] = record_ids(connection, [record])
        try:
            data = show_input(held.manifest, record_id).encode()
        except Malformed as error:
            raise ProductRefused("not-an-input") from error
        self._note(caller, name)
        return data

    # ---- records

    def lineage(self, caller: Caller, name: bytes) -> Mapping[str, Any]:
        """What a record went into: the versions that it makes stale where it does, and whom they
        were handed to. name: its record id, or its leaf where it is ours. Raises InputError (it is
        known to be the leaf of another's), NotReady."""
        with begin_read(self._ctx.engine) as connection:
            [record] = record_ids(connection, [name])
        if record == name:
            self._leaves.demand_ids({name: None})
        with begin_read(self._ctx.engine) as connection:
            how_far = followed(connection)
            rows = store.versions_with(connection, [self._manifests.mark(record)])
            seen = [row for row in rows if _may(caller, row)][: MAX_VERSIONS + 1]
            users = store.users_of(connection, [row.n for row in seen])
            firsts = self._firsts(connection, record, seen[:1])
            causes = causes_among(connection, [record], firsts)
        line = Access(
            token=caller.id,
            purpose=Purpose.SEE_PRODUCT,
            decision=Decision(None),
            record=record,
        )
        self._accesses.write(line)
        return {
            "_type": "credit-ledger/lineage@1",
            "record": hex32(record),
            **_stale(causes, how_far),
            "products": [_of_record(row, users.get(row.n, ())) for row in seen[:MAX_VERSIONS]],
            "more": len(seen) > MAX_VERSIONS,
        }

    def _firsts(
        self, connection: sa.Connection, record: RecordId, rows: Sequence[store.Row]
    ) -> Mapping[RecordId, RecordId]:
        """The first of the chain that the record was logged again for, as a manifest has it."""
        for row in rows:
            version = store.version_row(connection, row.product_n, row.version)
            if version is not None:
                firsts = self._manifests.open(connection, version).firsts
                return {one: first for one, first in firsts.items() if one == record}
        return {}

    # ---- details

    def _held(self, caller: Caller, name: Name) -> Held:
        with begin_read(self._ctx.engine) as connection:
            row = self._version(connection, caller, name)
            return self._manifests.open(connection, row)

    def _version(self, connection: sa.Connection, caller: Caller, name: Name) -> store.Row:
        row = store.product_row(connection, name.member, name.product_id)
        if row is None or not _may(caller, row):
            if name.member != self._ctx.settings.node.code:
                raise ProductRefused("manifest-missing")
            raise ProductRefused("not-found", self._elsewhere(connection, caller, name))
        found = store.version_row(connection, row.n, name.version)
        if found is None:
            raise ProductRefused("manifest-missing")
        return found

    def _elsewhere(self, connection: sa.Connection, caller: Caller, name: Name) -> Text | None:
        """Which other members have a product of this id that is known here; None: no one."""
        rows = store.named(connection, name.product_id)
        makers = sorted({row.member for row in rows if _may(caller, row)} - {name.member})
        if not makers:
            return None
        return {
            "zh": f"{name.member} 没有这个产品；它是 {'、'.join(makers)} 的："
            f"请加 --member {makers[0]}（接口为 member={makers[0]}）",
            "en": f"{name.member} has no such product; it is one of {', '.join(makers)}: add"
            f" `--member {makers[0]}` (`member={makers[0]}`)",
        }

    def _note(self, caller: Caller, name: Name) -> None:
        """Log what is handed out before it leaves."""
        line = Access(
            token=caller.id,
            purpose=Purpose.SEE_PRODUCT,
            decision=Decision(None),
            record=name.product_id,
        )
        self._accesses.write(line)


def _may(caller: Caller, row: store.Row) -> bool:
    of = Record(department=row.department, decided=ALWAYS)
    return decide(caller, Purpose.SEE_PRODUCT, of).allowed


def _facts(row: store.Row | None, found: Found | None) -> Mapping[str, Any]:
    """Kind, method and times: by the chain where it has them."""
    product = None if found is None else found.product
    kind = product.kind if product is not None else None if row is None else row.kind
    method = product.method if product is not None else None if row is None else row.method
    return {
        "kind": _KIND_NAMES.get(kind or 0),
        "method": None if method is None else hex32(method),
        "registeredAt": None if product is None else instant(product.registered_at),
        "retiredAt": None if product is None else _instant(product.retired_at),
        "published": 0 if product is None else product.versions,
        "inDoubt": found is not None
        and product is not None
        and found.in_doubt(product.registered_by, product.registered_at),
    }


def _versions_here(
    connection: sa.Connection, row: store.Row
) -> Mapping[int, tuple[store.Row, Sequence[str]]]:
    rows = store.versions_of(connection, row.n)
    users = store.users_of(connection, [one.n for one in rows])
    return {one.version: (one, users.get(one.n, ())) for one in rows}


def _versions(
    found: Found | None, here: Mapping[int, tuple[store.Row, Sequence[str]]], start: int
) -> Sequence[Mapping[str, Any]]:
    """Those on the chain, then those of ours that are on their way."""
    on_chain = () if found is None else found.versions
    told: dict[int, Mapping[str, Any]] = {}
    for number, version in enumerate(on_chain, start=start + 1):
        assert found is not None  # noqa: S101 - it has versions
        told[number] = {
            "version": number,
            "content": hex32(version.content),
            "method": hex32(version.method),
            "inputsRoot": hex32(version.inputs_root),
            "inputs": version.inputs,
            "publishedAt": instant(version.published_at),
            "inDoubt": found.in_doubt(version.published_by, version.published_at),
        }
    published = 0 if found is None else found.product.versions
    for number, (row, _) in here.items():
        if number > published:
            told[number] = {
                "version": number,
                "content": hex32(row.content),
                "method": hex32(row.method),
                "inputsRoot": hex32(row.inputs_root),
                "inputs": row.inputs,
                "publishedAt": None,
                "inDoubt": False,
            }
    return [
        {
            **one,
            "manifest": number in here,
            "users": list(here[number][1] if number in here else ()),
        }
        for number, one in sorted(told.items())
    ]


def _act(row: store.Row) -> Mapping[str, Any]:
    return {
        "act": row.n,
        "action": ProductAction(row.action).name.lower(),
        "version": row.version or None,
        "state": row.state,
        "code": row.code,
        "recordedAt": _instant(row.recorded_at),
        "remedy": remedy_of(row.state, row.code),
    }


def _stale(causes: Sequence[Cause], how_far: Followed) -> Mapping[str, Any]:
    return {
        "stale": bool(causes),
        "staleInputs": len(causes),
        "causes": [one.as_dict() for one in causes[:MAX_CAUSES]],
        "followedAt": instant(how_far.time),
        "block": how_far.block,
    }


def _input(record: RecordId, cause: Cause | None) -> Mapping[str, Any]:
    return {"record": hex32(record), "causes": [] if cause is None else list(cause.words)}


def _of_record(row: store.Row, users: Sequence[str]) -> Mapping[str, Any]:
    return {
        "member": row.member,
        "product": hex32(row.product),
        "kind": _KIND_NAMES.get(row.kind),
        "title": row.title,
        "version": row.version,
        "users": list(users),
    }


def _instant(seconds: int | None) -> str | None:
    return instant(seconds) if seconds else None
