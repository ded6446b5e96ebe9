"""Departments that are merged, split and renamed: what their tokens file and read, by the day of
the decision and by today."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.base import reread
from gateway.node import Node
from gateway.tokens import services
from tests.gateway.intake.material import number
from tests.gateway.policy.desk import Desk, write
from tests.records.examples import OLD_PENALTY, code, penalty
from tests.support.node import make_test_node

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
LAST = "2026-06-30"
A, B, C = (code("11110000", f"MB{n:06}") for n in range(3))
PILOT = "91350203M0001QKT19"


def entries(*items: dict[str, Any]) -> dict[str, Any]:
    return {"_type": "credit-ledger/authorities@1", "authorities": [*items]}


MERGED = entries(
    {"code": A, "names": [{"name": "样例工商局"}], "until": LAST, "successors": [C]},
    {"code": B, "names": [{"name": "样例质监局"}], "until": LAST, "successors": [C]},
    {"code": C, "names": [{"name": "样例市监局"}], "from": "2026-07-01"},
)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reread, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(services, "MEMORY_SECONDS", 0.0)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return write(tmp_path / "authorities.json", entries())


@pytest.fixture
def node(tmp_path: Path, table: Path) -> Iterator[Node]:
    node = make_test_node(tmp_path, now=NOW, authorities_file=table)
    yield node
    node.close()


def record(by: str, decided: str, n: int = 1, **changes: object) -> dict[str, Any]:
    """A penalty that is minor, so that nobody reads it because it is public."""
    fields = penalty(CF_WSH=number(n), CF_CFJGDM=by, CF_SJLYDM=by, CF_JDRQ=decided, **changes)
    return {"type": "penalty", "class": "minor", "fields": fields}


def codes_of(answer: dict[str, Any]) -> tuple[str | None, set[str]]:
    return answer["code"], {note["code"] for note in answer["notes"]} - {"late"}


def test_a_merger(node: Node, table: Path) -> None:
    """The successor files and reads what its predecessors decided, and nothing of others; from the
    moment on at which the operator says so."""
    desks = {one: Desk(node, "submit", "read", authorities=[one], name=one) for one in (A, B, C)}
    of_a = desks[A].file(record(A, "2026-05-04")).json()
    assert of_a["verdict"] == "accepted"
    asked = f"/v1/records/{of_a['leaf']}"
    assert desks[C].get(asked).status_code == 404
    assert desks[C].file(record(A, "2026-05-04", 2)).json()["code"] == "authority-not-yours"
    write(table, MERGED)
    assert desks[C].get(asked).status_code == 200
    assert desks[B].get(asked).status_code == 404
    assert desks[C].file(record(A, LAST, 2)).json()["verdict"] == "accepted"
    assert desks[C].file(record(B, "2026-05-04", 3)).json()["verdict"] == "accepted"
    assert desks[C].file(record(C, "2026-07-01", 4)).json()["verdict"] == "accepted"
    assert desks[C].file(record(A, "2026-05-04")).json()["verdict"] == "duplicate"


def test_the_day_before_and_the_day_after(node: Node, table: Path) -> None:
    """A code that ended stays its holder's and is kept as the document has it, with a note; its
    successor takes over what was decided before, and is told what to name after."""
    write(table, MERGED)
    old, new = (Desk(node, "submit", authorities=[one], name=one) for one in (A, C))
    centre = Desk(node, "submit")
    assert codes_of(new.file(record(A, LAST, 1)).json()) == (None, set())
    refused = new.file(record(A, "2026-07-01", 2)).json()
    assert codes_of(refused) == ("authority-not-yours", {"authority-not-in-force"})
    assert "who took over" in refused["notes"][-1]["message"]["en"]
    assert codes_of(old.file(record(A, LAST, 3)).json()) == (None, set())
    noted = (None, {"authority-not-in-force"})
    assert codes_of(old.file(record(A, "2026-07-01", 4)).json()) == noted
    assert codes_of(centre.file(record(A, "2026-07-01", 5)).json()) == noted
    assert codes_of(new.file(record(C, LAST, 6)).json()) == noted  # it was not there yet
    assert codes_of(new.file(record(C, "2026-07-01", 7)).json()) == (None, set())


def test_what_is_read_goes_by_the_month(node: Node, table: Path) -> None:
    """The day itself is sealed; the month of the end is read by both."""
    write(table, MERGED)
    centre = Desk(node, "submit")
    leaves = {
        day: centre.file(record(A, day, n)).json()["leaf"]
        for n, day in enumerate(("2026-05-04", LAST, "2026-06-01", "2026-07-01"))
    }
    new = Desk(node, "read", authorities=[C])
    seen = {day for day, leaf in leaves.items() if new.get(f"/v1/records/{leaf}").is_success}
    assert seen == {"2026-05-04", LAST, "2026-06-01"}


def test_a_merger_still_to_come(node: Node, table: Path) -> None:
    """The table may be written before the day."""
    coming = [
        one | ({"until": "2026-11-23"} if one["code"] != C else {"from": "2026-11-24"})
        for one in MERGED["authorities"]
    ]
    write(table, entries(*coming))
    new = Desk(node, "submit", authorities=[C])
    assert new.file(record(A, "2026-05-04")).json()["code"] == "authority-not-yours"


def test_a_split(node: Node, table: Path) -> None:
    """Both halves stand for what was decided before, neither for the other."""
    write(
        table,
        entries({"code": A, "until": LAST, "successors": [B, C]}, *({"code": x} for x in (B, C))),
    )
    halves = [Desk(node, "submit", "read", authorities=[one], name=one) for one in (B, C)]
    leaf = halves[0].file(record(A, "2026-05-04")).json()["leaf"]
    own = halves[0].file(record(B, "2026-08-03", 2)).json()["leaf"]
    assert [half.get(f"/v1/records/{leaf}").status_code for half in halves] == [200, 200]
    assert [half.get(f"/v1/records/{own}").status_code for half in halves] == [200, 404]
    assert halves[1].file(record(A, "2026-05-04")).json()["verdict"] == "duplicate"


def old_record(name: str, decided: str, n: int) -> dict[str, Any]:
    fields = OLD_PENALTY | {"CF_XZJG": name, "CF_JDRQ": decided, "CF_WSH": number(n)}
    return {"type": "penalty-2015", "class": "minor", "fields": fields}


def test_names_go_by_the_day_of_the_decision(node: Node, table: Path) -> None:
    """Templates without a code name their authority as it was called on that day."""
    names = [
        {"name": "样例交通委员会", "until": "2023-12-31"},
        {"name": "样例交通局（公路处）", "from": "2024-01-01"},
    ]
    write(
        table,
        entries(
            {"code": A, "names": names},
            {"code": B, "names": [{"name": "样例交通委员会", "from": "2024-01-01"}]},
        ),
    )
    first, second = (
        Desk(node, "submit", "read", authorities=[one], name=f"{n}处")
        for n, one in enumerate((A, B))
    )
    before, after = "2023/12/31", "2024/01/01"
    asked = [
        (first, "样例交通委员会", before, None),
        (first, "样例交通委员会", after, "authority-not-yours"),
        (first, "样例交通局(公路处)", after, None),
        (first, "样例交通局（公路处）", before, "authority-not-yours"),
        (second, "样例交通委员会", before, "authority-not-yours"),
        (second, "样例交通委员会", after, None),
    ]
    leaves = {}
    for n, (desk, name, decided, expected) in enumerate(asked):
        answer = desk.file(old_record(name, decided, n)).json()
        assert answer["code"] == expected, (name, decided)
        leaves[n] = answer["leaf"]
    assert first.get(f"/v1/records/{leaves[0]}").status_code == 200
    assert second.get(f"/v1/records/{leaves[0]}").status_code == 404
    assert second.get(f"/v1/records/{leaves[5]}").status_code == 200


def test_regions_and_kinds_come_from_the_table(node: Node, table: Path) -> None:
    """A local office of a central authority works where the table says; a kind without a telling
    name has its own rules."""
    central = code("11100000", "MB000009")
    centre = Desk(node, "submit", "read")

    def filed(n: int) -> tuple[set[str], str]:
        sent = record(central, "2026-01-10", n, CL_ORIGIN="vertical") | {"class": "general"}
        answer = centre.file(sent).json()
        shown = centre.get(f"/v1/records/{answer['leaf']}").json()
        return codes_of(answer)[1], shown["until"]

    by_order_58, by_order_107 = "2029-01-10", "2027-01-10"
    assert filed(1) == (set(), by_order_58)
    write(table, entries({"code": central, "region": "120000", "kind": "market-supervision"}))
    assert filed(2) == ({"authority-elsewhere"}, by_order_107)
    write(table, entries({"code": central, "region": "110000", "kind": "other"}))
    assert filed(3) == (set(), by_order_58)


def test_an_excepted_code(tmp_path: Path) -> None:
    """Refused with the remedy, then taken as it is, without a restart; also for a token."""
    path = write(
        tmp_path / "exceptions.json",
        {"_type": "credit-ledger/uscc-exceptions@1", "exceptions": []},
    )
    node = make_test_node(tmp_path, now=NOW, uscc_exceptions_file=path)
    centre = Desk(node, "submit")
    sent = record(A, "2026-05-04", CF_XDR_SHXYM=PILOT)
    refused = centre.file(sent).json()
    assert refused["code"] in ("uscc-check", "uscc-organisation-check")
    assert "file of exceptions" in refused["message"]["en"]
    one = {"code": PILOT, "reason": "试点", "source": "执照"}
    write(path, {"_type": "credit-ledger/uscc-exceptions@1", "exceptions": [one]})
    assert codes_of(centre.file(sent).json()) == (None, {"uscc-excepted"})
    node.close()


def sent(desk: Desk, path: str, *lines: str) -> dict[str, Any]:
    """The answer to a table."""
    files = {"file": ("x.csv", "\n".join(lines).encode())}
    answer = desk.client.request("POST", path, files=files, headers=desk.headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_tables_show_no_more_than_reading_does(node: Node, table: Path) -> None:
    """Of a predecessor a successor takes, and is told of, what it decided in its days; what lies
    outside them is not called kept back."""
    write(table, MERGED)
    old, new = (Desk(node, "submit", "read", authorities=[one], name=one) for one in (A, C))
    before = old.file(record(A, "2026-05-04", 3)).json()
    after = old.file(record(A, "2026-09-01", 4)).json()
    assert [one["verdict"] for one in (before, after)] == ["accepted"] * 2
    assert new.get(f"/v1/records/{after['leaf']}").status_code == 404
    rows = [f"{number(n)},{A}" for n in (3, 4)]
    items = sent(new, "/v1/returns", "文书号,认定单位代码", *rows)["items"]
    assert [(one["state"], one["leaf"]) for one in items] == [
        ("found", before["leaf"]),
        ("unknown", None),
    ]
    head = "处罚决定书文号,认定单位代码,日期"
    wide = [f"{number(3)},{A},2026-05-04", f"{number(8)},{A},2026-05-05"]
    wide += [f"{number(9)},{A},2026-11-01", f"{number(4)},{A},2026-05-04", f"{number(7)},{A},"]
    told = sent(new, "/v1/reconcile", head, *wide)
    states = [(one["row"], one["state"]) for one in told["items"] if one["state"] != "late"]
    assert states == [(3, "kept-back"), (4, "not-yours"), (5, "not-yours"), (6, "not-yours")]
    assert after["leaf"] not in {one["leaf"] for one in told["items"]}
    mine = sent(old, "/v1/reconcile", head, *wide[:3])
    assert after["leaf"] in {one["leaf"] for one in mine["items"] if one["state"] == "unlisted"}
