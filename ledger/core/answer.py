"""Answers about a subject: all its records in force at a member, stated and signed (design-2 15).

    answer = JWS, typ "credit-ledger-answer+jws", PRESENT key, header `iat` the Unix seconds of
             `at`, over JCS {_type:"credit-ledger/answer@1", at, authorisation, block,
                 covers:[{log, size}…], iss, items:[{leaf, receipt}…], nonce,
                 question:{code, purpose, types}, to}
    given  = {answer, opening, receipts:[text…]}     as members hand it to each other

`items` names every record of `code` in the families asked that the asker may be given and that is
covered and at `block` in force: so a receipt of one that it leaves out proves it false. `covers`:
the logs of the member, ascending, with their size anchored at `block`, a final block. `receipt`:
SHA-256 of the file that travels beside the answer, in the order of the items. An answer counts only
with the opening of its query, which names its SHA-256: so whoever answers cannot deny it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger.core import canonical
from ledger.core.authorisation import MAX_TYPES, PURPOSES, SUBJECT
from ledger.core.canonical import MAX_INTEGER, b64u_decode, hex32, instant
from ledger.core.commitment import TYPE_NAME
from ledger.core.errors import Malformed, ProofMismatch
from ledger.core.ids import CODE, Digest, LogId, sha256
from ledger.core.jws import Jws
from ledger.core.opening import MAX_DEPTH as OPENING_DEPTH
from ledger.core.opening import MAX_OPENING, Opening, parse_opening
from ledger.core.query import Query, query_from_members
from ledger.core.read import ascending, digest, matching, one_of, optional, text, within
from ledger.core.signed import (
    Item,
    demand_receipts,
    instant_of,
    items_of,
    list_of,
    members_of,
    statement_of,
    texts_of,
)

__all__ = [
    "MAX_ITEMS",
    "MAX_JWS",
    "MAX_LOGS",
    "MAX_MORE",
    "NONCE",
    "TYP",
    "TYPE",
    "Answer",
    "Cover",
    "Given",
    "Question",
    "check_given",
    "covers_of",
    "given_from_json",
    "parse_answer",
]

TYPE = "credit-ledger/answer@1"
TYP = "credit-ledger-answer+jws"
MAX_ITEMS = 1000
"""Records of one answer."""
MAX_LOGS = 256
"""Logs of one member, those with successors among them."""
MAX_MORE = 16
"""Receipts that stand behind those of the items because they contradict the answer."""
MAX_JWS = 1 << 19
"""Characters: 1,000 items and 256 logs take 300,000."""
NONCE = re.compile(r"[A-Za-z0-9_-]{22}")
"""base64url of the 16 bytes that the request was signed with."""

_MEMBERS = frozenset("_type at authorisation block covers iss items nonce question to".split())
_QUESTION = frozenset({"code", "purpose", "types"})
_GIVEN = frozenset({"answer", "opening", "receipts"})
_DEPTH = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """A log, and how much of it the answer speaks of."""

    log: LogId
    size: int

    def to_json(self) -> dict[str, Any]:
        """The object in an answer."""
        return {"log": hex32(self.log), "size": self.size}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What was asked. code: of the subject. types: names of families, ascending."""

    code: str
    purpose: str
    types: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The object in an answer."""
        return {"code": self.code, "purpose": self.purpose, "types": list(self.types)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a member states. at: Unix seconds. authorisation: commitment of the one that it was
    asked under; None: none was needed. block: number of a final block, of the hour before `at`."""

    iss: str
    to: str
    at: int
    authorisation: Digest | None
    block: int
    covers: tuple[Cover, ...]
    items: tuple[Item, ...]
    nonce: str
    question: Question

    def encode(self) -> bytes:
        """The payload."""
        return canonical.encode(
            {
                "_type": TYPE,
                "at": instant(self.at),
                "authorisation": None if self.authorisation is None else hex32(self.authorisation),
                "block": self.block,
                "covers": [one.to_json() for one in self.covers],
                "iss": self.iss,
                "items": [one.to_json() for one in self.items],
                "nonce": self.nonce,
                "question": self.question.to_json(),
                "to": self.to,
            },
            allow_null=True,
            max_depth=_DEPTH,
        )

    def size_of(self, log: LogId) -> int:
        """How much of a log it speaks of; 0: nothing."""
        return next((one.size for one in self.covers if one.log == log), 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An answer as it is handed over: well-formed, not yet checked. receipts: those of the items
    in their order, and behind them those that contradict it."""

    answer: Answer
    jws: Jws
    opening: Opening
    receipts: tuple[str, ...]

    @property
    def query(self) -> Query:
        """What the answerer states about it in its log; Malformed where that is something else."""
        if self.opening.statement.sort != "query":
            raise Malformed("opening", "not that of a query")
        return query_from_members(self.opening.statement.members)

    @property
    def own(self) -> tuple[str, ...]:
        """The receipts of the items."""
        return self.receipts[: len(self.answer.items)]

    @property
    def more(self) -> tuple[str, ...]:
        """The receipts that contradict it."""
        return self.receipts[len(self.answer.items) :]

    def to_json(self) -> dict[str, Any]:
        """The object that travels, and stands in a bundle."""
        return {
            "answer": self.jws.text,
            "opening": self.opening.to_json(),
            "receipts": list(self.receipts),
        }


def parse_answer(jws: str) -> tuple[Answer, Jws]:
    """The answer in a compact JWS; Malformed otherwise, ProofMismatch where header and payload name
    different times. Its signature is not yet verified."""
    signed = statement_of(jws, TYP, max_chars=MAX_JWS)
    payload = canonical.parse(signed.payload, allow_null=True, max_bytes=MAX_JWS, max_depth=_DEPTH)
    value = members_of("answer", payload, _MEMBERS, TYPE)
    found = Answer(
        iss=matching(value, "iss", CODE),
        to=matching(value, "to", CODE),
        at=instant_of(value, "at"),
        authorisation=optional(value, "authorisation", digest),
        block=within(value, "block", 0, MAX_INTEGER),
        covers=covers_of(value),
        items=items_of(value, MAX_ITEMS),
        nonce=_nonce(value),
        question=_question(value["question"]),
    )
    if signed.iat != found.at:
        raise ProofMismatch("iat", expected=found.at, actual=signed.iat)
    return found, signed


def given_from_json(value: Any, *, more: int = MAX_MORE) -> Given:
    """An answer as it is handed over, from a parsed object. more: receipts at most behind those of
    the items. Raises Malformed, VersionUnknown, ProofMismatch."""
    found = members_of("answer", value, _GIVEN)
    answer, jws = parse_answer(text(found, "answer"))
    opening = canonical.encode(found["opening"], allow_null=True, max_depth=OPENING_DEPTH)
    if len(opening) > MAX_OPENING:
        raise Malformed("opening", f"longer than {MAX_OPENING} bytes")
    return Given(
        answer=answer,
        jws=jws,
        opening=parse_opening(opening),
        receipts=texts_of(found, "receipts", len(answer.items) + more),
    )


def check_given(given: Given) -> None:
    """Raise where what is said twice does not agree: the query that the opening tells is that of
    this answer, and the receipts are those of its items, in order. Raises ProofMismatch, Malformed.

    The caller MUST still compare with the chain: that the signature is by a PRESENT key of the
    member at that time, what the opening proves, that `block` was final and `covers` its sizes, and
    what each receipt proves.
    """
    answer, query, statement = given.answer, given.query, given.opening.statement
    pairs = {
        "issuer of the query": (answer.iss, statement.iss),
        "answer of the query": (sha256(given.jws.text.encode()), query.answer),
        "asker": (answer.to, query.asker),
        "authorisation": (answer.authorisation, query.authorisation),
        "items of the query": (len(answer.items), query.items),
        "purpose": (answer.question.purpose, query.purpose),
        "subject": (answer.question.code, query.subject),
    }
    for what, (expected, actual) in pairs.items():
        if expected != actual:
            raise ProofMismatch(what, expected=expected, actual=actual)
    demand_receipts(answer.items, given.own)


def covers_of(value: Mapping[str, Any]) -> tuple[Cover, ...]:
    """`covers`, the logs ascending, each once: at least one."""
    found = tuple(list_of(value, "covers", _cover, MAX_LOGS))
    logs = [one.log for one in found]
    if not logs or logs != sorted(set(logs)):
        raise Malformed("covers", "none, a log twice, or not in order")
    return found


def _cover(value: Any) -> Cover:
    found = members_of("cover", value, {"log", "size"})
    return Cover(log=LogId(digest(found, "log")), size=within(found, "size", 0, MAX_INTEGER))


def _nonce(value: Mapping[str, Any]) -> str:
    found = matching(value, "nonce", NONCE)
    b64u_decode(found)  # refuses another spelling of the same 16 bytes
    return found


def _question(value: Any) -> Question:
    found = members_of("question", value, _QUESTION)
    return Question(
        code=matching(found, "code", SUBJECT),
        purpose=one_of(found, "purpose", PURPOSES),
        types=ascending(found, "types", TYPE_NAME, MAX_TYPES),
    )
