"""Where the logs of members are read: at their owners, at whoever was named in their place, and
from the copies of other provinces."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ledger.audit.judge_mirrors import MirrorFor
from ledger.audit.mirrored import Copies, Head, Mirror, Mirrored
from ledger.audit.patience import Patience, of_all, of_log
from ledger.audit.shown_checkpoint import owner_signed
from ledger.audit.state import Log, Member, State
from ledger.audit.tiles import Fetch, HttpFetch, is_plain_url, log_url, mirror_url
from ledger.chain.nodes.http import Http
from ledger.core.keys import Role

__all__ = ["FetchFor", "Source", "Sources", "mirror_over_http"]

FetchFor = Callable[[str, bytes], Fetch | None]
"""How to read a log: URL base of its member ("" if it names none) and log id; None: no way."""


class Source(NamedTuple):
    """Of one log: how to read it, None: there is no way; and what others keep of it, let through
    only as the anchored root proves it."""

    fetch: Fetch | None
    copies: Fetch | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """mirrors: URLs by member, in place of their own. fetch_for: None: over HTTP, with copies.
    told: of each log (hex) and the member whose copy was read."""

    http: Http
    mirrors: Mapping[str, str]
    fetch_for: FetchFor | None
    told: Callable[[str, str], None]

    def of_all(self, state: State) -> Callable[[Log], Source]:
        """How each of the logs is read, all of them within one time."""
        patience = of_all(log.end for log in state.logs.values())
        return lambda log: self._of(state, log, patience)

    def _of(self, state: State, log: Log, whole: Patience) -> Source:
        member = state.members.get(log.member)
        base = self.mirrors.get(log.member) or ("" if member is None else member.endpoint)
        if self.fetch_for is not None:
            return Source(self.fetch_for(base, log.log_id))
        url = log_url(base, log.log_id) if is_plain_url(base) else None
        if not log.anchors or log.member in self.mirrors:
            patience = of_log(log.end, whole)
            return Source(None if url is None else HttpFetch(self.http, url, patience))
        copies = self._copies(state, log, whole)
        if url is None:
            return Source(copies, copies)
        return Source(Mirrored(self.http, url, copies, of_log(log.end, whole)), copies)

    def _copies(self, state: State, log: Log, whole: Patience) -> Copies:
        """What other provinces keep of it, each of them waited for by itself."""
        mirrors = [
            Mirror(code, HttpFetch(self.http, url, of_log(log.end, whole)))
            for code, member in sorted(state.members.items())
            if (url := _mirror(member, log)) is not None
        ]
        last = max(log.anchors, key=lambda anchor: anchor.size)
        head = Head(
            last.size,
            last.root,
            lambda found: found.log == log.log_id and owner_signed(state, log, found),
            closed=log.closed is not None,
        )
        return Copies(mirrors, head, lambda member: self.told(log.log_id.hex(), member))


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
