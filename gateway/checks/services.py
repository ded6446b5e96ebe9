"""Checks of many subjects, one question after the other, each kept by itself; and feedback.

Nothing is decided here and nothing is applied: a list of answers goes into the matter's file, and
what an office then did it reports as a statement of its own.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any, Final

import structlog

from gateway.base.child import Bounds, ChildDied, Children, TooCostly
from gateway.base.context import Context
from gateway.base.db import begin_read, begin_write
from gateway.base.errors import NotReady
from gateway.base.policy import Caller
from gateway.chain.view import ChainView
from gateway.checks.interfaces import (
    MAX_DAYS_AGO,
    MAX_SUBJECTS,
    Fault,
    Kind,
    Matter,
    Row,
    Subject,
    Told,
)
from gateway.checks.running import Running
from gateway.checks.tables import gathered, read_rows
from gateway.files.errors import FileFault
from gateway.files.interfaces import PART
from gateway.http.titles import TITLES
from gateway.intake.rules import measures_in_force
from gateway.peers.outbox import MessageOutbox
from gateway.queries import store as queries
from gateway.queries.errors import NotToBeAsked
from gateway.queries.interfaces import Wanted, changed
from gateway.queries.services import Uses
from gateway.statements.errors import Overtaken
from gateway.statements.interfaces import Issued, Made, Said
from gateway.statements.services import ATTEMPTS, Statements
from ledger.core import canonical
from ledger.core.bundle import Bundle, parse_bundle
from ledger.core.canonical import parse_day, unhex32
from ledger.core.errors import LedgerError, Malformed
from ledger.core.ids import Digest, sha256
from ledger.core.reports import MAX_MATTER, MAX_MEASURE, MAX_RESULT, Feedback
from ledger.core.texts import Text

AT_ONCE: Final = 4
"""Subjects of one call that are asked about at once."""
MAX_CHECKS: Final = 8
"""Tokens that check at once: each holds threads, and asks all provinces again and again."""
MEMORY: Final = 256 << 20
CPU_SECONDS: Final = 30
SILENCE: Final = 60.0

_log = structlog.get_logger(__name__)


class Checks:
    """Checks and reports; safe in threads."""

    def __init__(
        self,
        ctx: Context,
        *,
        uses: Uses,
        chain: ChainView,
        statements: Statements,
        outbox: MessageOutbox,
    ) -> None:
        self._ctx = ctx
        self._uses = uses
        self._chain = chain
        self._statements = statements
        self._outbox = outbox
        bounded = ctx.settings.files.processes > 0
        self._children = Children(
            Bounds(memory=MEMORY, cpu=CPU_SECONDS, silence=SILENCE) if bounded else None
        )
        self._lock = threading.Lock()
        self._tokens: set[int] = set()

    def close(self) -> None:
        """End the processes that read tables."""
        self._children.close()

    @contextmanager
    def place(self, caller: Caller) -> Iterator[None]:
        """Hold the one place of a token. Raises NotReady where it has it already, or too many
        others have theirs."""
        with self._lock:
            if caller.id in self._tokens or len(self._tokens) >= MAX_CHECKS:
                raise NotReady("busy-tables", retry_after=5)
            self._tokens.add(caller.id)
        try:
            yield
        finally:
            with self._lock:
                self._tokens.discard(caller.id)

    def rows(self, data: bytes, kind: Kind) -> Sequence[Row]:
        """The rows of a table. Raises FileFault, NotReady."""
        sent = [data[at : at + PART] for at in range(0, len(data), PART)]
        try:
            run = self._children.run(
                read_rows, kind, MAX_SUBJECTS, sent=sent, stop=threading.Event()
            )
            with closing(run) as pieces:
                return gathered(pieces)
        except TooCostly as error:
            raise FileFault(f"too-much-{error.what}") from error
        except ChildDied as error:  # of the table or of the machine: it may be sent again
            raise NotReady("busy-tables", retry_after=5) from error

    def subjects(self, caller: Caller, matter: Matter, subjects: Sequence[Subject]) -> Running:
        """Ask about each; one that cannot be asked about holds up no other. Holds the place of the
        token until none is under way. Raises NotReady as `place`."""
        place = ExitStack()
        place.enter_context(self.place(caller))
        questions = [
            partial(self._one, caller, matter, n, subject) for n, subject in enumerate(subjects)
        ]
        return Running(questions, AT_ONCE, place.close)

    def _one(
        self,
        caller: Caller,
        matter: Matter,
        n: int,
        subject: Subject,
        stopped: threading.Event,
    ) -> Mapping[str, Any]:
        if subject.fault is not None:
            return _failed(n, subject.code, subject.fault.code, subject.fault.text)
        if stopped.is_set():
            return _failed(n, subject.code, "not-ready")
        wanted = Wanted(
            code=subject.code,
            purpose=matter.purpose,
            types=matter.types,
            authorisation=subject.authorisation,
            matter=matter.matter,
        )
        try:
            used = self._uses.use(caller, wanted)
        except NotToBeAsked as error:
            return _failed(n, subject.code, error.code, error.detail)
        except (LedgerError, OSError) as error:
            _log.warning("checks.failed", problem=type(error).__name__)
            return _failed(n, subject.code, "not-ready")
        return _line(n, used.id, parse_bundle(used.bundle), used.now)

    # ---- feedback

    def feedback(self, caller: Caller, rows: Sequence[Mapping[str, Any]]) -> Sequence[Told]:
        """State what was done, a row each; rows in which something is wrong are left out, and
        told. All good ones are stated together, or none; what was stated before word for word is
        that statement. Raises NotReady."""
        known = self._measures()
        read = self._asked(caller, [self._read(n, row, known) for n, row in enumerate(rows)])
        good = [one for one in read if isinstance(one, Feedback)]
        stated = iter(self._state(good)) if good else iter(())
        return [
            replace(next(stated), n=n) if isinstance(one, Feedback) else one
            for n, one in enumerate(read)
        ]

    def _asked(self, caller: Caller, read: Sequence[Feedback | Told]) -> Sequence[Feedback | Told]:
        """The same, but for those that rest on no question of the caller's: what was done about a
        firm is said by who asked about it."""
        wanted = {one.query for one in read if isinstance(one, Feedback)}
        token = None if caller.whole_member else caller.id
        with begin_read(self._ctx.engine) as connection:
            theirs = queries.asked_by(connection, wanted, token)
        times = Counter({query: row.feedback for query, row in theirs.items()})
        said = [one for one in read if isinstance(one, Feedback)]
        known = self._statements.are_known([_said(one) for one in said])
        before = {one for one, there in zip(said, known, strict=True) if there}
        return [
            one if isinstance(one, Told) else self._counted(n, one, times, before)
            for n, one in enumerate(read)
        ]

    def _counted(
        self, n: int, one: Feedback, times: Counter[bytes], before: set[Feedback]
    ) -> Feedback | Told:
        """The same where it may be said once more. times: by query, how often it was. before: what
        was said, which is said again as often as somebody likes."""
        most = self._ctx.settings.queries.changes
        if one.query not in times:
            return Told(n=n, faults=(_UNASKED,))
        if one in before:
            return one
        if times[one.query] >= most:
            fault = Fault(code="too-many-changes", field="query", text=changed(most))
            return Told(n=n, faults=(fault,))
        times[one.query] += 1
        before.add(one)
        return one

    def _measures(self) -> frozenset[str]:
        facts = self._chain.facts
        return measures_in_force(facts, self._ctx.clock.seconds(), self._ctx.schemas)

    def _read(self, n: int, row: Mapping[str, Any], known: frozenset[str]) -> Feedback | Told:
        faults: list[Fault] = []
        day = _day(row.get("day"), self._ctx.clock.today(), faults)
        query = _query(row.get("query"), faults)
        measure = _text(row.get("measure"), "measure", MAX_MEASURE, faults)
        matter = _text(row.get("matter"), "matter", MAX_MATTER, faults)
        result = _text(row.get("result", ""), "result", MAX_RESULT, faults)
        if measure is not None and measure not in known:
            faults.append(_unknown_measure(known))
        if faults or day is None or query is None or measure is None:
            return Told(n=n, faults=tuple(faults))
        return Feedback(
            day=day, matter=matter or "", measure=measure, query=query, result=result or ""
        )

    def _state(self, good: Sequence[Feedback]) -> Sequence[Told]:
        """Keep the statements, with what goes to whoever answered the query of each."""
        said = [_said(one) for one in good]
        for _ in range(ATTEMPTS):
            made = self._statements.make(said)
            try:
                with begin_write(self._ctx.engine) as connection:
                    issued = self._statements.keep(connection, said, made)
                    told = list(_told(made, issued))
                    fresh = [
                        (one, opening)
                        for one, opening, done in zip(good, issued, told, strict=True)
                        if not done.known
                    ]
                    answerers = queries.asked_by(connection, {one.query for one in good}, None)
                    queries.count_feedback(connection, Counter(one.query for one, _ in fresh))
                    for one, opening in fresh:
                        by = answerers.get(one.query)
                        if by is not None and by.member != self._ctx.settings.node.code:
                            self._outbox.put(
                                connection,
                                member=by.member,
                                commitment=opening.statement.commitment,
                                opening=opening.encode(),
                            )
                self._ctx.signals.wake_all()
                return told
            except Overtaken:
                continue
        raise NotReady("busy", retry_after=1)


def _said(one: Feedback) -> Said:
    """Named by all that it says, so that it is stated once however often it is sent."""
    members = one.members()
    name = sha256(canonical.encode(members, allow_null=True))
    return Said(sort="feedback", members=members, request=b"feedback/" + name)


def _told(made: Made, issued: Issued) -> Iterator[Told]:
    """What became of each: of several of one name the first is new."""
    new = {one.statement.commitment for one in made.new}
    for opening in issued:
        commitment = opening.statement.commitment
        yield Told(n=0, statement=commitment, known=commitment not in new)
        new.discard(commitment)


_UNASKED: Final = Fault(
    field="query",
    code="query-unknown",
    text={
        "zh": "不是本令牌所作的查询：请填 use 的输出或核查结果中的查询登记编号",
        "en": "no question of this token: give a query that `use` or `checks` tells of",
    },
)


def _line(n: int, use: str, bundle: Bundle, now: str) -> Mapping[str, Any]:
    return {
        "n": n,
        "code": bundle.subject,
        "use": use,
        "at": bundle.at,
        "overall": bundle.overall,
        "now": now,
        "queries": {
            one.answer.iss: one.opening.statement.commitment.hex() for one in bundle.answers
        },
        "missing": [one.to_json() for one in bundle.missing],
        "records": [dict(one) for one in bundle.verdicts],
        "problem": None,
    }


def _failed(n: int, subject: str, code: str, detail: Text | None = None) -> Mapping[str, Any]:
    _, title = TITLES[code]
    problem = {"code": code, "message": dict(detail or title)}
    return {"n": n, "code": subject, "use": None, "problem": problem}


def _day(value: Any, today: date, faults: list[Fault]) -> date | None:
    try:
        found = parse_day(value if isinstance(value, str) else "")
    except Malformed:
        faults.append(_fault("day", "date-invalid", "须为 YYYY-MM-DD", "must be YYYY-MM-DD"))
        return None
    if not today - timedelta(days=MAX_DAYS_AGO) <= found <= today:
        faults.append(
            _fault(
                "day",
                "date-invalid",
                "须为今天或以前的日期",
                "must be a day that has come, of the last ten years",
            )
        )
    return found


def _query(value: Any, faults: list[Fault]) -> Digest | None:
    try:
        return Digest(unhex32(value if isinstance(value, str) else ""))
    except Malformed:
        faults.append(
            _fault(
                "query",
                "query-invalid",
                "须为查询登记编号（64 位小写十六进制），见 use 的输出或核查结果",
                "must be the commitment of the query, 64 lower-case hex digits, as `use` and the"
                " workbook of `checks` tell it",
            )
        )
        return None


def _text(value: Any, name: str, most: int, faults: list[Fault]) -> str | None:
    least = 0 if name == "result" else 1
    if not isinstance(value, str) or not least <= len(value) <= most:
        zh, en = f"须为 {least} 到 {most} 个字符的文本", f"must be {least} to {most} characters"
        faults.append(_fault(name, "text-invalid", zh, en))
        return None
    return value


def _unknown_measure(known: frozenset[str]) -> Fault:
    told = "；".join(sorted(known)) or "-"
    return _fault(
        "measure",
        "measure-unknown",
        f"措施须为目录中现行的名称：{told}",
        f"must be one of the measures in force in the catalogue: {told}",
    )


def _fault(name: str, code: str, zh: str, en: str) -> Fault:
    return Fault(code=code, field=name, text={"zh": zh, "en": en})
