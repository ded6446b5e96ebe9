"""Whether values are those of a record: true, false, or nothing is told."""

from __future__ import annotations

import time
from datetime import date

import orjson
import pytest
import sqlalchemy as sa

from gateway.accesses.services import Wanted, newest
from gateway.base.access_table import Standing
from gateway.base.db import begin_write
from gateway.peers.errors import PeerRefused, PeerSilent
from gateway.peers.models import peer_checks
from gateway.peers.routes import PACE
from gateway.peers.services import CHECKS_A_DAY, Exchange
from gateway.records.content import Content
from tests.gateway.peers.conftest import BANK, BEIJING, TIANJIN
from tests.support.peers import DECIDED, Network, row

CODE, NAME, NUMBER = "CF_XDR_SHXYM", "CF_XDR_MC", "CF_WSH"
SUBJECT = "91110000600037341L"


@pytest.fixture(scope="module")
def filed(network: Network) -> list[bytes]:
    """A public record of Beijing, and one that is only shared."""
    return network[BEIJING].file(row(1), row(2, class_="minor"))


def check(network: Network, record_id: bytes, **fields: str) -> bool | None:
    return network[BANK].peers.check(BEIJING, record_id, fields)


def test_true_and_false(network: Network, filed: list[bytes]) -> None:
    record_id = filed[0]
    assert check(network, record_id, **{CODE: SUBJECT}) is True
    assert (
        check(network, record_id, **{CODE: SUBJECT.lower(), NUMBER: "样市监罚[2026] 1号"}) is True
    )
    assert check(network, record_id, CF_JDRQ=DECIDED) is True
    assert check(network, record_id, **{CODE: "91110108551385082Q"}) is False
    assert check(network, record_id, **{CODE: SUBJECT, NUMBER: "样市监罚〔2026〕2号"}) is False
    assert check(network, record_id, CF_JDRQ="2020-01-01") is False
    assert check(network, record_id, **{NAME: "合成样例"}) is False


def test_nothing_is_told(network: Network, filed: list[bytes]) -> None:
    """Of what is not public, not there, no record id, and of fields that are not marked."""
    assert check(network, filed[1], **{CODE: SUBJECT}) is None
    assert check(network, bytes(32), **{CODE: SUBJECT}) is None
    assert check(network, filed[0], CF_NR="罚款") is None
    assert check(network, filed[0], **{CODE: SUBJECT, "CF_NR": "x"}) is None
    assert check(network, filed[0], NOTHING="x") is None


PERSON = "11010519491231002X"  # the example of GB 11643


def test_numbers_of_residents_are_never_compared(network: Network, filed: list[bytes]) -> None:
    """Neither one that the asker tries, nor one that the record holds."""
    assert check(network, filed[0], **{NAME: f"合成样例 {PERSON}"}) is None
    assert check(network, filed[0], **{CODE: SUBJECT, NUMBER: PERSON}) is None
    exchange = network[BEIJING].node.peers.exchange
    fields = {CODE: SUBJECT, NAME: "合成样例有限公司", NUMBER: f"样字〔2026〕1号（{PERSON}）"}
    content = Content(
        secret=bytes(32),
        schema="penalty@1",
        rules="",
        class_=None,
        decided=DECIDED,
        until=None,
        fields=fields,
    )
    assert exchange._match(content, {CODE: SUBJECT}) is True
    assert exchange._match(content, {CODE: SUBJECT, NUMBER: "样字〔2026〕1号"}) is None


def test_nothing_is_told_of_what_is_not_in_force(network: Network, filed: list[bytes]) -> None:
    """Nor is the record given, whatever it is that took its force."""
    node = network[BEIJING].node
    exchange: Exchange = node.peers.exchange
    try:
        for standing in Standing:
            exchange.ask_status(lambda _id, found=standing: found)
            told = standing in (Standing.IN_FORCE, Standing.DISPUTED)
            assert check(network, filed[0], **{CODE: SUBJECT}) is (True if told else None)
            if told:
                network[BANK].peers.record(BEIJING, filed[0])
                continue
            with pytest.raises(PeerRefused, match="not-granted"):
                network[BANK].peers.record(BEIJING, filed[0])
    finally:
        exchange.ask_status(None)


def test_every_answer_is_logged(network: Network, filed: list[bytes]) -> None:
    check(network, filed[0], **{CODE: SUBJECT})
    check(network, filed[1], **{CODE: SUBJECT})
    engine, found = network[BEIJING].node.ctx.engine, []
    for record_id in filed:
        leaf = network[BEIJING].leaf(record_id)
        (line, *_) = newest(engine, Wanted(member=BANK, record=leaf), 1)
        found.append((line.purpose, line.answer, line.rules))
    assert found == [("exchange-check", "allowed", 1), ("exchange-check", "not-granted", 1)]


def test_answered_at_a_quarter_of_a_second(network: Network, filed: list[bytes]) -> None:
    """Whatever is asked: how long it took says nothing. (What is slower waits for the next.)"""
    for record_id in (filed[0], filed[1], bytes(32)):
        started = time.monotonic()
        check(network, record_id, **{CODE: SUBJECT})
        assert time.monotonic() - started >= PACE


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {f"X{n}": "x" for n in range(11)},
        {"X": ""},
        {"X": "x" * 1001},
        {"X": 1},
        {"X": ["x"]},
        [],
    ],
)
def test_fields_of_another_form(network: Network, fields: object) -> None:
    body = orjson.dumps({"recordId": "00" * 32, "fields": fields})
    with pytest.raises(PeerRefused) as caught:
        network[BANK].peers.ask(BEIJING, "check", body)
    assert (caught.value.status, caught.value.code) == (422, "schema-invalid")


def test_a_thousand_a_day(network: Network, filed: list[bytes]) -> None:
    """Counted in the database, over all records, for each member by itself."""
    node = network[BEIJING].node
    check(network, filed[0], **{CODE: SUBJECT})
    mine = sa.update(peer_checks).where(peer_checks.c.member == BANK)
    with begin_write(node.ctx.engine) as connection:
        connection.execute(mine.values(count=CHECKS_A_DAY - 1))
    assert check(network, filed[0], **{CODE: SUBJECT}) is True
    for record_id in (filed[0], bytes(32)):
        with pytest.raises(PeerSilent) as caught:
            check(network, record_id, **{CODE: SUBJECT})
        assert caught.value.message == "too-many-requests"
    assert network[TIANJIN].peers.check(BEIJING, filed[0], {CODE: SUBJECT}) is True
    yesterday = sa.update(peer_checks).where(peer_checks.c.member == BANK)
    with begin_write(node.ctx.engine) as connection:
        connection.execute(yesterday.values(day=date(2020, 1, 1)))
    assert check(network, filed[0], **{CODE: SUBJECT}) is True
