"""Where a log can be read over HTTP: at its owner's, and at the provinces that keep a copy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ledger.audit.leaf_search import SECONDS
from ledger.audit.patience import Patience
from ledger.audit.tiles import Fetch, HttpFetch, is_plain_url, log_url, mirror_url
from ledger.chain.contracts.bindings import Consortium
from ledger.chain.nodes.http import Http
from ledger.core.ids import LogId
from ledger.core.keys import Role

__all__ = ["log_sources"]


def log_sources(
    consortium: Consortium, http: Http, mirrors: Mapping[str, str]
) -> Callable[[str, LogId], Iterator[tuple[str, Fetch]]]:
    """By code of whoever serves it, the owner first. mirrors: URL base by member, in place of what
    it registered. Each member is waited for `SECONDS` in all, however often it is asked."""
    left: dict[str, Patience] = {}

    def at(code: str, url: str) -> HttpFetch:
        return HttpFetch(http, url, left.setdefault(code, Patience(SECONDS)))

    def sources(owner: str, log: LogId) -> Iterator[tuple[str, Fetch]]:
        found = consortium.member(owner)
        base = mirrors.get(owner) or ("" if found is None else found.endpoint)
        if is_plain_url(base):
            yield owner, at(owner, log_url(base, log))
        for member in sorted(consortium.members(), key=lambda one: one.code):
            keeps = member.code != owner and member.roles & Role.PROVINCE
            if keeps and is_plain_url(member.endpoint):
                yield member.code, at(member.code, mirror_url(member.endpoint, log))

    return sources
