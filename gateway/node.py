"""One gateway: its settings, database, keys and view of the chain, and the threads that work.

Everything that serves or works is given a `Node`; nothing is global.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace

import sqlalchemy as sa
import structlog

from gateway.base import threads as worker
from gateway.base.clock import Clock
from gateway.base.crypto import Hmac, Vault
from gateway.base.db import migrate, open_engine
from gateway.base.keyring import ROTATED, KeyFolder, Keyring
from gateway.base.lease import Lease
from gateway.base.settings import Settings
from gateway.base.wal import checkpointer
from gateway.chain.outbox import Outbox
from gateway.chain.view import ChainView
from gateway.intake.pool import Secrets, Workers
from ledger.chain.keys.wellknown import DEV_CHAIN_ID
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.quorum import QuorumReader
from ledger.chain.sending.fees import GWEI
from ledger.core.errors import ConfigError
from ledger.core.verdict.facts import Note

STOP_SECONDS = 30.0
"""How long `stop` waits for a step to end; a step is one batch or one call to a chain node."""
FIRST_LOOK_SECONDS = 5.0
"""How long `start` waits for the first look at the chain. Where that is down or silent, what was
known of it last must do: intake does not depend on the chain."""

ANY_AGE = 10**10
"""Seconds. A verifier refuses an old head; who writes need not, and on a chain that makes blocks
only for transactions he must not."""

PATIENCE_SECONDS = 5.0
"""For so long a call is asked again that a chain node refuses for the moment; then the step fails,
and is repeated as a whole."""

_log = structlog.get_logger(__name__)


@dataclass(kw_only=True)
class Node:
    """Shared by all threads.

    wake: set when entries became durable; the integrator then looks. published: set with every
    checkpoint; the anchorer then looks. uploaded: set when a file is complete; its reader then
    looks. looked: set once the chain was looked at, with or without success. chain_error: code
    of what keeps the chain from being read (`no-node`, `other-chain` …), None = it was read the
    last time. lease: held by the one gateway on this database that integrates and anchors.
    keys: whoever signs and names the key takes the keyring once; it may be another the next time.
    key_folder: where further keys are found; None: the keyring stays.
    """

    settings: Settings
    network: NetworkFile
    engine: sa.Engine
    clock: Clock
    keys: Keyring
    vault: Vault
    hmac: Hmac
    chain: ChainView
    reader: QuorumReader
    outbox: Outbox
    workers: Workers
    lease: Lease
    key_folder: KeyFolder | None = None
    wake: threading.Event = field(default_factory=threading.Event)
    published: threading.Event = field(default_factory=threading.Event)
    uploaded: threading.Event = field(default_factory=threading.Event)
    looked: threading.Event = field(default_factory=threading.Event)
    chain_error: str | None = None
    faults: set[str] = field(default_factory=set)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    @property
    def fault(self) -> str | None:
        """Code of a state in which nothing may be promised any more (`log-damaged`,
        `log-behind-chain`, `log-forked`); None = sound."""
        return min(self.faults, default=None)

    def start(self) -> None:
        """Start the threads that integrate, anchor and read files."""
        # These packages work on nodes, so they cannot be imported before there is the class.
        from gateway.anchoring.tasks import Anchorer  # noqa: PLC0415
        from gateway.files.tasks import file_workers  # noqa: PLC0415
        from gateway.log.tasks import integrator  # noqa: PLC0415

        self.wake.set()
        steps: list[tuple[str, worker.Step]] = [
            ("integrator", integrator(self)),
            ("anchorer", Anchorer(self)),
            *file_workers(self),
        ]
        if self.engine.dialect.name == "sqlite":
            steps.append(("checkpointer", checkpointer(self.engine)))
        for name, step in steps:
            self._threads.append(worker.start(name, step, self._stop))
        # A database restored from a backup must be found out before it promises anything.
        self.looked.wait(FIRST_LOOK_SECONDS)
        self.workers.warm_up()

    def take_up_keys(self) -> None:
        """Sign with the newest key of each purpose from now on, by what is known of the chain. It
        must be valid by our clock too, which says when a promise is made."""
        facts, now = self.chain.known, self.clock.seconds()
        if self.key_folder is None or facts is None:
            return
        valid = {
            purpose: [
                bytes.fromhex(key.key_id)
                for key in facts.keys
                if key.purpose == purpose and key.valid_at(facts.block_time) and key.valid_at(now)
            ]
            for purpose in ROTATED
        }
        self.keys = self.key_folder.choose(self.keys, valid)

    def stop(self) -> None:
        """End the threads after the step they are in. Harmless where none was started."""
        self._stop.set()
        self.wake.set()
        self.published.set()
        self.uploaded.set()
        for thread in self._threads:
            thread.join(STOP_SECONDS)
        self._threads.clear()
        try:
            self.lease.release()
        except sa.exc.OperationalError:  # the database is gone; the lease runs out by itself
            _log.warning("lease.kept")

    def close(self) -> None:
        """Close database, connections and processes. Threads must have been stopped."""
        self.workers.close()
        self.reader.close()
        self.outbox.close()
        self.engine.dispose()


def open_node(settings: Settings) -> Node:
    """Open keys and database, bring the tables up to date. Raises ConfigError."""
    network = NetworkFile.load(settings.network)
    if settings.rpc:
        network = network.with_rpc(settings.rpc)
    if settings.env == "production":
        _refuse_stand_ins(network)
    elif network.chain_id == DEV_CHAIN_ID:
        _log.warning("chain.development", chain=network.chain_id)
    folder = KeyFolder.of(settings)
    node = make_node(settings, network, folder.first(), key_folder=folder)
    node.take_up_keys()
    return node


def make_node(
    settings: Settings, network: NetworkFile, keys: Keyring, *, key_folder: KeyFolder | None = None
) -> Node:
    """A node of parts that are open already."""
    engine = open_engine(settings.database_url)
    try:
        migrate(engine)
    except sa.exc.OperationalError as error:
        raise ConfigError("database_url", "the database cannot be opened") from error
    chain, clock = ChainView(engine), Clock.of(settings.now)
    chain.load(network)
    return Node(
        settings=settings,
        network=network,
        engine=engine,
        clock=clock,
        keys=keys,
        vault=Vault(keys.content),
        hmac=Hmac(keys.index),
        chain=chain,
        reader=QuorumReader(
            replace(network, max_head_age=ANY_AGE),
            now=clock.of_chain,
            patience=PATIENCE_SECONDS,
            on_note=_tell,
        ),
        outbox=Outbox(engine, network, keys.payer, max_tip=settings.log.max_tip_gwei * GWEI),
        workers=Workers(
            Secrets(keys.content, keys.index, settings.calendar_file), settings.intake.processes
        ),
        lease=Lease(engine),
        key_folder=key_folder,
    )


def _tell(note: Note) -> None:
    """Whoever runs this gateway should look after that chain node, or take another."""
    _log.warning("chain.node", code=note.code, node=note.node, what=note.what)


def _refuse_stand_ins(network: NetworkFile) -> None:
    if network.chain_id == DEV_CHAIN_ID:
        raise ConfigError("network", f"chain {DEV_CHAIN_ID} is for development only")
