"""One question to all provinces: asked side by side, what they answer checked, kept as a bundle.

A province that is silent, refuses or answers what is not so is named with the reason; the others
stand. What a decision rests on is judged as of the block of each answer, so that it can be judged
again the same way; an answer that an act has overtaken meanwhile is asked for anew.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import orjson
import structlog

from gateway.base import access_table
from gateway.base.access_table import AccessTable
from gateway.base.context import Context
from gateway.base.errors import NotReady
from gateway.base.who import WhoFiles
from gateway.chain.verifiers import Verifiers
from gateway.peers.client import Peers
from gateway.peers.directory import Directory
from gateway.peers.errors import BadAnswer, PeerRefused, PeerSilent, Refused
from gateway.peers.interfaces import MAX_ANSWER, Asker
from gateway.queries.answering import Answering
from gateway.queries.errors import NotToBeAsked
from gateway.queries.interfaces import ROUTE, Asked, Held, Papers, Wanted
from gateway.queries.scope import askable, may_ask, seen
from ledger.core.answer import Given, Question, given_from_json
from ledger.core.authorisation import Authorisation, fault_of, from_members
from ledger.core.bundle import Bundle
from ledger.core.canonical import b64u_encode, encode
from ledger.core.day_list import Missing
from ledger.core.errors import EvidenceError, VersionUnknown
from ledger.core.keys import Role
from ledger.core.opening import MAX_DEPTH, Opening
from ledger.exchange.signatures import NONCE_BYTES
from ledger.files.answers import Judged, judge_answer
from ledger.files.bundles import Assessment, assess
from ledger.records.texts import message
from ledger.verify import Verifier

AT_ONCE: Final = 16
"""Provinces that are asked at once."""
ROUNDS: Final = 3
PAUSE_SECONDS: Final = 1.0
"""Between two rounds, for a province that is busy, or whose block is not final here yet."""
_AGAIN: Final = frozenset({"peer-busy", "answer-unchecked", "answer-overtaken"})
"""Reasons that may have gone by the next round."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """An authorisation of ours, with what proves it."""

    opening: Opening
    says: Authorisation


SKEW: Final = 300
"""Seconds by which the clocks of members may differ. An answer that is older was not made for this
question: what came since would be left out, and no receipt of it would prove that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a question. bundle: as it is kept; assessment: what follows from it."""

    bundle: Bundle
    assessment: Assessment


@dataclass(frozen=True, slots=True)
class _Told:
    """What a member told. reason: why it counts as missing; None: it does not."""

    member: str
    given: Given | None = None
    judged: Judged | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How far the question to one member is. waits: it is being asked. items: records that it
    stated, not yet verified; None: none came. reason: why it is missing so far."""

    member: str
    waits: bool
    items: int | None = None
    reason: str | None = None

    def as_dict(self) -> Mapping[str, Any]:
        """As it is told."""
        state = "asked" if self.waits else "missing" if self.reason else "answered"
        return {
            "member": self.member,
            "state": state,
            "records": self.items,
            "reason": self.reason,
        }


Heard = Callable[[Step], None]


def _nobody(_: Step) -> None:
    """Hear nothing."""


