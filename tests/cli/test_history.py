"""`history`, and `verify` of what it wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from ledger.cli import node as node_module
from ledger.core import receipt as receipts
from ledger.core.history import TYP, Given, History, act_json, encode_file
from ledger.core.jws import sign_statement
from ledger.core.keys import Purpose
from ledger.core.signed import Item, Left
from ledger.core.status import Action
from ledger.core.verdict.facts import date_of
from ledger.verify import Verifier
from tests.cli.conftest import Cli
from tests.cli.stub import Stub, stub, told
from tests.support.cases import act, make_act
from tests.support.ledger import SUBJECT
from tests.verify.conftest import Ledger

ASK = "POST /v1/histories"


@pytest.fixture
def data(ledger: Ledger) -> bytes:
    """What Beijing gives to Hebei: two records, the first one disputed; it kept two back."""
    log, network = ledger.beijing, ledger.network
    commitment = log.records[0].commitment.digest
    act(network, "110000", make_act(network, Action.DISPUTE, log.log_id, commitment))
    network.anvil.mine()
    texts = [log.receipt(0), log.receipt(1)]
    verifier = Verifier(network.file, wait=0)
    acts = [act_json(one) for one in verifier.acts(receipts.parse(texts[0]).record_id)]
    verifier.close()
    now = network.anvil.head_time()
    made = History(
        iss="110000",
        subject=SUBJECT,
        purpose="relocation",
        to="130000",
        as_of=date.fromisoformat(date_of(now)),
        network=network.file.reference,
        at=now,
        known=now,
        records=tuple(
            Given(item=Item.of(receipts.parse(text).leaf, text), acts=tuple(some))
            for text, some in zip(texts, (acts, []), strict=True)
        ),
        openings=(),
        left=(Left(reason="not-granted", count=2),),
    )
    key = log.key(Purpose.PRESENT)
    jws = sign_statement(
        TYP, made.encode(), sign=key.sign, kid=key.key_id, alg=key.alg, iat=made.at
    )
    return encode_file(jws, [], [text.decode() for text in texts])


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Stub]:
    monkeypatch.setattr(node_module, "_PATIENCE", 0.2)
    monkeypatch.setattr(node_module, "_LONGEST_PAUSE", 0.1)
    monkeypatch.chdir(tmp_path)
    with stub() as made:
        yield made


def test_for_another_province(gateway: Stub, cli: Cli, data: bytes, tmp_path: Path) -> None:
    gateway.on(ASK, (200, data, {}))
    words = ("history", SUBJECT, "--to", gateway.url, "--token", "x", "-o", "history.json")
    done = cli(*words, "--member", "130000", "--as-of", "2026-11-20")
    assert done.exit == 0
    assert json.loads(gateway.asked[0].body) == {
        "code": SUBJECT,
        "purpose": "relocation",
        "to": "130000",
        "asOf": "2026-11-20",
    }
    for text in (SUBJECT, "130000", "not to be given 2"):
        assert text in done.out, text
    assert (tmp_path / "history.json").read_bytes() == data
    again = cli(*words)
    assert again.exit == 2
    assert len(gateway.asked) == 1


def test_for_the_subject(gateway: Stub, cli: Cli, data: bytes) -> None:
    gateway.on(ASK, (200, data, {}))
    value = cli("history", SUBJECT, "--to", gateway.url, "-o", "own.json", "--json").json()
    assert json.loads(gateway.asked[0].body) == {"code": SUBJECT, "purpose": "own"}
    assert (value["records"], value["left"]) == (2, {"not-granted": 2})
    assert "verdict" not in value


def test_refused(gateway: Stub, cli: Cli, data: bytes) -> None:
    words = ("history", SUBJECT, "--to", gateway.url, "-o", "history.json")
    gateway.on(ASK, told({"code": "centre-only", "title": "the centre alone"}, 403))
    done = cli(*words)
    assert (done.exit, "centre-only" in done.err) == (1, True)
    gateway.on(ASK, (200, data[:-1], {}))
    assert cli(*words).exit == 4
    assert not Path("history.json").exists()


def test_verified(
    cli: Cli, data: bytes, network_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "history.json"
    path.write_bytes(data)
    done = cli("verify", path, "--network", network_file)
    assert done.exit == 0
    for text in ("genuine", "disputed", "in force", "dispute 20", "not to be given 2"):
        assert text in done.out, text
    value = cli("verify", path, "--network", network_file, "--json").json()
    assert [one["verdict"] for one in value["records"]] == ["disputed", "valid"]
    before = cli(
        "verify", path, "--network", network_file, "--as-of", "2026-01-01", "--json"
    ).json()
    assert [one["verdict"] for one in before["records"]] == ["not-yet-anchored"] * 2
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "zh")
    assert "异议处理中" in cli("verify", path, "--network", network_file).out


def test_one_that_is_false(cli: Cli, data: bytes, network_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "history.json"
    path.write_bytes(data.replace(b'"receipts":["{', b'"receipts":["[', 1))
    done = cli("verify", path, "--network", network_file)
    assert done.exit == 1
    assert "[parts-differ]" in done.out
