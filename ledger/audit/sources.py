"""Where the logs of members are read: at their owners, at whoever was named in their place, and
from the copies of other provinces."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ledger.audit.judge_mirrors import MirrorFor
from ledger.audit.mirrored import Copies, Head, Mirror, Mirrored
from ledger.audit.patience import Patience, of_log
from ledger.audit.shown_checkpoint import is_signed, note_keys_of
from ledger.audit.state import Log, Member, State
from ledger.audit.tiles import Fetch, HttpFetch, is_plain_url, log_url, mirror_url
from ledger.chain.nodes.http import Http
from ledger.core.keys import Role
from ledger.core.note import Checkpoint

__all__ = ["FetchFor", "LogPlace", "Source", "mirror_over_http", "open_place", "place_of"]

FetchFor = Callable[[str, bytes], Fetch | None]
"""How to read a log: URL base of its member ("" if it names none) and log id; None: no way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPlace:
    """Where one log is read. url: of the log at its owner, or at whoever was named for it; None:
    nowhere. named: URL base of the latter, "": nobody was. copies: of other provinces, each with
    its member; None: none are asked. note_keys: by which its owner signs checkpoints; sound_keys:
    those of them that nobody holds to be stolen."""

    log: Log
    base: str
    url: str | None
    named: str
    copies: Sequence[tuple[str, str]] | None
    note_keys: Sequence[bytes]
    sound_keys: Sequence[bytes]

    def signed(self, found: Checkpoint) -> bool:
        """Whether a checkpoint is of this log, and signed by its owner."""
        return found.log == self.log.log_id and is_signed(found, self.note_keys)

    def sound(self, found: Checkpoint) -> bool:
        """Whether one that is signed by its owner proves that this was it."""
        return is_signed(found, self.sound_keys)


class Source(NamedTuple):
    """How to read a log, None: there is no way; and what others keep of it, let through only as the
    anchored root proves it."""

    fetch: Fetch | None
    copies: Fetch | None = None


def place_of(state: State, log: Log, mirrors: Mapping[str, str]) -> LogPlace:
    """Where a log is read. mirrors: URLs by member, in place of their own and of copies."""
    member = state.members.get(log.member)
    named = mirrors.get(log.member, "")
    base = named or ("" if member is None else member.endpoint)
    copies = None
    if log.anchors and log.member not in mirrors:
        kept = ((code, _mirror(one, log)) for code, one in sorted(state.members.items()))
        copies = [(code, url) for code, url in kept if url is not None]
    return LogPlace(
        log=log,
        base=base,
        url=log_url(base, log.log_id) if is_plain_url(base) else None,
        named=named,
        copies=copies,
        note_keys=note_keys_of(state, log),
        sound_keys=note_keys_of(state, log, sound=True),
    )


def open_place(place: LogPlace, http: Http, whole: Patience, told: Callable[[str], None]) -> Source:
    """Over HTTP. whole: for how long all logs are waited for; told: of each member whose copy was
    read. Each server is waited for by itself."""
    log, url = place.log, place.url
    if place.copies is None:
        return Source(None if url is None else HttpFetch(http, url, of_log(log.end, whole)))
    last = max(log.anchors, key=lambda anchor: anchor.size)
    head = Head(last.size, last.root, place.signed, closed=log.closed is not None)
    mirrors = [
        Mirror(code, HttpFetch(http, at, of_log(log.end, whole))) for code, at in place.copies
    ]
    copies = Copies(mirrors, head, told)
    if url is None:
        return Source(copies, copies)
    return Source(Mirrored(http, url, copies, of_log(log.end, whole)), copies)


def mirror_over_http(http: Http) -> MirrorFor:
    """How to read the copy that a province keeps."""

    def mirror_for(member: Member, log: Log) -> Fetch | None:
        if not is_plain_url(member.endpoint):
            return None
        return HttpFetch(http, mirror_url(member.endpoint, log.log_id), of_log(log.end))

    return mirror_for


def _mirror(member: Member, log: Log) -> str | None:
    """Where a member may keep a copy of another's log."""
    if member.code == log.member or not member.roles & Role.PROVINCE:
        return None
    return mirror_url(member.endpoint, log.log_id) if is_plain_url(member.endpoint) else None
