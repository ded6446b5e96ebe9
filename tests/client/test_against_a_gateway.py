"""Both clients against a real gateway on a real chain: every job, from its beginning to its end."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ledger import (
    NetworkFile,
    NotAllowed,
    NotFound,
    NotReady,
    Refused,
    Terms,
    Verdict,
    Verifier,
    ask,
    judge_file,
)
from ledger.client.events import StatusChanged
from ledger.client.results import FileAnswer
from tests.cli.test_end_to_end import prepare, running
from tests.client.conftest import Make
from tests.gateway.cases.desk import PDF
from tests.records.examples import SUBJECT, penalty
from tests.support.anvil import start_anvil
from tests.support.member import found_member

OTHER = "91110108551385082Q"
AUTHORITY = "11110105MA700000XC"
DECIDED = (datetime.now(UTC) - timedelta(days=40)).date().isoformat()
END = (datetime.now(UTC) + timedelta(days=300)).date().isoformat()
PATIENT = Terms(first_pause=0.1, longest_pause=2.0)
NUMBERS = itertools.count(1)


@dataclass(frozen=True, kw_only=True)
class Place:
    """A gateway that runs, its network file and a token of the centre."""

    url: str
    token: str
    network: NetworkFile


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("client")
    with start_anvil(args=("--block-time", "1")) as anvil:
        member = found_member(anvil)
        token = prepare(member, folder / "node")
        with running(folder / "node", folder / "log") as url:
            network = NetworkFile.load(folder / "node" / "network.json", development=True)
            yield Place(url=url, token=token, network=network)


@pytest.fixture
def client(make: Make, place: Place) -> Any:
    return make(place.url, token=place.token, terms=PATIENT)


@pytest.fixture
def verifier(place: Place) -> Iterator[Verifier]:
    made = Verifier(place.network, development=True)
    yield made
    made.close()


def record(**changes: object) -> dict[str, Any]:
    """A penalty that nobody has filed before."""
    number = f"样市监罚〔2026〕{next(NUMBERS)}号"
    values = {"CF_WSH": number, "CF_CFJGDM": AUTHORITY, "CF_JDRQ": DECIDED, "CF_YXQ": END}
    fields = penalty(**(values | changes))
    return {"type": "penalty", "schema": "1", "class": "severe", "fields": fields}


def table(*rows: dict[str, Any]) -> bytes:
    """A table as text, as a department has it."""
    made = io.StringIO(newline="")
    writer = csv.DictWriter(made, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return made.getvalue().encode("utf-8-sig")


def cells(**changes: str) -> dict[str, Any]:
    number = f"表〔2026〕{next(NUMBERS)}号"
    return {**penalty(CF_WSH=number, CF_JDRQ=DECIDED), "CF_NR": "警告", **changes}


def anchored(client: Any) -> tuple[dict[str, Any], str, bytes]:
    """A record, its leaf, and its receipt."""
    made = record()
    row = client.records.submit(made)
    assert row.verdict == "accepted", row
    return made, row.leaf, client.receipts.get(row.leaf, within=120)


def test_a_record_from_its_filing_to_its_verdict(client: Any, verifier: Verifier) -> None:
    made, leaf, data = anchored(client)
    found = verifier.verify(data, ask(subject=SUBJECT, type_="penalty", issuer="110000"))
    assert (found.verdict, found.usable, found.authentic) == ("valid", True, True)
    assert found.record is not None and found.record["CF_WSH"] == made["fields"]["CF_WSH"]
    assert found.fields == found.record and found.checks == found.standing.checks
    assert verifier.verify(data, ask(subject=OTHER)).usable is False
    bare = verifier.verify(client.receipts.bare(leaf), ask())
    assert (bare.verdict, bare.record, bare.usable) == ("anchored", None, None)
    some = verifier.verify(client.receipts.get(leaf, fields=["CF_XDR_SHXYM"]), ask())
    assert list(some.record or ()) == ["CF_XDR_SHXYM"]


def test_the_sidecar_says_the_same(client: Any, verifier: Verifier) -> None:
    _, _, data = anchored(client)
    questions: list[dict[str, Any]] = [
        *({}, {"subject": SUBJECT}, {"subject": OTHER}, {"issuer": "120000"}, {"witnesses": 1})
    ]
    for asked in questions:
        here = verifier.verify(data, ask(**asked)).as_dict()
        there = client.verify(data, **asked)
        for head in (here, there):  # a block may have come between
            head.pop("head")
        assert here == there
    with pytest.raises(Refused) as caught:
        client.verify(data, subject=" ")
    assert (caught.value.code, caught.value.field) == ("schema-invalid", "subject")


def test_what_is_wrong_with_a_record(client: Any) -> None:
    made = record()
    first = client.records.submit(made)
    again = client.records.submit(made)
    assert (again.verdict, again.leaf, again.taken) == ("duplicate", first.leaf, True)
    made["fields"]["CF_NR"] = "另一内容"
    other = client.records.submit(made)
    assert (other.verdict, other.leaf, other.taken) == ("conflict", first.leaf, False)
    assert "CF_NR" in other.changed and other.message
    wrong = client.records.submit(record(CF_XDR_SHXYM="91110000600037341X", CF_WSH=""))
    assert (wrong.verdict, wrong.leaf) == ("rejected", None)
    assert {error.code for error in wrong.errors} >= {"required", "uscc-check"}
    with pytest.raises(Refused) as caught:
        client.records.submit(b"x" * (2 << 20))
    assert caught.value.code == "too-large"


def test_many_records(client: Any) -> None:
    made = [record() for _ in range(5)]
    told: list[int] = []
    found = client.records.submit_many([*made, {"type": "penalty"}, made[0]], progress=told.append)
    verdicts = [row.verdict for row in found.rows]
    assert verdicts == [*["accepted"] * 5, "rejected", "duplicate"]
    assert (found.all_taken, len(found.leaves), told) == (False, 5, [7])
    assert found.counts == {"accepted": 5, "duplicate": 1, "conflict": 0, "rejected": 1}
    assert sum(promise["count"] for promise in found.promises) == 5
    client.receipts.wait(found)
    receipts = dict(client.receipts.each(found.leaves))
    assert list(receipts) == found.leaves
    bare = {one.leaf: one.data for one in client.receipts.bare_each(found.leaves)}
    assert bare == {leaf: client.receipts.bare(leaf) for leaf in found.leaves}
    assert [row.row for row in client.records.each(made)] == [1, 2, 3, 4, 5]


def test_a_file_of_a_department(client: Any, tmp_path: Path) -> None:
    path = tmp_path / "处罚.csv"
    path.write_bytes(table(cells(), cells(CF_WSH=""), cells()))
    seen: list[FileAnswer] = []
    answer = client.files.submit(path, progress=seen.append)
    assert [row.verdict for row in answer.rows] == ["accepted", "rejected", "accepted"]
    assert (answer.file, answer.type, answer.count) == ("处罚.csv", "penalty", 3)
    assert seen[-1] == answer and {one.state for one in seen} <= {"queued", "running", "done"}
    assert client.files.report(answer.id).startswith(b"PK")
    client.receipts.wait(answer)
    for _, data in client.receipts.each(answer.leaves):
        assert data.startswith(b'{"_type":"credit-ledger/receipt@')
    listed = {one.id: one for one in client.files.listed(limit=5)}
    assert listed[answer.id].counts["accepted"] == 2
    with pytest.raises(NotFound):
        client.files.answer("0" * 32)


def test_what_is_known_of_a_record(client: Any) -> None:
    made, leaf, _ = anchored(client)
    [named] = client.records.find(made["fields"]["CF_WSH"], AUTHORITY)
    assert named.leaf == leaf
    for name in (leaf, named.record):
        assert client.records.show(name)["leaf"] == leaf
        status = client.records.status(name)
        assert (status.record, status.outcome, status.flags) == (named.record, "none", ())
        assert not status.closed
    assert client.records.find("没有的文号", AUTHORITY) == []
    with pytest.raises(NotFound):
        client.records.status("ab" * 32)


def test_an_objection_is_filed_and_watched(client: Any) -> None:
    """It marks its record by itself, and the mark comes by the stream."""
    made, leaf, _ = anchored(client)
    [named] = client.records.find(made["fields"]["CF_WSH"], AUTHORITY)
    with client.watch([named.record], patience=120) as events:
        assert type(next(iter(events))).__name__ == "Began"
        filed = client.cases.file(
            leaf, "objection", "不服处罚决定", docs=[("申请书.pdf", PDF)], authority=AUTHORITY
        )
        changed = next(one for one in events if isinstance(one, StatusChanged))
        place = events.place
    assert (changed.record, changed.flags, changed.closed) == (named.record, ("disputed",), False)
    assert place == changed.place
    case = client.cases.show(filed.case)
    assert (case.kind, case.record, case.steps[0].act) == (
        "objection",
        named.record,
        "file-objection",
    )
    assert (case.stage.deadline, case.owner) == (filed.deadline, "110000")
    assert filed.case in [one.case for one in client.cases.listed(state="filed").cases]
    with pytest.raises(Refused) as caught:
        client.cases.file(leaf, "repair", "缺材料", received=datetime.now(UTC).date(), owner="1")
    assert caught.value.code
    with pytest.raises(Refused) as caught:
        client.cases.step(filed.case, "supplement", note="补充", docs=[("b.pdf", PDF)])
    assert caught.value.code == "cannot-follow", "nobody asked for more"
    assert client.cases.step(filed.case, "accept", note="受理")["state"] == "accepted"
    assert client.cases.show(filed.case).state == "accepted"
    with pytest.raises(NotFound):
        client.cases.show("ab" * 32)


def test_a_history(client: Any, verifier: Verifier) -> None:
    anchored(client)
    data = client.histories.of_subject(SUBJECT)
    found = judge_file(verifier, data, ask())
    assert not isinstance(found, Verdict)
    assert (found.verdict, found.as_dict()["subject"]) == ("valid", SUBJECT)
    assert client.verify(data)["verdict"] == "valid"
    with pytest.raises(Refused) as caught:
        client.histories.of_subject(SUBJECT, to="999999")
    assert caught.value.code == "not-another-province"


def test_a_list(client: Any, verifier: Verifier) -> None:
    names = {one.name: one for one in client.lists.names()}
    assert names["abnormal-list"].title["zh"] == "经营异常名录"
    data = client.lists.day("abnormal-list")
    found = judge_file(verifier, data, ask())
    assert found.as_dict()["list"] == "abnormal-list"
    assert client.verify(data)["verdict"] == found.verdict
    with pytest.raises(NotFound) as caught:
        client.lists.day("no-such-list")
    assert caught.value.code == "list-unknown"
    with pytest.raises(Refused) as refused:
        client.lists.day("abnormal-list", on=datetime.now(UTC).date() + timedelta(days=9))
    assert refused.value.code == "day-to-come"


def test_who_it_is_and_who_may(client: Any, make: Make, place: Place) -> None:
    node = client.node()
    assert (node.code, node.network) == ("110000", place.network.reference)
    assert node.logs[0].anchored_size <= node.logs[0].promised_size
    assert client.unready() is None
    for options, code in (({}, "token-missing"), ({"token": "clt_nobody"}, "token-unknown")):
        with pytest.raises(NotAllowed) as caught:
            make(place.url, **options).records.submit(record())
        assert (caught.value.status, caught.value.code) == (401, code)
        assert caught.value.remedy["zh"] and caught.value.remedy["en"]


def test_what_is_not_anchored_yet(client: Any) -> None:
    row = client.records.submit(record())
    try:
        client.receipts.get(row.leaf)
    except NotReady as error:  # the chain makes a block a second, so mostly
        assert (error.reason, error.retry_after is not None) == ("promised", True)
    assert client.receipts.get(row.leaf, within=120)
