"""A province asks itself too: erasing a record of its own reaches the bundles that it keeps."""

from __future__ import annotations

import json
from datetime import timedelta

import sqlalchemy as sa

from gateway.accesses.models import accesses
from gateway.base.db import begin_write
from gateway.base.policy import Purpose
from gateway.node import _forget
from tests.gateway.queries.bank import firm, of, send, token, use
from tests.gateway.queries.conftest import BEIJING, TIANJIN
from tests.support.peers import Member, Network


def reads(member: Member, purpose: Purpose) -> int:
    """Lines of the access log."""
    query = sa.select(sa.func.count()).where(accesses.c.purpose == purpose)
    with member.node.ctx.engine.connect() as connection:
        return connection.scalar(query) or 0


def test_what_is_erased_is_in_no_bundle(network: Network) -> None:
    code, other = firm(301), firm(302)
    beijing, tianjin = network[BEIJING], network[TIANJIN]
    (own,) = beijing.file(of(code, 301))
    beijing.file(of(other, 302))
    tianjin.file(of(code, 303))
    clerk = token(beijing)

    def asked(subject: str) -> str:
        answer = use(network, subject, by=BEIJING, purpose="regulation", headers=clerk)
        assert answer.status_code == 200, answer.text
        name: str = answer.headers["Credit-Ledger-Use"]
        return name

    gone, left = asked(code), asked(other)
    assert send(beijing, "GET", f"/v1/uses/{gone}", **clerk).status_code == 200
    with begin_write(beijing.node.ctx.engine) as connection:
        _forget(connection, [own])
    answer = send(beijing, "GET", f"/v1/uses/{gone}", **clerk)
    assert (answer.status_code, answer.json()["code"]) == (410, "content-erased")
    assert send(beijing, "GET", f"/v1/uses/{left}", **clerk).status_code == 200
    day = beijing.node.ctx.clock.today()
    first, last = (day - timedelta(days=1)).isoformat(), (day + timedelta(days=1)).isoformat()
    centre = token(beijing, department=None)
    log = send(beijing, "GET", f"/v1/queries?first={first}&last={last}", **centre)
    codes = [json.loads(line)["subject"] for line in log.content.splitlines()]
    assert {code, other} <= set(codes), "that it was asked stays"


def test_another_member_keeps_what_it_was_told(network: Network) -> None:
    """Its evidence of that day."""
    code = firm(303)
    (record,) = network[TIANJIN].file(of(code, 304))
    clerk = token(network[BEIJING])
    name = use(network, code, by=BEIJING, purpose="regulation", headers=clerk)
    path = f"/v1/uses/{name.headers['Credit-Ledger-Use']}"
    with begin_write(network[TIANJIN].node.ctx.engine) as connection:
        _forget(connection, [record])
    assert send(network[BEIJING], "GET", path, **clerk).content == name.content


def test_every_reading_stands_in_the_access_log(network: Network) -> None:
    beijing = network[BEIJING]
    clerk, centre = token(beijing), token(beijing, department=None)
    name = use(network, firm(304), by=BEIJING, purpose="regulation", headers=clerk)
    before = reads(beijing, Purpose.USE)
    send(beijing, "GET", f"/v1/uses/{name.headers['Credit-Ledger-Use']}", **clerk)
    assert reads(beijing, Purpose.USE) == before + 1
    before = reads(beijing, Purpose.QUERIES)
    day = beijing.node.ctx.clock.today().isoformat()
    send(beijing, "GET", f"/v1/queries?first={day}&last={day}", **centre)
    assert reads(beijing, Purpose.QUERIES) == before + 1
