"""Lists of two provinces on a real chain: who is on them, what is counted, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from threading import Event
from typing import Any

import pytest

from gateway.accesses.services import Line, Wanted, newest
from gateway.app import create_app
from gateway.base.clock import Clock
from gateway.base.db import begin_write
from gateway.base.policy import Decision
from gateway.intake.interfaces import RowInput
from gateway.lists.interfaces import Wanted as ListWanted
from gateway.log.located import Entries, locate
from gateway.peers.errors import PeerRefused
from gateway.records.models import contents, records
from ledger.core import canonical
from ledger.core.day_list import parse_file, parse_part
from ledger.core.entry import parse_entry
from ledger.core.status import Action
from ledger.files.lists import ListVerdict, verify_list
from ledger.records import lists
from ledger.verify import Verifier
from tests.gateway.intake.material import bearer, new_token
from tests.gateway.lists.conftest import BANK, BEIJING, TIANJIN
from tests.support.archiving import archive
from tests.support.asgi import Client
from tests.support.cases import act, make_act
from tests.support.costs import statements
from tests.support.day_lists import LIST, abnormal, left_list
from tests.support.erasing import erase
from tests.support.peers import Member, Network, row
from tests.support.relay import Answered, Fault, change, drop_request

OTHERS = ["130000", "140000"]


def today() -> date:
    """In Asia/Shanghai, as gateways have it."""
    return Clock().today()


def entry(n: int, **changes: object) -> RowInput:
    return RowInput(row=n, type=LIST, class_=None, fields=abnormal(n, **changes))


def off(n: int, **changes: object) -> RowInput:
    fields = left_list(n, **changes)
    return RowInput(row=n, type="abnormal-list-exit", class_=None, fields=fields)


def follow(member: Member) -> None:
    """Take up what the chain says of records."""
    chain = member.node.follower.look()
    assert chain is not None
    assert member.node.follower.follow(chain, Event())


def token(member: Member, *scopes: str, **who: Any) -> dict[str, str]:
    return bearer(new_token(member.node, *(scopes or ("read",)), **who))


def ask(member: Member, headers: dict[str, str], name: str = LIST, on: str | None = None) -> Any:
    path = f"/v1/lists/{name}" + (f"?on={on}" if on else "")
    return Client(create_app(member.node)).get(path, headers=headers)


def file_of(member: Member, on: str | None = None) -> bytes:
    answer = ask(member, token(member), on=on)
    assert answer.status_code == 200, answer.text
    return bytes(answer.content)


def judged(network: Network, data: bytes) -> ListVerdict:
    verifier = Verifier(network.chain.file, wait=0)
    try:
        return verify_list(verifier, data)
    finally:
        verifier.close()


def told(network: Network, data: bytes) -> dict[str, Any]:
    """What is said of a file in which nothing is wrong."""
    found = judged(network, data)
    assert {one.code for one in found.problems} <= {"missing"}, found.problems
    return found.as_dict()


def documents(value: dict[str, Any], member: str = BEIJING) -> list[str]:
    rows = [row for row in value["entries"] if row["member"] == member]
    return sorted(str(row["document"])[8:] for row in rows)


def left_of(value: dict[str, Any], member: str = BEIJING) -> dict[str, int]:
    (found,) = [one for one in value["members"] if one["member"] == member]
    return dict(found["left"])


def commitment(member: Member, record: bytes) -> bytes:
    with member.node.ctx.engine.connect() as connection:
        found = locate(connection, record)
        assert found is not None
        data = Entries(connection).get(found)
    assert data is not None
    return parse_entry(data).commitment


def send(network: Network, member: Member, action: Action, record: bytes) -> None:
    """An act that no gateway has looked at."""
    log = network.chain.log_id(member.code)
    made = make_act(network.chain, action, log, commitment(member, record))
    act(network.chain, member.code, made)
    network.chain.anvil.mine()


def do(network: Network, member: Member, action: Action, record: bytes) -> None:
    send(network, member, action, record)
    follow(member)


def lines(member: Member, who: str | None = None) -> list[Line]:
    return newest(member.node.ctx.engine, Wanted(member=who), 100)


def test_the_merged_list_of_a_day(network: Network) -> None:
    """Of both provinces, with what is not listed counted, and those without a gateway named."""
    beijing, tianjin = network[BEIJING], network[TIANJIN]
    ids = beijing.file(
        entry(1),
        entry(2),
        entry(3, YC_GSJZQ="2026-06-01"),
        entry(4),
        entry(5),
        entry(6, YC_JDRQ=today().isoformat()),
        entry(7),
    )
    beijing.file(off(4))
    tianjin.file(entry(1, YC_XDR_SHXYM="91110108551385082Q", YC_XDR_MC="样例二有限公司"))
    do(network, beijing, Action.REPAIR, ids[4])
    do(network, beijing, Action.DISPUTE, ids[1])
    with begin_write(beijing.node.ctx.engine) as connection:
        erase(connection, beijing.leaf(ids[6]))
    follow(tianjin)
    for merging in (beijing, tianjin):
        value = told(network, file_of(merging))
        assert value["verdict"] == "incomplete"
        assert [one["member"] for one in value["missing"]] == OTHERS
        assert documents(value) == ["1号", "2号", "6号"]
        assert documents(value, TIANJIN) == ["1号"]
        assert left_of(value) == {"closed": 1, "erased": 1, "exited": 1, "expired": 1}
        assert value["issuer"] == merging.code
    line = lines(beijing, TIANJIN)
    assert {one.purpose for one in line} == {"exchange-list"}
    assert len({one.record for one in line}) == 3
    mine = [one for one in lines(beijing) if one.purpose == "list"]
    assert len({one.record for one in mine}) == 3


def test_of_an_earlier_day(network: Network) -> None:
    """What was not anchored by then is counted; nobody can say who will be on a list."""
    beijing = network[BEIJING]
    beijing.file(entry(1))
    yesterday = today() - timedelta(days=2)
    value = told(network, file_of(beijing, yesterday.isoformat()))
    assert (value["day"], documents(value)) == (yesterday.isoformat(), [])
    assert left_of(value) == {"not-yet": 1}
    ahead = (today() + timedelta(days=3)).isoformat()
    answer = ask(beijing, token(beijing), on=ahead)
    assert (answer.status_code, answer.json()["code"]) == (422, "day-to-come")
    with pytest.raises(PeerRefused) as caught:
        part(network, TIANJIN, day=ahead)
    assert caught.value.code == "day-to-come"


def test_acts_of_an_earlier_day(network: Network) -> None:
    """Of a record that was closed and opened again, the chain is asked for what was so then."""
    beijing = network[BEIJING]
    (record,) = beijing.file(entry(1))
    do(network, beijing, Action.SHIELD, record)
    assert left_of(told(network, file_of(beijing))) == {"closed": 1}
    do(network, beijing, Action.LIFT, record)
    assert documents(told(network, file_of(beijing))) == ["1号"]


def test_who_may(network: Network) -> None:
    beijing = network[BEIJING]
    beijing.file(entry(1))
    for scope in ("submit", "decide", "release"):
        answer = ask(beijing, token(beijing, scope, name=scope))
        assert (answer.status_code, answer.json()["code"]) == (403, "scope-missing")
    assert ask(beijing, {}).status_code == 401
    department = token(beijing, "read", department="乙局", name="乙局")
    assert ask(beijing, department).status_code == 200
    found = ask(beijing, department, name="penalty")
    assert (found.status_code, found.json()["code"]) == (404, "list-unknown")
    assert ask(beijing, department, on="2026-13-01").status_code == 422
    names = Client(create_app(beijing.node)).get("/v1/lists", headers=department).json()
    assert [one["list"] for one in names] == [
        "severe-list-entry",
        "abnormal-list",
        "incentive-list-entry",
    ]


def part(network: Network, asker: str, **changes: Any) -> dict[str, Any]:
    body = {"day": today().isoformat(), "from": 0, "list": LIST} | changes
    peers = network[asker].peers
    told_ = peers.ask(BEIJING, "list", canonical.encode(body), max_bytes=64 << 20)
    value: dict[str, Any] = told_.json(BEIJING)
    return value


def test_parts_go_on(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.lists.own.MAX_ITEMS", 2)
    beijing = network[BEIJING]
    beijing.file(*(entry(n) for n in range(1, 6)))
    first = parse_part(part(network, BANK)["part"]).part
    assert (first.start, first.until, first.last) == (0, 2, False)
    last = parse_part(part(network, BANK, **{"from": 4})["part"]).part
    assert (last.start, last.until, last.last) == (4, 5, True)
    file = parse_file(file_of(network[TIANJIN]))
    assert [one.part.until for one in file.parts if one.part.iss == BEIJING] == [2, 4, 5]
    assert documents(told(network, file.encode())) == ["1号", "2号", "3号", "4号", "5号"]


def test_parts_are_bounded_in_bytes(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.lists.own.MAX_BYTES", 1)
    network[BEIJING].file(entry(1), entry(2))
    found = parse_part(part(network, BANK)["part"]).part
    assert (len(found.items), found.until, found.last) == (1, 1, False)


def test_a_list_too_large(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.lists.merging.MAX_ENTRIES", 1)
    network[BEIJING].file(entry(1), entry(2))
    answer = ask(network[BEIJING], token(network[BEIJING]))
    assert (answer.status_code, answer.json()["code"]) == (422, "list-too-large")


def test_one_province_that_has_too_much(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is named; the others are told all the same."""
    network[BEIJING].file(entry(1))
    network[TIANJIN].file(entry(1), entry(2), entry(3))
    size = len(parse_file(file_of(network[BEIJING])).receipts[0])
    monkeypatch.setattr("gateway.lists.merging.MAX_BYTES", 2 * size)
    data = file_of(network[BEIJING])
    assert missing(network, data)[TIANJIN] == "answer-too-large"
    assert documents(told(network, data)) == ["1号"]


