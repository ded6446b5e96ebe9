"""Reports of others are read whole, or refused by the name of what is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ledger.audit.report_file import NotAReport, read_report
from ledger.core import canonical
from tests.audit.reports import document, finding, full, report, setting


@pytest.mark.parametrize("made", [document(), full()])
def test_a_report(made: dict[str, Any]) -> None:
    data = canonical.encode(made)
    found = read_report(data)
    assert found.document == made
    assert read_report(data + b"\n").digest == found.digest
    assert read_report(data, max_bytes=len(data)) == found
    with pytest.raises(NotAReport, match="longer"):
        read_report(data, max_bytes=len(data) - 1)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[]", "_type"),
        (b"null", "null"),
        (b'{"_type":"credit-ledger/audit@2"}', "_type"),
        (json.dumps(document()).encode(), "canonical"),
        (canonical.encode(document()) + b"\n\n", "canonical"),
        (b"[" * 100_000, "JSON"),
    ],
)
def test_what_is_none(data: bytes, told: str) -> None:
    with pytest.raises(NotAReport, match=told):
        read_report(data)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("findings", {}),
        ("network.chainId", "1"),
        ("network.chainId", True),
        ("block", []),
        ("blockTime", "now"),
        ("logs.0.root", 1),
        ("logs.0.timely.no", "1"),
        ("members.0.code", 1),
        ("counts.findings", {"a": "b"}),
        ("status.acknowledged.0.behind", "x"),
        ("stages.0.longest.limit", "x"),
        ("mirrors.0.copy", 1),
        ("gas.0.acts", "x"),
        ("finance.unseen", {"x": []}),
    ],
)
def test_what_has_not_its_form_is_named(path: str, value: Any) -> None:
    with pytest.raises(NotAReport) as caught:
        report(setting(path, value))
    assert caught.value.what.replace("[", ".").replace("]", "").startswith(path)


@pytest.mark.parametrize("name", ["block", "findings", "incomplete", "logs", "status", "counts"])
def test_what_is_missing_is_named(name: str) -> None:
    made = document()
    del made[name]
    with pytest.raises(NotAReport, match=f"{name}: missing"):
        read_report(canonical.encode(made))


def test_how_severe_it_is_follows_from_the_code() -> None:
    """A report cannot make its own errors small; of a newer code it is believed."""
    made = report(finding("ack-late"), setting("findings.0.severity", "note"))
    assert made.severities() == {"error": 1}
    newer = report(finding("same-person"), setting("findings.0.code", "not-yet-known"))
    assert newer.severities() == {"note": 1}
    odd = report(
        finding("ack-late"),
        setting("findings.0.code", "not-yet-known"),
        setting("findings.0.severity", "harmless"),
    )
    assert odd.severities() == {"error": 1}
