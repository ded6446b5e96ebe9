"""A month of content in the archive: what goes on without it, and how it comes back."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.app import create_app
from gateway.base.crypto import ContentArchived, ContentLost
from gateway.base.db import begin_write
from gateway.base.policy import NotAllowed
from gateway.cases.models import cases
from gateway.erasures.store import destroy_records
from gateway.erasures.sweeping import sweep
from gateway.intake.interfaces import RowInput
from gateway.node import Node
from gateway.operations import partitions as work_of
from gateway.operations.partitions import Declined, in_use
from gateway.partitions import making
from gateway.partitions.store import Part, parts
from gateway.receipts.interfaces import Disclose, Unshown
from gateway.records.models import contents, records
from gateway.sealing.models import content_keys
from ledger.core.case_chain import CaseState
from ledger.core.receipt import parse
from tests.gateway.intake.material import bearer, new_token, row
from tests.gateway.partitions.desk import OLD, cut, cut_old, penalties, rows_in, take_in, work
from tests.support.asgi import Client
from tests.support.callers import CENTRE
from tests.support.day_lists import LIST, abnormal
from tests.support.postgres import program

DETACHED, KEPT = "contents_2020_01_1", "contents_2020_01_1_kept"
ALL = ("contents", DETACHED, KEPT)


def of_list(n: int) -> RowInput:
    return RowInput(row=n, type=LIST, class_=None, fields=abnormal(n))


def get(node: Node, path: str) -> Any:
    headers = bearer(new_token(node, "read", department=None))
    return Client(create_app(node)).get(path, headers=headers)


def shown(node: Node, leaf: bytes) -> dict[str, object]:
    found = node.receipts.record(leaf, CENTRE)
    assert found is not None
    fields: dict[str, object] = found["fields"]
    return fields


def verdicts(node: Node, rows: Sequence[RowInput]) -> list[str]:
    return [one.verdict for one in node.intake.submit_set(caller=CENTRE, rows=rows).rows]


@pytest.fixture
def leaves(node: Node) -> list[bytes]:
    """Three records of an old month, the last of them on a list, and one of a later month."""
    cut_old(node, 3)
    return take_in(node, *penalties(1, 2), of_list(3), *penalties(4))


def test_what_goes_on_without_content(node: Node, leaves: list[bytes]) -> None:
    before = [shown(node, leaf) for leaf in leaves]
    assert work(node).detach(OLD) == 1, "the entry of a list is still needed"
    assert rows_in(node, ALL) == {"contents": 2, DETACHED: 3, KEPT: 1}
    gone, _, listed, later = leaves
    assert [shown(node, leaf) for leaf in (listed, later)] == before[2:]
    answer = get(node, f"/v1/records/{gone.hex()}")
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "content-archived")
    assert "档案" in problem["text"]["zh"] and "archive" in problem["text"]["en"]
    with pytest.raises(ContentArchived):
        node.receipts.receipt(gone, disclose=Disclose(CENTRE))
    bare = node.receipts.receipt(gone)
    assert isinstance(bare, bytes) and parse(bare).presentation is None
    many = node.receipts.many([1, 3])
    assert isinstance(many[1], Unshown) and many[1].bare == bare
    assert parse(many[3] if isinstance(many[3], bytes) else b"").presentation is not None
    # Told as what they are: the same, another, and one that was never here.
    changed = row(1, at=1, CF_NR_FK="9.99")
    assert verdicts(node, [row(2, at=2), changed, row(9, at=9)]) == [
        *("duplicate", "conflict", "accepted"),
    ]
    found = Client(create_app(node)).request(
        "POST",
        "/v1/records/find",
        json={"subject": str(before[0]["CF_XDR_SHXYM"])},
        headers=bearer(new_token(node, "read", department=None)),
    )
    told = {one["leaf"]: one for one in found.json()["records"]}
    assert told.keys() >= {one.hex() for one in leaves}
    assert "fields" not in told[gone.hex()] or not told[gone.hex()]["fields"]


def test_it_comes_back(node: Node, leaves: list[bytes]) -> None:
    """With what was kept of it, and without what was erased meanwhile."""
    before = [shown(node, leaf) for leaf in leaves]
    doing = work(node)
    doing.detach(OLD)
    doing.detach(OLD)
    with begin_write(node.ctx.engine) as connection:
        destroy_records(connection, [2])
    assert rows_in(node, ALL) == {"contents": 2, DETACHED: 2, KEPT: 1}
    assert sweep(node.ctx.engine)
    with begin_write(node.ctx.engine) as connection:  # as from a dump of before
        connection.exec_driver_sql(f"INSERT INTO {DETACHED} VALUES (2, 'erased since')")
        connection.exec_driver_sql(f"DELETE FROM {DETACHED} WHERE id = 3")
    assert doing.attach(OLD) == 2
    assert rows_in(node, ["contents", DETACHED]) == {"contents": 3, DETACHED: 2}
    assert [shown(node, leaves[n]) for n in (0, 2, 3)] == [before[n] for n in (0, 2, 3)]
    with pytest.raises(NotAllowed, match="content-erased"):
        shown(node, leaves[1])
    with pytest.raises(Declined, match="not-archived"):
        doing.attach(OLD)
    assert doing.detach(OLD) == 1, "and goes again"


def test_content_of_an_older_program(node: Node, leaves: list[bytes]) -> None:
    """It lies in the record itself, is read and compared there, erased there, and moved only when
    its month goes."""
    with begin_write(node.ctx.engine) as connection:
        old = sa.select(contents.c.content).where(contents.c.id == records.c.id).scalar_subquery()
        connection.execute(sa.update(records).values(content=old))
        connection.execute(sa.delete(contents))
    before = [shown(node, leaf) for leaf in leaves]
    conflict = node.intake.submit_set(caller=CENTRE, rows=[row(1, at=1, CF_NR_FK="9.99")]).rows[0]
    assert (conflict.verdict, conflict.changed) == ("conflict", ("CF_NR_FK",))
    doing = work(node)
    assert doing.detach(OLD) == 1
    assert rows_in(node, ALL) == {"contents": 1, DETACHED: 3, KEPT: 1}
    with begin_write(node.ctx.engine) as connection:
        left = sa.select(records.c.id).where(records.c.content != b"")
        assert connection.scalars(left).all() == [4], "of another month"
        destroy_records(connection, [4])
        assert connection.scalars(left).all() == []
    assert doing.attach(OLD) == 3
    assert [shown(node, leaf) for leaf in leaves[:3]] == before[:3]
    with pytest.raises(NotAllowed, match="content-erased"):
        shown(node, leaves[3])


def pg(node: Node, name: str, *arguments: str) -> None:
    """One of the programs that come with the server, on the database of the node."""
    url = node.ctx.engine.url.difference_update_query(["options"]).set(drivername="postgresql")
    plain = url.render_as_string(hide_password=False)
    subprocess.run([program(name), "-d", plain, *arguments], check=True, timeout=600)


def test_a_month_lies_in_a_file_and_comes_back(
    node: Node, leaves: list[bytes], tmp_path: Path
) -> None:
    """As the guide has it: dumped, dropped, restored. What was erased meanwhile stays erased."""
    before, doing = shown(node, leaves[0]), work(node)
    with pytest.raises(Declined, match="not-archived"):
        doing.drop(OLD)
    doing.detach(OLD)
    file = str(tmp_path / "contents-2020-01.dump")
    pg(node, "pg_dump", "-Fc", "-t", DETACHED, "-f", file)
    doing.drop(OLD)
    doing.drop(OLD)
    (away, _) = doing.seen()
    assert (away.state, away.part.dropped_at is not None) == ("away", True)
    with pytest.raises(Declined, match="content-away"):
        doing.attach(OLD)
    with begin_write(node.ctx.engine) as connection:
        destroy_records(connection, [2])  # of what is nowhere here
    pg(node, "pg_restore", file)
    assert rows_in(node, [DETACHED]) == {DETACHED: 3}
    assert doing.attach(OLD) == 2
    assert shown(node, leaves[0]) == before
    (here, _) = doing.seen()
    assert (here.state, here.part.dropped_at, here.rows) == ("here", None, 3)


def test_something_else_is_not_put_back(node: Node, leaves: list[bytes]) -> None:
    doing = work(node)
    doing.detach(OLD)
    wrong = ["(id bigint, content text)", "(id bigint)", "(id bigint, content bytea, more int)"]
    for table in wrong:
        with begin_write(node.ctx.engine) as connection:
            connection.exec_driver_sql(f"DROP TABLE {DETACHED}")
            connection.exec_driver_sql(f"CREATE TABLE {DETACHED} {table}")
        with pytest.raises(Declined, match="not-its-content"):
            doing.attach(OLD)
    with begin_write(node.ctx.engine) as connection:  # right, but for a row of another month
        connection.exec_driver_sql(f"ALTER TABLE {DETACHED} DROP more")
        connection.exec_driver_sql(f"INSERT INTO {DETACHED} VALUES (1, 'x'), (4, 'x')")
    with pytest.raises(Declined, match="not-its-content"):
        doing.attach(OLD)
    assert rows_in(node, [KEPT]) == {KEPT: 1}
    with pytest.raises(ContentArchived):
        shown(node, leaves[0])


def test_only_what_is_over_goes(node: Node, leaves: list[bytes]) -> None:
    """By the settings, to the month; never the month that runs, nor what the chain waits for."""
    with pytest.raises(Declined, match="retention-unset"):
        work(node, months=None).detach(OLD)
    with pytest.raises(Declined, match="too-young") as caught:
        work(node, now=202401).detach(OLD)
    assert caught.value.values == {"month": "2020-01", "until": "2024-01"}
    with pytest.raises(Declined, match="month-unknown"):
        work(node).detach(OLD - 1)
    (*_, running) = making.make(node.ctx.engine)
    with pytest.raises(Declined, match="month-runs"):
        work(node, now=900001).detach(running.month)
    assert work(node, now=202402).detach(OLD) == 1
    with pytest.raises(Declined, match="too-young"):
        work(node, now=202401).drop(OLD)
    assert rows_in(node, [DETACHED]) == {DETACHED: 3}


def test_what_waits_for_the_chain_stays(node: Node) -> None:
    cut_old(node, 2)
    take_in(node, *penalties(1))
    node.intake.submit_set(caller=CENTRE, rows=penalties(2, 3))
    with pytest.raises(Declined, match="not-anchored"):
        work(node).detach(OLD)


def a_case(leaf: bytes, state: CaseState) -> dict[str, object]:
    return {
        "id": leaf[::-1],
        "record": bytes(32),
        "leaf": leaf,
        "kind": "repair",
        "owner": "110000",
        "filer": "110000",
        "state": state,
        "accepted": False,
        "steps": 1,
        "last": bytes(32),
        "opened": 1,
    }


def test_content_of_open_cases_stays(node: Node, leaves: list[bytes]) -> None:
    """Of the record that it is about, and of what stands in its place since."""
    with begin_write(node.ctx.engine) as connection:
        connection.execute(sa.insert(cases).values(a_case(leaves[0], CaseState.FILED)))
        closed = a_case(leaves[1], CaseState.REFUSED)
        connection.execute(sa.insert(cases).values(closed))
        change = sa.update(records).where(records.c.id == 1)
        connection.execute(change.values(superseded_by=leaves[3]))
        assert in_use(connection) == {1, 4}
    assert work(node).detach(OLD) == 2
    assert shown(node, leaves[0])["CF_WSH"]
    with pytest.raises(ContentArchived):
        shown(node, leaves[1])


def test_erased_and_lost_are_told_from_archived(node: Node, leaves: list[bytes]) -> None:
    work(node).detach(OLD)
    with begin_write(node.ctx.engine) as connection:
        connection.execute(sa.delete(content_keys).where(content_keys.c.id == 1))
        connection.execute(sa.delete(contents).where(contents.c.id == 4))
    with pytest.raises(NotAllowed, match="content-erased"):
        shown(node, leaves[0])
    with pytest.raises(ContentArchived):
        shown(node, leaves[1])
    with pytest.raises(ContentLost) as caught:
        shown(node, leaves[3])
    assert not isinstance(caught.value, ContentArchived)


@pytest.mark.nightly
def test_whoever_keeps_the_tables_is_told(
    node: Node, leaves: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "WAIT", "50ms")
    monkeypatch.setattr(work_of, "PAUSE", 0.01)
    monkeypatch.setattr(work_of, "PATIENCE", 0.2)
    with node.ctx.engine.connect() as reader:
        reader.exec_driver_sql("SELECT count(*) FROM contents").scalar_one()
        with pytest.raises(Declined, match="in-use"):
            work(node).detach(OLD)
    assert shown(node, leaves[0])
    assert work(node).detach(OLD) == 1


@pytest.mark.nightly
def test_a_month_of_several_parts(node: Node) -> None:
    cut(node.ctx.engine, Part(1, 3, OLD, 1), Part(3, 5, OLD, 2), Part(5, 99, OLD + 1, 1))
    leaves = take_in(node, *penalties(1, 2, 3, 4, 5))
    doing = work(node)
    assert doing.detach(OLD) == 0
    assert [one.state for one in doing.seen()] == ["archived", "archived", "here"]
    for leaf in leaves[:4]:
        with pytest.raises(ContentArchived):
            shown(node, leaf)
    assert doing.attach(OLD) == 4
    assert all(shown(node, leaf) for leaf in leaves)
    with node.ctx.engine.connect() as connection:
        assert all(part.archived_at is None for part in parts(connection))