def test_what_is_not_listed_is_counted(network: Network) -> None:
    """Of what the disk, the catalogue or a newer record has done to entries."""
    beijing = network[BEIJING]
    ids = beijing.file(*(entry(n) for n in range(1, 6)))
    firm = {"YM_XDR_SHXYM": "91110108551385082Q", "YM_XDR_MC": "样例二有限公司"}
    ids += beijing.file(entry(6, YC_XDR_SHXYM=firm["YM_XDR_SHXYM"], YC_XDR_MC=firm["YM_XDR_MC"]))
    ids += beijing.file(off(6, **firm))
    changes: dict[int, dict[str, object]] = {
        1: {"visibility": 2},
        2: {"superseded_by": beijing.leaf(ids[0])},
        3: {"content": b"spoiled"},
        6: {"content": b"spoiled"},
    }
    gone = [beijing.leaf(one) for one in beijing.file(entry(7))]
    with begin_write(beijing.node.ctx.engine) as connection:
        for n, values in changes.items():
            found = locate(connection, ids[n])
            assert found is not None
            table = contents if "content" in values else records
            connection.execute(table.update().where(table.c.id == found.id).values(**values))
        archive(connection, *gone)
    value = told(network, file_of(beijing))
    assert documents(value) == ["1号", "5号"]
    assert left_of(value) == {"not-public": 1, "superseded": 1, "unreadable": 3}


