"""Reports of other provinces: recognised by their numbers, and where to ask after them.

Whoever holds the PDF needs nobody: it is verified at any province, by the chain alone. A code is
its issuer's to judge, so whoever has only that is sent there.
"""

from __future__ import annotations

from collections.abc import Iterable

from gateway.base.errors import NotReady
from gateway.peers.dialling import place_of
from gateway.peers.directory import Directory
from gateway.peers.errors import PeerSilent
from gateway.reports.errors import ReportRefused
from ledger.chain.contracts.structs import Member
from ledger.core.errors import Malformed
from ledger.core.report_content import parse_number


class Elsewhere:
    """Answers; safe in threads."""

    def __init__(self, directory: Directory, own: str, *, production: bool) -> None:
        self._directory = directory
        self._own = own
        self._production = production

    def of(self, number: str) -> tuple[str, str | None] | None:
        """Who else made a report, and its URL where that is known; None: we did, or nobody. From
        memory: strangers have the chain asked for nothing. Raises NotReady."""
        try:
            issuer, _ = parse_number(number)
        except Malformed:
            return None
        if issuer == self._own:
            return None
        member = self._directory.known(issuer)
        return None if member is None else (issuer, self._url(member))

    def others(self, codes: Iterable[str]) -> dict[str, str]:
        """URLs of those of these members that are known, but ours, by their codes; from memory."""
        found: dict[str, str] = {}
        for code in codes:
            try:
                member = None if code == self._own else self._directory.known(code)
            except NotReady:
                return found
            if member is not None and (url := self._url(member)) is not None:
                found[code] = url.rstrip("/")
        return found

    def _url(self, member: Member) -> str | None:
        try:
            return place_of(member.endpoint, member.code, production=self._production)[0]
        except PeerSilent:
            return None

    def told(self, number: str) -> tuple[str, str | None] | None:
        """The same for a page, which is shown whatever the chain is doing."""
        try:
            return self.of(number)
        except NotReady:
            return None

    def demand_ours(self, number: str) -> None:
        """Raise ReportRefused, which says who and where, unless the number may be ours."""
        there = self.of(number)
        if there is not None:
            issuer, url = there
            raise ReportRefused("report-elsewhere", extra={"issuer": issuer, "endpoint": url})
