"""Answers and bundles for tests of the core: signed, with the opening of their query."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ledger.chain.keys.signers import LocalSigner
from ledger.core import answer as answers
from ledger.core import canonical
from ledger.core.answer import Answer, Cover, Given, Question, given_from_json
from ledger.core.bundle import Bundle, Completeness
from ledger.core.day_list import Missing
from ledger.core.ids import Digest, LogId, sha256
from ledger.core.jws import sign_statement
from ledger.core.keys import Alg
from ledger.core.opening import Opening
from ledger.core.query import Query
from ledger.core.signed import Item
from ledger.core.statement import Statement
from tests.core.statements import promised

AT = 1_780_000_000
SUBJECT = "911300007W0LM5R39F"
KEY = LocalSigner(Alg.P256, b"\x07" * 32)
LOG, OTHER_LOG = LogId(Digest(b"\x11" * 32)), LogId(Digest(b"\x12" * 32))
TEXTS = ("one", "two")
ANSWER = Answer(
    iss="120000",
    to="demo-bank",
    at=AT,
    authorisation=Digest(b"\x21" * 32),
    block=70,
    covers=(Cover(log=LOG, size=9), Cover(log=OTHER_LOG, size=0)),
    items=tuple(Item.of(sha256(text.encode()), text.encode()) for text in TEXTS),
    nonce="A" * 22,
    question=Question(code=SUBJECT, purpose="pre-loan", types=("penalty", "registration")),
)


def jws_of(answer: Answer = ANSWER, *, at: int | None = None, **changes: Any) -> str:
    """An answer, signed. changes: of its payload; what is "gone" is left out."""
    payload = answer.encode()
    if changes:
        value = canonical.parse(payload, allow_null=True, max_depth=4) | changes
        kept = {name: one for name, one in value.items() if one != "gone"}
        payload = canonical.encode(kept, allow_null=True, max_depth=6)
    iat = answer.at if at is None else at
    return sign_statement(answers.TYP, payload, sign=KEY.sign, kid=KEY.key_id, alg=KEY.alg, iat=iat)


def opening_of(jws: str, answer: Answer = ANSWER, **changes: Any) -> Opening:
    """The opening of the query of an answer, with a promise. changes: of the query, or `iss`."""
    query = Query(
        answer=sha256(jws.encode()),
        asker=answer.to,
        authorisation=answer.authorisation,
        items=len(answer.items),
        purpose=answer.question.purpose,
        subject=answer.question.code,
    )
    iss = changes.pop("iss", answer.iss)
    statement = Statement(
        sort="query",
        at=answer.at,
        iss=iss,
        log=LOG,
        salt=b"\x05" * 32,
        members=replace(query, **changes).members(),
    )
    return promised(statement)


def given(answer: Answer = ANSWER, *, more: tuple[str, ...] = (), **changes: Any) -> Given:
    """An answer as it is handed over. changes: of its query."""
    jws = jws_of(answer)
    value = {
        "answer": jws,
        "opening": opening_of(jws, answer, **changes).to_json(),
        "receipts": [*TEXTS[: len(answer.items)], *more],
    }
    return given_from_json(value)


def bundle(**changes: Any) -> Bundle:
    """A bundle of one answer, three provinces missing."""
    values: dict[str, Any] = {
        "subject": SUBJECT,
        "at": AT + 5,
        "answers": (given(),),
        "missing": tuple(
            Missing(member=one, reason="unreachable") for one in ("110000", "130000", "140000")
        ),
        "completeness": (
            Completeness(member="110000", family="penalty", state="missing"),
            Completeness(member="120000", family="penalty", state="stated"),
        ),
        "verdicts": ({"verdict": "valid", "status": {"flags": []}}, {"verdict": "disputed"}),
        "overall": "open",
    }
    return Bundle(**(values | changes))
