"""A repair of a record in another province was granted: nobody is given a field of it any more, by
any route of any gateway, but its own authority and its subject."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import structlog

from gateway.app import create_app
from gateway.base.policy import SCOPES
from gateway.cases import papers
from gateway.node import Node
from ledger.core.verdict.facts import date_of
from ledger.core.verdict.verdict import Verdict
from ledger.verify import Verifier, ask
from tests.gateway.abroad.desk import deliver
from tests.gateway.cases.desk import send_all
from tests.gateway.files.work import work
from tests.gateway.intake.material import bearer, new_token
from tests.gateway.peers.walks import (
    ASKERS,
    BEIJING,
    DAY,
    DECIDED,
    EXCHANGE,
    JSON,
    NUMBER,
    REASON,
    SECRETS,
    SUBJECT,
    TIANJIN,
    World,
    exchanged,
    record_json,
    walk_of,
    walked,
)
from tests.records.examples import AUTHORITY
from tests.support import nightly
from tests.support.asgi import Client
from tests.support.peers import Member, keyring, open_member, start_members
from tests.support.walking import leaked


def follow(member: Member) -> None:
    """Take up what the chain says of records."""
    chain = member.node.follower.look()
    assert chain is not None
    assert member.node.follower.follow(chain, Event())


def file_it(found: dict[str, Any]) -> Any:
    """Before all gateways are opened, and a day before all else: the record, filed by a department
    of Tianjin, and a file of its with another version of it."""

    def filing(chain: Any, folder: Path) -> Mapping[str, Any]:
        ring = keyring(chain, TIANJIN)
        node = open_member(chain, TIANJIN, folder / TIANJIN, ring, now=-DAY)
        client, ours = Client(create_app(node)), bearer(new_token(node, *SCOPES))
        headers = ours | JSON
        told = client.request("POST", "/v1/records", content=record_json(), headers=headers).json()
        assert told.get("verdict") == "accepted", told
        for _ in range(40):
            node.logs.step()
            if not node.anchoring.step().waiting:
                break
            chain.anvil.mine()
        chain.anvil.mine()
        found["day"] = date.fromisoformat(date_of(chain.anvil.head_time()))
        row = record_json(CF_NR="另一内容")
        files = {"file": ("x.ndjson", row)}
        answer = client.request("POST", "/v1/files", files=files, headers=ours)
        assert answer.status_code == 202, answer.text
        work(node)
        found["leaf"], found["record"] = told["leaf"], bytes.fromhex(told["recordId"])
        found["file"] = answer.headers["Location"].rpartition("/")[2]
        client.get(f"/v1/files/{found['file']}/report.xlsx", headers=ours)
        work(node)
        of_all = client.get(f"/v1/records/{told['leaf']}/receipt", headers=ours)
        assert of_all.status_code == 200, of_all.text
        found["receipt"] = of_all.content
        node.close()
        chain.anvil.call("evm_setTime", int(time.time()))
        chain.anvil.mine()
        return {TIANJIN: ring}

    return filing


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A paper says in plain what is printed on it, which a PDF has by the numbers of its glyphs."""
    monkeypatch.setattr(papers, "draw", lambda paper: repr(paper).encode())


@pytest.fixture
def world(tmp_path: Path, drawn: None) -> Iterator[tuple[World, date]]:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    found: dict[str, Any] = {}
    codes = (TIANJIN, *ASKERS)
    yesterday = ("--timestamp", str(int(time.time()) - int(DAY.total_seconds())))
    with start_members(tmp_path, codes, before=file_it(found), anvil_args=yesterday) as network:
        day = found.pop("day")
        for member in network.members.values():
            member.node.watching.end()  # so that streams end at once
        made = World(network=network, **found)
        applied(made)
        yield made, day


def applied(world: World) -> None:
    """Beijing's desk applies, Tianjin accepts and proposes to grant it."""
    home, owner = world.network[BEIJING], world.owner
    desk = bearer(new_token(home.node, "submit", "read", department="信用窗口", name="desk"))
    told = world.step(
        home,
        "/v1/cases",
        desk,
        record=world.record.hex(),
        kind="repair",
        reason=REASON,
        owner=TIANJIN,
        authority=AUTHORITY,
    )
    world.case = told["case"]
    deliver(home, TIANJIN)
    clerk = own(owner.node, "clerk")
    world.step(owner, f"/v1/cases/{world.case}/accept", clerk, note=REASON)
    told = world.step(
        owner,
        f"/v1/cases/{world.case}/decide",
        clerk,
        act="grant",
        basis=2,
        **{"class": "severe"},
        note=REASON,
    )
    table = f"文书号,认定单位代码,结果,日期\n{NUMBER},{AUTHORITY},准予修复,{DECIDED}\n".encode()
    client = Client(create_app(owner.node))
    answer = client.request(
        "POST", "/v1/case-files", headers=clerk, files={"file": ("结果.csv", table)}
    )
    assert answer.status_code == 202, answer.text
    world.case_file = answer.json()["id"]
    owner.node.case_files.judging.step()  # as its thread does at once


