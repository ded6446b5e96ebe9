"""Single parts of a gateway, each made of what settings, keys and operators' files say."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from gateway.accesses.services import AccessLog
from gateway.base.clock import Clock
from gateway.base.context import Context
from gateway.base.crypto import Hmac, Vault
from gateway.base.db import close_engine, open_engine
from gateway.base.keyring import Keyring
from gateway.base.metrics import TIMEOUTS
from gateway.base.revision import demand_current, migrate
from gateway.base.schema_folder import SchemaFolder
from gateway.base.settings import Settings
from gateway.base.threads import Step
from gateway.base.wal import checkpointer
from gateway.base.who import WhoPaths
from gateway.chain.notes import tell
from gateway.chain.outbox import Outbox
from gateway.chain.signing import Signing
from gateway.chain.view import ChainView
from gateway.intake.pool import Workers
from gateway.intake.services import Intake
from gateway.intake.worker import Secrets
from gateway.partitions.tasks import partitioner
from gateway.quality.store import Counting
from gateway.receipts.interfaces import Stranded
from gateway.receipts.services import Receipts
from gateway.worklists.services import Worklists
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.order import HURRY_SECONDS
from ledger.chain.nodes.quorum import QuorumReader
from ledger.chain.sending.fees import GWEI
from ledger.core.errors import ConfigError

ANY_AGE = 10**10
"""Seconds. A verifier refuses an old head; those who write need not, and must not on a chain that
makes blocks only for transactions."""

PATIENCE_SECONDS = 5.0
"""For so long a call is asked again that a chain node refuses for the moment; then the step fails,
and is repeated as a whole."""


def database_keeper(engine: sa.Engine) -> tuple[str, Step]:
    """Make the step, with its name, of what looks after the database beside the work."""
    if engine.dialect.name == "sqlite":
        return "checkpointer", checkpointer(engine)
    return "partitions", partitioner(engine)


def make_intake(
    ctx: Context,
    chain: ChainView,
    signing: Signing,
    *,
    vault: Vault,
    workers: Workers,
    accesses: AccessLog,
) -> Intake:
    """Make what takes records in."""
    return Intake(
        ctx,
        chain=chain,
        signing=signing,
        vault=vault,
        workers=workers,
        accesses=accesses,
        counting=Counting(),
    )


def make_worklists(
    ctx: Context, accesses: AccessLog, workers: Workers, *, vault: Vault, hmac: Hmac
) -> Worklists:
    """Make what compares the tables of others."""
    return Worklists(ctx, hmac=hmac, vault=vault, accesses=accesses, calendar=workers.calendar)


def receipt_of(receipts: Receipts, leaf: bytes) -> bytes | None:
    """The bare receipt of an entry; None where there is none, or there never will be one."""
    try:
        found = receipts.receipt(leaf)
    except Stranded:
        return None
    return found if isinstance(found, bytes) else None


def make_outbox(ctx: Context, keys: Keyring) -> Outbox:
    """Make what sends to the chain."""
    max_tip = ctx.settings.log.max_tip_gwei * GWEI
    return Outbox(ctx.engine, ctx.network, keys.payer, max_tip=max_tip)


def make_reader(ctx: Context) -> QuorumReader:
    """Make what reads the chain, by a quorum of nodes."""
    return QuorumReader(
        replace(ctx.network, max_head_age=ANY_AGE),
        now=ctx.clock.of_chain,
        patience=PATIENCE_SECONDS,
        on_note=tell,
        on_timeout=TIMEOUTS.labels("chain").inc,
        hurry=HURRY_SECONDS,
        max_ahead=None,
    )


def make_workers(settings: Settings, vault: Vault, keys: Keyring) -> Workers:
    """Make the drafters, which go by the operator's files."""
    secrets = Secrets(
        vault.newest,
        keys.index,
        settings.calendar_file,
        settings.schemas,
        WhoPaths.of(settings),
    )
    return Workers(secrets, settings.intake.processes)


def open_context(settings: Settings, network: NetworkFile, *, beside: bool) -> Context:
    """Open the database and bring its tables up to date."""
    engine = open_engine(settings.database_url)
    try:
        (demand_current if beside else migrate)(engine)
    except sa.exc.OperationalError as error:
        close_engine(engine)
        raise ConfigError("database_url", "the database cannot be opened") from error
    except ConfigError:
        close_engine(engine)
        raise
    try:
        schemas = SchemaFolder(settings.schemas)
    except ConfigError:
        close_engine(engine)
        raise
    clock = Clock.of(settings.now)
    return Context(settings=settings, network=network, engine=engine, clock=clock, schemas=schemas)
