"""Openings of statements, for auditors: so many as one answer holds, and the next ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson
import pytest

from gateway.accesses.services import Wanted, newest
from gateway.peers import client
from gateway.peers import services as subject
from gateway.peers.errors import BadAnswer, PeerRefused
from ledger.core.opening import parse_opening
from tests.gateway.peers.conftest import AUDITOR, BANK, BEIJING, TIANJIN
from tests.gateway.peers.openings import opening
from tests.support.peers import Network

LOG = bytes([7]) * 32


class Statements:
    """A statement at every third leaf. asked: the ranges."""

    def __init__(self, made: Mapping[str, Any]) -> None:
        self.made = made
        self.asked: list[tuple[int, int]] = []

    def openings(self, log: bytes, start: int, end: int) -> Iterable[tuple[int, Mapping[str, Any]]]:
        assert log == LOG
        self.asked.append((start, end))
        return ((at, self.made) for at in range(start, end) if at % 3 == 0)


@pytest.fixture
def source(network: Network) -> Iterator[Statements]:
    found = Statements(opening(network, BEIJING).to_json())
    network[BEIJING].node.peers.exchange.ask_openings(found)
    yield found
    network[BEIJING].node.peers.exchange.ask_openings(None)


def test_an_auditor_is_given_all(network: Network, source: Statements) -> None:
    found = network[AUDITOR].peers.openings(BEIJING, LOG, 0, 100)
    assert len(found) == 34
    for one in found:
        parse_opening(orjson.dumps(one, option=orjson.OPT_SORT_KEYS))
    (line, *_) = newest(network[BEIJING].node.ctx.engine, Wanted(member=AUDITOR), 1)
    assert (line.purpose, line.answer, line.count) == ("exchange-openings", "allowed", 34)


def test_where_there_are_none(network: Network) -> None:
    assert network[AUDITOR].peers.openings(BEIJING, LOG, 0, 1024) == []


def test_in_pieces(network: Network, source: Statements, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each answer says from where to go on, by number of items and by size."""
    monkeypatch.setattr(subject, "MAX_ITEMS", 10)
    assert len(network[AUDITOR].peers.openings(BEIJING, LOG, 1, 101)) == 33
    assert source.asked == [(1, 101), (33, 101), (63, 101), (93, 101)]
    source.asked.clear()
    monkeypatch.setattr(subject, "MAX_ITEMS", 1000)
    size = len(orjson.dumps(source.made)) + 1
    monkeypatch.setattr(subject, "MAX_ANSWER", subject.ROOM + 5 * size + 1)
    assert len(network[AUDITOR].peers.openings(BEIJING, LOG, 0, 30)) == 10
    assert source.asked == [(0, 30), (15, 30)]


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ([b'{"next":null,"openings":[{},{},{}]}'], "answer-malformed"),
        ([b'{"next":%d,"openings":[]}' % n for n in range(1, 100)], "answer-too-large"),
        ([b'{"next":1,"openings":[]}' + b" " * 100], "answer-too-large"),
    ],
    ids=["more than leaves", "answers without end", "bytes without end"],
)
def test_an_auditor_is_not_drowned(
    network: Network, monkeypatch: pytest.MonkeyPatch, answers: list[bytes], code: str
) -> None:
    """By a member that answers as it likes: all its answers together have a bound."""
    monkeypatch.setattr(client, "MAX_OPENINGS", 100 if len(answers) == 1 else 1 << 20)
    left = iter(answers)
    peers = network[AUDITOR].peers
    monkeypatch.setattr(
        peers, "ask", lambda *_, **__: client.Told(status=200, body=next(left), nonce="")
    )
    with pytest.raises(BadAnswer) as caught:
        peers.openings(BEIJING, LOG, 0, 2 if len(answers) == 1 else 1024)
    assert caught.value.code == code


def test_nobody_else_is_given_any(network: Network, source: Statements) -> None:
    for asker in (TIANJIN, BANK, BEIJING):
        with pytest.raises(PeerRefused, match="not-granted"):
            network[asker].peers.openings(BEIJING, LOG, 0, 10)
    assert source.asked == []


@pytest.mark.parametrize(
    "body",
    [
        {"log": "00", "from": 0, "to": 1},
        {"log": "00" * 32, "from": 0, "to": 0},
        {"log": "00" * 32, "from": 5, "to": 4},
        {"log": "00" * 32, "from": 0, "to": 1025},
        {"log": "00" * 32, "from": -1, "to": 1},
        {"log": "00" * 32, "from": True, "to": 2},
        {"log": "00" * 32, "from": 0.0, "to": 2},
        {"log": "00" * 32, "from": 0},
    ],
)
def test_ranges_of_another_form(network: Network, body: dict[str, object]) -> None:
    with pytest.raises(PeerRefused) as caught:
        network[AUDITOR].peers.ask(BEIJING, "openings", orjson.dumps(body))
    assert (caught.value.status, caught.value.code) == (422, "schema-invalid")
