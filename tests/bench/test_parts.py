"""The parts of the benchmark that measure nothing: what is written down, and what is believed."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from ledger.core import canonical, merkle, receipt
from ledger.core.ids import Digest
from scripts.bench_parts import batches
from scripts.bench_parts.book import AIMS, FORMER, POSTGRESQL, Book, CheckFailed
from scripts.bench_parts.load import check_answer, spans_of
from scripts.bench_parts.material import lines, subject
from scripts.bench_parts.report import Setting, markdown, table, write
from scripts.bench_parts.singles import quantile
from scripts.bench_parts.svg import line_chart
from tests.core.material import VECTORS

AT = Setting(machine="m", commit="c", date="2026-11-23T00:00:00Z", load=0.0, what="Test.")


def test_rows_are_those_of_the_issue() -> None:
    assert " ".join(aim.name for aim in AIMS) == (
        "ndjson_records_per_s ndjson_records_per_s_10m cpu_us_per_record "
        "xlsx_rows_per_s gas_per_record_4096 promise_p99_ms "
        "flush_p99_ms promise_beyond_flush_ms final_p99_s "
        "verify_per_s verify_fresh_per_s verify_process_s receipts_per_s replay_entries_per_s "
        "replay_entries_per_s_10m start_s_10m bytes_per_record gateway_rss_mib_10m "
        "processes_rss_mib replay_rss_mib_10m "
        "takeover_s acts_per_s acts_followed_per_s gas_per_act chain_acts_per_s "
        "fourth_ack_p50_s fourth_ack_p99_s "
        "verify_with_acts_per_s"
    )


def test_receipts_of_a_batch_are_looked_at() -> None:
    """That each is of its leaf and holds: a figure of something wrong means nothing."""
    found = json.loads((VECTORS / "receipt" / "receipt.json").read_bytes())["cases"]
    for case in found:
        data = case["data"].encode()
        leaf = receipt.parse(data).leaf.hex()
        assert batches._problem(leaf, data) is None
        assert batches._problem("00" * 32, data) == f"asked for {'00' * 32}, got {leaf}"
    path = json.loads(found[0]["data"])
    path["path"][0] = "00" * 32
    assert batches._problem(leaf_of(path), canonical.encode(path) + b"\n") is not None


def leaf_of(value: dict[str, Any]) -> str:
    return merkle.leaf_hash(canonical.encode(value["entry"])).hex()


def test_medians_at_the_largest_size_and_the_peer_of_that_size(tmp_path: Path) -> None:
    book = Book()
    for value in (1.0, 9.0, 4.0):
        book.put("ndjson_records_per_s", 10, value)
        book.put("ndjson_records_per_s", 100, 10 * value)
    book.peer("ndjson_records_per_s", "other", 10, 1.0)
    book.peer("ndjson_records_per_s", "other", 100, 20.0)
    book.other(FORMER, "ndjson_records_per_s", 100, 16.0)
    write(tmp_path, book, AT)
    assert json.loads((tmp_path / "results.json").read_bytes()) == {
        "machine": "m",
        "commit": "c",
        "date": "2026-11-23T00:00:00Z",
        "rows": [
            {
                "name": "ndjson_records_per_s",
                "unit": "records/s",
                "aim": 15_000,
                "reached": 40.0,
                "times": 3,
                "spread": 2.0,
                "before": 16.0,
                "gain": 2.5,
                "peer": 20.0,
                "ratio": 2.0,
                "by_size": {"10": 4.0, "100": 40.0},
                "beside": {FORMER: {"100": 16.0}},
            }
        ],
    }
    assert "**no**" in table(book)


def test_what_was_not_measured_at_its_size_is_named_and_not_made_up() -> None:
    book = Book()
    book.put("start_s_10m", 1000, 0.5)
    (row,) = book.rows()
    assert (row.reached, row.met, row.by_size) == (None, None, {1000: 0.5})
    assert "Not measured in this run" in markdown(book, AT)
    assert "`start_s_10m`, " in markdown(book, AT)
    book.put("start_s_10m", 10_000_000, 2.9)
    assert book.rows()[0].met is True
    book.put("start_s_10m", 10_000_000, 4.0)
    assert book.rows()[0].met is False


def test_a_share_of_another_row_is_an_aim_of_its_own() -> None:
    book = Book()
    book.put("ndjson_records_per_s", 1_000_000, 20_000.0)
    assert [row.aim.name for row in book.rows()] == ["ndjson_records_per_s"]
    for value, met in ((18_000.0, True), (17_999.0, False)):
        book.values["ndjson_records_per_s"][10_000_000] = [value]
        row = book.rows()[1]
        assert (row.aim.name, row.goal, row.reached) == ("ndjson_records_per_s_10m", 18_000, value)
        assert row.met is met


def test_a_gain_is_told_where_both_were_measured_at_one_size() -> None:
    book = Book()
    for which, value in ((FORMER, 4.0), (POSTGRESQL, 3.0)):
        book.other(which, "final_p99_s", 10, value)
    book.put("final_p99_s", 10, 2.0)
    assert book.rows()[0].gain == 2.0, "less is better"
    book.put("final_p99_s", 20, 5.0)
    assert (book.rows()[0].reached, book.rows()[0].gain) == (2.0, 2.0), "where both were"
    assert "| 2 of 10 |" in table(book)
    assert "`final_p99_s`, PostgreSQL | 3 | – |" in markdown(book, AT)
    del book.others[FORMER]["final_p99_s"][10]
    book.other(FORMER, "final_p99_s", 30, 4.0)
    assert (book.rows()[0].reached, book.rows()[0].gain) == (5.0, None)


def test_a_check_that_fails_ends_the_run() -> None:
    book = Book()
    book.check("it", True, times=3)
    assert book.checks == {"it": 3}
    with pytest.raises(CheckFailed, match="it: why"):
        book.check("it", False, "why")


def test_the_chart_is_well_formed_and_holds_its_points() -> None:
    chart = line_chart("a < b", "MiB", {10: 1.0, 1000: 100.0}, 50)
    assert circles(chart) == 2
    beside = line_chart("a", "b", {10: 1.0}, None, others={"c & d": {10: 2.0, 20: 3.0}, "e": {}})
    assert circles(beside) == 3
    assert "c &amp; d" in beside


def circles(chart: str) -> int:
    """Points drawn."""
    return sum(one.tag.endswith("circle") for one in ElementTree.fromstring(chart).iter())


def test_records_are_distinct_and_about_their_subject() -> None:
    made = [json.loads(line) for line in lines(5, 3000)]
    assert len({one["fields"]["CF_WSH"] for one in made}) == 3000
    assert made[7]["fields"]["CF_XDR_SHXYM"] == subject(12)


def test_spans_cover_every_record_once() -> None:
    for first, count in ((0, 1), (7, 2), (5, 100_001)):
        spans = spans_of(first, count)
        covered = [n for at, length in spans for n in range(at, at + length)]
        assert covered == list(range(first, first + count))


def test_quantile() -> None:
    assert quantile([float(n) for n in range(1, 101)], 0.99) == 100
    assert quantile([3.0], 0.99) == 3


LEAVES = [Digest(bytes([n]) * 32) for n in range(3)]


def answer(**changes: object) -> bytes:
    """Three rows under two promises."""
    rows = [
        {"row": n + 1, "verdict": "accepted", "promise": n // 2, "leaf": leaf.hex()}
        for n, leaf in enumerate(LEAVES)
    ]
    promises = [
        {"promise": {"count": len(part), "leavesRoot": merkle.root(part).hex()}}
        for part in (LEAVES[:2], LEAVES[2:])
    ]
    rows[1] |= changes
    made = [*rows[:2], promises[0], rows[2], promises[1], {"counts": {"accepted": 3}}]
    return b"".join(json.dumps(one).encode() + b"\n" for one in made)


def test_an_answer_is_believed_only_whole() -> None:
    assert check_answer(200, answer(), 3) == ([leaf.hex() for leaf in LEAVES], 2)
    for status, body, count in (
        (503, answer(), 3),
        (200, answer(), 4),
        (200, answer(verdict="rejected"), 3),
        (200, answer(row=3), 3),
        (200, answer(promise=1), 3),
        (200, answer(leaf="00" * 32), 3),
        (200, answer().replace(b'"accepted": 3', b'"accepted": 2'), 3),
    ):
        with pytest.raises(ValueError, match=r"."):
            check_answer(status, body, count)