def own(node: Node, name: str) -> dict[str, str]:
    """A token of the record's own authority."""
    scopes = ("submit", "read", "decide", "release")
    return bearer(new_token(node, *scopes, authorities=[AUTHORITY], name=name))


def granted(world: World) -> None:
    """Released and carried out everywhere."""
    owner = world.owner
    client, chief = Client(create_app(owner.node)), own(owner.node, "chief")
    shown = client.get(f"/v1/cases/{world.case}", headers=chief).json()
    number = shown["proposed"]["proposal"]
    answer = client.request(
        "POST", f"/v1/cases/{world.case}/release?proposal={number}", headers=chief
    )
    assert answer.status_code == 200, answer.text
    send_all(owner.node, owner.anvil)
    owner.anvil.mine()
    deliver(owner, BEIJING)
    for member in world.network.members.values():
        follow(member)


def judged(world: World, **question: Any) -> Verdict:
    verifier = Verifier(world.network.chain.file, now=world.network.chain.anvil.head_time, wait=0)
    try:
        return verifier.verify(world.receipt, ask(**question))
    finally:
        verifier.close()


_DECIDING = ("/v1/cases", "/v1/case-files/", "/v1/records/{record}")
"""Where the centre, which may, would decide the case in passing."""


_TELLING = (
    "/v1/records/X",
    "/v1/records/X/receipt",
    "/v1/files/X/report.xlsx",
    "/v1/case-files/X/rows",
    "/v1/case-files/X/report.xlsx",
    "/v1/cases/X/receipt.pdf",
    "/v1/cases/X/steps/2/documents/0",
    "/v1/cases/X/proposed/documents/0",
)
"""Where a field stands before the grant: the walk looks there."""


def test_nobody_is_told_a_field_after_the_grant(world: tuple[World, date]) -> None:
    """Before it the same walk finds them, so it looks where they are."""
    made, day = world
    document = {path for _, path in walk_of(made, made.owner).operations()}
    assert {path.rpartition("/")[2] for path in document if "/exchange/" in path} == set(EXCHANGE)
    before = {
        asked.split("?")[0]
        for _, asked, found in walked(made, made.owner, all_of_them=False, leave=_DECIDING)
        if set(found) & set(SECRETS)
    }
    places = re.sub("[0-9a-f]{32,}", "X", " ".join(sorted(before)))
    for place in _TELLING:
        assert place in places, f"{place}: {places}"
    made.owner.anvil.mine(4)
    follow(made.owner)
    told = {
        (asker, route)
        for asker in ASKERS
        for route, body in exchanged(made, asker)
        if leaked(body, SECRETS) or b'"match":true' in body
    }
    assert told == {(asker, route) for asker in ASKERS for route in ("record", "check", "subject")}
    granted(made)
    problems: list[tuple[object, ...]] = []
    for whole in (nightly.is_night(), True):  # what was handed in meanwhile is looked at as well
        for code, member in made.network.members.items():
            if not whole and code != TIANJIN:
                continue
            for who, asked, found in walked(made, member, all_of_them=whole and code == TIANJIN):
                if found:
                    problems.append((code, who, asked, found))
        work(made.owner.node)
        made.owner.node.case_files.judging.step()
    for asker in ASKERS:
        for route, body in exchanged(made, asker):
            ours = [SUBJECT] if route == "subject" else []  # the question, signed with the answer
            found = [one for one in leaked(body, SECRETS) if one not in ours]
            if found or b'"match":true' in body or b'"match":false' in body:
                problems.append((asker, route, body[:200]))
    assert problems == []
    now = judged(made)
    assert (now.verdict, now.exit, now.standing.usable) == ("repaired", 3, False)
    assert now.record is not None and now.record["CF_WSH"] == NUMBER, "it is authentic"
    then = judged(made, as_of=day)
    assert (then.verdict, then.standing.usable) == ("valid", True)
    assert then.now.verdict == "repaired"
