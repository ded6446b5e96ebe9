"""Files and receipts that are waited for: by polls, within a time, told as they come."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger import AnswerLost, AnswerMalformed, NotFound, NotReady, Refused
from ledger.client.receipts import Anchoring
from ledger.client.results import FileAnswer, Log
from ledger.core.receipt import parse
from tests.client.answers import FILE, NODE, ROW
from tests.client.conftest import Make
from tests.client.either import QUICK
from tests.client.faulty import Fault, Seen, faulty, in_turn, paths, problem, told
from tests.verify.conftest import Ledger, founded, ledger

__all__ = ["founded", "ledger"]

ROWS = [ROW | {"row": 2}, ROW | {"row": 3, "verdict": "rejected", "leaf": None}]
DONE = FILE | {"rows": 2, "counts": {"accepted": 1}, "verdicts": ROWS}
QUEUED, RUNNING = (FILE | {"state": state} for state in ("queued", "running"))
PENDING = told({"state": "promised"}, 202, Retry_After="3")


class Ticking:
    """A clock that goes on by itself, a second at each look."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


def routes(**replies: Any) -> Any:
    """Work by the last part of a path; each gives its replies in turn."""
    works = {name.replace("__", "."): in_turn(*each) for name, each in replies.items()}

    def work(seen: Seen) -> Any:
        return works[seen.path.partition("?")[0].rpartition("/")[2]](seen)

    return work


# ---- files


def test_a_file_and_its_progress(make: Make, pauses: list[float], tmp_path: Path) -> None:
    path = tmp_path / "处罚.csv"
    path.write_bytes(b"a,b\n")
    seen: list[tuple[str, int]] = []

    def progress(answer: FileAnswer) -> None:
        seen.append((answer.state, answer.count))

    work = routes(
        files=[told({"id": "0f", "state": "queued"}, 202)],
        **{"0f": [told(QUEUED), told(RUNNING | {"rows": 1}), told(DONE)]},
    )
    with faulty(work) as gateway:
        found = make(gateway.url).files.submit(path, type_="penalty", progress=progress)
    assert seen == [("queued", 0), ("running", 1), ("done", 2)]
    assert (found.ended, found.all_taken, found.leaves) == (True, False, [ROW["leaf"]])
    assert [row.verdict for row in found.rows] == ["accepted", "rejected"]
    body = gateway.seen[0].body
    assert "处罚.csv".encode() in body and b"a,b\n" in body and b"penalty" in body
    assert gateway.seen[0].headers["content-type"].startswith("multipart/form-data; boundary=")
    assert len(pauses) == 2 and pauses[0] < pauses[1], "it is asked less and less often"


def test_a_file_that_takes_too_long(make: Make, pauses: list[float]) -> None:
    """It stays where it is, and can be waited for again."""
    terms = replace(QUICK, clock=Ticking())
    with faulty(routes(**{"0f": [told(RUNNING)]})) as gateway:
        client = make(gateway.url, terms=terms)
        with pytest.raises(NotReady) as caught:
            client.files.wait("0f", within=20.0)
        assert caught.value.reason == "running"
        assert client.files.answer("0f").state == "running"


def test_a_file_that_could_not_be_read(make: Make) -> None:
    said = {"zh": "不是工作簿", "en": "no workbook"}
    failed = FILE | {"state": "failed", "code": "encoding", "message": said}
    with faulty(in_turn(told(failed))) as gateway:
        found = make(gateway.url).files.wait("0f")
    assert (found.ended, found.all_taken, found.code) == (True, False, "encoding")
    assert found.message == said


def test_a_connection_that_breaks_while_it_is_waited_for(make: Make) -> None:
    faults = (Fault.UNDONE, Fault.LOST, Fault.HALF, Fault.UNDONE)
    with faulty(in_turn(told(RUNNING), told(RUNNING), told(DONE)), *faults) as gateway:
        assert make(gateway.url, terms=replace(QUICK, tries=9)).files.wait("0f").state == "done"


def test_the_workbook_to_correct(make: Make, pauses: list[float]) -> None:
    not_yet = told({"id": "0f", "state": "running"}, 202, Retry_After="1")
    with faulty(in_turn(not_yet, not_yet, (200, b"PK\x03\x04", {}))) as gateway:
        assert make(gateway.url).files.report("0f") == b"PK\x03\x04"
        assert pauses == [1.0, 1.0]
    with faulty(in_turn(not_yet)) as gateway, pytest.raises(NotReady):
        make(gateway.url, terms=replace(QUICK, clock=Ticking())).files.report("0f", within=9.0)


# ---- receipts


@pytest.fixture
def shown(ledger: Ledger) -> bytes:
    return ledger.beijing.receipt(0)


