"""Make answers and bundles for the tests of this verifier, by the text alone."""

import json
from dataclasses import dataclass, field
from typing import Any

from tests.second import answer, facts, merkle
from tests.second.codec import Json, b64url, canonical, write_instant
from tests.second.curves import sha256
from tests.second.listed import Look
from tests.second.making import (
    HEAD,
    LOG,
    OWNER,
    PRESENT_ID,
    PRESENT_SEED,
    SHELF,
    WITNESS,
    Record,
    jws,
    promise,
    read_world,
    statement,
    statement_entry,
    world,
)
from tests.second.making import receipt as make_receipt

ASKER, SUBJECT = "demo-bank", "91120118MAYKEU46XY"
BLOCK, AT = 8, HEAD - 50
NONCE = b64url(b"n" * 16)
DIGEST = "ab" * 32
REVOCATIONS = "0x" + "e0" * 20


def opening(said: dict[str, Json], issued: int = AT, due: int = HEAD + 3600) -> dict[str, Json]:
    """Open a statement by a promise."""
    entry = statement_entry(said)
    inner: Json = {"index": 0, "path": [], "promise": promise(entry, issued, due)}
    kind = "credit-ledger/opening@1"
    return {"_type": kind, "entry": entry, "promise": inner, "statement": said}


def facts_of(**change: Any) -> dict[str, Any]:
    """Make a world with a bank, in which block 8 has a time of its own."""
    found = world(Record().entry)
    found["members"] += [
        {"code": ASKER, "region": "", "status": 1, "roles": [{"since": 0, "roles": 4}]},
        {"code": "bureau", "region": OWNER, "status": 1, "roles": [{"since": 0, "roles": 2}]},
    ]
    found["blocks"] = [{"number": BLOCK, "time": HEAD - 100}]
    found["contracts"]["Revocations"] = [{"address": REVOCATIONS, "since": 0}]
    return {**found, **change}


def receipt(hide: str = "", made: Record | None = None, **more: Any) -> str:
    """Give the receipt of a record, of that of the world unless another is named."""
    made = made or Record()
    return make_receipt(made.entry, presentation=made.presentation(hide), **more).decode()


def leaf(made: Record | None = None) -> str:
    """Give the leaf of the record."""
    return merkle.leaf_of(canonical((made or Record()).entry)).hex()


@dataclass
class Given:
    """Hold what an answer is made of; each of its parts may be changed."""

    receipts: list[str] = field(default_factory=lambda: [receipt()])
    payload: dict[str, Any] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    parts: dict[str, Any] = field(default_factory=dict)
    issued: int = AT
    leaves: list[str] = field(default_factory=lambda: [leaf()])

    @property
    def items(self) -> list[dict[str, str]]:
        """Give the items."""
        return [
            {"leaf": one, "receipt": sha256(text.encode()).hex()}
            for one, text in zip(self.leaves, self.receipts, strict=False)
        ]

    @property
    def signed(self) -> str:
        """Give the signed answer."""
        said: dict[str, Any] = {
            "_type": "credit-ledger/answer@1",
            "at": write_instant(AT),
            "authorisation": None,
            "block": BLOCK,
            "covers": [{"log": LOG, "size": 3}],
            "iss": OWNER,
            "items": self.items,
            "nonce": NONCE,
            "question": {"code": SUBJECT, "purpose": "pre-loan", "types": ["penalty"]},
            "to": ASKER,
        }
        header: dict[str, Json] = {
            "alg": "ES256",
            "iat": AT,
            "kid": PRESENT_ID,
            "typ": "credit-ledger-answer+jws",
        }
        payload = canonical({**said, **self.payload})
        return jws({**header, **self.header}, payload, PRESENT_SEED)

    @property
    def object(self) -> dict[str, Json]:
        """Give all of it."""
        signed, said = self.signed, self.payload
        asked = said.get("question", {})
        query: dict[str, Any] = {
            "_type": "credit-ledger/query@1",
            "answer": sha256(signed.encode()).hex(),
            "asker": said.get("to", ASKER),
            "at": said.get("at", write_instant(AT)),
            "authorisation": said.get("authorisation"),
            "items": len(said.get("items", self.items)),
            "purpose": asked.get("purpose", "pre-loan"),
            "subject": asked.get("code", SUBJECT),
        }
        opened = opening(statement(**{**query, **self.query}), self.issued)
        receipts: list[Json] = list(self.receipts)
        return {"answer": signed, "opening": opened, "receipts": receipts, **self.parts}

    @property
    def file(self) -> bytes:
        """Give the file of it."""
        return canonical(self.object)

    @property
    def read(self) -> answer.Given:
        """Read it as a bundle holds it."""
        return answer.of_object(self.object)


def authorisation(
    iss: str = OWNER, issued: int = AT, due: int = HEAD + 3600, **more: Any
) -> dict[str, Json]:
    """Open an authorisation of the bank."""
    doc: Json = {"name": "a", "salt": b64url(bytes(32)), "sha256": DIGEST, "size": 1}
    said = statement(
        _type="credit-ledger/authorisation@1",
        iss=iss,
        at=write_instant(issued - 60),
        docs=[doc],
        grantee=ASKER,
        purpose="pre-loan",
        regions=[OWNER],
        subject=SUBJECT,
        types=["licence", "penalty"],
        **{"from": "2026-11-01", "until": "2026-12-01"},
    )
    return opening({**said, **more}, issued, due)


def bundle(given: list[Given], chain: facts.World | None = None, **change: Any) -> bytes:
    """Make a bundle in which what follows from the rest is right, unless it is changed."""
    chain = chain or read_world(facts_of())
    looks = [
        Look(text, one.read.answer, chain, SHELF)
        for one in given
        for text in one.receipts[: len(one.items)]
    ]
    states = [{"family": "penalty", "member": OWNER, "state": "stated"}] if given else []
    found: dict[str, Any] = {
        "_type": "credit-ledger/bundle@1",
        "answers": [one.object for one in given],
        "at": write_instant(HEAD),
        "completeness": [*states, {"family": "penalty", "member": WITNESS, "state": "missing"}],
        "missing": [{"member": WITNESS, "reason": "no-answer"}],
        "overall": "adverse" if looks else "open",
        "subject": SUBJECT,
        "verdicts": [look.verdict() for look in looks],
    }
    return canonical(json.loads(json.dumps({**found, **change})))
