"""The thread that takes up new content keys while the gateway runs, and says which are missing."""

from __future__ import annotations

import threading
from collections.abc import Callable

import sqlalchemy as sa
import structlog

from gateway.base.content_keys import ContentFolder
from gateway.base.context import Context
from gateway.base.crypto import ContentKey, Vault
from gateway.sealing.services import missing, newest_is_retired

LOOK_SECONDS = 1.0
"""Between two looks into the folder. `gateway rewrap` waits for longer (`GRACE`) before it retires
the old key."""

_log = structlog.get_logger(__name__)


class ContentKeyWatch:
    """One step of the thread; see `gateway.base.threads`."""

    def __init__(
        self,
        ctx: Context,
        vault: Vault,
        folder: ContentFolder | None,
        on_newest: Callable[[ContentKey], None],
    ) -> None:
        """`folder`: None where the keys stay. `on_newest`: told of another key that wraps."""
        self._ctx = ctx
        self._vault = vault
        self._folder = folder
        self._on_newest = on_newest

    def __call__(self, _stop: threading.Event) -> float:
        self._look()
        self._tell_health(self._ctx.engine)
        return LOOK_SECONDS

    def _look(self) -> None:
        if self._folder is None:
            return
        keys, before = self._folder.again(), self._vault.newest
        if {key.id for key in keys} == self._vault.ids:
            return
        self._vault.use(keys)
        now = self._vault.newest
        _log.info("content-key.taken-up", key=now.id.hex(), version=now.version)
        if now != before:
            self._on_newest(now)

    def _tell_health(self, engine: sa.Engine) -> None:
        with engine.connect() as connection:
            found = missing(connection, self._vault.ids)
            retired = newest_is_retired(connection, self._vault.newest.id)
        told = tuple(key_id.hex() for key_id in found)
        if told and told != self._ctx.health.missing_content_keys:
            _log.error("content-key.missing", keys=",".join(told))
        self._ctx.health.missing_content_keys = told
        if retired and not self._ctx.health.content_key_retired:
            _log.error("content-key.retired", key=self._vault.newest.id.hex())
        self._ctx.health.content_key_retired = retired
