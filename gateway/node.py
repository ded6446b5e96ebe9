"""One gateway: its settings, database, keys and view of the chain, and the threads that work.

Everything that serves or works is given a `Node`; nothing is global.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import sqlalchemy as sa
import structlog

from gateway.anchoring.view import ChainView
from gateway.clock import Clock
from gateway.crypto import Hmac, Vault
from gateway.db import migrate, open_engine
from gateway.keyring import Keyring, open_keys
from gateway.settings import Settings
from ledger.chain.network import NetworkFile
from ledger.chain.wellknown import DEV_CHAIN_ID
from ledger.core.errors import ConfigError

STOP_SECONDS = 30.0
"""How long `stop` waits for a step to end; a step is one batch or one call to a chain node."""

_log = structlog.get_logger(__name__)


@dataclass(kw_only=True)
class Node:
    """Shared by all threads. wake: set it when entries became durable, the integrator then looks.

    fault: code of a state in which nothing may be promised any more (`log-damaged`,
    `log-behind-chain`, `log-forked`), until an operator has acted; None = sound.
    """

    settings: Settings
    network: NetworkFile
    engine: sa.Engine
    clock: Clock
    keys: Keyring
    vault: Vault
    hmac: Hmac
    chain: ChainView
    wake: threading.Event = field(default_factory=threading.Event)
    published: threading.Event = field(default_factory=threading.Event)
    fault: str | None = None
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def close(self) -> None:
        """Close the database. Threads must have been stopped."""
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
    return make_node(settings, network, open_keys(settings))


def make_node(settings: Settings, network: NetworkFile, keys: Keyring) -> Node:
    """A node of parts that are open already."""
    engine = open_engine(settings.database_url)
    migrate(engine)
    chain = ChainView(engine)
    chain.load()
    return Node(
        settings=settings,
        network=network,
        engine=engine,
        clock=Clock(settings.now),
        keys=keys,
        vault=Vault(keys.content),
        hmac=Hmac(keys.index),
        chain=chain,
    )


def _refuse_stand_ins(network: NetworkFile) -> None:
    if network.chain_id == DEV_CHAIN_ID:
        raise ConfigError("network", f"chain {DEV_CHAIN_ID} is for development only")
    if not network.quorum_is_majority:
        raise ConfigError("network", "quorum is not above half of the nodes")
