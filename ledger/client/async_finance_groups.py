"""What `finance_groups` offers, without blocking: method for method, with the same words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import date

from ledger.client import authorisations, cases, checks, followed, reports, uses
from ledger.client.authorisation_results import (
    Authorisation,
    AuthorisationList,
    QueriesUnder,
)
from ledger.client.case_results import CaseFiled
from ledger.client.events import WatchEvent
from ledger.client.followed_results import FollowedRecord, FollowedSubject
from ledger.client.group import AsyncGroup
from ledger.client.inputs import Decision, Feedback, Source, Subject
from ledger.client.report_results import (
    ReportField,
    ReportList,
    ReportMade,
    ReportRead,
    Share,
    ShareGiven,
)
from ledger.client.use_results import CheckAnswer, FeedbackAnswer, Usage, Use, UseList, UseRow

__all__ = ["AsyncAuthorisations", "AsyncChecks", "AsyncFollowed", "AsyncReports", "AsyncUses"]


class AsyncUses(AsyncGroup):
    """Questions about subjects that were asked at the gateway; `Client.use` asks one."""

    async def show(self, use: str) -> Use:
        """A question as it was kept, by its id."""
        return await self._transport.drive(uses.show(use, self._terms))

    async def decide(self, use: str, decision: Decision) -> None:
        """State what came of a question, for those who answered it. The same again changes
        nothing, another one takes its place."""
        await self._transport.drive(uses.decide(use, decision, self._terms))

    async def find(
        self,
        *,
        code: str | None = None,
        matter: str | None = None,
        purpose: str | None = None,
        overall: str | None = None,
        first: date | None = None,
        last: date | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> UseList:
        """Questions of this token, of all where it acts for the whole member, the newest first.
        limit: 200 at most."""
        flow = uses.find(
            self._terms,
            code=code,
            matter=matter,
            purpose=purpose,
            overall=overall,
            first=first,
            last=last,
            before=before,
            limit=limit,
        )
        return await self._transport.drive(flow)

    async def log(self, first: date, last: date) -> list[UseRow]:
        """All that was asked at the gateway on some days, both included, for its supervisor: a
        token of the whole member."""
        return await self._transport.drive(uses.log(first, last, self._terms))

    async def usage(self, first: date, last: date) -> Usage:
        """What others reported that they made of answers of this member, on some days."""
        return await self._transport.drive(uses.usage(first, last, self._terms))


class AsyncChecks(AsyncGroup):
    """Many subjects for one matter, and feedback: what was done about them."""

    def each(
        self,
        subjects: Iterable[str | Subject],
        purpose: str,
        *,
        types: Sequence[str] | None = None,
        matter: str | None = None,
    ) -> AsyncIterator[CheckAnswer]:
        """Ask about each, and give the answers as they come, in their order. One that cannot be
        asked about says why in `code`, and holds up no other. Where an error ends it, what came
        before stands; nothing is asked twice by itself."""
        flow = checks.each(subjects, purpose, self._terms, types=types, matter=matter)
        return self._transport.iterate(flow)

    async def read(self, source: Source) -> list[Subject]:
        """The codes in a table (xlsx, xls, csv, a bare list), at most 1,000, for `each`."""
        return await self._transport.drive(checks.read_subjects(source, self._terms))

    async def feedback(self, rows: Iterable[Feedback]) -> list[FeedbackAnswer]:
        """State what was done; what became of each row, in order. Never sent twice by itself."""
        return await self._transport.drive(checks.feedback(rows, self._terms))

    async def read_feedback(self, source: Source) -> list[Feedback]:
        """The rows of a table of feedback, at most 1,000, for `feedback`."""
        return await self._transport.drive(checks.read_feedback(source, self._terms))


class AsyncAuthorisations(AsyncGroup):
    """What subjects let a member ask. Provinces and bureaus make them and take them back; whoever
    they are for holds them at its own gateway."""

    async def grant(
        self,
        subject: str,
        grantee: str,
        *,
        types: Sequence[str],
        regions: Sequence[str],
        purpose: str,
        first: date,
        last: date,
        docs: Sequence[Source],
        key: str | None = None,
    ) -> str:
        """Have one made; its name. types: families. docs: what the subject has signed, PDF or JPG,
        1 to 16. key: a name of your own for it, with which twice is once; without one it is not
        sent again where it may have been taken: `listed` tells. The same content on one day is
        one."""
        said = authorisations.granting(
            subject=subject,
            grantee=grantee,
            types=types,
            regions=regions,
            purpose=purpose,
            first=first,
            last=last,
        )
        return await self._transport.drive(authorisations.grant(said, docs, key, self._terms))

    async def take(self, opening: bytes) -> Authorisation:
        """Take one that was made for this member, where it did not come by itself: its opening,
        byte for byte."""
        return await self._transport.drive(authorisations.take(opening, self._terms))

    async def listed(
        self, *, subject: str | None = None, before: int | None = None, limit: int = 100
    ) -> AuthorisationList:
        """Those made here and those made for this member, of one subject or of all, the newest
        first. limit: 100 at most."""
        return await self._transport.drive(
            authorisations.listed(subject, before, limit, self._terms)
        )

    async def show(self, authorisation: str) -> Authorisation:
        """One of them, by any name that it ever had."""
        return await self._transport.drive(authorisations.show(authorisation, self._terms))

    async def opening(self, authorisation: str) -> bytes:
        """Its opening as it stands now, for its grantee or to be kept."""
        return await self._transport.drive(authorisations.opening_of(authorisation, self._terms))

    async def document(self, authorisation: str, n: int) -> bytes:
        """A document that its subject has signed, from 0. Its custodian alone has it."""
        return await self._transport.drive(authorisations.document(authorisation, n, self._terms))

    async def revoke(self, authorisation: str, *, within: float = 0.0) -> Authorisation:
        """Take one back, at its custodian. There it counts at once, for all others once it is on
        the chain. within: seconds to wait for that; NotReady is raised where it is not by then,
        and nothing is lost."""
        return await self._transport.drive(
            authorisations.revoke(authorisation, within, self._terms)
        )

    async def queries(
        self, authorisation: str, *, before: int | None = None, limit: int = 100
    ) -> QueriesUnder:
        """Who asked at this gateway under one, the newest first."""
        flow = authorisations.queries(authorisation, before, limit, self._terms)
        return await self._transport.drive(flow)


class AsyncReports(AsyncGroup):
    """Special credit reports. `make`, `fields`, `listed`, `opening` and the shares are their
    issuer's; the rest is for whoever has a number and a code, at any gateway: it says who made the
    report, who is asked then, without a token. Wrong codes are counted: NotReady says when the
    next may be tried."""

    async def make(
        self, code: str, first: date, last: date, *, fields: Sequence[str] | None = None
    ) -> ReportMade:
        """Make a report about a subject, at its wish. fields: their ids, None: all. Its PDF and
        its code are told once."""
        return await self._transport.drive(reports.make(code, first, last, fields, self._terms))

    async def fields(self) -> list[ReportField]:
        """The fields (领域) that a report may have."""
        return await self._transport.drive(reports.fields(self._terms))

    async def listed(self, *, before: int | None = None) -> ReportList:
        """The reports that were made here, the newest first; whom about is not told."""
        return await self._transport.drive(reports.listed(before, self._terms))

    async def opening(self, number: str) -> bytes:
        """The opening of a report's statement, with a receipt once it is anchored."""
        return await self._transport.drive(reports.opening(number, self._terms))

    async def check(self, number: str, code: str) -> str:
        """genuine, changed-since or unknown; nothing of its content."""
        return await self._transport.drive(reports.check(number, code, self._terms))

    async def read(self, number: str, code: str) -> ReportRead:
        """All of a report that is open, each line with its receipt."""
        return await self._transport.drive(reports.read(number, code, self._terms))

    async def open_share(self, number: str, code: str) -> ReportRead:
        """What a share shows, by the code of the share. Counted and logged."""
        return await self._transport.drive(reports.open_share(number, code, self._terms))

    async def share(
        self,
        number: str,
        *,
        fields: Sequence[str] = (),
        lines: Sequence[int] = (),
        until: date,
    ) -> ShareGiven:
        """Let somebody read whole fields and single lines of a report, 365 days at most. Its code
        is told once."""
        return await self._transport.drive(reports.share(number, fields, lines, until, self._terms))

    async def shares(self, number: str) -> list[Share]:
        """All shares of a report, with how often each was read."""
        return await self._transport.drive(reports.shares(number, self._terms))

    async def unshare(self, number: str, share: str) -> None:
        """Withdraw one, by its id."""
        await self._transport.drive(reports.unshare(number, share, self._terms))

    async def object_to(
        self,
        pdf: bytes,
        line: int,
        reason: str,
        *,
        docs: Sequence[Source] = (),
        authority: str | None = None,
    ) -> CaseFiled:
        """File an objection to the record of a line, from 1, as `Cases.file` does. pdf: the report.
        authority: who determined it, by default as the receipt has it. Raises InputError where
        there is no such line, Malformed where the file is no report."""
        # Taking a PDF apart takes its time.
        record, said = await asyncio.to_thread(reports.objection, pdf, line, authority)
        flow = cases.file(record, "objection", reason, self._terms, docs=docs, said=said)
        return await self._transport.drive(flow)


