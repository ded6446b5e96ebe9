"""Our own verifier, put to the test: one judge for each kind of case."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ledger.chain.contracts.structs import ACTIVE
from ledger.conformance import world
from ledger.conformance.answers import Answer, NoAnswer
from ledger.conformance.chain import WorldReader
from ledger.conformance.suite import Case, Suite
from ledger.conformance.world import Row, World
from ledger.core.canonical import parse_day
from ledger.core.ids import KeyId
from ledger.core.keys import Alg, Purpose
from ledger.core.verdict.facts import Question
from ledger.core.verdict.verdict import Verdict
from ledger.exchange.admission import RequestRefused, check_request
from ledger.exchange.signatures import Fields, Request
from ledger.records.store import Library
from ledger.verify import Verifier, ask

__all__ = ["JUDGES", "Ours"]

ACCEPTED: Final = "accepted"
_END_OF_HEAD: Final = b"\r\n\r\n"


class Ours:
    """Our verifier, with facts in place of the chain. Each world is read once."""

    def __init__(self, suite: Suite) -> None:
        self.suite = suite
        self._brought = Library(suite.brought())
        self._worlds: dict[Path, World] = {}
        self._verifiers: dict[Path, Verifier] = {}

    def answer(self, case: Case) -> Answer | NoAnswer:
        """What we say of a case."""
        judge = JUDGES.get(case.kind)
        return Answer(None) if judge is None else judge(self, case)

    def close(self) -> None:
        """Let all worlds go."""
        for verifier in self._verifiers.values():
            verifier.close()

    def world(self, case: Case) -> World:
        """The facts of a case."""
        if case.facts not in self._worlds:
            self._worlds[case.facts] = world.read(case.facts, self.suite.folder)
        return self._worlds[case.facts]

    def verifier(self, case: Case) -> Verifier:
        """A verifier that reads them."""
        facts = self.world(case)
        if case.facts not in self._verifiers:
            self._verifiers[case.facts] = Verifier(
                facts.network,
                schemas=self._brought,
                now=lambda: facts.now,
                reader=WorldReader(facts),
                elapsed=lambda: 0.0,
            )
        return self._verifiers[case.facts]


def _receipt(ours: Ours, case: Case) -> Answer:
    """Of a receipt, or of an opening, which is told by its `_type`."""
    return _said(ours.verifier(case).verify(case.file.read_bytes(), _question(case)))


def _statement(ours: Ours, case: Case) -> Answer:
    """Of a statement beside its receipt."""
    beside = b"" if case.statement is None else case.statement.read_bytes()
    data = case.file.read_bytes()
    return _said(ours.verifier(case).verify(data, _question(case), statement=beside))


def _request(ours: Ours, case: Case) -> Answer:
    """Of a request between members."""
    facts = ours.world(case)
    request, body = _http(case.file.read_bytes())
    taken = {(one["keyId"], one["nonce"]) for one in facts.rows("nonces")}
    try:
        check_request(
            request,
            body,
            code=facts.values["us"],
            now=facts.now,
            block_time=facts.values["head"]["time"],
            key_of=lambda member, id_: _request_key(facts, member, id_),
            take=lambda id_, nonce: (id_.hex(), nonce) not in taken,
        )
    except RequestRefused as error:
        return Answer(error.code)
    return Answer(ACCEPTED)


JUDGES: Final[Mapping[str, Callable[[Ours, Case], Answer]]] = {
    "receipt": _receipt,
    "statement": _statement,
    "opening": _receipt,
    "request": _request,
}
"""By kind: who judges it. A new kind is a line here, and one in the README of the suite."""


@dataclass(frozen=True, slots=True)
class _Key:
    """A REQUEST key of a world."""

    row: Row
    alg: int = field(init=False)
    public_key: bytes = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "alg", self.row["alg"])
        object.__setattr__(self, "public_key", bytes.fromhex(self.row["publicKey"]))

    def valid_at(self, time: int) -> bool:
        """As keyValidAt has it."""
        since = world.stolen_since(self.row)
        in_window = self.row["notBefore"] <= time <= self.row["notAfter"]
        return bool(in_window and not 0 < since <= time)


def _request_key(facts: World, member: str, id_: KeyId) -> tuple[_Key, bool] | None:
    active = {m["code"] for m in facts.rows("members") if m["status"] == ACTIVE}
    found = [
        row
        for row in facts.rows("keys")
        if row["keyId"] == id_.hex() and row["member"] == (member or row["member"])
        if row["purpose"] == Purpose.REQUEST and row["alg"] in (Alg.ED25519, Alg.P256)
    ]
    return (_Key(found[0]), found[0]["member"] in active) if len(found) == 1 else None


def _http(data: bytes) -> tuple[Request, bytes]:
    """A request as it came, and its body."""
    head, _, body = data.partition(_END_OF_HEAD)
    line, *lines = head.decode("latin-1").split("\r\n")
    method, target, _version = line.split(" ")
    fields = [line.partition(":") for line in lines]
    headers = Fields([(name, value.strip(" \t")) for name, _, value in fields])
    return Request(method=method, path=target, headers=headers), body


def _question(case: Case) -> Question:
    asked: Mapping[str, Any] = case.question
    day = asked.get("asOf")
    return ask(
        subject=asked.get("subject"),
        type_=asked.get("type"),
        issuer=asked.get("issuer"),
        as_of=None if day is None else parse_day(day),
        audience=asked.get("audience"),
        nonce=asked.get("nonce"),
        witnesses=asked.get("witnesses", 0),
    )


def _said(verdict: Verdict) -> Answer:
    wrong: Sequence[str] = [
        f"{check.id}: {check.code}" for check in verdict.standing.checks if check.verdict
    ]
    return Answer(verdict.verdict, verdict.now.verdict, ", ".join(wrong))
