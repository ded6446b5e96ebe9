"""What this member does with products: register, publish, retire, hand to users.

What is asked for is kept first, with its manifest, and goes to the chain behind what was asked for
before (`sending`). The same asked for again is that one.
"""

from __future__ import annotations

import os
from dataclasses import replace

import sqlalchemy as sa

from gateway.accesses.services import Access, AccessLog
from gateway.base.context import Context
from gateway.base.crash import crash_point
from gateway.base.db import begin_read, begin_write
from gateway.base.errors import NotReady
from gateway.base.policy import ALWAYS, Caller, Decision, Purpose, Record, decide
from gateway.chain.signing import Signing
from gateway.mirrors.leaves import Leaves
from gateway.products import store
from gateway.products.chain import ProductChain
from gateway.products.errors import ProductRefused
from gateway.products.finding import record_ids
from gateway.products.interfaces import NewProduct, NewVersion, ProductAction, Published
from gateway.products.manifests import Manifests, Prepared, new_salt
from ledger.chain.contracts.bindings import Consortium
from ledger.core.errors import CouldNotCheck
from ledger.core.ids import Digest, ProductId
from ledger.core.manifest import MAX_VERSION, of_records

_ID = 32
_ATTEMPTS = 8
"""How often a version is made again that another one was faster than."""


