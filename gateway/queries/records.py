"""The records of a subject at this member, as they stood at a block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from gateway.base.access_table import Standing
from gateway.base.context import Context
from gateway.base.crypto import SUBJECT_CODE, Hmac
from gateway.base.db import begin_read
from gateway.base.errors import NotReady
from gateway.base.policy import Record, Status
from gateway.log.many import PAGE, ManyEntries
from gateway.log.models import entries
from gateway.records.models import records, subjects
from gateway.records.store import WITH_KEYS, known_of
from gateway.statuses.believing import Beliefs
from gateway.statuses.interfaces import Logged
from gateway.statuses.services import Statuses
from gateway.statuses.store import first_of
from ledger.chain.acts import Acts
from ledger.chain.contracts.bindings import CASE_REGISTRY, LOG_ANCHOR, Consortium
from ledger.chain.contracts.structs import GOVERNMENT, ON_AUTHORISATION, PUBLIC
from ledger.chain.covered import size_at
from ledger.chain.nodes.blocks import Block
from ledger.chain.nodes.quorum import QuorumReader, View
from ledger.core.errors import CouldNotCheck
from ledger.core.ids import LogId, RecordId
from ledger.core.status import NOTHING, fold
from ledger.records import schema as schemas
from ledger.records.keys import subject_keys

LOOKED_AT: Final = 10_000
"""Records of one subject that are looked at; no firm has a tenth of it."""
ALL: Final = frozenset({PUBLIC, ON_AUTHORISATION, GOVERNMENT})
"""Visibilities."""

_HERE: Final[Mapping[Status, Standing]] = {
    Status.SUPERSEDED: Standing.SUPERSEDED,
    Status.ERASED: Standing.ERASED,
}


class TooManyRecords(Exception):
    """A subject has more records than one answer states."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtBlock:
    """What an answer goes by: a final block, and how much of each log of ours was anchored at it,
    the logs ascending."""

    view: View
    block: Block
    covers: Mapping[LogId, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A record that no act had closed at a block. row: its number. standing: as it is now, by what
    is known here."""

    row: int
    leaf: bytes
    record: Record
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    """A record that is covered. first: the first of its chain where it was logged again, else
    itself. row: as `WITH_KEYS`."""

    leaf: bytes
    record_id: RecordId
    first: RecordId
    row: sa.Row[Any]


class SubjectRecords:
    """Finds them; safe in threads."""

    def __init__(
        self, ctx: Context, reader: QuorumReader, *, hmac: Hmac, statuses: Statuses
    ) -> None:
        self._ctx = ctx
        self._reader = reader
        self._hmac = hmac
        self._statuses = statuses

    def at_block(self) -> AtBlock:
        """What stands at the newest final block. Raises NotReady."""
        try:
            view = self._reader.head()
            final = self._reader.final_block(view)
            if final is None:
                raise NotReady("statuses-unknown")
            return AtBlock(view=view, block=final, covers=self._covers(view, final))
        except CouldNotCheck as error:
            raise NotReady("statuses-unknown") from error

    def in_force(
        self, at: AtBlock, code: str, families: Sequence[str], visible: Set[int] = ALL
    ) -> list[Found]:
        """The records of a code in these families that `at` covers and that no act had closed at
        its block, in the order in which they were promised. visible: visibilities as in the
        catalogue; of others nothing is looked up, so how long it takes tells nobody that there are
        some. Raises NotReady, TooManyRecords."""
        placed = self._placed(at, code, frozenset(families), visible)
        try:
            ended = self._ended(at, [one.record_id for one in placed])
        except CouldNotCheck as error:
            raise NotReady("statuses-unknown") from error
        kept = [one for one in placed if one.record_id not in ended]
        told = self._statuses.of(
            [Logged(record=one.record_id, first=one.first, entry=one.row.id) for one in kept]
        )
        return [_found(one, told[one.record_id].value) for one in kept]

    def _covers(self, view: View, final: Block) -> dict[LogId, int]:
        network, code = self._ctx.network, self._ctx.settings.node.code
        consortium = Consortium(network.consortium, view.call, view.calls)
        contracts = consortium.contract_history(LOG_ANCHOR)
        return {
            log: size_at(view, contracts, log, final.number, deployed=network.deploy_block)
            for log in sorted(consortium.log_ids(code))
        }

    def _placed(
        self, at: AtBlock, code: str, families: frozenset[str], visible: Set[int]
    ) -> list[_Placed]:
        mark = self._hmac.fingerprint(SUBJECT_CODE, subject_keys(code, "").code)
        query = (
            WITH_KEYS.join(entries, entries.c.id == records.c.id)
            .join(subjects, subjects.c.id == records.c.subject)
            .where(subjects.c.code == mark)
            .order_by(records.c.id)
            .limit(LOOKED_AT + 1)
        )
        found: list[_Placed] = []
        with begin_read(self._ctx.engine) as connection:
            rows = connection.execute(query).all()
            if len(rows) > LOOKED_AT:
                raise TooManyRecords
            held, wanted = ManyEntries(connection), list(_asked_for(rows, families, visible))
            for start in range(0, len(wanted), PAGE):
                found += _covered(at, held, wanted[start : start + PAGE])
        return found

    def _ended(self, at: AtBlock, ids: Sequence[RecordId]) -> set[RecordId]:
        """Those that acts up to the block closed, as a verifier believes them. Raises
        CouldNotCheck."""
        consortium = Consortium(self._ctx.network.consortium, at.view.call, at.view.calls)
        registries = [one.account for one in consortium.contract_history(CASE_REGISTRY)]
        acts = Acts(at.view, registries)
        beliefs = Beliefs(self._ctx.network.consortium, at.view, registries)
        found = set()
        for record, state in acts.states(ids).items():
            if state == NOTHING:
                continue
            until = [one for one in acts.history(record) if one.block <= at.block.number]
            if until and beliefs.close(record, fold(until)):
                found.add(record)
        return found


def _asked_for(
    rows: Sequence[sa.Row[Any]], families: frozenset[str], visible: Set[int]
) -> Iterator[sa.Row[Any]]:
    for row in rows:
        record, _ = known_of(row)
        if _family(row.schema) in families and record.visibility in visible:
            yield row


def _covered(at: AtBlock, held: ManyEntries, rows: Sequence[sa.Row[Any]]) -> Iterator[_Placed]:
    """Those of some records that the block covers. At most `PAGE` of them are looked at."""
    found = held.of_rows([row.id for row in rows])
    for row in rows:
        where = found[row.id]
        size = at.covers.get(LogId(where.log_id), 0)
        if where.index is None or where.index >= size:
            continue
        record_id = held.record_id(where)
        if record_id is not None:
            first = first_of(held, where) or record_id
            yield _Placed(leaf=where.leaf, record_id=record_id, first=first, row=row)


def _found(placed: _Placed, standing: str) -> Found:
    record, status = known_of(placed.row)
    return Found(
        row=placed.row.id,
        leaf=placed.leaf,
        record=record,
        standing=_HERE.get(status) or Standing(standing),
    )


def _family(schema: str) -> str | None:
    name, _, version = schema.partition("@")
    found = schemas.find(name, int(version))
    return None if found is None else found.family
