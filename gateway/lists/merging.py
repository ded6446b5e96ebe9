"""The list of a day of all provinces: each is asked for its part, and its part is checked.

A province that cannot be asked, or whose part is false, is named with the reason; the others stand.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import structlog

from gateway.base.context import Context
from gateway.chain.signing import Signing
from gateway.chain.verifiers import Verifiers
from gateway.lists.interfaces import ListTooLarge, Page, Wanted
from gateway.peers.client import Peers, Told
from gateway.peers.directory import Directory
from gateway.peers.errors import BadAnswer, PeerRefused, PeerSilent
from gateway.peers.interfaces import MAX_ANSWER
from ledger.core.canonical import encode
from ledger.core.day_list import (
    LIST_TYP,
    MAX_ENTRIES,
    MAX_FILE,
    MAX_ITEMS,
    MAX_PARTS,
    DayList,
    Missing,
    Signed,
    encode_file,
    parse_part,
)
from ledger.core.errors import CouldNotCheck, EvidenceError, VersionUnknown
from ledger.core.ids import sha256
from ledger.core.jws import sign_statement
from ledger.files.lists import pages_problems
from ledger.verify import Verifier

ROUTE: Final = "list"
MAX_BYTES: Final = MAX_FILE * 3 // 4
"""Of the receipts of one file: in a JSON text they take a fifth more."""
AT_ONCE: Final = 8
"""Provinces that are asked at once."""
MEMBER_SECONDS: Final = 120.0
"""For all parts of one of them."""
TRIES: Final = 3
PAUSE_SECONDS: Final = 1.0
"""Between two of them, where it is busy."""

_log = structlog.get_logger(__name__)

OwnPage = Callable[[Wanted], Page]


@dataclass(frozen=True, slots=True)
class _Told:
    """What a member told. reason: why it counts as missing; None: it does not."""

    member: str
    pages: Sequence[Page] = ()
    reason: str | None = None


class Merging:
    """Makes the files; safe in threads."""

    def __init__(
        self,
        ctx: Context,
        *,
        signing: Signing,
        peers: Peers,
        directory: Directory,
        verifiers: Verifiers,
    ) -> None:
        self._ctx = ctx
        self._signing = signing
        self._peers = peers
        self._directory = directory
        self._verifiers = verifiers

    def file(self, wanted: Wanted, own: OwnPage) -> bytes:
        """The file of a list. own: our own parts. Raises ListTooLarge, DayToCome, NotReady."""
        key, code = self._signing.present_key(), self._ctx.settings.node.code
        provinces = self._directory.provinces()
        ours = _Told(code, list(_all(wanted, own))) if code in provinces else None
        others = [member for member in provinces if member != code]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            told = list(pool.map(lambda member: self._ask(member, wanted), others))
        told = self._checked(told)
        told = sorted(told + ([ours] if ours else []), key=lambda one: one.member)
        pages = [page for one in told if one.reason is None for page in one.pages]
        if sum(len(page.receipts) for page in pages) > MAX_ENTRIES or _size(pages) > MAX_BYTES:
            raise ListTooLarge
        at = max([self._ctx.clock.seconds(), *(page.part.at for page in pages)])
        made = DayList(
            iss=code,
            list=wanted.kind.entry,
            day=wanted.day,
            network=self._ctx.network.reference,
            at=at,
            missing=tuple(
                Missing(member=one.member, reason=one.reason) for one in told if one.reason
            ),
            parts=tuple(sha256(page.jws.encode()) for page in pages),
        )
        jws = sign_statement(
            LIST_TYP, made.encode(), sign=key.sign, kid=key.key_id, alg=key.alg, iat=at
        )
        texts = [text for page in pages for text in page.receipts]
        return encode_file(jws, [page.jws for page in pages], texts)

    def _ask(self, member: str, wanted: Wanted) -> _Told:
        """All parts of a member, or why there are none."""
        until = time.monotonic() + MEMBER_SECONDS
        try:
            pages = list(_all(wanted, lambda one: self._page(member, one, until)))
        except (PeerSilent, BadAnswer, PeerRefused) as error:
            return self._missing(member, error.code)
        except ListTooLarge:  # of one of them; the others are told all the same
            return self._missing(member, "answer-too-large")
        return _Told(member, pages)

    def _page(self, member: str, wanted: Wanted, until: float) -> Page:
        body = encode(
            {"day": wanted.day.isoformat(), "from": wanted.start, "list": wanted.kind.entry}
        )
        told = self._asked(member, body, until)
        if told.status != HTTPStatus.OK:
            raise BadAnswer("answer-malformed", member, "no part")
        return _page(member, told.json(member), wanted)

    def _asked(self, member: str, body: bytes, until: float) -> Told:
        """The answer of a member; asked again where it is busy."""
        tries = 0
        while True:
            if time.monotonic() > until:
                raise PeerSilent("too-slow", member)
            try:
                return self._peers.ask(member, ROUTE, body, max_bytes=MAX_ANSWER)
            except PeerSilent as error:
                tries += 1
                if tries == TRIES or error.code != "peer-busy":
                    raise
            time.sleep(PAUSE_SECONDS)

    def _checked(self, told: Sequence[_Told]) -> list[_Told]:
        """The same, without the parts of those that tell what is not so. Verifies by a head that
        is newer than all of them."""
        if not any(one.pages for one in told):
            return list(told)
        verifier = self._verifiers.current()
        verifier.reach()
        return [self._believed(verifier, one) for one in told]

    def _believed(self, verifier: Verifier, told: _Told) -> _Told:
        if told.reason is not None:
            return told
        pages = [Signed(part=page.part, jws=parse_part(page.jws).jws) for page in told.pages]
        texts = [text for page in told.pages for text in page.receipts]
        doubt = None
        for problem in pages_problems(verifier, pages, texts):
            if problem.wrong:
                return self._missing(told.member, "answer-false", problem.code)
            doubt = doubt or problem.code
        return told if doubt is None else self._missing(told.member, "answer-unchecked", doubt)

    def _missing(self, member: str, reason: str, problem: str | None = None) -> _Told:
        _log.warning("lists.missing", member=member, reason=reason, problem=problem)
        return _Told(member, reason=reason)


def _all(wanted: Wanted, page: OwnPage) -> Iterator[Page]:
    """One part after the other. Raises ListTooLarge, and BadAnswer where one does not go on."""
    start, entries, size = 0, 0, 0
    for _ in range(MAX_PARTS):
        found = page(Wanted(kind=wanted.kind, day=wanted.day, start=start))
        entries += len(found.receipts)
        size += _size([found])
        if entries > MAX_ENTRIES or size > MAX_BYTES:
            raise ListTooLarge
        yield found
        if found.part.last:
            return
        if found.part.until <= start:
            raise BadAnswer("answer-malformed", found.part.iss, "a part that leads nowhere")
        start = found.part.until
    raise ListTooLarge


def _size(pages: Sequence[Page]) -> int:
    """Characters of their receipts, which are ASCII where they are receipts at all."""
    return sum(len(text) for page in pages for text in page.receipts)


def _page(member: str, value: Any, wanted: Wanted) -> Page:
    """The part in an answer: of this member, and what was asked for."""
    texts = value.get("receipts") if isinstance(value, dict) else None
    jws = value.get("part") if isinstance(value, dict) else None
    if not isinstance(jws, str) or not isinstance(texts, list) or len(texts) > MAX_ITEMS:
        raise BadAnswer("answer-malformed", member, "no part, or no receipts")
    if not all(isinstance(text, str) for text in texts):
        raise BadAnswer("answer-malformed", member, "receipts that are no texts")
    try:
        part = parse_part(jws).part
    except (EvidenceError, VersionUnknown, CouldNotCheck) as error:
        raise BadAnswer("answer-malformed", member, "no part") from error
    asked = (member, wanted.kind.entry, wanted.day, wanted.start)
    if (part.iss, part.list, part.day, part.start) != asked:
        raise BadAnswer("other-list", member)
    return Page(part=part, jws=jws, receipts=tuple(texts))
