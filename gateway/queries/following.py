"""Asking about a followed subject, as `gateway.watching` wants it: one question like any other,
kept and stated as a use."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.queries.errors import NotToBeAsked
from gateway.queries.interfaces import Wanted
from gateway.queries.services import Uses
from gateway.watching.interfaces import Answered, Listed, SubjectRefused
from gateway.watching.interfaces import Wanted as Followed
from ledger.core.bundle import Bundle, parse_bundle
from ledger.core.receipt import parse

MATTER = "watch"


class Following:
    """`gateway.watching.interfaces.AskSubject`; safe in threads."""

    def __init__(self, uses: Uses) -> None:
        self._uses = uses

    def __call__(self, wanted: Followed) -> Answered:
        """See `AskSubject`."""
        try:
            bundle = parse_bundle(self._uses.use(wanted.holder, _asked(wanted)).bundle)
        except NotToBeAsked as error:
            raise SubjectRefused(error.code) from error
        missing = frozenset(one.member for one in bundle.missing)
        return Answered(records=list(_listed(bundle)), missing=missing)

    def refusal(self, wanted: Followed) -> str | None:
        """See `gateway.watching.interfaces.JudgeSubject`."""
        return self._uses.refusal(_asked(wanted))


def _asked(wanted: Followed) -> Wanted:
    return Wanted(
        code=wanted.code,
        purpose=wanted.purpose,
        types=wanted.types,
        authorisation=wanted.authorisation,
        matter=MATTER,
    )


def _listed(bundle: Bundle) -> Iterator[Listed]:
    for given in bundle.answers:
        for item, text in zip(given.answer.items, given.own, strict=True):
            yield Listed(
                record=parse(text.encode()).record_id,
                leaf=item.leaf,
                member=given.answer.iss,
                receipt=item.receipt,
            )