def test_a_receipt_is_given_byte_for_byte(make: Make, shown: bytes) -> None:
    found = parse(shown)
    leaf, record = found.leaf.hex(), found.record_id.hex()
    with faulty(in_turn((200, shown, {}))) as gateway:
        client = make(gateway.url)
        assert client.receipts.get(leaf) == shown
        assert client.receipts.get(leaf, fields=["CF_WSH", "CF_NR"]) == shown
        assert client.receipts.bare(record) == shown
    assert paths(gateway) == [
        f"GET /v1/records/{leaf}/receipt",
        f"GET /v1/records/{leaf}/receipt?fields=CF_WSH%2CCF_NR",
        f"GET /v1/receipts/{record}",
    ]


def test_what_is_no_receipt_of_it(make: Make, ledger: Ledger, shown: bytes) -> None:
    leaf = parse(shown).leaf.hex()
    other = ledger.beijing.receipt(1)
    for body in (b"<html>", b"{}", shown[:-1], shown + b"\n", other):
        with faulty(in_turn((200, body, {}))) as gateway, pytest.raises(AnswerMalformed):
            make(gateway.url).receipts.get(leaf)


def test_it_is_waited_for_only_where_asked(make: Make, shown: bytes, pauses: list[float]) -> None:
    leaf = parse(shown).leaf.hex()
    with faulty(in_turn(PENDING, PENDING, (200, shown, {}))) as gateway:
        client = make(gateway.url, terms=replace(QUICK, longest_pause=30.0))
        with pytest.raises(NotReady) as caught:
            client.receipts.get(leaf)
        assert (caught.value.reason, caught.value.retry_after, pauses) == ("promised", 3.0, [])
        assert client.receipts.get(leaf, within=60.0) == shown
        assert pauses == [3.0]
    with faulty(in_turn(PENDING)) as gateway, pytest.raises(NotReady):
        make(gateway.url, terms=replace(QUICK, clock=Ticking())).receipts.bare(leaf, within=20.0)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [(404, "not-found", NotFound), (409, "stranded", Refused), (410, "replaced", NotFound)],
)
def test_receipts_that_never_come(make: Make, status: int, code: str, kind: type[Refused]) -> None:
    refusal = problem(status, code, replacedBy="cd" * 32)
    with faulty(in_turn(refusal)) as gateway, pytest.raises(kind) as caught:
        make(gateway.url).receipts.get("ab" * 32, within=60.0)
    assert caught.value.document["replacedBy"] == "cd" * 32


def test_many_receipts(make: Make, ledger: Ledger) -> None:
    parts = {parse(data).leaf.hex(): data for data in map(ledger.beijing.receipt, (0, 1))}

    def work(seen: Seen) -> Any:
        return 200, parts[seen.path.split("/")[3]], {}

    with faulty(work) as gateway:
        assert dict(make(gateway.url).receipts.each(parts)) == parts


def in_lines(*answers: tuple[int, bytes, Any]) -> tuple[int, bytes, Any]:
    """What is answered for many, by what is answered for each."""
    return 200, b"".join(body.rstrip(b"\n") + b"\n" for _, body, _ in answers), {"Retry-After": "3"}


def test_bare_receipts_in_batches(make: Make, ledger: Ledger, pauses: list[float]) -> None:
    """A thousand at once, each once, in the order asked; what waits is asked for again alone."""
    one, two = (ledger.beijing.receipt(number, bare=True) for number in (0, 1))
    leaf, record = parse(one).leaf.hex(), parse(two).record_id.hex()
    none, again = "ab" * 32, problem(410, "replaced", replacedBy="cd" * 32)
    first = in_lines((200, one, {}), PENDING, problem(404, "not-found"), again, PENDING)
    more, last = in_lines((200, two, {}), PENDING), in_lines(PENDING)
    names = [leaf, record, none, "cd" * 32, "ef" * 32, leaf]
    with faulty(in_turn(first, more, last)) as gateway:
        client = make(gateway.url, terms=replace(QUICK, clock=Ticking(), longest_pause=30.0))
        found = list(client.receipts.bare_each(names, within=20.0))
    assert [one.leaf for one in found] == names
    assert [one.data for one in found] == [one, two, None, None, None, one]
    problems = [one.problem for one in found]
    assert (type(problems[2]), type(problems[3]), type(problems[4])) == (
        *(NotFound, NotFound),
        NotReady,
    )
    assert problems[3].document["replacedBy"] == "cd" * 32
    assert problems[4].reason == "promised"
    assert [json.loads(seen.body)["leaves"] for seen in gateway.seen][:3] == [
        names[:-1],
        [record, names[4]],
        [names[4]],
    ]
    assert set(pauses) == {3.0}


def test_many_bare_receipts_go_in_pieces(make: Make, ledger: Ledger) -> None:
    def work(seen: Seen) -> Any:
        leaves = json.loads(seen.body)["leaves"]
        return in_lines(*[problem(404, "not-found")] * len(leaves))

    with faulty(work) as gateway:
        found = list(make(gateway.url).receipts.bare_each(f"{n:064x}" for n in range(2100)))
    assert [one.leaf for one in found] == [f"{n:064x}" for n in range(2100)]
    assert [len(json.loads(seen.body)["leaves"]) for seen in gateway.seen] == [1000, 1000, 100]


