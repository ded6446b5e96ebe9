"""One gateway: its settings, database, keys and view of the chain, and the threads that work.

Everything that serves or works is given a `Node`; nothing is global.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import sqlalchemy as sa

from gateway.anchoring.view import ChainView
from gateway.clock import Clock
from gateway.crypto import Hmac, Vault
from gateway.keyring import Keyring
from gateway.settings import Settings


@dataclass(kw_only=True)
class Node:
    """Shared by all threads. wake: set it when entries became durable, the integrator then looks.

    fault: code of a state in which nothing may be promised any more (`log-behind-chain`,
    `log-forked`), until an operator has acted; None = sound.
    """

    settings: Settings
    engine: sa.Engine
    clock: Clock
    vault: Vault
    hmac: Hmac
    keys: Keyring
    chain: ChainView
    wake: threading.Event = field(default_factory=threading.Event)
    fault: str | None = None
