"""Looking over a gateway: settings, keys, database, logs, chain, payer, calendar.

Changes nothing, and works beside a gateway that runs, or in place of one that does not start. Each
check says what it found and, where that is not well, what to do.

1 network file · 2 keys: there, private, of their purpose, opening · 3 database: reachable, of this
program's revision; no entry in quarantine, no job set aside, no promise overdue, no revocation that
waits, no webhook given up · 4 content keys: those in use at hand, no old ones; the lease: can be
kept, and taken over at once; parts of PostgreSQL: made ahead, none kept for too long, none needed
that is in the archive · 5 calendar: knows the next 60 days · 6 who is who: the operator's files
can be used, nothing in them is doubtful ·
7 folder of schemas and rules: every file of use · 8 chain: all nodes well, a quorum readable ·
9 member active, keys registered and valid for 60 days · 10 rules files that the catalogue names:
here · 11 each log · 12 each log of others that is kept here · 13 stranded records · 14 payer: can
pay, where anything is to be paid · 15 signing services: sign
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from gateway.anchoring.progress import overdue_promises
from gateway.authorisations.store import Waiting, revocations_waiting
from gateway.base.clock import CHINA, Clock
from gateway.base.db import open_engine
from gateway.base.keyring import KeyFolder, Keyring
from gateway.base.revision import program_revision, revision
from gateway.base.settings import Settings
from gateway.base.who import Doubts, WhoPaths
from gateway.jobs.models import jobs
from gateway.log.models import pending
from gateway.operations.doctor_chain import ChainChecks
from gateway.operations.doctor_keys import examine_keys
from gateway.operations.doctor_lease import examine_lease
from gateway.operations.doctor_partitions import examine_partitions
from gateway.operations.doctor_signers import check_signers
from gateway.operations.findings import Finding, Level, finding
from gateway.operations.partitions import Retention
from gateway.webhooks.models import webhook_endpoints
from gateway.webhooks.store import count as count_endpoints
from gateway.webhooks.store import count_letters
from ledger.chain.network import NetworkFile
from ledger.cli.times import shown_time
from ledger.core.errors import ConfigError
from ledger.records.calendar import Calendar
from ledger.records.store import Library

REVOKED_WITHIN = 3600
"""Seconds within which a revocation is on the chain where keys, payer and nodes are in order."""
HORIZON = 60
"""Days ahead for which calendar and keys should do; a new one takes weeks to be had."""
MOST_SHOWN = 20
"""Of a kind that a finding names."""

__all__ = ["Finding", "Level", "examine"]


def examine(settings: Settings) -> list[Finding]:
    """All findings, in the order of the checks. Raises nothing that a check can tell."""
    return list(_Examination(settings).run())


class _Examination:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._clock = Clock.of(settings.now)

    def run(self) -> Iterator[Finding]:
        network: NetworkFile | None = None
        folder: KeyFolder | None = None
        keys: Keyring | None = None
        try:
            network = NetworkFile.load(self._settings.network)
            if self._settings.rpc:
                network = network.with_rpc(self._settings.rpc)
            yield finding("network-file", Level.OK)
        except ConfigError as error:
            yield finding("network-file", Level.PROBLEM, error=error)
        try:
            folder = KeyFolder.of(self._settings)
            keys = folder.first()
            yield finding("key-files", Level.OK)
        except ConfigError as error:
            yield finding("key-files", Level.PROBLEM, error=error)
        engine, found = self._database()
        yield from found
        if engine is not None and keys is not None:
            yield from examine_keys(engine, keys.content)
        if engine is not None:
            yield from examine_lease(engine)
            months = self._settings.retention.content_months
            yield from examine_partitions(engine, Retention.of(months, self._clock))
        yield self._calendar()
        yield from self._who()
        yield self._schemas()
        if network is None or folder is None or keys is None or engine is None:
            yield finding("chain-not-looked-at", Level.PROBLEM)
        else:
            checks = ChainChecks(self._settings, network, folder, engine, self._clock)
            yield from checks.run(HORIZON)
            keys = checks.keys
        if engine is not None:
            engine.dispose()
        if keys is not None:
            yield from check_signers(keys)

    def _database(self) -> tuple[sa.Engine | None, list[Finding]]:
        """The database where its tables can be read, and what was found."""
        file = _file_of(self._settings.database_url)
        if file is not None and not file.exists():  # opening it would make it
            return None, [finding("database-absent", Level.PROBLEM, file=file)]
        try:
            engine = open_engine(self._settings.database_url)
        except ConfigError as error:
            return None, [finding("database", Level.PROBLEM, error=error)]
        try:
            found, ours = revision(engine), program_revision()
            if found != ours:
                engine.dispose()
                said = {"revision": found or "-", "ours": ours}
                return None, [finding("database-revision", Level.PROBLEM, **said)]
            counted = self._counted(engine)
        except sa.exc.OperationalError as error:
            engine.dispose()
            return None, [finding("database", Level.PROBLEM, error=error.orig)]
        return engine, [
            finding("database", Level.OK, revision=found),
            *counted,
        ]

    def _counted(self, engine: sa.Engine) -> list[Finding]:
        """What lies in the database and should not."""
        count = sa.select(sa.func.count())
        with engine.connect() as connection:
            quarantined = connection.scalar(count.where(pending.c.error.is_not(None))) or 0
            aside = connection.scalar(count.where(jobs.c.state == "set-aside")) or 0
            overdue = overdue_promises(connection, self._clock.seconds())
            waiting = revocations_waiting(connection)
            letters = count_letters(connection)
            disabled = count_endpoints(connection, webhook_endpoints.c.state == "disabled")
        hooks = Level.WARNING if letters or disabled else Level.OK
        return [
            finding("quarantine", Level.WARNING if quarantined else Level.OK, count=quarantined),
            finding("set-aside", Level.WARNING if aside else Level.OK, count=aside),
            finding("overdue", Level.PROBLEM if overdue else Level.OK, count=overdue),
            self._revocations(waiting),
            finding("webhooks", hooks, letters=letters, disabled=disabled),
        ]

    def _revocations(self, waiting: Waiting) -> Finding:
        """Whether what subjects have taken back is on the chain, without which no other member
        knows of it."""
        late = waiting.count and waiting.since < self._clock.seconds() - REVOKED_WITHIN
        level = Level.PROBLEM if late else Level.WARNING if waiting.count else Level.OK
        said = {"since": shown_time(waiting.since), "codes": ", ".join(waiting.codes) or "-"}
        return finding("revocations", level, count=waiting.count, **said)

    def _schemas(self) -> Finding:
        """Whether every file of the operator's folder can be used."""
        try:
            unreadable = Library.load(self._settings.schemas).unreadable
        except ConfigError as error:
            return finding("schemas", Level.PROBLEM, error=error)
        if unreadable:
            said = ConfigError(unreadable[0].name, unreadable[0].problem)
            return finding("schemas", Level.PROBLEM, error=said)
        return finding("schemas", Level.OK)

    def _calendar(self) -> Finding:
        """Whether time limits are known for what is decided in the days to come."""
        try:
            calendar = Calendar.load(self._settings.calendar_file)
        except ConfigError as error:
            return finding("calendar", Level.PROBLEM, until=error)
        today = datetime.fromtimestamp(self._clock.seconds(), CHINA).date()
        for ahead in range(HORIZON):
            day = today + timedelta(days=ahead)
            if calendar.deadline(day) is None:
                return finding("calendar", Level.WARNING, until=day - timedelta(days=1))
        return finding("calendar", Level.OK, days=HORIZON)

    def _who(self) -> Iterator[Finding]:
        """Whether the operator's files of who is who can be used, and what they hold."""
        paths = WhoPaths.of(self._settings)
        try:
            who = paths.read()
        except ConfigError as error:
            yield finding("who", Level.PROBLEM, error=error)
            return
        counts = {
            "authorities": len(who.authorities),
            "exceptions": len(who.exceptions),
            "file": paths.exceptions or "uscc_exceptions_file",
            "subjects": len(who.subjects),
        }
        yield finding("who", Level.OK, **counts)
        doubts = Doubts.of(who)
        codes, kinds = ", ".join(doubts.codes[:MOST_SHOWN]), ", ".join(doubts.kinds[:MOST_SHOWN])
        level = Level.WARNING if codes or kinds else Level.OK
        yield finding("who-doubtful", level, codes=codes or "-", kinds=kinds or "-")


def _file_of(url: str) -> Path | None:
    """Of SQLite; None for a server."""
    _, found, path = url.partition("sqlite:///")
    return Path(path) if found else None
