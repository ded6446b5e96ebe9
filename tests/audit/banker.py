"""What finance says, for audits: authorisations, answers, uses, products and outcomes, on a real
chain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import orjson

from ledger.core.answer import TYP, Answer, Cover, Question
from ledger.core.authorisation import Authorisation
from ledger.core.canonical import b64u_encode, encode
from ledger.core.ids import Digest, sha256
from ledger.core.jws import sign_statement
from ledger.core.keys import Purpose
from ledger.core.opening import MAX_DEPTH
from ledger.core.query import Query, Use
from ledger.core.reports import Outcome
from ledger.core.signed import Item
from ledger.core.statement import Statement
from tests.audit.desk import Desk
from tests.support.ledger import SUBJECT

BEIJING, TIANJIN = "110000", "120000"
BUREAU, BANK, AUDITOR = "demo-bureau", "demo-bank", "demo-auditor"
HOUR, DAY = 3600, 86_400


@dataclass(frozen=True)
class Answered:
    """An answer, its characters, and the statement of its query."""

    answer: Answer
    jws: str
    query: Statement


@dataclass
class Banker:
    """Says what banks, bureaus and provinces say, at the desk."""

    desk: Desk

    def authorise(self, custodian: str = BUREAU, **changes: Any) -> Statement:
        """The subject lets the bank ask Tianjin about it, from yesterday on."""
        today = date.fromisoformat(self.desk.today)
        values: dict[str, Any] = {
            "subject": SUBJECT,
            "grantee": BANK,
            "purpose": "pre-loan",
            "types": ("licence", "penalty"),
            "regions": (TIANJIN,),
            "start": today - timedelta(days=1),
            "until": today + timedelta(days=30),
            "docs": (self.desk.doc(),),
        }
        given = Authorisation(**values | changes)
        made: Statement = self.desk.say(custodian, sort="authorisation", members=given.members())
        return made

    def answer(
        self,
        authorisation: Statement | Digest | None,
        *,
        by: str = TIANJIN,
        items: Sequence[Item] = (),
        types: tuple[str, ...] = ("penalty",),
        stated: dict[str, Any] | None = None,
        silent: bool = False,
        signer: str | None = None,
        **changes: Any,
    ) -> Answered:
        """Tianjin answers the bank. stated: what its query says otherwise. silent: it states
        none. signer: whose key signs. changes: of the question."""
        log, now = self.desk.log(by), self.desk.now
        named = authorisation.commitment if isinstance(authorisation, Statement) else authorisation
        question = {"code": SUBJECT, "purpose": "pre-loan", "types": types}
        to = changes.pop("to", BANK)
        answer = Answer(
            iss=by,
            to=to,
            at=now,
            authorisation=named,
            block=log.anchors[-1].block,
            covers=(Cover(log=log.log_id, size=log.anchors[-1].size),),
            items=tuple(items),
            nonce=b64u_encode(self.desk.salt()[:16]),
            question=Question(**question | changes),
        )
        key = self.desk.ledger.network.keys[signer or by, Purpose.PRESENT]
        jws = sign_statement(
            TYP, answer.encode(), sign=key.sign, kid=key.key_id, alg=key.alg, iat=now
        )
        query = Query(
            answer=sha256(jws.encode()),
            asker=to,
            authorisation=named,
            items=len(answer.items),
            purpose=answer.question.purpose,
            subject=answer.question.code,
        )
        members = replace(query, **stated or {}).members()
        if silent:
            made = Statement(
                sort="query", at=now, iss=by, log=log.log_id, salt=self.desk.salt(), members=members
            )
        else:
            made = self.desk.say(by, sort="query", members=members)
        return Answered(answer, jws, made)

    def use(self, answered: Answered | Digest, *, by: str = BANK, **changes: Any) -> Statement:
        """The bank says that it used an answer."""
        digest = answered if isinstance(answered, bytes) else sha256(answered.jws.encode())
        values: dict[str, Any] = {
            "answer": digest,
            "decision": "approved",
            "product": None,
            "purpose": "pre-loan",
        }
        use = Use(**values | changes)
        made: Statement = self.desk.say(by, sort="use", members=use.members())
        return made

    def outcome(
        self, households: int, *, by: str = BANK, at: int | None = None, **changes: Any
    ) -> Statement:
        """What the bank granted in October in Tianjin, ten per household, half of it lent."""
        values: dict[str, Any] = {
            "granted": str(10 * households),
            "households": households,
            "lent": str(5 * households),
            "period": "2026-10",
            "product": None,
            "region": TIANJIN,
            "seq": 1,
            "version": 0,
        }
        members = Outcome(**values | changes).members()
        made: Statement = self.desk.say(by, at=at, sort="outcome", members=members)
        return made

    def hand(self, *answers: Answered, receipts: Sequence[bytes] = ()) -> list[Path]:
        """Files of answers, as the bank hands them to an auditor."""
        paths = []
        for answered in answers:
            opening = self.desk.promised(answered.query)
            data = encode(
                {
                    "answer": answered.jws,
                    "opening": opening.to_json(),
                    "receipts": [one.decode() for one in receipts],
                },
                allow_null=True,
                max_depth=MAX_DEPTH + 2,
            )
            paths.append(self.put(f"answer-{sha256(data).hex()}.json", data))
        return paths

    def put(self, name: str, data: bytes | dict[str, Any]) -> Path:
        """A file beside the openings."""
        path = self.desk.folder / "papers" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else orjson.dumps(data))
        return path
