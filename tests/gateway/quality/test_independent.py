"""The figures of a month are what an independent script counts from the same files."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gateway.app import create_app
from gateway.base.clock import Clock
from gateway.node import Node
from ledger.core.jws import parse_statement
from ledger.records.quality import MAX_DOCUMENT, TYP, Period
from tests.acceptance.independent import uscc
from tests.acceptance.independent_quality import Counter, read, sample
from tests.acceptance.made_files import make
from tests.gateway.files.work import work
from tests.gateway.intake.material import bearer, new_token
from tests.gateway.quality.test_quality_file import DECEMBER
from tests.support.asgi import Client

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = ROOT / "examples"
EXPECTED: dict[str, Any] = json.loads((EXAMPLES / "expected.json").read_text("utf-8"))
TODAY = date(2026, 11, 23)
OURS, THEIRS = uscc(11, start="11110105MA"), uscc(12, start="11110106MA")


def hand_in(node: Node, token: str, name: str, data: bytes) -> None:
    client, headers = Client(create_app(node)), bearer(token)
    if name.endswith(".ndjson"):
        kind = {"Content-Type": "application/x-ndjson"}
        sent = client.request("POST", "/v1/records", content=data, headers=headers | kind)
        assert sent.status_code == 200
        return
    sent = client.request("POST", "/v1/files", files={"file": (name, data)}, headers=headers)
    assert sent.status_code == 202
    work(node)


def rows(node: Node) -> list[dict[str, Any]]:
    file = node.quality.file(Period.parse("2026-11"))
    assert file is not None
    found: list[dict[str, Any]] = json.loads(
        parse_statement(file.jws, TYP, max_chars=2 * MAX_DOCUMENT).payload
    )["rows"]
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_two_departments(node: Node, seed: int) -> None:
    counter = Counter(TODAY)
    for own, other in ((OURS, THEIRS), (THEIRS, OURS)):
        token = new_token(node, "submit", authorities=[own], department=own)
        for name, data in make(seed * 100 + (own == OURS), own, other, TODAY):
            hand_in(node, token, name, data)
            counter.send(read(name, data), [own])
    expected = {unit: line.as_dict() for unit, line in counter.lines.items()}
    assert len(expected) == 2
    assert all(len(line["rejected"]) > 4 and line["duplicates"] for line in expected.values())
    found = rows(node)
    assert {row["type"] for row in found} == {"penalty"}
    assert {row["unit"]: row | expected[row["unit"]] for row in found} == {
        row["unit"]: row for row in found
    }
    node.ctx.clock = Clock(DECEMBER)
    assert rows(node) == found


def test_the_samples(node: Node) -> None:
    """Judged by `expected.json`; in time or late by the calendar."""
    token = new_token(node, "submit")
    counters = {"penalty": Counter(TODAY), "licence": Counter(TODAY)}
    for name, expected in EXPECTED.items():
        if expected["template"] == "2015":  # it names no authority by its code
            continue
        hand_in(node, token, name, (EXAMPLES / name).read_bytes())
        verdicts = [row["verdict"] for row in expected["verdicts"]]
        counters[expected["type"]].told(sample(EXAMPLES, name), verdicts)
    compared = 0
    for row in rows(node):
        line = counters[row["type"]].lines[row.get("unit", "")].as_dict()
        names = ("received", "conforming", "duplicates", "timely")
        assert {name: row[name] for name in names} == {name: line[name] for name in names}
        assert sum(row["rejected"].values()) == sum(line["rejected"].values())
        compared += line["received"]
    assert compared == sum(
        line.received for counter in counters.values() for line in counter.lines.values()
    )
