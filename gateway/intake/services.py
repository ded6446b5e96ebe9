"""Intake of sets of rows: draft, resolve, promise, store, answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import sqlalchemy as sa

from gateway.accesses.services import AccessLog
from gateway.base.context import Context
from gateway.base.crash import crash_point
from gateway.base.crypto import Vault
from gateway.base.db import begin_read, begin_write
from gateway.base.errors import NotReady
from gateway.base.policy import Caller
from gateway.chain.interfaces import MemberFacts
from gateway.chain.signing import Signing
from gateway.chain.view import ChainView
from gateway.intake.admission import Admission
from gateway.intake.answers import Outcome, set_answer
from gateway.intake.drafts import Draft, Terms
from gateway.intake.interfaces import MAX_SET, RowAnswer, RowInput, SetAnswer
from gateway.intake.metrics import SETS, count_rows
from gateway.intake.pool import Drafted, Drafting, Workers
from gateway.intake.promises import make_promise
from gateway.intake.readiness import promising, ready_facts
from gateway.intake.resolve import Resolved, resolve
from gateway.intake.room import Room
from gateway.intake.store import CorrectedMeanwhile, store
from gateway.intake.tally import tally
from gateway.intake.worker import Rows, Source
from gateway.log.numbers import LOCK_ENTRIES
from gateway.quality.store import Counting
from ledger.chain.keys.signers import DigestSigner
from ledger.core.canonical import unhex32
from ledger.core.keys import Purpose
from ledger.records import schema as schemas

MAX_ATTEMPTS = 8
"""Each failed attempt means that another request stored one of our keys; the next one sees it."""
QUICK_ATTEMPTS = 3
"""So often a set is resolved beside others. Then they wait for it, so that it gets through however
many send the same records."""

Keep = Callable[[sa.Connection, SetAnswer], None]
"""Stores what must become durable together with a set: called with the transaction that stores it
and with its answer, before the commit. What it raises undoes the set."""


Follow = Callable[[sa.Connection, Sequence[Caller], SetAnswer], None]
"""Goes on with what was taken in without a `Keep`, within the transaction that stores it. Takes the
callers of the rows."""


class Intake:
    """Takes records in; safe in threads."""

    def __init__(
        self,
        ctx: Context,
        *,
        chain: ChainView,
        signing: Signing,
        vault: Vault,
        workers: Workers,
        accesses: AccessLog,
        counting: Counting,
    ) -> None:
        self._ctx = ctx
        self._chain = chain
        self._signing = signing
        self._vault = vault
        self._workers = workers
        self._accesses = accesses
        self._counting = counting
        self._room = Room(ctx)
        self._follow: Follow | None = None

    def tell(self, follow: Follow) -> None:
        """Have somebody told of every set for which nothing else is kept."""
        self._follow = follow

    @property
    def ahead(self) -> int:
        """How many sets are worth beginning before the first is finished."""
        return self._workers.ahead

    def ready(self) -> tuple[MemberFacts, bytes]:
        """The chain as last read and the log that takes entries now. Raises NotReady."""
        return ready_facts(self._ctx, self._chain, self._signing, self._ctx.clock.seconds())

    def submit_set(
        self, *, caller: Caller, rows: Sequence[RowInput], keep: Keep | None = None
    ) -> SetAnswer:
        """Take in up to `MAX_SET` rows; every row gets an answer, in order.

        The accepted ones and the promise that covers them are durable when this returns. Raises
        NotReady where nothing can be promised now; then nothing was taken. Blocks.
        """
        return self.submit_mixed(callers=[caller] * len(rows), rows=rows, keep=keep)

    def submit_mixed(
        self,
        *,
        callers: Sequence[Caller],
        rows: Sequence[RowInput],
        keep: Keep | None = None,
    ) -> SetAnswer:
        """The same for rows of several callers, given in the same order."""
        return self.finish(self.begin(Rows(rows)), callers=callers, keep=keep)

    def begin(self, source: Source) -> Drafting:
        """The first half of `submit_set`: have the rows checked, hashed and sealed, which needs no
        database. Several sets may be begun before the first is finished. Raises NotReady."""
        if len(source) > MAX_SET:
            raise ValueError(f"{len(source)} rows in a set, at most {MAX_SET}")
        at = self._ctx.clock.seconds()
        facts, log_id = promising(self._ctx, self._chain, self._signing, at)
        self._room.demand(log_id, len(source))
        go_live = self._ctx.settings.node.go_live or date.min
        terms = Terms(facts=facts, log_id=log_id, at=at, go_live=go_live)
        return self._workers.draft(source, terms)

    def finish(
        self,
        drafting: Drafting,
        *,
        callers: Sequence[Caller],
        keep: Keep | None = None,
    ) -> SetAnswer:
        """The second half: tell what is new, promise and store it. callers: of every row.
        Raises NotReady where nothing may be promised any more."""
        drafted = drafting.result()
        if keep is None and self._follow is not None:
            keep = _following(self._follow, callers)
        signer = self._still_good(drafting.terms)
        if signer is None:
            drafting = self.begin(drafting.source)
            drafted = drafting.result()
            signer = self._signing.promise_key(drafting.terms.facts, drafting.terms.at)
        terms = drafting.terms
        with SETS.time():
            answer = _Submission(
                ctx=self._ctx,
                vault=self._vault,
                signer=signer,
                terms=terms,
                drafted=drafted,
                callers=callers,
                keep=keep,
                accesses=self._accesses,
                counting=self._counting,
            ).run()
        count_rows(answer.rows)
        return answer

    def _still_good(self, terms: Terms) -> DigestSigner | None:
        """Find the key that may promise now what was begun with these terms: its log still takes
        entries, and the key was valid then and is. None: it must be begun anew. Raises NotReady
        where nothing may be promised any more."""
        now = self._ctx.clock.seconds()
        facts, log_id = promising(self._ctx, self._chain, self._signing, now)
        if log_id != terms.log_id:
            return None
        try:
            signer = self._signing.promise_key(facts, terms.at)
        except NotReady:  # another one was taken up, which was not valid then
            return None
        return signer if facts.may_sign(Purpose.ANCHOR, signer.key_id, now) else None


class _Submission:
    """One set on its way into the database."""

    def __init__(
        self,
        *,
        ctx: Context,
        vault: Vault,
        signer: DigestSigner,
        terms: Terms,
        drafted: Drafted,
        callers: Sequence[Caller],
        keep: Keep | None,
        accesses: AccessLog,
        counting: Counting,
    ) -> None:
        self._ctx = ctx
        self._vault = vault
        self._signer = signer
        self._terms = terms
        self._drafted = drafted
        self._callers = callers
        self._keep = keep
        self._accesses = accesses
        self._counting = counting

    def run(self) -> SetAnswer:
        """Resolve and store; again where somebody else stored one of our keys in between."""
        for attempt in range(MAX_ATTEMPTS):
            try:
                return self._beside() if attempt < QUICK_ATTEMPTS else self._alone()
            except (sa.exc.IntegrityError, CorrectedMeanwhile):
                continue
        raise NotReady("busy", retry_after=1)

    def _beside(self) -> SetAnswer:
        with begin_read(self._ctx.engine) as connection:
            outcome, answer = self._answer(connection)
        if answer.rows or self._keep is not None:
            with begin_write(self._ctx.engine) as connection:
                self._store(connection, outcome, answer)
            self._stored(outcome)
        return answer

    def _alone(self) -> SetAnswer:
        with begin_write(self._ctx.engine, LOCK_ENTRIES) as connection:
            outcome, answer = self._answer(connection)
            self._store(connection, outcome, answer)
        self._stored(outcome)
        return answer

    def _answer(self, connection: sa.Connection) -> tuple[Outcome, SetAnswer]:
        _demand_schemas(self._drafted)
        admission = Admission(self._callers)
        admitted = admission.admit(self._drafted)
        drafts = [row for row in admitted if isinstance(row, Draft)]
        outcome = self._outcome(resolve(connection, self._vault, drafts, admission), admission)
        return outcome, set_answer(admitted, outcome)

    def _outcome(self, resolved: Resolved, admission: Admission) -> Outcome:
        """With a promise of what is new, and what the access log is to hold."""
        terms, promise = self._terms, None
        leaves = [draft.leaf for draft in resolved.new]
        if leaves:
            promise = make_promise(
                terms.facts,
                terms.log_id,
                leaves,
                terms.at,
                due_in=self._ctx.settings.log.promise_due,
                signer=self._signer,
            )
        root = unhex32(promise.leaves_root) if promise else None
        accesses = admission.lines(resolved.new, root)
        return Outcome(resolved=resolved, promise=promise, accesses=accesses)

    def _store(self, connection: sa.Connection, outcome: Outcome, answer: SetAnswer) -> None:
        """In one transaction. Raises IntegrityError where a key has been stored meanwhile."""
        new = outcome.resolved.new
        if outcome.promise is not None:
            store(
                connection,
                new,
                outcome.promise,
                self._vault,
                key_id=self._signer.key_id,
                departments=[self._callers[draft.at].department for draft in new],
                corrected=outcome.resolved.corrected,
            )
        if outcome.accesses:
            self._accesses.put(connection, outcome.accesses, self._terms.at)
        if self._keep is not None:
            self._keep(connection, answer)
        # Last, since others of this process wait for its rows. The day on which it is stored,
        # however long it was under way: what is closed stays so.
        counts = tally(self._callers, self._drafted, answer.rows)
        self._counting.put(connection, counts, self._ctx.clock.today())
        crash_point("intake.stored", "before")

    def _stored(self, outcome: Outcome) -> None:
        crash_point("intake.stored", "after")
        if outcome.promise is not None:
            self._ctx.signals.promised.set()


def _following(follow: Follow, callers: Sequence[Caller]) -> Keep:
    def keep(connection: sa.Connection, answer: SetAnswer) -> None:
        if answer.promise is not None:
            follow(connection, callers, answer)

    return keep


def _demand_schemas(drafted: Sequence[Draft | RowAnswer]) -> None:
    """That the type of each draft is known here as well. Another process made it, and sees a file
    that is new in the operator's folder up to `LOOK_SECONDS` before this one. Raises NotReady."""
    for id_ in {row.schema for row in drafted if isinstance(row, Draft)}:
        name, _, version = id_.partition("@")
        if schemas.find(name, int(version)) is None:
            raise NotReady("schema-not-read", retry_after=1)
