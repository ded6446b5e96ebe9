"""Evidence of statements: openings are taken as receipts are, where they are anchored."""

from __future__ import annotations

from pathlib import Path

from ledger.core.opening import of_receipt
from ledger.core.receipt import parse
from tests.cli.conftest import Cli, write
from tests.evidence.conftest import Ledger, checked, made
from tests.verify.test_statements import promised, put, said_in


def test_an_opening(ledger: Ledger) -> None:
    log = ledger.beijing
    said = said_in(log)
    [receipt] = put(log, said)
    ledger.network.anvil.mine()
    opening = of_receipt(said, parse(receipt)).encode()
    found = made(ledger.network, opening, log.receipt(0))
    proven = checked(ledger.network, found.data, found.header.hash)
    assert proven.problem is None, proven.problem
    assert [verdict.verdict for _, verdict in proven.verdicts] == ["valid", "valid"]
    assert [verdict.usable for _, verdict in proven.verdicts] == [None, True]
    assert all(verdict.receipt is not None for _, verdict in proven.verdicts)


def test_a_promise_alone(ledger: Ledger, cli: Cli, network_file: Path, tmp_path: Path) -> None:
    """Nothing is anchored yet, so there is nothing to prove."""
    opening = promised(ledger.beijing, said_in(ledger.beijing)).encode()
    [file] = write(tmp_path, [opening])
    out = tmp_path / "evidence.zip"
    done = cli("evidence", file, "-o", out, "--network", network_file)
    assert (done.exit, out.exists()) == (4, False)
    assert "No evidence was made" in done.err
