"""The routes: what comes with a step, who may, what is shown; and the key that is elsewhere."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import orjson
import pytest

from gateway.app import create_app
from gateway.cases.materials import MAX_DOCUMENT
from gateway.node import Node
from ledger.chain.keys.signers import LocalSigner
from ledger.chain.typed_acts import TypedActs
from ledger.core.canonical import hex0x
from ledger.core.docs import MAX_DOCS
from ledger.core.keys import Alg
from ledger.core.opening import parse_opening
from tests.gateway.cases.desk import JPG, PDF, send_all, take_in
from tests.gateway.intake.material import OF_BEIJING, bearer, new_token
from tests.support.anvil import Anvil
from tests.support.asgi import Client

SCOPES = ("submit", "read", "decide", "release")


class Desk:
    """A client with the token of a clerk."""

    def __init__(self, node: Node, name: str) -> None:
        self.client = Client(create_app(node))
        token = new_token(node, *SCOPES, authorities=[OF_BEIJING], name=name)
        self.headers = bearer(token)

    def post(self, path: str, *docs: tuple[str, bytes], **value: Any) -> httpx.Response:
        files: list[Any] = [("case", (None, orjson.dumps(value)))]
        files += [("doc", one) for one in docs]
        return self.client.request("POST", path, files=files, headers=self.headers)

    def get(self, path: str) -> Any:
        found = self.client.get(path, headers=self.headers)
        assert found.status_code == 200, found.text
        return found.json()


@pytest.fixture(scope="module")
def clerk(node: Node) -> Desk:
    return Desk(node, "clerk")


@pytest.fixture(scope="module")
def chief(node: Node) -> Desk:
    return Desk(node, "chief")


@pytest.fixture(scope="module")
def leaves(node: Node, anvil: Anvil) -> Iterator[str]:
    return iter([leaf.hex() for leaf in take_in(node, anvil, *range(8))])


def repair(leaf: str, **more: Any) -> dict[str, Any]:
    return {"record": leaf, "kind": "repair", "reason": "已缴清罚款"} | more


def test_from_filing_to_release(
    node: Node, anvil: Anvil, clerk: Desk, chief: Desk, leaves: Iterator[str]
) -> None:
    leaf = next(leaves)
    filed = clerk.post("/v1/cases", ("缴款凭证.pdf", PDF), ("照片.jpg", JPG), **repair(leaf))
    assert filed.status_code == 201, filed.text
    told = filed.json()
    assert set(told) == {"case", "step", "deadline"}
    assert told["step"] == 1
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", told["deadline"]) or told["deadline"] == "unknown"
    again = clerk.post("/v1/cases", ("缴款凭证.pdf", PDF), ("照片.jpg", JPG), **repair(leaf))
    assert again.json() == told
    path = f"/v1/cases/{told['case']}"
    first = clerk.post(f"{path}/accept", note="材料齐全")
    assert first.json()["step"] == 2
    assert clerk.post(f"{path}/accept", note="材料齐全").json() == first.json()
    other = clerk.post(f"{path}/accept", note="另一意见")
    assert (other.status_code, other.json()["code"]) == (409, "cannot-follow")
    value: dict[str, Any] = {"act": "grant", "basis": 2, "class": "severe"}

    def propose() -> Any:
        return clerk.post(f"{path}/decide", ("决定.pdf", PDF), **value).json()

    proposed = propose()
    assert proposed["state"] == "proposed"
    waits = chief.get(path)["proposed"]
    assert waits["proposal"] == proposed["proposal"]
    assert (waits["act"], waits["basis"], waits["class"]) == ("grant", 2, "severe")
    assert [doc["name"] for doc in waits["docs"]] == ["决定.pdf"]
    assert propose() == proposed, "the same one again"
    number = proposed["proposal"]
    unseen = chief.post(f"{path}/release")
    assert (unseen.status_code, unseen.json()["code"]) == (409, "case-moved")
    own = clerk.post(f"{path}/release?proposal={number}")
    assert (own.status_code, own.json()["code"]) == (403, "same-person")
    assert chief.post(f"{path}/release?proposal={number}").json()["state"] == "granted"
    send_all(node, anvil)
    shown = clerk.get(path)
    assert shown["status"]["outcome"] == "repaired"
    assert shown["stage"] == {
        **{"name": None, "deadline": None, "overdue": False},
        **{"unit": None, "left": None},
    }
    assert shown["proposed"] is None
    assert {step["iss"] for step in shown["steps"]} == {"110000"}
    opening = clerk.client.get(f"{path}/steps/1", headers=clerk.headers).content
    assert parse_opening(opening).statement.step().docs[1].name == "照片.jpg"
    found = clerk.client.get(f"{path}/steps/1/documents/1", headers=clerk.headers)
    assert (found.content, found.headers["content-disposition"]) == (JPG, "attachment")
    for missing in ("steps/9", "steps/2/documents/0", "steps/1/documents/2"):
        assert clerk.client.get(f"{path}/{missing}", headers=clerk.headers).status_code == 404


def test_lists(clerk: Desk, leaves: Iterator[str]) -> None:
    case = clerk.post("/v1/cases", **repair(next(leaves))).json()["case"]
    listed = clerk.get("/v1/cases?state=filed")["cases"]
    assert case in {one["case"] for one in listed}
    assert {one["state"] for one in listed} == {"filed"}
    assert case not in {one["case"] for one in clerk.get("/v1/cases?overdue=true")["cases"]}
    late = clerk.post("/v1/cases", **repair(next(leaves), received="2026-01-05")).json()
    assert late["deadline"] == "2026-01-08", "three working days"
    assert late["case"] in {one["case"] for one in clerk.get("/v1/cases?overdue=true")["cases"]}


@pytest.mark.parametrize(
    ("docs", "code"),
    [
        ([("程序.pdf", b"MZ\x90\x00program")], "document-executable"),
        ([("程序.pdf", b"\x7fELF\x02\x01")], "document-executable"),
        ([("脚本.pdf", b"#!/bin/sh\n")], "document-executable"),
        ([("表.pdf", b"PK\x03\x04")], "document-type"),
        ([("空.pdf", b"")], "document-type"),
        ([("好.pdf", PDF), ("坏.jpg", b"GIF89a")], "document-type"),
        ([("大.pdf", PDF.ljust(MAX_DOCUMENT + 1))], "document-too-large"),
        ([(f"{n}.pdf", PDF) for n in range(MAX_DOCS + 1)], "too-many-documents"),
        ([("名" * 201 + ".pdf", PDF)], "document-name"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_documents_that_are_not_taken(
    clerk: Desk, shared: str, docs: list[tuple[str, bytes]], code: str
) -> None:
    found = clerk.post("/v1/cases", *docs, **repair(shared))
    assert found.json()["code"] == code
    assert set(found.json()["text"]) == {"zh", "en"}
    assert not [one for one in clerk.get("/v1/cases")["cases"] if one["record"] == shared]


@pytest.fixture(scope="module")
def shared(leaves: Iterator[str]) -> str:
    return next(leaves)


def test_as_many_and_as_large_as_may_be(clerk: Desk, leaves: Iterator[str]) -> None:
    many = [(f"{n}.pdf", PDF) for n in range(MAX_DOCS)]
    assert clerk.post("/v1/cases", *many, **repair(next(leaves))).status_code == 201
    large = ("大.pdf", PDF.ljust(MAX_DOCUMENT))
    assert clerk.post("/v1/cases", large, **repair(next(leaves))).status_code == 201


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"record": "00", "kind": "repair", "reason": "x"},
        {"record": "0" * 64, "kind": "other", "reason": "x"},
        {"record": "0" * 64, "kind": "repair", "reason": ""},
        {"record": "0" * 64, "kind": "repair", "reason": "x" * 2001},
        {"record": "0" * 64, "kind": "repair", "reason": "x", "more": 1},
        {"record": "0" * 64, "kind": "repair", "reason": "x", "received": "2026-02-30"},
        {"record": "0" * 64, "kind": "repair", "reason": "x", "authority": "11110105MA700000XX"},
        {"record": 5, "kind": "repair", "reason": "x"},
    ],
)
def test_what_is_not_the_form(clerk: Desk, value: dict[str, Any]) -> None:
    found = clerk.post("/v1/cases", **value)
    assert (found.status_code, found.json()["code"]) == (422, "schema-invalid")


def test_without_a_token_nothing(clerk: Desk) -> None:
    for method, path in (("POST", "/v1/cases"), ("GET", "/v1/cases"), ("GET", "/v1/cases/00")):
        assert clerk.client.request(method, path).status_code == 401


def test_signed_elsewhere(node: Node, anvil: Anvil, clerk: Desk, chief: Desk) -> None:
    """The gateway does not hold the DECIDE key: it says what is to be signed, and takes it."""
    (leaf,) = take_in(node, anvil, 50)
    keys = node.signing.keys
    key = keys.decide
    assert isinstance(key, LocalSigner)
    node.signing.use(replace(keys, decide=None))
    path = f"/v1/records/{leaf.hex()}"
    made = clerk.post(f"{path}/decide", ("令.pdf", PDF), act="end", basis=11).json()
    case = chief.post(f"{path}/release?proposal={made['proposal']}").json()["case"]
    sending = node.case_parts.sending
    sending.step()
    (act,) = chief.get(f"/v1/cases/{case}")["acts"]
    assert (act["state"], act["code"]) == ("waiting", "to-be-signed")
    digest = TypedActs.parse(act["typedData"]).digest
    assert act["toSign"] == f"0x{digest.hex()}"
    assert act["remedy"].keys() == {"zh", "en"}
    thief = LocalSigner(Alg.SECP256K1, bytes([7]) * 32)

    def sign(signer: LocalSigner) -> httpx.Response:
        value = {"act": act["act"], "signature": hex0x(signer.sign_digest(digest))}
        return chief.post(f"/v1/cases/{case}/sign", **value)

    assert sign(thief).json()["code"] == "decision-signature-invalid"
    assert sign(key).status_code == 200
    assert sign(key).json()["code"] == "nothing-to-sign"
    send_all(node, anvil)
    assert chief.get(f"{path}/decision")["status"]["outcome"] == "ended"
    node.signing.use(keys)
