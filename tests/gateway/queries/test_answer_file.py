"""A single answer is judged from its file, as one of a bundle is, by command and route alike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.app import create_app
from ledger.cli.main import run
from ledger.core.answer import Given
from ledger.core.status import Action
from ledger.files.answer_files import is_answer
from ledger.files.judge import holds_many
from tests.gateway.queries.bank import bundle_of, do, firm, given_by, of, receipt_of, token, use
from tests.gateway.queries.conftest import BANK, BEIJING, TIANJIN
from tests.support.asgi import Client
from tests.support.peers import Network

Check = Callable[[bytes], tuple[int, dict[str, Any]]]


@pytest.fixture
def check(network: Network, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> Check:
    """Exit code and document of `verify --json`, which the route gives word for word."""
    (tmp_path / "network.json").write_bytes(network.chain.file.encode())
    bank = network[BANK]
    client, headers = Client(create_app(bank.node)), token(bank)

    def judge(data: bytes) -> tuple[int, dict[str, Any]]:
        (tmp_path / "answer.json").write_bytes(data)
        capsysbinary.readouterr()
        words = [str(tmp_path / "answer.json"), "--network", str(tmp_path / "network.json")]
        code = run(["verify", *words, "--json"])
        found: dict[str, Any] = orjson.loads(capsysbinary.readouterr().out)
        bank.node.verifying._verifiers.current().reach()  # the command has no older head
        answer = client.request("POST", "/v1/verify", content=data, headers=headers)
        assert (answer.status_code, answer.json()) == (200, found), answer.text
        return code, found

    return judge


def file_of(given: Given, **changes: Any) -> bytes:
    return orjson.dumps({**given.to_json(), **changes})


def told(network: Network, n: int, *numbers: int, **more: Any) -> Given:
    """What Tianjin answers about a firm of which it filed these."""
    if numbers:
        network[TIANJIN].file(*(of(firm(n), number) for number in numbers))
    return given_by(bundle_of(use(network, firm(n), **more)), TIANJIN)


def test_it_says_what_that_one_member_states(network: Network, check: Check) -> None:
    nothing, some = told(network, 671), told(network, 672, 790, 791)
    code, found = check(file_of(nothing))
    assert (code, found["verdict"], found["_type"]) == (
        0,
        "stated",
        "credit-ledger/answer-verdict@1",
    )
    assert (found["issuer"], found["to"], found["subject"]) == (TIANJIN, BANK, firm(671))
    assert (found["records"], found["problems"]) == ([], [])
    code, found = check(file_of(some))
    assert (code, found["verdict"], found["now"]) == (3, "adverse", {"overall": "adverse"})
    assert [one["verdict"] for one in found["records"]] == ["valid"] * 2
    assert [one["state"] for one in found["completeness"]] == ["stated"]
    assert check(orjson.dumps(some.to_json(), option=orjson.OPT_INDENT_2) + b"\n")[0] == 3


def test_as_of_its_block_and_now(network: Network, check: Check) -> None:
    (record,) = network[TIANJIN].file(of(firm(673), 792))
    before = told(network, 673)
    do(network, network[TIANJIN], Action.DISPUTE, record)
    code, found = check(file_of(told(network, 673)))
    assert (code, found["verdict"]) == (4, "open")
    do(network, network[TIANJIN], Action.REPAIR, record)
    code, found = check(file_of(before))
    assert (code, found["verdict"], found["now"]) == (3, "adverse", {"overall": "stated"})


def test_what_speaks_against_it(network: Network, check: Check) -> None:
    given, other = told(network, 674, 793, 794), told(network, 675, 795)
    value = given.to_json()
    head, payload, signature = given.jws.text.split(".")
    flipped = f"{head}.{payload}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
    for changes in (
        {"receipts": value["receipts"][:1]},
        {"receipts": list(reversed(value["receipts"]))},
        {"receipts": other.to_json()["receipts"] + value["receipts"][:1]},
        {"opening": other.to_json()["opening"]},
        {"answer": flipped},
    ):
        code, found = check(file_of(given, **changes))
        assert (code, found["verdict"], found["records"]) == (1, "false", []), changes.keys()
        assert found["problems"], changes.keys()


def test_one_that_is_proven_to_leave_something_out(
    network: Network, check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The receipt stands behind those of the items, as in a bundle."""
    from gateway.queries.records import SubjectRecords  # noqa: PLC0415 - patched here alone

    (hidden,) = network[TIANJIN].file(of(firm(676), 796, "minor"))
    monkeypatch.setattr(SubjectRecords, "in_force", lambda *_: [])
    given = told(network, 676, purpose="approval", by=BEIJING)
    monkeypatch.undo()
    assert check(file_of(given))[1]["verdict"] == "stated"
    receipt = receipt_of(network[TIANJIN], hidden).decode()
    code, found = check(file_of(given, receipts=[receipt]))
    assert (code, found["verdict"]) == (4, "open")
    assert [one["state"] for one in found["completeness"]] == ["contradicted"]


def test_the_signed_answer_alone_counts_for_nothing(network: Network, check: Check) -> None:
    given = told(network, 677)
    for text in (given.jws.text, f"\n{given.jws.text}\n"):
        code, found = check(text.encode())
        assert (code, found["verdict"], found["issuer"]) == (4, "undetermined", TIANJIN)
        assert [one["code"] for one in found["problems"]] == ["query-missing"]
    head, payload, signature = given.jws.text.split(".")
    code, found = check(f"{head}.{payload}.{signature[::-1]}".encode())
    assert (code, found["verdict"]) == (1, "false")


def test_what_is_no_answer_says_so(network: Network, check: Check) -> None:
    given = told(network, 678)
    value = given.to_json()
    for data in (
        file_of(given, more=1),
        file_of(given)[:-1],
        orjson.dumps({"answer": value["answer"]}),
        orjson.dumps({"answer": "eyJhbGciOiJub25lIn0.e30.", "opening": {}, "receipts": []}),
    ):
        code, found = check(data)
        assert (code, found["verdict"], found["issuer"]) == (1, "false", None)
    other = given.jws.text.split(".")[1].encode()
    for data in (b"", b"{}", b"eyJ", b"eyJ.", b"eyJhbGciOiJub25lIn0.e30.", other, b'{"answer":7}'):
        assert not is_answer(data) and not holds_many(data)


@pytest.mark.parametrize("words", ["答复成员", "answered by"])
def test_in_words(
    network: Network,
    words: str,
    *,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "en" if words.isascii() else "zh")
    (tmp_path / "network.json").write_bytes(network.chain.file.encode())
    given = told(network, 679 + len(words))
    (tmp_path / "answer.json").write_bytes(file_of(given))
    network_file = str(tmp_path / "network.json")
    assert run(["verify", str(tmp_path / "answer.json"), "--network", network_file]) == 0
    out = capsysbinary.readouterr().out.decode()
    assert words in out and TIANJIN in out
    (tmp_path / "answer.jws").write_text(given.jws.text)
    assert run(["verify", str(tmp_path / "answer.jws"), "--network", network_file]) == 4
    assert "query-missing" in capsysbinary.readouterr().out.decode()
