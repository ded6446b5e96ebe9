"""`audit compare` and the page of `audit replay --html` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ledger.audit.compare_words import RELATIONS
from ledger.core import canonical
from tests.audit.reports import Change, document, finding, gap, next_day, report, setting
from tests.cli.conftest import Cli, Ledger
from tests.support.ledger import serve


@pytest.fixture
def before(tmp_path: Path) -> Path:
    return write(tmp_path / "before.json")


def write(path: Path, *changes: Change) -> Path:
    path.write_bytes(canonical.encode(report(*changes, of=document).document))
    return path


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ([], (0, RELATIONS["same-bytes"]["en"])),
        ([next_day], (0, RELATIONS["later"]["en"])),
        ([next_day, finding("ack-late", where="member/x")], (1, "[ack-late] 110000 member/x")),
        ([next_day, setting("counts.acts", 9)], (1, "acts: 7 → 9")),
        ([setting("block.hash", "0x00")], (1, "[block-differs]")),
        ([next_day, gap("tiles-unreachable")], (4, "incomplete")),
    ],
)
def test_compare(
    cli: Cli, tmp_path: Path, before: Path, changes: list[Change], answer: tuple[int, str]
) -> None:
    expected, told = answer
    after = write(tmp_path / "after.json", *changes)
    done = cli("audit", "compare", before, after)
    assert (done.exit, done.err) == (expected, "")
    assert told in " ".join(done.out.split())
    shown = cli("audit", "compare", before, after, "--json")
    assert shown.exit == expected
    assert shown.json()["_type"] == "credit-ledger/audit-comparison@1"


def test_in_chinese(
    cli: Cli, tmp_path: Path, before: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "zh")
    after = write(tmp_path / "after.json", next_day, finding("ack-late"))
    done = cli("audit", "compare", after, before)
    assert done.exit == 1
    assert RELATIONS["later"]["zh"] in done.out
    assert "先给出的一份较晚" in done.out
    assert "B 中新增的问题 (1)" in done.out


@pytest.mark.parametrize("given", [b"", b"{}", b"not json", b"\xff\xfe", b"[" * 5000])
def test_bad_input(cli: Cli, tmp_path: Path, before: Path, given: bytes) -> None:
    bad = tmp_path / "bad.json"
    bad.write_bytes(given)
    for words in ((before, bad), (bad, before)):
        done = cli("audit", "compare", *words)
        assert (done.exit, done.out) == (2, "")
        assert "audit replay --out" in " ".join(done.err.split())
    assert cli("audit", "compare", before, tmp_path / "none.json").exit == 2
    other = write(tmp_path / "other.json", setting("network.chainId", 7))
    done = cli("audit", "compare", before, other)
    assert (done.exit, "two networks" in " ".join(done.err.split())) == (2, True)


def test_a_report_steers_no_terminal(cli: Cli, tmp_path: Path, before: Path) -> None:
    after = write(tmp_path / "a.json", next_day, finding("ack-late", "\x1b[2J", "\u202ex"))
    for words in ((), ("--json",)):
        done = cli("audit", "compare", before, after, *words)
        assert "\x1b" not in done.out and "\u202e" not in done.out


# ---- replay --html


def test_replay_as_a_page(ledger: Ledger, cli: Cli, network_file: Path, tmp_path: Path) -> None:
    out, page = tmp_path / "report.json", tmp_path / "report.html"
    with serve(ledger.beijing, ledger.tianjin) as url:
        words = [
            *("audit", "replay", "--network", network_file),
            *("--mirror", f"110000={url}", "--mirror", f"120000={url}"),
        ]
        done = cli(*words, "-o", out, "--html", page, "--gas")
        assert done.exit == 0, done.err
        text = page.read_text("utf-8")
        assert "All is in order." in text and "全部无误。" in text
        told: Any = canonical.parse(out.read_bytes())
        spent = {one["member"]: one for one in told["gas"]}
        assert spent["110000"]["anchors"] > 21_000
        assert f"{spent['110000']['anchors']:,}" in text
        timely = {log["member"]: log["timely"] for log in told["logs"]}
        assert sum(timely["110000"].values()) > 0

        chinese = tmp_path / "zh.html"
        assert cli(*words, "--html", chinese, "--lang", "zh").exit == 0
        assert "All is in order." not in chinese.read_text("utf-8")
        same = cli(*words, "--out", out, "--html", out)
        assert (same.exit, "--html" in same.err) == (2, True)
        assert cli("audit", "compare", out, out).exit == 0
