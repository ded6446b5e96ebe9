"""The chain is away for long: past the bound nothing more is promised, what was promised is kept,
and everything goes on by itself when the chain is back."""

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import orjson

from gateway.devnet import plain
from tests.e2e.member import Member, until

MOST = 30
NDJSON = "application/x-ndjson"
PAUSE = 2.0
"""Seconds after which a stream's rows are taken for a set."""


def lines(member: Member, first: int, last: int) -> bytes:
    return b"".join(orjson.dumps(member.record(n)) + b"\n" for n in range(first, last))


def post(member: Member, path: str, **options: Any) -> httpx.Response:
    headers = {"authorization": f"Bearer {member.token}"} | options.pop("headers", {})
    return plain.post(f"{member.url}{path}", headers=headers, timeout=600, **options)


def stream(member: Member, content: Iterator[bytes]) -> httpx.Response:
    return post(member, "/v1/records", content=content, headers={"content-type": NDJSON})


def file_of(member: Member, location: str) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {member.token}"}
    found: dict[str, Any] = plain.get(member.url + location, headers=headers, timeout=300).json()
    return found


def in_three_parts(member: Member) -> Iterator[bytes]:
    for first in (0, 20, 40):
        yield lines(member, first, first + 20)
        time.sleep(PAUSE)


def demand_not_now(answer: httpx.Response) -> None:
    """503, and when to come again."""
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (503, "not-ready"), answer.text
    assert problem["reason"] == "too-many-unanchored"
    assert int(answer.headers["retry-after"]) >= 1


def test_the_chain_is_away_for_long(member: Member) -> None:
    member.restart({"CREDIT_LEDGER_LOG__MAX_UNANCHORED": str(MOST)})
    member.network.chain.stop()
    try:
        *told, last = map(json.loads, stream(member, in_three_parts(member)).iter_lines())
        promised = [line["leaf"] for line in told if line.get("verdict") == "accepted"]
        assert len(promised) == 40, "the bound is looked at before each set"
        assert sum("verdict" not in line for line in told) == 2, "a promise for each set"
        assert (last["problem"]["status"], last["problem"]["code"]) == (503, "not-ready")
        assert last["problem"]["reason"] == "too-many-unanchored"
        record = orjson.dumps(member.record(99))
        json_type = {"content-type": "application/json"}
        demand_not_now(post(member, "/v1/records", content=record, headers=json_type))
        demand_not_now(stream(member, iter([lines(member, 40, 60)])))
        assert plain.get(f"{member.url}/readyz", timeout=300).status_code == 503
        posted = post(member, "/v1/files", files={"file": ("x.ndjson", lines(member, 60, 70))})
        assert posted.status_code == 202, "a file waits"
        time.sleep(2 * PAUSE)
        assert file_of(member, posted.headers["location"])["state"] in ("queued", "running")
        log = plain.get(f"{member.url}/v1/node", timeout=300).json()["logs"][0]
        assert (log["size"], log["anchoredSize"]) == (40, 0), "in the log all the same"
    finally:
        member.up()
    until(lambda: receipt_there(member, promised), "the anchors")
    until(lambda: file_of(member, posted.headers["location"])["state"] == "done", "the file")
    verdicts = file_of(member, posted.headers["location"])["verdicts"]
    assert [row["verdict"] for row in verdicts] == ["accepted"] * 10
    *told, last = map(json.loads, stream(member, in_three_parts(member)).iter_lines())
    assert last["counts"] == {"accepted": 20, "duplicate": 40, "conflict": 0, "rejected": 0}
    promised += [line["leaf"] for line in told if line.get("verdict") == "accepted"]
    promised += [row["leaf"] for row in verdicts]
    promised.append(member.submit(member.record(99))["leaf"])
    until(lambda: receipt_there(member, promised), "the last anchors")
    assert member.logged() == dict.fromkeys(promised, 1)


def receipt_there(member: Member, leaves: list[str]) -> bool:
    """Whether each of them has its final receipt."""
    with httpx.Client(base_url=member.url, timeout=300) as client:
        return all(client.get(f"/v1/receipts/{leaf}").status_code == 200 for leaf in leaves)
