"""Threads of the exchange: sending what waits, forgetting nonces whose time has gone by."""

from __future__ import annotations

import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Final

import sqlalchemy as sa
import structlog

from gateway.base.clock import Clock
from gateway.base.crash import crash_point
from gateway.base.crypto import ContentLost
from gateway.base.errors import NotReady
from gateway.base.threads import Step
from gateway.peers.client import Peers
from gateway.peers.errors import BadAnswer, PeerRefused, PeerSilent
from gateway.peers.messages import Messages
from gateway.peers.outbox import MessageOutbox, Outgoing
from gateway.peers.store import FORGET_SOME, forget_nonces

AT_ONCE: Final = 16
"""Peers that are sent to at once. One that is silent holds a place for a call's length, and then
none for as long as it is left alone."""
LOOK_AGAIN: Final = 1.0
"""Seconds after which the outbox is looked at unasked."""
LEFT_ALONE: Final = 30.0
"""Seconds, at most, for which a peer that does not answer is asked nothing, whatever waits for it.
Each message has its own pause besides."""
GIVE_AGAIN: Final = 60.0
TIDY: Final = 60.0

_log = structlog.get_logger(__name__)


class MessageSender:
    """One step of the thread that sends. Each peer gets one message at a time, in a thread of a
    pool, so none waits for another."""

    def __init__(self, outbox: MessageOutbox, peers: Peers) -> None:
        self._outbox = outbox
        self._peers = peers
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="sender")
        self._under_way: dict[str, Future[float]] = {}
        self._left_alone: dict[str, float] = {}

    def __call__(self, stop: threading.Event) -> float:
        """Begin with every peer that something is due for, and note who is done."""
        self._note_done()
        if stop.is_set():
            return 0.0
        for member in self._outbox.due(self._busy()):
            if len(self._under_way) == AT_ONCE:
                break
            self._under_way[member] = self._pool.submit(self.send_to, member, stop)
        wait(self._under_way.values(), LOOK_AGAIN, FIRST_COMPLETED)
        return 0.0 if self._under_way else LOOK_AGAIN

    def close(self) -> None:
        """End once the calls under way have; without new ones."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def send_to(self, member: str, stop: threading.Event) -> float:
        """Send what is due for one peer until one fails; for how many seconds it is to be left
        alone."""
        while not stop.is_set() and (message := self._outbox.claim(member)) is not None:
            if pause := self._send(message):
                return pause
        return 0.0

    def _send(self, message: Outgoing) -> float:
        """Seconds to leave the peer alone; 0: it answered."""
        try:
            opening = self._outbox.opening(message)
        except ContentLost:
            self._set_aside(message, "content-lost")
            return 0.0
        try:
            crash_point("message.sent", "before")
            received_at = self._peers.send(message.member, opening)
            crash_point("message.sent", "after")
        except PeerRefused as error:
            self._set_aside(message, error.code)
            return 0.0
        except BadAnswer as error:  # of this message perhaps, and not of the next one
            self._put_off(message, error.code)
            return 0.0
        except (PeerSilent, NotReady) as error:
            return min(self._put_off(message, error.code), LEFT_ALONE)
        self._outbox.sent(message, received_at)
        return 0.0

    def _put_off(self, message: Outgoing, code: str) -> float:
        pause = self._outbox.put_off(message, code)
        _log.info("message.put-off", member=message.member, code=code, pause=pause)
        return float(pause)

    def _set_aside(self, message: Outgoing, code: str) -> None:
        _log.warning("message.set-aside", member=message.member, id=message.id, code=code)
        self._outbox.set_aside(message, code)

    def _busy(self) -> list[str]:
        now = time.monotonic()
        self._left_alone = {
            member: until for member, until in self._left_alone.items() if until > now
        }
        return sorted({*self._under_way, *self._left_alone})

    def _note_done(self) -> None:
        for member, future in list(self._under_way.items()):
            if future.done():
                del self._under_way[member]
                if pause := _pause_of(member, future):
                    self._left_alone[member] = time.monotonic() + pause


def _pause_of(member: str, future: Future[float]) -> float:
    error = future.exception()
    if error is None:
        return future.result()
    # The database, or a fault of ours: the message stays held for a while, and is tried again.
    _log.error("message.failed", member=member, exc_info=error)
    return LOOK_AGAIN


def message_giver(messages: Messages) -> Step:
    """One step of the thread that gives messages to domains that have not taken them."""

    def give(stop: threading.Event) -> float:
        messages.hand_on(stop)
        return GIVE_AGAIN

    return give


def nonce_tidier(engine: sa.Engine, clock: Clock) -> Step:
    """One step of the thread that forgets nonces."""

    def tidy(stop: threading.Event) -> float:
        while not stop.is_set() and forget_nonces(engine, clock.seconds()) == FORGET_SOME:
            pass
        return TIDY

    return tidy