def test_bare_receipts_from_an_older_gateway(make: Make, shown: bytes) -> None:
    leaf = parse(shown).leaf.hex()

    def work(seen: Seen) -> Any:
        return (200, shown, {}) if seen.path.endswith(leaf) else problem(404, "not-found")

    with faulty(work) as gateway:
        found = list(make(gateway.url).receipts.bare_each(["ab" * 32, leaf]))
    assert [one.data for one in found] == [None, shown]
    assert isinstance(found[0].problem, NotFound)
    assert [seen.method for seen in gateway.seen] == ["POST", "GET", "GET"]


def test_what_are_no_receipts_of_many(make: Make, ledger: Ledger, shown: bytes) -> None:
    leaf, other = parse(shown).leaf.hex(), ledger.beijing.receipt(1)
    bodies = (b"", b"{}\n", b"[]\n", b"<html>\n", shown[:-1], other, shown + shown)
    for body in (*bodies, b'{"code":"x"}\n', b'{"code":"x","status":true}\n'):
        with faulty(in_turn((200, body, {}))) as gateway, pytest.raises(AnswerMalformed):
            list(make(gateway.url).receipts.bare_each([leaf]))
    with faulty(in_turn(in_lines(problem(500, "internal")))) as gateway:
        (found,) = make(gateway.url).receipts.bare_each([leaf])
    assert isinstance(found.problem, AnswerLost), "what is damaged there is no word on the record"


def log(name: str = "01" * 32, **sizes: int) -> dict[str, Any]:
    return {**NODE["logs"][0], "log": name, **sizes}  # type: ignore[dict-item]


def test_anchors_are_waited_for(make: Make, shown: bytes, pauses: list[float]) -> None:
    """By the logs that took the records, and none else; then one receipt is asked for."""
    leaf = parse(shown).leaf.hex()
    closed = log("02" * 32, anchoredSize=3, promisedSize=9)
    nodes = [
        told(NODE | {"logs": [log(anchoredSize=size, promisedSize=9), closed]}) for size in (3, 9)
    ]
    row = ROW | {"leaf": leaf, "row": 1, "promise": 0}
    promise = {"log": "01" * 32}
    work = routes(node=nodes, **{"0f": [told(DONE | {"verdicts": [row], "promises": [promise]})]})
    asked: list[str] = []

    def all_of_it(seen: Seen) -> Any:
        asked.append(seen.path)
        return (200, shown, {}) if "receipts" in seen.path else work(seen)

    with faulty(all_of_it) as gateway:
        client = make(gateway.url)
        client.receipts.wait(client.files.answer("0f"))
        assert asked == ["/v1/files/0f", "/v1/node", "/v1/node", f"/v1/receipts/{leaf}"]
        assert len(pauses) == 1
        for nothing in (FILE, FILE | {"verdicts": [ROWS[1]]}):
            work = routes(**{"0f": [told(nothing)]})
            client.receipts.wait(client.files.answer("0f"))
        assert asked[4:] == ["/v1/files/0f"] * 2, "what is not in is not waited for"


def test_anchors_that_do_not_come(make: Make, pauses: list[float]) -> None:
    still = told(NODE | {"logs": [log(anchoredSize=3, promisedSize=9)]})
    work = routes(node=[still], records=[told(ROW, 201)])
    with faulty(work) as gateway:
        client = make(gateway.url, terms=replace(QUICK, clock=Ticking()))
        row = client.records.submit({})
        with pytest.raises(NotReady, match="3 of 9"):
            client.receipts.wait(row, within=30.0)


def test_how_far_logs_must_be() -> None:
    def of(name: str, size: int, anchored: int, promised: int) -> Log:
        return Log(
            log=name, url=None, vkey=None, size=size, anchored_size=anchored, promised_size=promised
        )

    waiting = Anchoring([{"log": "a"}, {"log": "b"}])
    waiting.take([of("a", 9, 4, 9), of("b", 5, 5, 5), of("c", 9, 0, 9)])
    assert (waiting.anchored, waiting.total, waiting.covered) == (9, 14, False)
    waiting.take([of("a", 50, 30, 60), of("b", 5, 5, 5)])
    assert (waiting.anchored, waiting.total, waiting.covered) == (14, 14, True), "what came later"
    unknown = Anchoring([])
    unknown.take([of("old", 9, 9, 9), of("new", 9, 8, 9)])
    assert (unknown.total, unknown.covered) == (9, False), "of no promise the newest log counts"
    silent = Anchoring([])
    silent.take([of("a", 5, 5, 5)], says_promised=False)
    silent.take([of("a", 7, 5, 7)], says_promised=False)
    assert (silent.total, silent.covered) == (7, False)
