"""`audit sums` on the command line: what it prints and writes, and how it ends."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from ledger.cli.main import run
from ledger.core.canonical import instant
from tests.audit.banker import BEIJING, TIANJIN, Banker
from tests.audit.conftest import Ledger
from tests.audit.desk import Desk
from tests.audit.test_sums import close
from tests.support.ledger import serve

Sums = Callable[..., tuple[int, str, str]]


@pytest.fixture
def bank(ledger: Ledger, tmp_path: Path) -> Banker:
    made = Banker(Desk(ledger, tmp_path))
    made.outcome(12)
    made.outcome(3, region=BEIJING)
    close(made)
    ledger.network.anvil.mine()
    return made


@contextmanager
def logs(bank: Banker) -> Iterator[list[str]]:
    """Options by which every log is read."""
    desk = bank.desk
    held = [desk.ledger.beijing, desk.ledger.tianjin, *desk.more.values()]
    with serve(*held) as url:
        yield [f"--mirror={log.member}={url}" for log in held]


@pytest.fixture
def sums(
    bank: Banker,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> Sums:
    """Runs it with all openings; exit code, stdout, stderr."""
    network = tmp_path / "network.json"
    network.write_bytes(bank.desk.ledger.network.file.encode())
    monkeypatch.setenv("CREDIT_LEDGER_NOW", instant(bank.desk.now))
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "en")
    monkeypatch.setenv("COLUMNS", "160")

    def call(*more: Any) -> tuple[int, str, str]:
        with logs(bank) as mirrors:
            capsysbinary.readouterr()
            code = run(
                [
                    *("audit", "sums", "--network", str(network)),
                    *("--openings", str(bank.desk.answers()), *mirrors),
                    *("--from", "2026-09", "--until", "2026-10", *map(str, more)),
                ]
            )
        out, err = capsysbinary.readouterr()
        return code, out.decode(), err.decode()

    return call


def test_sums_for_people_and_programs(sums: Sums, tmp_path: Path) -> None:
    code, out, _ = sums("--by", "region")
    assert code == 0
    assert [line.split("\t") for line in out.splitlines()] == [
        ["region", "households", "granted", "lent", "members", "hidden"],
        [BEIJING, "-", "-", "-", "-", "1"],
        [TIANJIN, "12", "120", "60", "1", "0"],
    ]
    code, out, _ = sums("--by", "region", "--json", "-o", tmp_path / "sums.csv")
    told = orjson.loads(out)
    assert (code, told["incomplete"], told["findings"]) == (0, False, [])
    text = (tmp_path / "sums.csv").read_bytes().decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text))) == [
        ["region", "households", "granted", "lent", "members", "hidden"],
        [BEIJING, "", "", "", "", "1"],
        [TIANJIN, "12", "120", "60", "1", "0"],
    ]


def test_what_it_writes_as_json_adds_up_by_itself(sums: Sums, tmp_path: Path) -> None:
    out = tmp_path / "sums.json"
    assert sums("-o", out)[0] == 0
    assert sums("--against", out)[0] == 0
    value = orjson.loads(out.read_bytes())
    value["items"][1]["households"] = 13
    out.write_bytes(orjson.dumps(value))
    code, told, _ = sums("--against", out)
    assert (code, "sums-differ" in told) == (1, True)


def test_what_is_not_anchored_yet_is_no_error(bank: Banker, sums: Sums, tmp_path: Path) -> None:
    out = tmp_path / "sums.json"
    assert sums("-o", out)[0] == 0
    value = orjson.loads(out.read_bytes())
    value["items"][1]["households"] = 13
    value["at"] = instant(bank.desk.now)
    out.write_bytes(orjson.dumps(value))
    code, told, _ = sums("--against", out)
    assert (code, "sums-not-anchored" in told, "sums-differ" in told) == (0, True, False)


def test_an_institution_that_did_not_open_all(bank: Banker, sums: Sums) -> None:
    bank.desk.unanswered.add(bank.desk.made[0].commitment)
    code, _, err = sums()
    assert (code, "incomplete" in err) == (4, True)


def test_what_is_asked_wrongly(sums: Sums, tmp_path: Path) -> None:
    for by in ("colour", "region,region"):
        assert sums("--by", by)[0] == 2
    assert sums("-o", tmp_path / "network.json")[0] == 2
    other = tmp_path / "other.json"
    # Something else that may lie beside openings would be held against nothing.
    for data in (b"{}", b'{"_type":"credit-ledger/bundle@1"}', b""):
        other.write_bytes(data)
        code, _, err = sums("--against", other)
        assert (code, "--against" in err) == (2, True), data
    code, _, err = sums("--from", "2026-11", "--until", "2026-10")
    assert (code, "--until" in err) == (2, True)
