"""`gateway partitions`, what the doctor says, and backups of a database that is cut."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from gateway.base.crypto import ContentArchived
from gateway.base.db import begin_read, begin_write, open_engine
from gateway.base.revision import migrate
from gateway.cli import gateway
from gateway.log.numbers import taken
from gateway.node import Node
from gateway.operations.backup import backup, restore
from gateway.operations.doctor_partitions import examine_partitions
from gateway.operations.findings import Level
from gateway.operations.partitions import Retention
from gateway.operations.partitions_words import WORDS
from gateway.partitions.making import make, this_month
from gateway.partitions.models import partitions
from gateway.partitions.months import Month, first_number, later, written
from gateway.partitions.store import Part, parts
from tests.gateway.intake.material import row
from tests.gateway.partitions.desk import OLD, cut, cut_old, ids, penalties, take_in, work
from tests.gateway.partitions.test_archive import KEPT, of_list, shown
from tests.support.callers import CENTRE
from tests.support.node import LOG_ID, MEMBER, make_facts, make_test_node
from tests.support.postgres import USED, database_url

CONFIG = """env = "development"
network = "network.json"
now = "2030-01-15T08:00:00Z"
database_url = "{url}"
[node]
code = "110000"
{more}
"""
RETAINED = "[retention]\ncontent_months = 48\n"

Run = Callable[..., Result]


def write_config(folder: Path, url: str, more: str = RETAINED) -> Path:
    path = folder / "gateway.toml"
    path.write_text(CONFIG.format(url=url, more=more))
    return path


@pytest.fixture
def run(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "en")
    config = write_config(tmp_path, str(node.ctx.settings.database_url))

    def invoke(*arguments: str, **options: object) -> Result:
        command = ["partitions", *arguments, "--config", str(config)]
        return CliRunner().invoke(gateway, command, **options)  # type: ignore[arg-type]

    return invoke


def test_a_month_goes_and_comes_back(node: Node, run: Run) -> None:
    cut_old(node, 3)
    leaves = take_in(node, *penalties(1, 2), of_list(3), *penalties(4))
    listed = json.loads(run("list", "--json").stdout)["partitions"]
    assert [(one["month"], one["n"], one["entries"], one["content"]) for one in listed] == [
        ("2020-01", 1, 3, "here"),
        ("2020-02", 1, 1, "here"),
    ]
    assert all(size > 0 for size in listed[0]["bytes"].values())
    assert json.loads(run("detach", "2020-01", "--json").stdout) == {"kept": 1}
    lines = run("list").stdout.splitlines()
    assert ["Month", "2020-01", "2020-02"] == [line.split("\t")[0] for line in lines]
    assert "detached" in lines[1] and "at hand" in lines[2]
    refused = run("detach", "2020-02")
    assert refused.exit_code == 0, "its time is over as well"
    assert run("drop", "2020-02", input="n\n").exit_code == 1, "whoever says no keeps it"
    assert json.loads(run("attach", "2020-02", "--json").stdout) == {"attached": 1}
    assert run("drop", "2020-01", "--yes").exit_code == 0
    refused = run("attach", "2020-01")
    assert (refused.exit_code, "pg_restore" in refused.stderr) == (1, True)
    with pytest.raises(ContentArchived):
        shown(node, leaves[0])
    assert shown(node, leaves[2])["YC_MC"]


def test_parts_are_made(node: Node, run: Run) -> None:
    with node.ctx.engine.connect() as connection:
        now = this_month(connection)
    cut(node.ctx.engine, Part(1, 3, now, 1))
    made = json.loads(run("make", "--json").stdout)["made"]
    assert [one["month"] for one in made] == [written(later(now, n)) for n in (1, 2)]
    assert "no part is missing" in run("make").stderr


@pytest.mark.parametrize("month", ["2020-13", "202001", "yesterday"])
def test_what_is_no_month(run: Run, month: str) -> None:
    refused = run("detach", month)
    assert (refused.exit_code, "2026-11" in refused.stderr) == (2, True)


def test_each_refusal_has_words_in_both_languages(
    node: Node, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = run("attach", "2031-01")
    assert (refused.exit_code, "no part for 2031-01" in refused.stderr) == (1, True)
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "zh")
    assert "没有 2031-01 的分区" in run("attach", "2031-01").stderr
    url = f"sqlite:///{tmp_path / 'plain.db'}"
    engine = open_engine(url)
    migrate(engine)
    engine.dispose()
    config = write_config(tmp_path, url)
    done = CliRunner().invoke(gateway, ["partitions", "list", "--config", str(config)])
    assert (done.exit_code, "SQLite" in done.stderr) == (1, True)
    values = dict.fromkeys(("month", "until", "table"), "x")
    for words in WORDS.values():
        assert all("{" not in text.format(**values) for text in words.values())


def test_content_is_kept_for_four_years_at_least(tmp_path: Path) -> None:
    config = write_config(tmp_path, "postgresql://nowhere/x", "[retention]\ncontent_months = 47\n")
    done = CliRunner().invoke(gateway, ["partitions", "list", "--config", str(config)])
    assert (done.exit_code, "content_months" in done.stderr) == (1, True)


# ---- the doctor


def said(node: Node, now: Month = 203001, months: int | None = 48) -> dict[str, str]:
    """What is not well."""
    retention = Retention(months=months, now=now)
    found = list(examine_partitions(node.ctx.engine, retention))
    assert len(found) == 4
    return {one.code: one.text["en"] for one in found if one.level is Level.WARNING}


def test_a_healthy_database(node: Node) -> None:
    take_in(node, *penalties(1))
    assert said(node, months=None) == {}
    with node.ctx.engine.connect() as connection:
        assert said(node, now=this_month(connection)) == {}


def test_the_month_to_come_has_no_part(node: Node) -> None:
    with node.ctx.engine.connect() as connection:
        now = this_month(connection)
    cut(node.ctx.engine, Part(1, 99, now, 1))
    assert written(now) in said(node, months=None)["partitions-ahead"]
    cut(node.ctx.engine, Part(1, 99, later(now, -1), 1))
    assert "partitions-ahead" in said(node, months=None)
    make(node.ctx.engine)
    assert said(node, months=None) == {}


def test_rows_in_the_default_parts(node: Node) -> None:
    with node.ctx.engine.connect() as connection:
        now = this_month(connection)
    cut(
        node.ctx.engine,
        Part(1, 2, now, 1),
        Part(first_number(later(now, 1)), 2**60, later(now, 1), 1),
    )
    take_in(node, *penalties(1))
    assert said(node, months=None) == {}
    take_in(node, *penalties(2))
    assert "entries, contents, content_keys" in said(node, months=None)["partitions-default"]


def test_what_is_kept_too_long_or_taken_too_soon(node: Node) -> None:
    cut_old(node, 3)
    leaves = take_in(node, *penalties(1, 2), of_list(3), *penalties(4))
    make(node.ctx.engine)
    assert "2020-01, 2020-02" in said(node)["partitions-over"]
    assert said(node, now=202402) == {
        "partitions-over": "The content of 2020-01 is kept for longer than 48 months"
    }
    work(node).detach(OLD)
    assert said(node, now=202402) == {}
    assert "2020-01" in said(node, now=202402, months=60)["partitions-needed"]
    with begin_write(node.ctx.engine) as connection:  # as a case that came since would need it
        connection.exec_driver_sql(f"DELETE FROM {KEPT}")
    assert "(1)" in said(node, now=202402)["partitions-needed"]
    assert leaves


# ---- backups


def taken_by(engine: sa.Engine) -> int:
    with begin_read(engine) as connection:
        return taken(connection)


@pytest.mark.parametrize("into", ["postgresql", "sqlite"])
def test_a_backup_brings_the_parts_along(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, into: str
) -> None:
    """With the numbers that go on behind them; what is in the archive is in no backup."""
    cut_old(node, 3)
    leaves = take_in(node, *penalties(1, 2), of_list(3), *penalties(4))
    make(node.ctx.engine)
    with node.ctx.engine.connect() as connection:
        now = this_month(connection)
    leaves += take_in(node, *penalties(5))
    work(node).detach(OLD)
    backup(node.ctx.engine, tmp_path / "kept", member=MEMBER, clock=node.ctx.clock)
    with begin_read(node.ctx.engine) as connection:
        before = connection.execute(sa.select(partitions).order_by(partitions.c.first_id)).all()
    if into == "sqlite":
        monkeypatch.delenv(USED)
    (folder := tmp_path / "again").mkdir()
    engine = open_engine(database_url(folder))
    told = restore(engine, tmp_path / "kept", member=MEMBER)
    assert told.keys.erased == told.keys.lost == 0
    with begin_read(engine) as connection:
        after = connection.execute(sa.select(partitions).order_by(partitions.c.first_id)).all()
    assert after == before
    assert taken_by(engine) == taken_by(node.ctx.engine) == 5
    engine.dispose()
    again = make_test_node(folder, facts=False, now=node.ctx.settings.now)
    again.chain.put(make_facts(again.signing.keys))
    again.logs.prove(LOG_ID)
    answer = again.intake.submit_set(caller=CENTRE, rows=[row(6)])
    assert [one.verdict for one in answer.rows] == ["accepted"]
    start = first_number(now)
    assert ids(again) == [1, 2, 3, 4, start, start + 1]
    if into == "postgresql":
        with again.ctx.engine.connect() as connection:
            assert parts(connection)[0].kept == KEPT
            query = sa.text(f"SELECT id FROM {KEPT}")
            assert connection.scalars(query).all() == [3]
        assert [one.state for one in work(again).seen()][:2] == ["away", "here"]
    again.close()
