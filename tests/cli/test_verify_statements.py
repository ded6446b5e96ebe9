"""`credit-ledger verify` of statements: exit codes, the JSON document, words for people."""

from pathlib import Path

import pytest

from ledger.core.opening import of_receipt
from ledger.core.receipt import parse
from tests.cli.conftest import Cli, write
from tests.verify.conftest import Ledger
from tests.verify.test_statements import promised, put, said_in


def test_an_opening_is_told_by_its_type(
    ledger: Ledger, cli: Cli, network_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = said_in(ledger.beijing)
    (receipt,) = put(ledger.beijing, made)
    [file] = write(tmp_path, [of_receipt(made, parse(receipt)).encode()])
    done = cli("verify", file, "--network", network_file, "--json")
    told = done.json()
    assert (done.exit, told["verdict"], told["authentic"], told["usable"]) == (
        *(0, "valid", True),
        None,
    )
    assert "no credit record" in told["usableReason"]["en"]
    assert told["statement"] == made.to_json()
    done = cli("verify", file, "--network", network_file)
    assert done.exit == 0
    assert "GENUINE AND ANCHORED" in done.out
    assert "MAY BE USED" not in done.out
    assert "xyzb:officer-7" in done.out
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "zh")
    done = cli("verify", file, "--network", network_file)
    assert "真实，且已存证" in done.out
    assert "这是声明，不是信用记录" in done.out


def test_a_promise_in_plain_words(
    ledger: Ledger, cli: Cli, network_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = said_in(ledger.beijing)
    [file] = write(tmp_path, [promised(ledger.beijing, made, due=10**5).encode()])
    done = cli("verify", file, "--network", network_file)
    assert done.exit == 4
    words = " ".join(done.out.split())
    assert "PROMISED, not anchored yet" in words
    assert "The promise counts until then" in words
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "zh")
    done = cli("verify", file, "--network", network_file)
    assert "有签字承诺，尚未存证" in done.out
    assert "承诺期限" in done.out


def test_a_statement_beside_its_receipt(
    ledger: Ledger, cli: Cli, network_file: Path, tmp_path: Path
) -> None:
    made = said_in(ledger.beijing)
    other = said_in(ledger.beijing, salt=bytes(32))
    (receipt,) = put(ledger.beijing, made)
    [file] = write(tmp_path, [receipt])
    right, wrong = tmp_path / "said.json", tmp_path / "other.json"
    right.write_bytes(made.encode())
    wrong.write_bytes(other.encode())
    common = ("verify", file, "--network", network_file)
    assert cli(*common, "--statement", right).exit == 0
    done = cli(*common, "--statement", wrong)
    assert (done.exit, "NOT GENUINE [proof-mismatch]" in done.out) == (1, True)
    done = cli(*common, "--statement", right, "--subject", "91110000600037341L")
    assert (done.exit, "DO NOT RELY ON IT [other-subject]" in done.out) == (3, True)
    assert "--subject" in done.out
    done = cli(*common, file, "--statement", right)
    assert (done.exit, "--statement" in done.err) == (2, True)
    done = cli(*common, "--statement", right, "--out", right)
    assert done.exit == 2
    assert right.read_bytes() == made.encode()


def test_receipts_and_openings_together(
    ledger: Ledger, cli: Cli, network_file: Path, tmp_path: Path
) -> None:
    """A table of all; the worst exit code."""
    made = said_in(ledger.beijing)
    files = write(
        tmp_path, [ledger.beijing.receipt(0), promised(ledger.beijing, made, due=10**5).encode()]
    )
    done = cli("verify", *files, "--network", network_file)
    assert done.exit == 4
    assert "Summary" in done.out
    assert "MAY BE USED today" in done.out
    told = cli("verify", *files, "--network", network_file, "--json").json()
    assert [one["verdict"] for one in told["verdicts"]] == ["valid", "undetermined"]
