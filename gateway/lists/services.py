"""Lists for holders of a token, parts for other members; entries are logged before they leave."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

import orjson

from gateway.accesses.services import Access, AccessLog
from gateway.base import access_table
from gateway.base.access_table import AccessTable, Standing
from gateway.base.context import Context
from gateway.base.db import begin_write
from gateway.base.policy import (
    Caller,
    Decision,
    Peer,
    Purpose,
    Record,
    decide,
    decide_for_member,
)
from gateway.lists.interfaces import Page, Wanted
from gateway.lists.merging import Merging
from gateway.lists.own import OwnParts
from gateway.peers.interfaces import Asker, Reply
from ledger.core.canonical import MAX_INTEGER, encode, parse_day
from ledger.core.errors import InputError, Malformed
from ledger.records.lists import find

_FORM: Final = {
    "zh": "正文须为 {day, from, list}：YYYY-MM-DD、非负整数、名单",
    "en": "the body must be {day, from, list}: YYYY-MM-DD, an integer not negative, a list",
}


class Lists:
    """Hands lists out."""

    def __init__(
        self,
        ctx: Context,
        *,
        own: OwnParts,
        merging: Merging,
        accesses: AccessLog,
        table: AccessTable | None = None,
    ) -> None:
        """table: what members are given; None: the newest that is packaged."""
        self._ctx = ctx
        self._own = own
        self._merging = merging
        self._accesses = accesses
        self._table = table or access_table.load()

    def file(self, caller: Caller, wanted: Wanted) -> bytes:
        """The list of all provinces. What is ours in it stands in the access log before this
        returns; what is others' in theirs. Raises ListTooLarge, DayToCome, NotReady."""

        def admits(record: Record, standing: Standing) -> Decision:
            return decide(caller, Purpose.LIST, record)

        pages: list[Page] = []

        def own(one: Wanted) -> Page:
            page = self._own.page(one, admits)
            pages.append(page)
            return page

        made = self._merging.file(wanted, own)
        allowed = decide(caller, Purpose.LIST)
        self._log(pages, Access(token=caller.id, purpose=Purpose.LIST, decision=allowed))
        return made

    def part(self, asker: Asker, body: bytes) -> Reply:
        """Our part for another member, from an entry on."""
        peer = Peer(code=asker.code, roles=asker.roles)
        wanted = read_list(body)

        def admits(record: Record, standing: Standing) -> Decision:
            purpose, table = Purpose.EXCHANGE_LIST, self._table
            return decide_for_member(peer, purpose, table, record=record, standing=standing)

        page = self._own.page(wanted, admits)
        line = Access(
            token=None,
            member=asker.code,
            purpose=Purpose.EXCHANGE_LIST,
            decision=Decision(None, version=self._table.version),
        )
        self._log([page], line)
        return Reply(body=encode({"part": page.jws, "receipts": list(page.receipts)}))

    def _log(self, pages: Iterable[Page], like: Access) -> None:
        """A line of each entry; one that names none where there were none."""
        leaves = [item.leaf for page in pages for item in page.part.items]
        lines = [
            Access(
                token=like.token,
                member=like.member,
                purpose=like.purpose,
                decision=like.decision,
                record=leaf,
            )
            for leaf in leaves
        ]
        with begin_write(self._ctx.engine) as connection:
            self._accesses.put(connection, lines or [like], self._ctx.clock.seconds())


def read_list(body: bytes) -> Wanted:
    """`{day, from, list}`. Raises InputError, which names the member."""
    value = _object(body)
    kind = find(value["list"]) if isinstance(value["list"], str) else None
    if kind is None:
        raise InputError("list", "body-form", _FORM)
    start = value["from"]
    if type(start) is not int or not 0 <= start <= MAX_INTEGER:
        raise InputError("from", "body-form", _FORM)
    return Wanted(kind=kind, day=_day(value["day"]), start=start)


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InputError(None, "body-form", _FORM) from error
    if not isinstance(value, dict) or value.keys() != {"day", "from", "list"}:
        raise InputError(None, "body-form", _FORM)
    return value


def _day(value: object) -> date:
    try:
        return parse_day(value if isinstance(value, str) else "")
    except Malformed as error:
        raise InputError("day", "body-form", _FORM) from error