class AsyncFollowed(AsyncGroup):
    """What this token follows; `Client.watch` tells what becomes of it. The same twice is once."""

    async def follow_record(self, record: str) -> str:
        """Follow a record, whosever, by its id; one of one's own by its leaf as well. Its id."""
        return await self._transport.drive(followed.follow_record(record, self._terms))

    async def follow_subject(
        self,
        code: str,
        purpose: str,
        *,
        authorisation: str | None = None,
        types: Sequence[str] | None = None,
    ) -> str:
        """Follow a subject, which is asked about now and once a night; the id under which it is
        told of."""
        flow = followed.follow_subject(code, purpose, authorisation, types, self._terms)
        return await self._transport.drive(flow)

    async def records(self) -> list[FollowedRecord]:
        """The records that are followed by themselves, the newest first."""
        return await self._transport.drive(followed.records(self._terms))

    async def subjects(self) -> list[FollowedSubject]:
        """The subjects that are followed, and how it stands with each, the oldest first."""
        return await self._transport.drive(followed.subjects(self._terms))

    async def subject(self, subject: str) -> FollowedSubject:
        """One of them, with the records that are known of it."""
        return await self._transport.drive(followed.subject(subject, self._terms))

    async def unfollow_record(self, record: str) -> None:
        """Follow it no longer. Raises NotFound where it is not followed."""
        await self._transport.drive(followed.unfollow_record(record, self._terms))

    async def unfollow_subject(self, subject: str) -> None:
        """Follow it no longer. Raises NotFound where it is not followed."""
        await self._transport.drive(followed.unfollow_subject(subject, self._terms))

    async def latest(self, *, limit: int = 100) -> list[WatchEvent]:
        """What changed last of all that is followed, and of products, the newest first, within the
        last days. limit: 100 at most."""
        return await self._transport.drive(followed.latest(limit, self._terms))
