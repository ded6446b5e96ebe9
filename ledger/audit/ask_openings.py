"""Openings of statements, asked of every member by the exchange route `openings` (design-2 13).

Answers are kept as they came, one file each, so that what was asked for and answered is asked once:
the next run goes on behind the last leaf of each log that was answered for. A member that does not
answer stops nobody else.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from ledger.audit.asking import Line, NotAnswered
from ledger.audit.opening_files import Asked, OpeningFiles, piece_name
from ledger.chain.contracts.bindings import LOG_ANCHOR, Consortium, LogAnchor
from ledger.chain.keys.signers import MessageSigner
from ledger.chain.nodes.http import Http
from ledger.chain.nodes.quorum import View
from ledger.core import canonical
from ledger.core.canonical import hex32
from ledger.core.ids import LogId

__all__ = ["MAX_LEAVES", "ROUTE", "Asker", "NotAnswered", "Subject", "Told", "subjects"]

ROUTE: Final = "/v1/exchange/openings"
MAX_LEAVES: Final = 1024
"""Of one question."""
_MAX_ITEMS: Final = 1000
"""Openings in one answer."""


class Subject(NamedTuple):
    """A log to be asked for. size: as anchored. endpoint: of its owner."""

    member: str
    log: LogId
    size: int
    endpoint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How far the openings of a log are here. done: leaves from the first on that were answered
    for; reason: why not more, None: it is all."""

    member: str
    log: LogId
    size: int
    done: int
    reason: NotAnswered | None

    def as_dict(self) -> dict[str, Any]:
        """As `audit openings --json` has it."""
        return {
            "member": self.member,
            "log": hex32(self.log),
            "size": self.size,
            "answered": self.done,
            "reason": None if self.reason is None else self.reason.code,
        }


def subjects(view: View, consortium: Consortium) -> Iterator[Subject]:
    """Every anchored log of every member, by members. Raises CouldNotCheck."""
    address = consortium.current(LOG_ANCHOR)
    if address is None:
        return
    anchors = LogAnchor(address, view.call, view.calls)
    for member in sorted(consortium.members(), key=lambda one: one.code):
        for log in consortium.logs(member.code):
            if size := anchors.latest(log.log_id).size:
                yield Subject(member.code, log.log_id, size, member.endpoint)


class Asker:
    """Asks in the name of an AUDITOR member, with its REQUEST key."""

    def __init__(
        self,
        *,
        member: str,
        consortium: Consortium,
        signer: MessageSigner,
        http: Http,
        folder: Path,
        now: Callable[[], int],
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """member: its code. consortium: at the latest head. folder: where answers are kept."""
        self._line = Line(
            member=member, consortium=consortium, signer=signer, http=http, now=now, pause=pause
        )
        self._folder = folder

    def run(self, subject: Subject, advance: Callable[[int], None]) -> Told:
        """Ask for everything of a log that is not here yet. advance: told how many leaves are.
        Raises OSError where answers cannot be kept, CouldNotCheck."""
        done = self._kept(subject.log)
        reason: NotAnswered | None = None
        advance(done)
        while done < subject.size and reason is None:
            end = min(done + MAX_LEAVES, subject.size)
            try:
                done = self._take(subject, Asked(subject.log, done, end))
            except NotAnswered as error:
                reason = error
            advance(done)
        size = subject.size
        return Told(
            member=subject.member, log=subject.log, size=size, done=min(done, size), reason=reason
        )

    def _kept(self, log: LogId) -> int:
        """The first leaf that is not answered for, without a gap before it."""
        folder = self._folder / hex32(log)
        files = OpeningFiles([folder]) if folder.is_dir() else None
        end = 0
        for asked in () if files is None else files.named():
            if asked.start > end:
                break
            end = max(end, asked.end)
        return end

    def _take(self, subject: Subject, asked: Asked) -> int:
        """Ask once, keep the answer; from where to go on."""
        body = self._line.ask(
            subject.member,
            subject.endpoint.rstrip("/") + ROUTE,
            canonical.encode({"from": asked.start, "log": hex32(asked.log), "to": asked.end}),
        )
        following = _following(body, asked)
        end = asked.end if following is None else following
        self._keep(Asked(asked.log, asked.start, end), body)
        return end

    def _keep(self, asked: Asked, body: bytes) -> None:
        """Whole, or not at all; it tells of people, so nobody else may read it."""
        path = self._folder / piece_name(asked)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(body)
            partial.replace(path)
        except OSError:
            partial.unlink(missing_ok=True)
            raise


def _following(body: bytes, asked: Asked) -> int | None:
    """From where to ask on; None: that was all. Raises NotAnswered."""
    try:
        value = orjson.loads(body)
        openings, following = value["openings"], value["next"]
    except (ValueError, KeyError, TypeError) as error:
        raise NotAnswered("answer-malformed", "no openings") from error
    if not isinstance(openings, list) or len(openings) > _MAX_ITEMS:
        raise NotAnswered("answer-malformed", "no openings, or too many")
    if following is None:
        return None
    if type(following) is not int or not asked.start < following < asked.end:
        raise NotAnswered("answer-malformed", "next leads nowhere")
    return following
