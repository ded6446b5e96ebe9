"""`lists show`, and `verify` of what it wrote."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from ledger.cli import node as node_module
from ledger.core.day_list import parse_file
from ledger.core.verdict.facts import date_of
from tests.cli.conftest import Cli
from tests.cli.stub import Stub, stub, told
from tests.support.day_lists import file_of, left, listed, make_list, part_of, sign_part
from tests.support.ledger import SUBJECT
from tests.verify.conftest import Ledger

ASK = "GET /v1/lists/abnormal-list"


@pytest.fixture
def data(ledger: Ledger) -> bytes:
    """A list that Beijing merged today, of its own entry; Tianjin has none, two are missing."""
    log, other = ledger.beijing, ledger.tianjin
    index = listed(log)
    log.anchor()
    ledger.network.anvil.mine()
    day = date.fromisoformat(date_of(ledger.network.anvil.head_time()))
    texts = [log.receipt(index)]
    ours = part_of(log, texts, day)
    counted = part_of(other, [], day, until=2, left=(left("expired", 2),))
    parts = [sign_part(log, ours), sign_part(other, counted)]
    missing = (("130000", "unreachable"), ("140000", "answer-false"))
    return file_of(log, make_list(log, parts, day, missing), parts, texts)


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Stub]:
    monkeypatch.setattr(node_module, "_PATIENCE", 0.2)
    monkeypatch.setattr(node_module, "_LONGEST_PAUSE", 0.1)
    monkeypatch.chdir(tmp_path)
    with stub() as made:
        yield made


def test_shown_and_written(gateway: Stub, cli: Cli, data: bytes, tmp_path: Path) -> None:
    gateway.on(ASK, (200, data, {}))
    done = cli("lists", "show", "经营异常名录", "--to", gateway.url, "-o", "list.json")
    assert done.exit == 0
    for text in (SUBJECT, "异列〔2026〕1号", "expired 2", "140000 (answer-false)"):
        assert text in done.out, text
    assert (tmp_path / "list.json").read_bytes() == data


def test_as_json(gateway: Stub, cli: Cli, data: bytes) -> None:
    gateway.on(f"{ASK}?on=2026-11-20", (200, data, {}))
    words = ("lists", "show", "abnormal-list", "--on", "2026-11-20", "--to", gateway.url, "--json")
    value = cli(*words).json()
    assert value["_type"] == "credit-ledger/list-shown@1"
    assert "verdict" not in value
    assert [row["code"] for row in value["entries"]] == [SUBJECT]
    other = cli(*words, "--code", "91110108551385082Q").json()
    assert other["entries"] == []


def test_who_is_not_on_it(gateway: Stub, cli: Cli, data: bytes) -> None:
    gateway.on(ASK, (200, data, {}))
    done = cli(
        "lists", "show", "abnormal-list", "--code", "91110108551385082q", "--to", gateway.url
    )
    assert done.exit == 0
    assert "not on this list" in done.err


def test_in_chinese(gateway: Stub, cli: Cli, data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "zh")
    gateway.on(ASK, (200, data, {}))
    done = cli("lists", "show", "abnormal-list", "--to", gateway.url)
    for text in ("经营异常名录", "统一社会信用代码", "已到期 2", "未答复: 130000"):
        assert text in done.out, text


def test_refused(gateway: Stub, cli: Cli, data: bytes) -> None:
    assert cli("lists", "show", "penalty", "--to", gateway.url).exit == 2
    gateway.on(ASK, told({"code": "list-too-large", "title": "too many"}, 422))
    assert cli("lists", "show", "abnormal-list", "--to", gateway.url).exit == 1
    for wrong in (b"{}", data.replace(b'\\"leaf', b'\\"laef', 1)[:-2]):
        gateway.on(ASK, (200, wrong, {}))
        done = cli("lists", "show", "abnormal-list", "--to", gateway.url, "-o", "list.json")
        assert done.exit == 4
    assert not Path("list.json").exists()


def test_verified(cli: Cli, data: bytes, network_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_bytes(data)
    done = cli("verify", path, "--network", network_file, "--subject", SUBJECT)
    assert done.exit == 4
    assert "provinces are missing" in done.out
    assert "checked as of their own time" in done.err
    value = cli("verify", path, "--network", network_file, "--json").json()
    assert (value["verdict"], value["list"]) == ("incomplete", "abnormal-list")


def test_one_that_is_false(cli: Cli, data: bytes, network_file: Path, tmp_path: Path) -> None:
    """Beside a receipt that is good: each has its own verdict, and the worst counts."""
    file = parse_file(data)
    swapped = data.replace(file.receipts[0][:40].replace('"', '\\"').encode(), b"x" * 8, 1)
    paths = [tmp_path / "list.json", tmp_path / "receipt.json"]
    paths[0].write_bytes(swapped)
    paths[1].write_bytes(file.receipts[0].encode())
    done = cli("verify", *paths, "--network", network_file)
    assert done.exit == 1
    assert "[parts-differ]" in done.out
    assert SUBJECT in done.out  # of the receipt
    found = cli("verify", *paths, "--network", network_file, "--json").json()["verdicts"]
    assert [one["verdict"] for one in found] == ["false", "valid"]
