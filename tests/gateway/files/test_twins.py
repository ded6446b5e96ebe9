"""The same 500 rows as every kind of file: what is committed is the same, byte for byte."""

import json
from collections.abc import Sequence
from datetime import date
from functools import cache

import pytest

from gateway.files.reading import Reading
from ledger.records.schema import load
from ledger.records.setting import Setting
from ledger.records.validate import check
from tests.acceptance.independent import uscc
from tests.gateway.files.desk import Desk
from tests.support.twins import ENCODINGS, SEPARATORS, Record, make_records, twins

SEED, COUNT = 9, 500
TABLES = [f"{encoding}, {separator}" for encoding in ENCODINGS for separator in SEPARATORS]
NAMES = ["openpyxl", "xlsxwriter", "by hand", "old", *TABLES, "ndjson"]
SCHEMA = load("penalty")
TODAY = date(2026, 11, 23)


@cache
def records() -> Sequence[Record]:
    return make_records(SEED, COUNT, uscc)


@cache
def files() -> dict[str, tuple[str, bytes]]:
    """Name and content of each kind."""
    return {what: (name, content) for what, name, content in twins(SEED, records())}


def test_there_are_as_many_as_the_world_has() -> None:
    assert [*files()] == NAMES
    assert len({content for _, content in files().values()}) == len(files())


@pytest.mark.parametrize("what", NAMES)
def test_canonical_fields(what: str) -> None:
    name, content = files()[what]
    reading = Reading(content, name=name, type_=None)
    for row, record in zip(reading.rows(), records(), strict=True):
        found = row.input
        assert not found.cell_errors and found.fault is None
        checked = check(SCHEMA, found.fields, Setting(today=TODAY))
        assert checked.errors == ()
        assert json.dumps(checked.fields) == json.dumps(ordered(record))
        assert {note.code for note in found.notes} <= {"footer-skipped"}


def ordered(record: object) -> object:
    """The record as it was generated, in the order of the standard's table."""
    assert isinstance(record, dict)
    return {code: record[code] for code in SCHEMA.slots if code in record}


def test_sent_to_a_node_all_are_the_same_records(desk: Desk) -> None:
    """The first file is accepted; of every other each row is a duplicate with the same leaf."""
    leaves: list[str] = []
    for what, (name, content) in files().items():
        answer = desk.send(content, name)
        counts = {verdict: count for verdict, count in answer["counts"].items() if count}
        assert counts == {"duplicate" if leaves else "accepted": COUNT}, what
        told = [row["leaf"] for row in answer["verdicts"]]
        leaves = leaves or told
        assert told == leaves, what
    content = files()["ndjson"][1]
    kind = {"Content-Type": "application/x-ndjson"}
    streamed = desk.client.request(
        "POST", "/v1/records", content=content, headers=desk.headers | kind
    )
    lines = [json.loads(line) for line in streamed.content.splitlines()]
    assert [line["leaf"] for line in lines[:-1]] == leaves
