"""Sending what waits, in its order, until the receiver takes it or it is given up."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Final
from urllib.parse import urlsplit

from ledger.audit.monitor.lines import Log
from ledger.audit.monitor.store import Letter, Store
from ledger.chain.nodes.addresses import may_be_called
from ledger.chain.nodes.http import Http
from ledger.hooks.posting import NotDelivered, is_fit, post

__all__ = [
    "CALL_SECONDS",
    "LIFE",
    "LONGEST_ASKED",
    "PAUSES",
    "QUICK",
    "TRIES",
    "Sender",
    "client",
    "is_sendable",
]

CALL_SECONDS: Final = 15.0
"""For a whole try."""
PAUSES: Final = (5, 30, 120, 300, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 28_800, 43_200)
"""Seconds between one try and the next; the last one again and again."""
TRIES: Final = 16
LIFE: Final = 3 * 86_400
"""Seconds after which nothing is tried any more, whatever its tries."""
LONGEST_ASKED: Final = 6 * 3_600
"""Seconds of a pause that a receiver asks for; whoever asks for more is asked again sooner."""
QUICK: Final = (1.0, 3.0)
"""Seconds between the tries of a monitor that makes one round and ends."""
_JITTER: Final = 0.15
_AGENT: Final = "credit-ledger-monitor/1"
_ANY: Final = (IPv4Network("0.0.0.0/0"), IPv6Network("::/0"))


def is_sendable(url: str, *, production: bool) -> bool:
    """Whether an operator's own URL may be sent to: in production by https, or to this machine."""
    if not is_fit(url, production=False):
        return False
    parts = urlsplit(url)
    here = parts.hostname in ("localhost", "127.0.0.1", "::1")
    return parts.scheme == "https" or here or not production


def client() -> Http:
    """What sends: the operator wrote the URL, so it may lead into his own networks; where clouds
    tell a machine its secrets it goes in no case."""
    return Http(resolve=_addresses, connections=1)


def _addresses(host: str) -> Sequence[str]:
    try:
        asked = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotDelivered("name-unknown") from error
    found = list(dict.fromkeys(str(address[4][0]) for address in asked))
    if not all(may_be_called(one, _ANY) for one in found):
        raise NotDelivered("target-refused")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Sends to one URL. secrets: in force, the newest first. now: Unix seconds."""

    store: Store
    http: Http
    url: str
    secrets: Sequence[str]
    now: Callable[[], float]
    log: Log

    def run(self, stop: threading.Event) -> float | None:
        """Send until nothing is due, or the receiver does not take it; seconds until it is tried
        again, None: nothing waits."""
        while not stop.is_set():
            letter = self.store.next_letter()
            if letter is None:
                return None
            left = letter.due - self.now()
            if left > 0 or not self._send(letter):
                return max(left, 0.0) or self._left()
        return None

    def run_quickly(self, stop: threading.Event) -> None:
        """The same for who cannot wait long: what is not taken at the third try is left for the
        next run, which may be any time later."""
        for pause in (0.0, *QUICK):
            if stop.wait(pause):
                return
            while (letter := self.store.next_letter()) is not None and self._send(letter):
                pass
            if letter is None:
                return

    def _left(self) -> float | None:
        letter = self.store.next_letter()
        return None if letter is None else max(0.0, letter.due - self.now())

    def _send(self, letter: Letter) -> bool:
        """Try once; whether the next one may be tried: it came there, or was given up."""
        now = int(self.now())
        try:
            post(
                self.http,
                self.url,
                letter.message,
                at=now,
                keys=self.secrets,
                agent=_AGENT,
                timeout=CALL_SECONDS,
            )
        except NotDelivered as error:
            return self._failed(letter, error, now)
        with self.store.round():
            self.store.delivered(letter)
            self.store.count("sent")
        return True

    def _failed(self, letter: Letter, error: NotDelivered, now: int) -> bool:
        tries = letter.tries + 1
        over = tries >= TRIES or now >= letter.since + LIFE
        due = None if over else now + _pause(tries, error.retry_after)
        with self.store.round():
            self.store.failed(letter, error.code, due)
            self.store.count("not-sent")
        event = "webhook.given-up" if over else "webhook.failed"
        self.log(event, "warning", id=letter.message.id, code=error.code, tries=tries)
        return over


def _pause(tries: int, asked: float | None) -> int:
    """Seconds after so many tries until the next. asked: by the receiver."""
    base = PAUSES[min(tries, len(PAUSES)) - 1]
    drawn = base * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - spreads load
    return max(1, round(max(drawn, min(asked or 0.0, LONGEST_ASKED))))
