"""A record that is given on authorisation alone: without one in force no route of any gateway
yields a field of it to another member, department or stranger; with one, its grantee is given what
it covers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import structlog

from gateway.app import create_app
from gateway.base.access_table import CONSENTED, OF_GOVERNMENT
from gateway.base.policy import SCOPES
from tests.gateway.authorisations import desk
from tests.gateway.intake.material import bearer, new_token
from tests.gateway.peers.walks import (
    ASKERS,
    BEIJING,
    DECIDED,
    JSON,
    SECRETS,
    SUBJECT,
    TIANJIN,
    World,
    exchanged,
    record_json,
    walked,
)
from tests.gateway.queries.bank import bundle_of, follow, given_by, judged, use
from tests.support.asgi import Client
from tests.support.peers import Network, start_members
from tests.support.walking import leaked

BANK = "demo-bank"
PROVINCES = (BEIJING, TIANJIN)
BY_TABLE = ("POST /v1/uses ", "POST /v1/checks/subjects ")
"""The walk asks there for a purpose of authorities, for which the table gives provinces all."""
ITS_OWN = ("centre", "ours", "other admin", "other all")
"""The centre, the department that filed it, and administrators, who act for the whole member."""
OF_THE_RECORD = tuple(one for one in SECRETS if one != SUBJECT)
"""The subject's code stands in its authorisation as well, which custodian and grantee hold."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    with start_members(tmp_path, (TIANJIN, *ASKERS), consent=(BEIJING,)) as network:
        for member in network.members.values():
            member.node.watching.end()  # so that streams end at once
        yield filed(network)


def filed(network: Network) -> World:
    """By a department of the owner, and anchored."""
    owner = network[TIANJIN]
    ours = bearer(new_token(owner.node, *SCOPES, department="市监局", name="filer"))
    client = Client(create_app(owner.node))
    answer = client.request(
        "POST", "/v1/records", content=record_json("minor"), headers=ours | JSON
    )
    told = answer.json()
    assert told.get("verdict") == "accepted", told
    owner.settle()
    network.chain.anvil.mine(4)
    for member in network.members.values():
        follow(member)
    wanted = {"code": SUBJECT, "from": DECIDED, "to": owner.node.ctx.clock.today().isoformat()}
    centre = bearer(new_token(owner.node, "read", department=None, name="counter"))
    made = client.request("POST", "/v1/reports", json=wanted, headers=centre)
    assert made.status_code == 201, made.text
    receipt = client.get(f"/v1/records/{told['leaf']}/receipt", headers=ours)
    return World(
        network=network,
        leaf=told["leaf"],
        record=bytes.fromhex(told["recordId"]),
        receipt=receipt.content,
        file="0" * 32,
        class_="minor",
        places={"number": (made.headers["Credit-Ledger-Report"],)},
    )


def problems(world: World) -> list[tuple[str, str, str, list[str]]]:
    """Who was told a word of the record by which route, but the centre of its owner and the
    department that filed it."""
    found: list[tuple[str, str, str, list[str]]] = []
    for code, member in world.network.members.items():
        for who, asked, told in walked(world, member, all_of_them=code == TIANJIN):
            words = [one for one in told if one in OF_THE_RECORD]
            own = code == TIANJIN and who.startswith(ITS_OWN)
            if words and not own and not (code in PROVINCES and asked.startswith(BY_TABLE)):
                found.append((code, who, asked, words))
    return found


def told(world: World, purposes: Sequence[str], shown: Any = None) -> set[tuple[str, str, str]]:
    """(asker, purpose, route) of the answers between members that hold a word of the record, or
    tell whether a word is right."""
    return {
        (asker, purpose, route)
        for asker in ASKERS
        for purpose in purposes
        for route, body in exchanged(world, asker, purpose, shown)
        if leaked(body, OF_THE_RECORD) or b'"match":true' in body or b'"match":false' in body
    }


def test_without_an_authorisation_nobody_is_told(world: World) -> None:
    found = told(world, (*CONSENTED, *OF_GOVERNMENT))
    by_table = {(BEIJING, purpose, "subject") for purpose in OF_GOVERNMENT}
    assert found == by_table, "a province, for purposes of authorities"
    assert problems(world) == []


def test_with_one_its_grantee_is_given_what_it_covers(world: World) -> None:
    network = world.network
    opening = desk.granted(network, BEIJING, subject=SUBJECT)
    commitment, shown = opening.statement.commitment.hex(), opening.to_json()
    purpose = "pre-loan"
    routes = ("record", "check", "subject")
    found = told(world, (purpose,), shown)
    assert found == {(BANK, purpose, route) for route in routes}
    others = [one for one in CONSENTED if one != purpose]
    assert [one for one in told(world, others, shown) if one[2] == "subject"] == []
    asked = use(network, SUBJECT, purpose=purpose, authorisation=commitment)
    given = given_by(bundle_of(asked), TIANJIN)
    assert [one.leaf.hex() for one in given.answer.items] == [world.leaf]
    assert leaked(asked.content, OF_THE_RECORD) == list(OF_THE_RECORD)
    assert judged(network, asked.content).problems == ()
    world.places = {
        **world.places,
        "use": (asked.headers["Credit-Ledger-Use"],),
        "authorisation": (commitment,),
    }
    left = [one for one in problems(world) if not (one[0] == BANK and one[1].startswith(ITS_OWN))]
    assert left == []
    desk.revoke(network[BEIJING], opening.statement.commitment)
    assert told(world, (purpose,), shown) == set()
