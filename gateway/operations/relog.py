"""Logging again what a closed log has stranded.

A vote closed a log at a size; what stands behind it, or never came into it, counts for nothing.
Each such record that is in force is committed to anew (the payload names its log), and promised in
the log that takes entries now; its entry names with `replaces` the first of its chain. The old
record stays, superseded. Each batch is one transaction, so a run that was interrupted goes on
where it stopped, two at once do no harm, and a record that was logged again is found by nobody as
stranded.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import islice
from typing import Any, NamedTuple

import sqlalchemy as sa

from gateway.accesses.services import Access, write
from gateway.base.clock import CHINA
from gateway.base.context import Context
from gateway.base.crypto import ContentArchived, ContentKeyMissing, ContentLost, Sealed, Vault
from gateway.base.db import begin_read, begin_write, lock
from gateway.base.policy import OPERATOR, Purpose, decide
from gateway.base.schema_folder import SchemaFolder
from gateway.base.who import Who, WhoPaths
from gateway.chain.interfaces import YEAR, MemberFacts
from gateway.chain.signing import Signing
from gateway.chain.view import ChainView
from gateway.intake.promises import insert_promise, make_promise
from gateway.intake.readiness import ready_facts
from gateway.intake.rules import rules_in_force
from gateway.log import located, store
from gateway.log.located import Entries
from gateway.log.models import pending, promises, requeued
from gateway.log.services import enqueue, log_row
from gateway.log.store import LogState
from gateway.receipts.chain import Link, first_id, link, telling
from gateway.records.content import SECRET_BYTES, Content, encode_content
from gateway.records.errors import ContentErased
from gateway.records.models import records
from gateway.records.store import WITH_KEYS, known_of, open_content, put_contents
from gateway.sealing.services import Kind, hold, opens, put
from gateway.statuses.store import LOCK as STATUSES
from gateway.statuses.store import closed_too
from ledger.core.commitment import Header, commit
from ledger.core.entry import period, record_entry
from ledger.core.ids import LogId, record_id
from ledger.core.merkle import leaf_hash
from ledger.records import schema as schemas
from ledger.records.rules import Rules
from ledger.records.schema import Schema
from ledger.records.setting import Setting
from ledger.records.validate import check

BATCH = 512
"""Records of one promise and one transaction: well under a second, so that intake goes on."""
ATTEMPTS = 8
"""How often a batch is made again that another process was faster with."""
_IN_FORCE = b""

Progress = Callable[[int], None]
"""Is told how many more records were looked at."""


@dataclass(slots=True)
class Relogged:
    """What became of the stranded records. done: logged again. left: how many were not, by code:
    `erased`, `content-archived`, `content-lost`, `content-key-missing`, `type-not-in-force`,
    `schema-unknown`, `no-longer-valid`."""

    done: int = 0
    left: Counter[str] = field(default_factory=Counter)


class _Left(Exception):
    """A record that cannot be logged again; its code."""


class _Stranded(NamedTuple):
    """one: what is logged again. telling: which tells the first of its chain."""

    one: Link
    telling: Link

    @property
    def opened(self) -> tuple[Link, ...]:
        """Those whose content is needed: it tells the first where no entry does."""
        return (self.one, self.telling) if self.telling.entry is None else (self.one,)


class _Anew(NamedTuple):
    """A record made again. old: row number of the stranded one."""

    old: int
    entry: bytes
    leaf: bytes
    record_id: bytes
    sealed: Sealed
    values: dict[str, Any]


class Relog:
    """One run over all closed logs of this member."""

    def __init__(self, ctx: Context, *, chain: ChainView, signing: Signing, vault: Vault) -> None:
        self._ctx = ctx
        self._chain = chain
        self._signing = signing
        self._vault = vault
        self._who = WhoPaths.of(ctx.settings).read()

    def count(self) -> int:
        """How many promised entries of closed logs are to be looked at, at most."""
        with begin_read(self._ctx.engine) as connection:
            return sum(
                row.entries
                for log in self._closed(connection)
                for row in connection.execute(stranding(log))
            )

    def run(self, progress: Progress = lambda _count: None) -> Relogged:
        """Log again all that can be. Raises NotReady where nothing can be promised now."""
        told = Relogged()
        with begin_read(self._ctx.engine) as connection:
            closed = self._closed(connection)
        for log in closed:
            ids = self._ids(log, progress)
            while batch := list(islice(ids, BATCH)):
                self._relog(log, batch, told)
        return told

    def _closed(self, connection: sa.Connection) -> list[LogState]:
        return [log for log in store.states(connection) if log.closed is not None]

    def _ids(self, log: LogState, progress: Progress) -> Iterator[int]:
        """Row numbers of records in force whose entries may be stranded, promise by promise."""
        with begin_read(self._ctx.engine) as connection:
            found = connection.execute(stranding(log)).all()
        for promise in found:
            last = promise.first_entry + promise.entries - 1
            query = sa.select(records.c.id).where(
                records.c.id.between(promise.first_entry, last),
                records.c.superseded_by == _IN_FORCE,
            )
            with begin_read(self._ctx.engine) as connection:
                rows = connection.scalars(query.order_by(records.c.id)).all()
            yield from rows
            progress(promise.entries)

    def _relog(self, log: LogState, ids: Sequence[int], told: Relogged) -> None:
        for _ in range(ATTEMPTS):
            at = self._ctx.clock.seconds()
            facts, log_id = ready_facts(self._ctx, self._chain, self._signing, at)
            work = _Work(
                facts, log_id, at, vault=self._vault, library=self._ctx.schemas, who=self._who
            )
            made: list[_Anew] = []
            left: Counter[str] = Counter()
            found = self._read(log, ids)
            self._note(found, at)
            for stranded in found:
                try:
                    made.append(work.anew(stranded))
                except _Left as error:
                    left[str(error)] += 1
            if not made or self._store(facts, log_id, at, made):
                told.done += len(made)
                told.left += left
                return
        raise sa.exc.OperationalError("relog", None, RuntimeError("others were always faster"))

    def _note(self, found: Sequence[_Stranded], at: int) -> None:
        """Have the access log tell what is opened, before it is."""
        opened = {link.at.leaf: link.row for one in found for link in one.opened}
        lines = [
            Access(
                token=OPERATOR.id,
                purpose=Purpose.RELOG,
                decision=decide(OPERATOR, Purpose.RELOG, *known_of(row)),
                record=leaf,
            )
            for leaf, row in opened.items()
        ]
        if lines:
            with begin_write(self._ctx.engine) as connection:
                write(connection, lines, at)

    def _read(self, log: LogState, ids: Sequence[int]) -> list[_Stranded]:
        """Those that stand behind the end of the log and are still in force."""
        query = WITH_KEYS.where(records.c.id.in_(ids), records.c.superseded_by == _IN_FORCE)
        found = []
        with begin_read(self._ctx.engine) as connection:
            held = Entries(connection)
            for row in connection.execute(query.order_by(records.c.id)).all():
                one = link(connection, row, held)
                if one.at.index is not None and one.at.index < (log.closed or 0):
                    continue
                found.append(_Stranded(one, telling(connection, one, held)))
        return found

    def _store(self, facts: MemberFacts, log_id: bytes, at: int, made: Sequence[_Anew]) -> bool:
        """In one transaction; False where another process has superseded or erased one of them."""
        signer = self._signing.promise_key(facts, at)
        promise = make_promise(
            facts,
            log_id,
            [one.leaf for one in made],
            at,
            due_in=self._ctx.settings.log.promise_due,
            signer=signer,
        )
        supersede = sa.update(records).where(records.c.superseded_by == _IN_FORCE)
        with begin_write(self._ctx.engine) as connection:
            lock(connection, STATUSES)  # nobody closes one of them meanwhile
            if not hold(connection, Kind.RECORD, [one.old for one in made]):
                return False
            log = log_row(connection, log_id)
            ids = enqueue(
                connection,
                log=log,
                promise=insert_promise(connection, promise, log=log, key_id=signer.key_id),
                leaves=[one.leaf for one in made],
                record_ids=[one.record_id for one in made],
                entry_bytes=[one.entry for one in made],
            )
            for one in made:
                change = supersede.where(records.c.id == one.old).values(superseded_by=one.leaf)
                if connection.execute(change).rowcount != 1:
                    connection.rollback()
                    return False
            new = [one.values | {"id": row} for row, one in zip(ids, made, strict=True)]
            connection.execute(sa.insert(records), new)
            rows = list(zip(ids, made, strict=True))
            put_contents(connection, [(row, one.sealed.content) for row, one in rows])
            keys = [(row, one.leaf, *one.sealed.wrapped) for row, one in rows]
            put(connection, self._vault, Kind.RECORD, keys)
            for row, one in zip(ids, made, strict=True):
                closed_too(connection, one.old, row)
        self._ctx.signals.promised.set()
        return True


class _Work:
    """Makes records again for one log, by the terms of one moment."""

    def __init__(
        self,
        facts: MemberFacts,
        log_id: bytes,
        at: int,
        *,
        vault: Vault,
        library: SchemaFolder,
        who: Who,
    ) -> None:
        self._facts = facts
        self._who = who
        self._log_id = LogId(log_id)
        self._at = at
        self._vault = vault
        self._rules = rules_in_force(facts, at, library)

    def anew(self, stranded: _Stranded) -> _Anew:
        """The same record with a new secret, in the log of now. Raises _Left."""
        row, old = stranded.one.row, stranded.one.entry
        try:
            content = open_content(self._vault, row, stranded.one.at.leaf)
        except ContentErased as error:
            raise _Left("erased") from error
        except ContentArchived as error:
            raise _Left("content-archived") from error
        except ContentLost as error:
            raise _Left("content-lost") from error
        except ContentKeyMissing as error:
            raise _Left("content-key-missing") from error
        first = self._first(stranded)
        schema, yearly = self._gate(content)
        header = self._header(content, schema, self._log_id)
        secret = os.urandom(SECRET_BYTES)
        commitment = commit(schema.slots, content.fields, secret, header).digest
        entry = record_entry(
            commitment=commitment,
            log=self._log_id,
            period=period(header.decided, yearly=yearly),
            schema=schema.id,
            timely=(old.timely if old else None) or "unknown",  # it came in time when it came first
            corrects=old.corrects if old else None,
            replaces=first,
        )
        leaf = leaf_hash(entry)
        plain = encode_content(secret, header, content.fields)
        sealed = self._vault.seal(plain, leaf)
        values = {name: row._mapping[name] for name in records.c.keys()} | {"content": b""}
        new_id = record_id(self._log_id, commitment)
        return _Anew(row.id, entry, leaf, new_id, sealed, values)

    def _first(self, stranded: _Stranded) -> bytes:
        """What the new entry replaces."""
        try:
            first = first_id(stranded.telling, self._vault, self._facts.member)
        except (ContentErased, ContentLost) as error:  # not of this record: of one before it
            raise _Left("content-lost") from error
        except ContentKeyMissing as error:
            raise _Left("content-key-missing") from error
        if first is None:
            raise _Left("schema-unknown")
        return first

    def _gate(self, content: Content) -> tuple[Schema, bool]:
        """The schema, which must still be in force: a verifier asks what was when it is anchored;
        and whether only the year is public."""
        name, _, version = content.schema.partition("@")
        schema = schemas.find(name, int(version))
        if schema is None:
            raise _Left("schema-unknown")
        item = self._facts.record_type(name, self._at)
        if item is None or (item.version, item.content_hash) != (int(version), schema.sha256):
            raise _Left("type-not-in-force")
        return schema, item.granularity == YEAR

    def _header(self, content: Content, schema: Schema, log_id: LogId) -> Header:
        """As before, but for the log; `until` anew where other rules are in force now."""
        rules, until = content.rules, content.until and date.fromisoformat(content.until)
        if self._rules is not None and self._rules.id != rules:
            rules, until = self._rules.id, self._until(content, schema, self._rules)
        return Header(
            class_=content.class_,
            decided=date.fromisoformat(content.decided),
            iss=self._facts.member,
            log=log_id,
            rules=rules,
            schema=f"{schema.id}:{schema.sha256}",
            until=until or None,
        )

    def _until(self, content: Content, schema: Schema, rules: Rules) -> date | None:
        today = datetime.fromtimestamp(self._at, CHINA).date()
        # It was taken once: codes then excepted and fields then lacking are not asked about again.
        taken = frozenset(map(str, content.fields.values()))
        setting = Setting(
            today=today,
            go_live=date.max,
            rules=rules,
            authorities=self._who.authorities.kinds,
            exceptions=taken,
        )
        checked = check(schema, content.fields, setting, class_=content.class_)
        if checked.errors:
            raise _Left("no-longer-valid")
        return checked.until


def stranded_records(connection: sa.Connection, closed: Mapping[bytes, int]) -> int:
    """How many records in force stand behind the end of a closed log. closed: ends by log id."""
    count, held = 0, Entries(connection)
    for log in store.states(connection):
        if log.log_id not in closed:
            continue
        ended = replace(log, closed=closed[log.log_id])
        for promise in connection.execute(stranding(ended)).all():
            last = promise.first_entry + promise.entries - 1
            query = sa.select(records.c.id).where(
                records.c.id.between(promise.first_entry, last),
                records.c.superseded_by == _IN_FORCE,
                sa.exists().where(opens(Kind.RECORD, records.c.id)),
            )
            for row in connection.scalars(query).all():
                at = located.of_row(connection, row, held)
                count += at.index is None or at.index >= (ended.closed or 0)
    return count


def stranding(log: LogState) -> sa.Select[Any]:
    """The promises of a closed log that reach behind its end or have entries in quarantine, or that
    left it for a place behind the end; oldest first."""
    end = log.closed or 0

    def behind(table: sa.Table) -> sa.ColumnElement[bool]:
        return sa.or_(table.c.start.is_(None), table.c.start + table.c.width > end)

    left_out = sa.exists().where(pending.c.promise == promises.c.id, pending.c.error.is_not(None))
    again = sa.exists().where(requeued.c.promise == promises.c.id, behind(requeued))
    return (
        sa.select(promises.c.first_entry, promises.c.count.label("entries"))
        .where(promises.c.log == log.id, sa.or_(behind(promises), left_out, again))
        .order_by(promises.c.first_entry)
    )