def test_a_chain_that_was_not_seen_for_long(network: Network) -> None:
    """Nobody is told who was on a list by what was so hours ago."""
    beijing = network[BEIJING]
    beijing.file(entry(1))
    beijing.node.giving.lists._own._acts = _Blind(network, -7200)
    answer = ask(beijing, token(beijing))
    assert (answer.status_code, answer.json()["reason"]) == (503, "statuses-old")


@pytest.mark.parametrize(
    "changes",
    [
        {"day": "2026-1-1"},
        {"day": 1},
        {"from": -1},
        {"from": "0"},
        {"list": "penalty"},
        {"more": 1},
    ],
)
def test_questions_of_another_form(network: Network, changes: dict[str, Any]) -> None:
    body = json.dumps({"day": "2026-11-01", "from": 0, "list": LIST} | changes).encode()
    for asked in (body, b"[]", b"{"):
        with pytest.raises(PeerRefused) as caught:
            network[BANK].peers.ask(BEIJING, "list", asked)
        assert (caught.value.code, caught.value.status) == ("schema-invalid", 422)


def missing(network: Network, data: bytes) -> dict[str, str]:
    value = told(network, data)
    return {one["member"]: one["reason"] for one in value["missing"]}


FAULTS: list[tuple[str, Callable[[], Fault], str]] = [
    ("nothing comes", drop_request, "unreachable"),
    ("unsigned", lambda: change(lambda a: a.without("signature")), "answer-unsigned"),
    (
        "another body",
        lambda: change(lambda a: Answered(a.status, a.headers, a.body + b" ")),
        "answer-digest",
    ),
]