class Products:
    """The products of this member. Safe in threads."""

    def __init__(
        self,
        ctx: Context,
        *,
        chain: ProductChain,
        signing: Signing,
        manifests: Manifests,
        accesses: AccessLog,
        leaves: Leaves,
    ) -> None:
        self._ctx = ctx
        self._chain = chain
        self._signing = signing
        self._manifests = manifests
        self._accesses = accesses
        self._leaves = leaves

    def register(self, caller: Caller, new: NewProduct) -> ProductId:
        """Have a product registered; its id. Raises ProductRefused (`product-taken`,
        `product-key-missing`), NotReady."""
        self._demand_key()
        product_id = new.product_id or ProductId(os.urandom(_ID))
        values = {"kind": new.kind, "method": new.method, "title": new.title}
        with begin_write(self._ctx.engine, store.LOCK) as connection:
            row = store.product_row(connection, self._own, product_id)
            if row is None:
                number = store.put_product(
                    connection,
                    member=self._own,
                    product=product_id,
                    department=caller.department,
                    token=caller.id,
                    at=self._ctx.clock.seconds(),
                    **values,
                )
            else:
                self._admit(caller, row)
                if not self._was_refused(connection, row):
                    if (row.kind, row.method) != (new.kind, new.method):
                        raise ProductRefused("product-taken")
                    return product_id
                store.change_product(connection, row.n, **values)
                number = row.n
            self._act(connection, caller, number, ProductAction.REGISTER)
            crash_point("product.stored", "before")
        crash_point("product.stored", "after")
        self._ctx.signals.products.set()
        return product_id

    def publish(self, caller: Caller, product_id: ProductId, new: NewVersion) -> Published:
        """Have a version published: its manifest is made and kept. Raises ProductRefused
        (`not-found`, `product-retired`, `product-key-missing`), InputError (one is known to be the
        leaf of another member's record), Malformed (no manifest can be made of these records),
        NotReady."""
        self._demand_key()
        with begin_read(self._ctx.engine) as connection:
            row = self._standing(connection, caller, product_id)
            ids = record_ids(connection, new.record_ids)
        self._leaves.demand_ids(
            {one: f"records[{at}]" for at, one in enumerate(new.record_ids) if ids[at] == one}
        )
        # One may be named by its leaf and by its id.
        new = replace(new, record_ids=list(dict.fromkeys(ids)))
        method = new.method or Digest(row.method)
        request = self._manifests.request(new.content, method, new.record_ids)
        for _ in range(_ATTEMPTS):
            with begin_read(self._ctx.engine) as connection:
                newest = store.version_row(connection, row.n)
            if newest is not None and newest.request == request:
                return _published(newest, new=False)
            version = self._next_version(row, newest)
            prepared = self._prepared(product_id, version, new)
            with begin_write(self._ctx.engine, store.LOCK) as connection:
                if not self._is_next(connection, caller, product_id, newest):
                    continue
                self._manifests.put(
                    connection,
                    row.n,
                    prepared,
                    content=new.content,
                    method=method,
                    request=request,
                    at=self._ctx.clock.seconds(),
                )
                self._act(connection, caller, row.n, ProductAction.PUBLISH, version)
                crash_point("product.stored", "before")
            crash_point("product.stored", "after")
            self._ctx.signals.products.set()
            return Published(
                version=version,
                inputs=len(prepared.manifest.record_ids),
                inputs_root=prepared.root,
                new=True,
            )
        raise NotReady("busy", retry_after=1)

    def retire(self, caller: Caller, product_id: ProductId) -> None:
        """Have a product retired for good; nothing happens where that was asked for. Raises as
        `publish`."""
        self._demand_key()
        with begin_write(self._ctx.engine, store.LOCK) as connection:
            row = self._row(connection, caller, product_id)
            acts = store.acts_of(connection, row.n)
            if any(one.action == ProductAction.RETIRE and one.state != "refused" for one in acts):
                return
            self._act(connection, caller, row.n, ProductAction.RETIRE)
            crash_point("product.stored", "before")
        crash_point("product.stored", "after")
        self._ctx.signals.products.set()

    def hand(self, caller: Caller, product_id: ProductId, version: int, user: str) -> None:
        """Note that a version is handed to a member, which notices of it name from now on. Raises
        ProductRefused (`not-found`, `user-unknown`), NotReady."""
        with begin_read(self._ctx.engine) as connection:
            row = self._row(connection, caller, product_id)
            held = store.version_row(connection, row.n, version)
        if held is None:
            raise ProductRefused("not-found")
        self._demand_member(user)
        with begin_write(self._ctx.engine, store.LOCK) as connection:
            at = self._ctx.clock.seconds()
            store.put_user(connection, held.n, user, token=caller.id, at=at)
            self._note(connection, caller, row.product)

    # ---- details

    @property
    def _own(self) -> str:
        return self._ctx.settings.node.code

    def _demand_key(self) -> None:
        if self._signing.keys.product is None:
            raise ProductRefused("product-key-missing")

    def _demand_member(self, code: str) -> None:
        try:
            view = self._chain.now().view
            known = Consortium(self._ctx.network.consortium, view.call, view.calls).member(code)
        except CouldNotCheck as error:
            raise NotReady("chain-unknown") from error
        if known is None:
            raise ProductRefused("user-unknown")

    def _admit(self, caller: Caller, row: store.Row) -> None:
        """Raise NotAllowed, as for what was never there, unless it is the caller's."""
        of = Record(department=row.department, decided=ALWAYS)
        decide(caller, Purpose.PRODUCT, of).demand()

    def _row(self, connection: sa.Connection, caller: Caller, product_id: bytes) -> store.Row:
        row = store.product_row(connection, self._own, product_id)
        if row is None:
            raise ProductRefused("not-found")
        self._admit(caller, row)
        return row

    def _standing(self, connection: sa.Connection, caller: Caller, product_id: bytes) -> store.Row:
        """A product of which versions may be published."""
        row = self._row(connection, caller, product_id)
        if self._was_refused(connection, row):
            raise ProductRefused("not-found")
        acts = store.acts_of(connection, row.n)
        if any(one.action == ProductAction.RETIRE and one.state != "refused" for one in acts):
            raise ProductRefused("product-retired")
        return row

    def _was_refused(self, connection: sa.Connection, row: store.Row) -> bool:
        """Whether the chain refused to register it."""
        acts = store.acts_of(connection, row.n)
        last = [one for one in acts if one.action == ProductAction.REGISTER][-1:]
        return bool(last) and last[0].state == "refused"

    def _next_version(self, row: store.Row, newest: store.Row | None) -> int:
        """The number of the next version: behind those here, and those that the chain has."""
        try:
            found = self._chain.now().found(row.member, row.product)
        except CouldNotCheck as error:
            raise NotReady("chain-unknown") from error
        on_chain = 0 if found is None else found.product.versions
        if found is not None and found.product.retired_at:
            raise ProductRefused("product-retired")
        here = 0 if newest is None else newest.version
        if max(on_chain, here) >= MAX_VERSION:
            raise ProductRefused("product-retired")
        return max(on_chain, here) + 1

    def _prepared(self, product_id: ProductId, version: int, new: NewVersion) -> Prepared:
        manifest = of_records(
            product=product_id, version=version, record_ids=new.record_ids, salt=new_salt()
        )
        with begin_read(self._ctx.engine) as connection:
            return self._manifests.prepare(connection, manifest)

    def _is_next(
        self,
        connection: sa.Connection,
        caller: Caller,
        product_id: ProductId,
        newest: store.Row | None,
    ) -> bool:
        """Whether nothing came between."""
        row = self._standing(connection, caller, product_id)
        now = store.version_row(connection, row.n)
        return (now and now.n) == (newest and newest.n)

    def _act(
        self,
        connection: sa.Connection,
        caller: Caller,
        product: int,
        action: ProductAction,
        version: int = 0,
    ) -> None:
        at = self._ctx.clock.seconds()
        store.put_act(connection, product, action, version=version, token=caller.id, at=at)
        self._note(connection, caller, store.product_at(connection, product).product)

    def _note(self, connection: sa.Connection, caller: Caller, product_id: bytes) -> None:
        line = Access(
            token=caller.id,
            purpose=Purpose.PRODUCT,
            decision=Decision(None),
            record=product_id,
        )
        self._accesses.put(connection, [line], self._ctx.clock.seconds())


def _published(row: store.Row, *, new: bool) -> Published:
    return Published(
        version=row.version, inputs=row.inputs, inputs_root=Digest(row.inputs_root), new=new
    )