class Asking:
    """Asks; safe in threads. Nothing is stored here."""

    def __init__(
        self,
        ctx: Context,
        *,
        peers: Peers,
        directory: Directory,
        papers: Papers,
        held: Held,
        answering: Answering,
        verifiers: Verifiers,
        who: WhoFiles,
        table: AccessTable | None = None,
    ) -> None:
        """answering: our own answers, where we are a province. who: codes that are lawful though
        they fail their check characters."""
        self._ctx = ctx
        self._peers = peers
        self._directory = directory
        self._papers = papers
        self._held = held
        self._answering = answering
        self._verifiers = verifiers
        self._who = who
        self._table = table or access_table.load()

    def ask(self, wanted: Wanted, heard: Heard = _nobody) -> Result:
        """All that the provinces state. heard: told what comes, by many threads. Raises
        NotToBeAsked, NotReady."""
        if (wrong := self._who.current().wrong(wanted.code)) is not None:
            raise NotToBeAsked("subject-invalid", message(wrong, "code"))
        paper = self._paper(wanted)
        asked = self._asked(wanted, paper)
        provinces = self._directory.provinces()
        outside = {} if paper is None else self._outside(provinces, paper.says)
        for member in provinces:
            heard(Step(member=member, reason=outside.get(member), waits=member not in outside))
        left = [one for one in provinces if one not in outside]
        told = self._rounds(left, asked, paper, heard)
        missing = [Missing(member=one, reason=reason) for one, reason in outside.items()]
        missing += [Missing(member=one.member, reason=one.reason) for one in told if one.reason]
        missing.sort(key=lambda one: one.member)
        judged = [one.judged for one in told if one.judged is not None]
        return self._bundle(asked, sorted(judged, key=_member), missing)

    # ---- whether, and what, may be asked

    def refusal(self, wanted: Wanted) -> str | None:
        """Why an authorisation that is kept here does not cover a question today, by what it says
        alone; None: it does, or it is not here."""
        if wanted.authorisation is None:
            return None
        opening = self._held.opening(wanted.authorisation)
        return None if opening is None else self._uncovered(_says(opening), wanted)

    def _paper(self, wanted: Wanted) -> Paper | None:
        """The authorisation that is named. Raises NotToBeAsked, NotReady."""
        if wanted.authorisation is None:
            return None
        opening = self._held.opening(wanted.authorisation)
        if opening is None:
            raise NotToBeAsked("authorisation-unknown")
        try:
            granted = self._papers.genuine(opening.to_json())
        except Refused as error:
            raise NotToBeAsked(self._fault_of(opening, error.code)) from error
        if not self._papers.still_valid(granted):
            raise NotToBeAsked("authorisation-revoked")
        says = granted.authorisation
        if (code := self._uncovered(says, wanted)) is not None:
            raise NotToBeAsked(code)
        return Paper(opening=opening, says=says)

    def _uncovered(self, says: Authorisation, wanted: Wanted) -> str | None:
        """Why it does not cover a question, by what it says."""
        if says.grantee != self._ctx.settings.node.code:
            return "authorisation-unknown"
        fault = fault_of(
            says,
            grantee=says.grantee,
            subject=wanted.code,
            purpose=wanted.purpose,
            region=says.regions[0],
            types=wanted.types,
            on=self._ctx.clock.today(),
        )
        if fault == "out-of-scope":
            return "type-out-of-scope"
        return None if fault is None else f"authorisation-{fault}"

    def _fault_of(self, opening: Opening, code: str) -> str:
        """What is wrong with one of ours that does not hold any more. One that is over is not
        handed over anew, so the promise that it came with may have run out."""
        over = _says(opening).until < self._ctx.clock.today()
        return "authorisation-expired" if over else code

    def _asked(self, wanted: Wanted, paper: Paper | None) -> Asked:
        roles = self._own_roles()
        visible = seen(self._table, roles, wanted.purpose, authorised=paper is not None)
        types = wanted.types or (paper.says.types if paper is not None else askable(visible))
        if not types or not may_ask(types, visible):
            code = "authorisation-missing" if paper is None else "type-out-of-scope"
            raise NotToBeAsked(code)
        return Asked(
            code=wanted.code,
            purpose=wanted.purpose,
            types=types,
            authorisation=None if paper is None else paper.opening.to_json(),
        )

    def _own_roles(self) -> Role:
        member = self._directory.member(self._ctx.settings.node.code)
        if member is None:
            raise NotReady("members-unknown")
        return Role(member.roles)

    def _outside(self, provinces: Sequence[str], says: Authorisation) -> Mapping[str, str]:
        """Provinces of which the authorisation does not speak."""
        regions = set(says.regions)
        found = {code: self._directory.member(code) for code in provinces}
        return {
            code: "out-of-region"
            for code, member in found.items()
            if member is None or member.region not in regions
        }

    # ---- asking

    def _rounds(
        self, members: Sequence[str], asked: Asked, paper: Paper | None, heard: Heard
    ) -> list[_Told]:
        """What each told in the end."""
        done: dict[str, _Told] = {}
        left = list(members)
        for number in range(ROUNDS):
            if number:
                time.sleep(PAUSE_SECONDS)
            done.update({one.member: one for one in self._round(left, asked, paper, heard)})
            left = [one.member for one in done.values() if one.reason in _AGAIN]
            if not left:
                break
        return list(done.values())

    def _round(
        self, members: Sequence[str], asked: Asked, paper: Paper | None, heard: Heard
    ) -> Sequence[_Told]:
        def one(member: str) -> _Told:
            told = self._one(member, asked, paper)
            items = None if told.given is None else len(told.given.answer.items)
            heard(Step(member=member, reason=told.reason, items=items, waits=False))
            return told

        with ThreadPoolExecutor(AT_ONCE) as pool:
            told = list(pool.map(one, members))
        if not any(one.given for one in told):
            return told
        verifier = self._verifiers.current()
        verifier.reach(max(one.given.answer.block for one in told if one.given))
        return [self._believed(verifier, one) for one in told]

    def _one(self, member: str, asked: Asked, paper: Paper | None) -> _Told:
        """What one member answers, or why it does not."""
        began = self._ctx.clock.seconds()
        own = self._ctx.settings.node.code
        try:
            given = self._own(asked) if member == own else self._other(member, asked)
        except (PeerSilent, BadAnswer, PeerRefused, Refused, NotReady) as error:
            return self._missing(member, error.code)
        except (EvidenceError, VersionUnknown) as error:
            return self._missing(member, "answer-malformed", str(error))
        expected = (
            member,
            own,
            Question(code=asked.code, purpose=asked.purpose, types=asked.types),
        )
        answer = given.answer
        if (answer.iss, answer.to, answer.question) != expected:
            return self._missing(member, "other-question")
        shown = None if paper is None else paper.opening.statement.commitment
        if answer.authorisation != shown:
            return self._missing(member, "other-question")
        if not began - SKEW <= answer.at <= self._ctx.clock.seconds() + SKEW:
            return self._missing(member, "answer-old")
        return _Told(member, given=given)

    def _other(self, member: str, asked: Asked) -> Given:
        body: dict[str, Any] = {
            "code": asked.code,
            "purpose": asked.purpose,
            "types": list(asked.types),
        }
        if asked.authorisation is not None:
            body["authorisation"] = dict(asked.authorisation)
        sent = encode(body, allow_null=True, max_depth=MAX_DEPTH + 1)
        told = self._peers.ask(member, ROUTE, sent, max_bytes=MAX_ANSWER)
        given = given_from_json(told.json(member), more=0)
        if given.answer.nonce != told.nonce:
            raise BadAnswer("answer-replayed", member)
        return given

    def _own(self, asked: Asked) -> Given:
        asker = Asker(
            code=self._ctx.settings.node.code,
            roles=self._own_roles(),
            nonce=b64u_encode(secrets.token_bytes(NONCE_BYTES)),
        )
        return given_from_json(orjson.loads(self._answering.answer(asker, asked)), more=0)

    # ---- what it is worth

    def _believed(self, verifier: Verifier, told: _Told) -> _Told:
        if told.given is None:
            return told
        judged = judge_answer(verifier, told.given)
        if judged.wrong:
            problem = next(one.code for one in judged.problems if one.wrong)
            return self._missing(told.member, "answer-false", problem)
        if judged.problems:
            return self._missing(told.member, "answer-unchecked", judged.problems[0].code)
        if any(one.now.verdict != one.verdict for one in judged.verdicts):
            return self._missing(told.member, "answer-overtaken")
        return _Told(told.member, given=told.given, judged=judged)

    def _bundle(self, asked: Asked, judged: Sequence[Judged], missing: Sequence[Missing]) -> Result:
        found = assess(judged, missing, asked.types)
        at = max([self._ctx.clock.seconds(), *(one.given.answer.at for one in judged)])
        bundle = Bundle(
            subject=asked.code,
            at=at,
            answers=tuple(one.given for one in judged),
            missing=tuple(missing),
            completeness=found.completeness,
            verdicts=found.verdicts,
            overall=found.overall,
        )
        return Result(bundle=bundle, assessment=found)

    def _missing(self, member: str, reason: str, problem: str | None = None) -> _Told:
        _log.warning("queries.missing", member=member, reason=reason, problem=problem)
        return _Told(member, reason=reason)


def _says(opening: Opening) -> Authorisation:
    return from_members(opening.statement.members)


def _member(judged: Judged) -> str:
    return judged.given.answer.iss