@pytest.mark.parametrize(("fault", "reason"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS])
def test_a_province_that_cannot_be_asked_is_named(
    network: Network, fault: Callable[[], Fault], reason: str
) -> None:
    network[BEIJING].file(entry(1))
    network[TIANJIN].file(entry(1))
    network[TIANJIN].relay.on(fault())
    data = file_of(network[BEIJING])
    assert missing(network, data)[TIANJIN] == reason
    assert documents(told(network, data)) == ["1号"]
    network[TIANJIN].relay.clear()
    assert TIANJIN not in missing(network, file_of(network[BEIJING]))


def test_a_province_that_lists_what_has_ended(network: Network) -> None:
    """Its follower has stood still; the chain tells."""
    tianjin = network[TIANJIN]
    ids = tianjin.file(entry(1), entry(2))
    network[BEIJING].file(entry(1))
    tianjin.node.giving.lists._own._acts = _Blind(network)
    send(network, tianjin, Action.WITHDRAW, ids[0])
    assert missing(network, file_of(network[BEIJING]))[TIANJIN] == "answer-false"


class _Blind:
    """A gateway that says it knows all, and has looked at nothing."""

    def __init__(self, network: Network, ahead: int = 0) -> None:
        self._network = network
        self._ahead = ahead

    def known(self) -> int:
        return self._network.chain.anvil.head_time() + self._ahead

    def history(self, record: bytes) -> list[Any]:
        return []


def test_a_record_with_too_many_acts_keeps_no_other_off(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a thief of one key may make it."""
    for module in ("ledger.chain.acts", "gateway.lists.own"):
        monkeypatch.setattr(f"{module}.MAX_HISTORY", 1, raising=False)
    beijing = network[BEIJING]
    ids = beijing.file(entry(1), entry(2))
    for action in (Action.DISPUTE, Action.SETTLE):
        do(network, beijing, action, ids[0])
    value = told(network, file_of(beijing))
    assert documents(value) == ["2号"]
    assert left_of(value) == {"unreadable": 1}


def costs(member: Member) -> tuple[int, int]:
    """Entries of its own part, and statements that it took."""
    kind = lists.find(LIST)
    assert kind is not None
    own = member.node.giving.lists._own
    with statements(member) as seen:
        part = own.page(ListWanted(kind=kind, day=today()), lambda *_: Decision(None)).part
    return part.until, len(seen)


def test_a_part_takes_as_many_statements_for_thirty_entries_as_for_one(network: Network) -> None:
    """Of several batches, some of them disputed or repaired."""
    beijing = network[BEIJING]
    beijing.file(row(1), entry(2))  # in a tree in which there are paths
    costs(beijing)  # keys are read once
    one = costs(beijing)
    ids = beijing.file(*(replace(entry(n + 2), row=n) for n in range(1, 20)))
    ids += beijing.file(*(replace(entry(n + 21), row=n) for n in range(1, 11)))
    do(network, beijing, Action.DISPUTE, ids[1])
    do(network, beijing, Action.REPAIR, ids[2])
    thirty = costs(beijing)
    assert (one[0], thirty[0]) == (1, 30)
    assert one[1] == thirty[1] < 40, (one, thirty)
