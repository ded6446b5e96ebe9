"""`credit-ledger evidence`: made with nodes, checked without any."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.core.canonical import hex0x, instant
from ledger.core.status import Action
from ledger.core.verdict.facts import date_of
from ledger.evidence import archive
from ledger.evidence.check import Given, check
from tests.cli.conftest import Cli, write
from tests.evidence.conftest import NO_NODE, Ledger, alone
from tests.evidence.test_evidence import do, settled
from tests.support.ledger import SUBJECT


@pytest.fixture
def down(ledger: Ledger, tmp_path: Path) -> Path:
    """The network file where every node is down."""
    path = tmp_path / "down.json"
    path.write_bytes(alone(ledger.network).encode())
    return path


def test_made_and_checked(
    ledger: Ledger, cli: Cli, network_file: Path, down: Path, tmp_path: Path
) -> None:
    do(ledger, Action.REPAIR, 1)
    settled(ledger)
    files = write(tmp_path, [ledger.beijing.receipt(0), ledger.beijing.receipt(1)])
    out = tmp_path / "evidence.zip"
    done = cli("evidence", *files, "-o", out, "--network", network_file, "--json")
    assert done.exit == 3
    told = done.json()
    assert told["_type"] == "credit-ledger/evidence-made@1"
    assert [one["verdict"] for one in told["verdicts"]] == ["valid", "repaired"]
    header = told["header"]["hash"]

    common = ["evidence", "check", out, "--network", down]
    done = cli(*common)
    assert done.exit == 4
    assert done.out.splitlines().count(header) == 1
    assert "header-not-given" in done.out
    done = cli(*common, "--json")
    assert (done.exit, done.json()["header"]["hash"]) == (4, header)

    done = cli(*common, "--header", header, "--json")
    assert done.exit == 3
    value = done.json()
    assert (value["_type"], value["verdict"]) == ("credit-ledger/evidence-verdict@1", "proven")
    assert [one["verdict"] for one in value["verdicts"]] == ["valid", "repaired"]
    assert value["problems"] == []
    assert value["told"]
    done = cli(*common, "--header", header.removeprefix("0x").upper())
    assert done.exit == 3
    assert "PROVEN" in done.out
    assert "repaired" in done.out
    assert done.out.count(" of an anchor:") == 2
    anchors = [one.block_hash for one in ledger.beijing.anchors]
    assert {*anchors} <= {one["hash"] for one in value["told"]}
    done = cli(*common, "--header", header, "--header", anchors[0])
    assert done.out.count(" of an anchor, which is known:") == 1
    assert done.out.count(anchors[0]) == 1

    other = "0x" + "12" * 32
    done = cli(*common, "--header", other)
    assert done.exit == 1
    assert "header-differs" in done.out
    assert cli(*common, "--header", "0x12").exit == 2


def test_nodes_that_are_up_confirm_the_header(
    ledger: Ledger, cli: Cli, network_file: Path, down: Path, tmp_path: Path
) -> None:
    [file] = write(tmp_path, [ledger.beijing.receipt(0)])
    out = tmp_path / "evidence.zip"
    assert cli("evidence", file, "-o", out, "--network", network_file).exit == 0
    url = ledger.network.anvil.url
    assert cli("evidence", "check", out, "--network", down, "--rpc", url).exit == 0
    assert cli("evidence", "check", out, "--network", network_file, "--rpc", NO_NODE).exit == 4
    snapshot = ledger.network.anvil.snapshot()
    do(ledger, Action.DISPUTE)
    settled(ledger)
    later = tmp_path / "later.zip"
    assert cli("evidence", file, "-o", later, "--network", network_file).exit == 3
    ledger.network.anvil.revert(snapshot)
    ledger.network.forget_sent()
    do(ledger, Action.SHIELD)
    ledger.network.anvil.mine(3)
    done = cli("evidence", "check", later, "--network", down, "--rpc", url)
    assert done.exit == 1
    assert "header-differs" in done.out


def test_verify_takes_it(ledger: Ledger, cli: Cli, network_file: Path, tmp_path: Path) -> None:
    """By its first bytes, beside receipts, and by the nodes."""
    [file] = write(tmp_path, [ledger.beijing.receipt(0)])
    out = tmp_path / "evidence.zip"
    assert cli("evidence", file, "-o", out, "--network", network_file).exit == 0
    done = cli("verify", out, file, "--network", network_file, "--json")
    assert done.exit == 0
    kinds = [one["_type"] for one in done.json()["verdicts"]]
    assert kinds == ["credit-ledger/evidence-verdict@1", "credit-ledger/verdict@1"]
    done = cli("verify", out, "--network", network_file, "--subject", SUBJECT)
    assert done.exit == 0
    assert "PROVEN" in done.out
    assert "that is asked of single receipts" in done.err
    out.write_bytes(out.read_bytes()[:-1])
    assert cli("verify", out, "--network", network_file).exit == 1


def test_days_and_words(
    ledger: Ledger, cli: Cli, network_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    anvil = ledger.network.anvil
    day = date_of(anvil.head_time())
    anvil.mine(2, seconds=86_400)
    do(ledger, Action.REPAIR)
    settled(ledger)
    [file] = write(tmp_path, [ledger.beijing.receipt(0)])
    out = tmp_path / "evidence.zip"
    monkeypatch.setenv("CREDIT_LEDGER_NOW", "2099-01-01T00:00:00Z")
    assert cli("evidence", file, "-o", out, "--network", network_file).exit == 4
    assert not out.exists()
    monkeypatch.delenv("CREDIT_LEDGER_NOW")
    clock = ["--network", network_file, "--as-of", day, "--as-of", day]
    monkeypatch.setenv("CREDIT_LEDGER_NOW", instant(anvil.head_time()))
    done = cli("evidence", file, "-o", out, *clock)
    assert done.exit == 3
    [header] = [line for line in done.out.splitlines() if line.startswith("0x")]
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "zh")
    done = cli("evidence", "check", out, "--network", network_file, "--header", header)
    assert done.exit == 3
    assert "成立" in done.out
    assert day in done.out
    done = cli("evidence", "check", out, "--network", network_file)
    assert "未能核验" in done.out


def test_what_is_not_final_is_told(
    ledger: Ledger, cli: Cli, network_file: Path, tmp_path: Path
) -> None:
    """An act in the newest block stands in no archive yet."""
    do(ledger, Action.DISPUTE)
    [file] = write(tmp_path, [ledger.beijing.receipt(0)])
    out = tmp_path / "evidence.zip"
    done = cli("evidence", file, "-o", out, "--network", network_file, "--json")
    assert done.exit == 3
    assert "disputed" in done.err
    assert [one["verdict"] for one in done.json()["verdicts"]] == ["valid"]


def test_nothing_to_prove(ledger: Ledger, cli: Cli, network_file: Path, tmp_path: Path) -> None:
    """A file that does not hold by itself, and an anchor that is not final."""
    good = ledger.beijing.receipt(0)
    ledger.beijing.put(ledger.beijing.records[0])
    ledger.beijing.anchor()
    early = ledger.beijing.receipt(2)
    out = tmp_path / "evidence.zip"
    files = write(tmp_path, [good[:-2], good.replace(b'"index":0', b'"index":1'), early])
    for file, exit_ in zip(files, (1, 1, 4), strict=True):
        done = cli("evidence", file, "-o", out, "--network", network_file)
        assert (done.exit, out.exists()) == (exit_, False), done.err
        assert "No evidence was made" in done.err


def test_usage(ledger: Ledger, cli: Cli, network_file: Path, tmp_path: Path) -> None:
    [file] = write(tmp_path, [ledger.beijing.receipt(0)])
    for wrong in (
        ["evidence"],
        ["evidence", file, "--network", network_file],
        ["evidence", file, "-o", file, "--network", network_file],
        ["evidence", file, "-o", tmp_path / "no" / "folder.zip", "--network", network_file],
        ["evidence", file, "-o", tmp_path / "e.zip"],
        ["evidence", file, "-o", tmp_path / "e.zip", "--network", network_file, "--as-of", "x"],
        ["evidence", "check", file],
        ["evidence", "check", tmp_path / "none.zip", "--network", network_file],
    ):
        assert cli(*wrong).exit == 2, wrong
    assert cli("evidence", "--help").exit == 0
    assert cli("evidence", "check", "--help").exit == 0
    done = cli("evidence", "check", file, "--network", network_file)
    assert done.exit == 1
    assert "archive-malformed" in done.out


def test_it_is_checked_before_it_is_handed_out(
    ledger: Ledger,
    cli: Cli,
    network_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A fault of ours must not reach a court."""
    [file] = write(tmp_path, [ledger.beijing.receipt(0)])
    out = tmp_path / "evidence.zip"
    monkeypatch.setattr("ledger.evidence.papers.texts", dict)
    done = cli("evidence", file, "-o", out, "--network", network_file)
    assert (done.exit, out.exists()) == (4, False)
    assert "texts-unknown" in done.err


def test_as_a_program_uses_it(ledger: Ledger, cli: Cli, network_file: Path, tmp_path: Path) -> None:
    """The file on disk is that of the library, under a name of one's own."""
    [file] = write(tmp_path, [ledger.beijing.receipt(0)])
    out = tmp_path / "证据.zip"
    assert cli("evidence", file, "-o", out, "--network", network_file).exit == 0
    data = out.read_bytes()
    assert out.stat().st_mode & 0o777 == 0o600
    assert archive.is_archive(data)
    unknown = check(data, ledger.network.file, Given())
    assert unknown.header is not None
    assert (
        hex0x(unknown.header.hash) in cli("evidence", "check", out, "--network", network_file).out
    )
