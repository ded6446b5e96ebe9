"""`/` and `/v1/node/figures`: what anybody learns of a node."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from starlette.types import ASGIApp

from gateway.about.figures import NodeFigures, last_months
from gateway.app import create_app
from gateway.base.db import begin_write
from gateway.cases.figures import RepairCounts
from gateway.cases.models import acts, cases
from gateway.mirrors.models import mirrors
from gateway.node import Node
from gateway.quality.models import quality_counts
from gateway.statuses.models import acknowledgements
from ledger.core.merkle import EMPTY_ROOT
from ledger.core.status import Action
from tests.gateway.web.visitor import Visitor
from tests.support.anchors import put_anchor
from tests.support.asgi import Client
from tests.support.log import make_entries, promise_entries
from tests.support.node import MEMBER, make_test_node

NOW = datetime(2026, 12, 1, 8, tzinfo=UTC)
NOVEMBER = int(datetime(2026, 11, 15, tzinfo=UTC).timestamp())
DAY = 86_400


@pytest.fixture
def december(tmp_path: Path) -> Iterator[Node]:
    """A node on the first of December."""
    (tmp_path / "december").mkdir()
    with closing(make_test_node(tmp_path / "december", now=NOW)) as node:
        yield node


def count(node: Node, day: str, what: str, number: int, kind: str = "penalty") -> None:
    row = {"day": day, "unit": "", "type": kind, "what": what, "writer": b"w" * 8}
    with begin_write(node.ctx.engine) as connection:
        connection.execute(sa.insert(quality_counts).values(**row, count=number))


def repair(node: Node, days: Sequence[float], *, owner: str = MEMBER, kind: str = "repair") -> None:
    """Cases that were filed and repaired in November, after so many days each."""
    for days_each in days:
        with begin_write(node.ctx.engine) as connection:
            number = connection.scalar(sa.select(sa.func.count()).select_from(acts)) or 0
            name = hashlib.sha256(str(number).encode()).digest()
            opened = NOVEMBER - int(days_each * DAY)
            connection.execute(
                sa.insert(cases).values(
                    id=name,
                    record=name,
                    leaf=name,
                    kind=kind,
                    owner=owner,
                    filer=owner,
                    state="granted",
                    accepted=True,
                    steps=2,
                    last=name,
                    opened=opened,
                )
            )
            connection.execute(
                sa.insert(acts).values(
                    id=number + 1,
                    case=name,
                    record=name,
                    log=name,
                    commitment=name,
                    action=int(Action.REPAIR),
                    basis=1,
                    doc=name,
                    other_log=name,
                    other_commitment=name,
                    effective_at=NOVEMBER,
                    state="recorded",
                    attempt=1,
                    recorded_at=NOVEMBER,
                )
            )


def figures(node: Node) -> NodeFigures:
    return NodeFigures(node.ctx, RepairCounts(MEMBER))


# ---- figures


def test_months_are_those_of_china() -> None:
    months = last_months(NOW.date())
    assert [m.period.name for m in months][::11] == ["2026-01", "2026-12"]
    assert all(a.end == b.begin for a, b in itertools.pairwise(months))
    assert datetime.fromtimestamp(months[-1].begin, UTC) == datetime(2026, 11, 30, 16, tzinfo=UTC)


def test_figures_by_type_and_month(december: Node) -> None:
    count(december, "2026-11-02", "accepted", 3)
    count(december, "2026-11-30", "accepted", 4)
    count(december, "2026-12-01", "accepted", 5, "licence")
    count(december, "2026-12-01", "timely/yes", 4, "licence")
    count(december, "2026-12-01", "timely/no", 1, "licence")
    count(december, "2025-12-31", "accepted", 100)
    count(december, "2026-12-01", "code/uscc-check", 7)
    answer = Client(create_app(december)).get("/v1/node/figures")
    assert answer.headers["cache-control"] == "public, max-age=60"
    told = answer.json()
    assert (told["member"], told["months"][-2:]) == (MEMBER, ["2026-11", "2026-12"])
    assert told["records"] == {"penalty": [*[0] * 10, 7, 0], "licence": [*[0] * 11, 5]}
    assert told["timely"]["yes"][-1] == 4 and told["timely"]["no"][-1] == 1
    assert sum(told["timely"]["unknown"]) == 0


def test_figures_are_read_once_a_minute(december: Node) -> None:
    told = figures(december)
    assert told.as_dict()["records"] == {}
    count(december, "2026-12-01", "accepted", 1)
    assert told.as_dict()["records"] == {}, "kept"
    assert figures(december).as_dict()["records"] == {"penalty": [*[0] * 11, 1]}


def test_days_of_repairs(december: Node) -> None:
    repair(december, [2, 4, 6, 8, 10.5])
    told = figures(december).as_dict()["repairs"]
    assert told["count"][-2:] == [5, 0]
    assert told["days"][-2:] == [6.1, None]


def test_a_small_cell_tells_no_days(december: Node) -> None:
    repair(december, [2, 4, 6, 8])
    repair(december, [1], kind="own")
    repair(december, [1], owner="120000")
    told = figures(december).as_dict()["repairs"]
    assert (told["count"][-2], told["days"][-2]) == (4, None)


def test_the_month_that_runs_tells_no_days(tmp_path: Path) -> None:
    """Its average moves with each repair, and whoever looks twice would learn of that one."""
    (tmp_path / "november").mkdir()
    node = make_test_node(tmp_path / "november", now=datetime(2026, 11, 20, tzinfo=UTC))
    repair(node, [2, 4, 6, 8, 10])
    told = figures(node).as_dict()["repairs"]
    assert (told["count"][-1], told["days"][-1]) == (5, None)
    node.close()


# ---- the page


def test_an_empty_node(app: ASGIApp) -> None:
    page = Visitor(app).get("/").text
    assert "Who is behind" in page and "Nothing is followed yet" in page
    assert "No records yet" in page and "Not anchored yet" in page
    for path in ("/verify", "/firm", "/desk", "/explorer", "/audit", "/docs"):
        assert f'href="{path}"' in page
    assert 'href="/bank"' not in page, "a bank begins at its own node"
    assert 'hx-select="#live"' in page
    chinese = Visitor(app, lang="zh").get("/").text
    assert "谁落后了" in chinese and "我是企业" in chinese


def test_charts(december: Node) -> None:
    for kind, number in zip("abcdefgh", range(20, 12, -1), strict=True):
        count(december, "2026-12-01", "accepted", number, kind)
    count(december, "2026-12-01", "timely/yes", 3)
    repair(december, [2, 4, 6, 8, 10])
    page = Visitor(create_app(december)).get("/").text
    assert "Records by type and month" in page and "other types" in page
    assert "In time: within seven working days" in page
    assert "Repairs by month" in page and '<td class="figure">6</td>' in page


def test_who_is_behind_and_why(node: Node, app: ASGIApp) -> None:
    row = {"root": EMPTY_ROOT, "whole": 0, "stored": 0, "anchored_root": EMPTY_ROOT, "noted": 0}
    with begin_write(node.ctx.engine) as connection:
        connection.execute(
            sa.insert(mirrors),
            [
                {"log_id": b"1" * 32, "member": "120000", "size": 5, "anchored": 9, "error": None}
                | row,
                {"log_id": b"2" * 32, "member": "130000", "size": 5, "anchored": 5, "error": None}
                | row,
                {
                    "log_id": b"3" * 32,
                    "member": "140000",
                    "size": 0,
                    "anchored": 5,
                    "error": "other-tree",
                }
                | row,
            ],
        )
        connection.execute(sa.insert(acknowledgements).values(member=MEMBER, acts=0))
    page = Visitor(app).get("/").text
    assert "entries behind: 4" in page and "complete" in page
    assert "tell the consortium" in page
    assert "告知联盟" in Visitor(app, lang="zh").get("/").text


@pytest.mark.parametrize(
    ("wrong", "english", "chinese"),
    [
        (("chain_error", "no-node"), "Too few nodes", "节点不够"),
        (("chain_error", "unheard-of"), "cannot be read at this moment", "无法读取"),
        (("anchor_error", "payer-empty"), "must fund the payer", "充值"),
        (("anchor_error", "LogAnchor_X"), "(LogAnchor_X)", "（LogAnchor_X）"),
        (("statuses_error", "acts-unclear"), "(acts-unclear)", "（acts-unclear）"),
    ],
)
def test_what_is_wrong_in_words(
    node: Node, app: ASGIApp, wrong: tuple[str, str], english: str, chinese: str
) -> None:
    assert english not in Visitor(app).get("/").text
    setattr(node.ctx.health, *wrong)
    assert english in Visitor(app).get("/").text
    assert chinese in Visitor(app, lang="zh").get("/").text


def test_a_node_that_takes_nothing_says_why(tmp_path: Path) -> None:
    (tmp_path / "blind").mkdir()
    node = make_test_node(tmp_path / "blind", facts=False)
    page = Visitor(create_app(node)).get("/").text
    assert "The chain has not been read yet" in page and "No log yet" in page
    node.close()


def test_the_newest_anchor(node: Node, app: ASGIApp) -> None:
    assert Client(app).get("/v1/node").json()["logs"][0]["anchor"] is None
    promise_entries(node, make_entries(5))
    while node.logs.step():
        pass
    put_anchor(node, 0, 3)
    put_anchor(node, 3, 5)
    put_anchor(node, 5, 5, state="mined")
    told = Client(app).get("/v1/node").json()["logs"][0]["anchor"]
    assert (told["size"], told["block"]) == (5, 105)
    assert told["time"] == "2027-01-15T08:00:05Z" and told["tx"].startswith("0x")
    page = Visitor(app).get("/").text
    assert "/explorer/blocks/105" in page and "15 Jan 2027" in page
