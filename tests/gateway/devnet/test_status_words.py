"""What is up and what is down, in the language of whoever reads."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from gateway.devnet import services
from gateway.devnet.cli import network

FOUND = {
    "network": "network.json",
    "chain": {"url": "http://127.0.0.1:1", "up": True},
    "members": [{"code": "120000", "endpoint": "http://127.0.0.1:2", "up": False}],
}


@pytest.mark.parametrize(
    ("lang", "words", "others"),
    [
        ("zh", ("区块链", "运行中", "未运行"), ("chain", "up", "down")),
        ("en", ("chain", "up", "down"), ("区块链", "运行中", "未运行")),
    ],
)
def test_in_one_language(
    monkeypatch: pytest.MonkeyPatch, lang: str, words: tuple[str, ...], others: tuple[str, ...]
) -> None:
    monkeypatch.setenv("CREDIT_LEDGER_LANG", lang)
    monkeypatch.setattr(services, "status", lambda _: FOUND)
    told = CliRunner().invoke(network, ["status"])
    assert told.exit_code == 1, "a part of it is down"
    assert all(word in told.output for word in words)
    assert not any(word in told.output for word in others)
