"""Waiting for a node: it is asked why where nothing moves, and not for ever."""

from __future__ import annotations

import time

from ledger.cli.language import say
from ledger.cli.node import Node
from ledger.cli.output import Unknown, note

_ASK_AFTER = 5.0  # seconds without progress until the node is asked why, and between two times
_NOT_READY = 120.0  # seconds without progress that a node may say that it is not ready
_READY = 600.0  # the same of one that is: there may be much before us


class Patience:
    """How long nothing has moved. seconds: the limit, None = by what the node says of itself.

    given_up: what to say then; the node's own reason is added to it."""

    def __init__(self, node: Node, seconds: float | None, given_up: str) -> None:
        self._node = node
        self._seconds = seconds
        self._given_up = given_up
        self._seen: object = None
        self._since = self._asked = time.monotonic()
        self._reason: str | None = None
        self._told: set[str] = set()

    def see(self, progress: object) -> None:
        """Take note of how far it is; Unknown where that has been the same for too long."""
        now = time.monotonic()
        if progress != self._seen:
            self._seen, self._since, self._asked = progress, now, now
        elif now - self._asked >= _ASK_AFTER:
            self._ask(now)
        if now - self._since > self._limit():
            raise Unknown("\n".join(filter(None, (self._given_up, self._reason))))

    def _limit(self) -> float:
        if self._seconds is not None:
            return self._seconds
        return _READY if self._reason is None else _NOT_READY

    def _ask(self, now: float) -> None:
        """Each reason is told once."""
        self._asked, self._reason = now, self._node.unready()
        if self._reason is not None and self._reason not in self._told:
            self._told.add(self._reason)
            note(
                say(
                    zh=f"节点暂不能处理：{self._reason}",
                    en=f"The node is not ready: {self._reason}",
                )
            )
