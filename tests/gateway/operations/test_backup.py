"""A backup of a database in use, and what is made of it, on SQLite and PostgreSQL."""

import json
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.base import postgresql
from gateway.base.crypto import ContentLost
from gateway.base.db import begin_read, begin_write, metadata, open_engine
from gateway.base.errors import NotReady
from gateway.base.policy import NotAllowed
from gateway.files.models import file_parts, file_reports, files
from gateway.files.store import drop, forget_report
from gateway.node import Node
from gateway.operations.backup import Restored, backup, restore, tables
from gateway.operations.backup_keys import Given
from gateway.partitions.store import tables_of_parts
from gateway.sealing.models import content_keys, wrapping_keys
from gateway.sealing.services import Kind
from gateway.tokens.models import tokens
from gateway.web.models import web_sessions
from ledger.core.errors import ConfigError
from tests.gateway.files.desk import Desk
from tests.gateway.intake.material import new_token, row
from tests.support.callers import CENTRE, of
from tests.support.erasing import erase
from tests.support.node import LOG_ID, MEMBER, make_facts, make_test_node
from tests.support.postgres import USED, database_url, start_postgres
from tests.support.sheets import GOOD, csv_text

SEED = "backup"
SOME = [dict(GOOD, CF_WSH=f"样市监罚〔2024〕{n}号", CF_NR_FK="x" * 900) for n in range(3)]
"""Rows that go back."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"], autouse=True)
def _database(request: pytest.FixtureRequest) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "sqlite":
            patch.delenv(USED, raising=False)
            yield
            return
        with start_postgres() as server:
            patch.setenv(USED, server.url)
            yield


def filled(folder: Path) -> tuple[Node, list[bytes]]:
    folder.mkdir()
    node = make_test_node(folder, seed=SEED)
    answer = node.intake.submit_set(caller=of("市监局"), rows=[row(n) for n in range(5)])
    node.logs.step()
    more = node.intake.submit_set(caller=CENTRE, rows=[row(n) for n in range(5, 8)])
    return node, [bytes.fromhex(one.leaf or "") for one in (*answer.rows, *more.rows)]


def take(node: Node, folder: Path) -> Path:
    backup(node.ctx.engine, folder, member=MEMBER, clock=node.ctx.clock)
    return folder


def content(engine: sa.Engine) -> dict[str, list[tuple[object, ...]]]:
    with begin_read(engine) as connection:
        return {
            table.name: sorted(tuple(one) for one in connection.execute(sa.select(table)))
            for table in tables()
        }


def keys_of(node: Node) -> list[tuple[int, int, bytes, bytes]]:
    query = sa.select(content_keys).order_by(content_keys.c.kind, content_keys.c.id)
    with begin_read(node.ctx.engine) as connection:
        return [(kind, id_, by, key) for kind, id_, by, key in connection.execute(query)]


def restored(folder: Path, source: Path, keys: Path | None = None) -> Restored:
    folder.mkdir()
    engine = open_engine(database_url(folder))
    try:
        return restore(engine, source, member=MEMBER, keys_from=keys)
    finally:
        engine.dispose()


def test_it_may_take_longer_than_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database waits for the copy to be written, and for rows to be counted."""
    node, _ = filled(tmp_path / "one")
    node.close()
    bounds = {"idle_in_transaction_session_timeout": "4s"}  # a busy machine pauses as well
    monkeypatch.setattr(postgresql, "SERVER", postgresql.SERVER | bounds)
    engine = open_engine(database_url(tmp_path / "one"))
    folder = tmp_path / "backup"
    waited: list[int] = []

    def progress(rows: int) -> None:
        if not waited:
            time.sleep(5)
        waited.append(rows)

    backup(engine, folder, member=MEMBER, clock=node.ctx.clock, progress=progress)
    assert waited and (folder / "manifest.json").exists()
    engine.dispose()


LOADED = """
import json
from gateway.base.db import metadata
from gateway.operations import backup
print(json.dumps([*metadata.tables]))
"""


def test_it_knows_every_table_by_itself(tmp_path: Path) -> None:
    """The command loads less than a gateway does, or than all these tests together."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=True, timeout=300
    )
    node, _ = filled(tmp_path / "one")
    there = {*sa.inspect(node.ctx.engine).get_table_names()}
    with node.ctx.engine.connect() as connection:
        there -= tables_of_parts(connection)
    assert {*json.loads(done.stdout)} == there - {"alembic_version"}
    node.close()


def test_nobody_is_logged_in_again(tmp_path: Path) -> None:
    node, _ = filled(tmp_path / "one")
    new_token(node)
    with begin_write(node.ctx.engine) as connection:
        token = connection.execute(sa.select(sa.func.min(tokens.c.id))).scalar_one()
        row = {"digest": bytes(32), "token": token, "begun_at": 1, "seen_at": 1}
        connection.execute(sa.insert(web_sessions).values(row))
    source = take(node, tmp_path / "backup")
    node.close()
    restored(tmp_path / "two", source)
    again = make_test_node(tmp_path / "two", facts=False, seed=SEED)
    with begin_read(again.ctx.engine) as connection:
        assert connection.execute(sa.select(web_sessions)).all() == []
    again.close()


def test_everything_comes_back(tmp_path: Path) -> None:
    node, leaves = filled(tmp_path / "one")
    source = take(node, tmp_path / "backup")
    assert {stat.S_IMODE(path.stat().st_mode) for path in source.iterdir()} == {0o600}
    assert {path.name for path in source.iterdir()} == {"gateway.db", "keys.db", "manifest.json"}
    before = content(node.ctx.engine)
    told = restored(tmp_path / "two", source)
    assert (told.rows, told.keys) == (sum(map(len, before.values())), Given())
    again = make_test_node(tmp_path / "two", facts=False, seed=SEED)
    after = content(again.ctx.engine)
    assert (len(before.pop("chain_cache")), after.pop("chain_cache")) == (1, [])
    assert [row[-1] for row in before["logs"] + after["logs"]] == [False, True]
    before["logs"] = [(*row[:-1], True) for row in before["logs"]]
    assert after == before
    assert len(keys_of(node)) == 8
    assert keys_of(again) == keys_of(node)
    with pytest.raises(NotReady, match="chain-unknown"):
        again.intake.ready()
    again.chain.put(make_facts(again.signing.keys))
    with pytest.raises(NotReady, match="log-unproven"):
        again.intake.ready()
    again.logs.prove(LOG_ID)
    for leaf in leaves:
        assert again.receipts.record(leaf, CENTRE) == node.receipts.record(leaf, CENTRE)
    answer = again.intake.submit_set(caller=CENTRE, rows=[row(n) for n in range(9)])
    assert [one.verdict for one in answer.rows] == [*["duplicate"] * 8, "accepted"]
    assert again.logs.step() == 4
    node.close()
    again.close()


def test_what_was_erased_stays_erased(tmp_path: Path) -> None:
    """The records come from an older backup, the keys from the newest."""
    node, leaves = filled(tmp_path / "one")
    old = take(node, tmp_path / "old")
    with begin_write(node.ctx.engine) as connection:
        erase(connection, leaves[0])
    new = take(node, tmp_path / "new")
    assert restored(tmp_path / "two", old, new).keys == Given(erased=1)
    again = make_test_node(tmp_path / "two", seed=SEED)
    with pytest.raises(NotAllowed, match="content-erased"):
        again.receipts.record(leaves[0], CENTRE)
    assert again.receipts.record(leaves[1], CENTRE) == node.receipts.record(leaves[1], CENTRE)
    node.close()
    again.close()


def test_the_copy_holds_no_wrapped_key(tmp_path: Path) -> None:
    """Whatever table they may stand in, and whatever lies between the rows."""
    node, _ = filled(tmp_path / "one")
    Desk(node).send(csv_text(*SOME).encode())
    Desk(node).post(csv_text(*SOME).encode())
    found = keys_of(node)
    assert {kind for kind, *_ in found} == {Kind.RECORD, Kind.ANSWER, Kind.FILE}
    source = take(node, tmp_path / "backup")
    data = (source / "gateway.db").read_bytes()
    for *_, key in found:
        assert key not in data
    held = {key for *_, key in found}
    engine = open_engine(f"sqlite:///{source / 'gateway.db'}")
    with engine.connect() as connection:
        for table in metadata.sorted_tables:
            for one in connection.execute(sa.select(table)):
                assert not held & {value for value in one if type(value) is bytes}
        for table in (content_keys, wrapping_keys):
            assert connection.execute(sa.select(table)).all() == []
    engine.dispose()
    node.close()


def test_forgotten_files_stay_forgotten(tmp_path: Path) -> None:
    """The workbook to correct as well: it is made anew."""
    node, _ = filled(tmp_path / "one")
    desk = Desk(node)
    gone = desk.send(csv_text(*SOME).encode())
    desk.report(gone)
    kept = desk.send(csv_text(*SOME).encode())
    desk.report(kept)
    waiting = desk.post(csv_text(*SOME).encode()).headers["Location"]
    old = take(node, tmp_path / "old")
    with begin_write(node.ctx.engine) as connection:
        drop(connection, gone["id"])
        forget_report(connection, kept["id"])
    desk.work()
    assert desk.answer(waiting)["state"] == "done"
    new = take(node, tmp_path / "new")
    assert restored(tmp_path / "two", old, new).keys == Given(forgotten=2)
    again = make_test_node(tmp_path / "two", seed=SEED)
    with begin_read(again.ctx.engine) as connection:
        for table, left in ((file_parts, 0), (file_reports, 0), (files, 2)):
            assert connection.scalar(sa.select(sa.func.count()).select_from(table)) == left
    other = Desk(again)
    assert other.get(f"/v1/files/{gone['id']}").status_code == 404
    assert other.answer(f"/v1/files/{kept['id']}")["verdicts"] == kept["verdicts"]
    assert other.report(kept)[:2] == b"PK"
    told = other.answer(waiting)
    assert (told["state"], "gave this file up" in told["message"]["en"]) == ("failed", True)
    assert [one.name for one in again.file_store.newest(None, 9)] == ["x", "x"]
    node.close()
    again.close()


def test_keys_of_a_workbook_that_was_made_anew(tmp_path: Path) -> None:
    """They open no piece of the one in the older backup."""
    node, _ = filled(tmp_path / "one")
    desk = Desk(node)
    answer = desk.send(csv_text(*SOME).encode())
    desk.report(answer)
    old = take(node, tmp_path / "old")
    with begin_write(node.ctx.engine) as connection:
        forget_report(connection, answer["id"])
    desk.report(answer)
    new = take(node, tmp_path / "new")
    assert restored(tmp_path / "two", old, new).keys == Given()
    again = make_test_node(tmp_path / "two", seed=SEED)
    assert Desk(again).report(answer)[:2] == b"PK"
    node.close()
    again.close()


def test_records_that_the_keys_never_had_are_not_erased(tmp_path: Path) -> None:
    """They came on a database that was lost; the newest keys are of the one made of an older
    backup."""
    node, _ = filled(tmp_path / "one")
    first = take(node, tmp_path / "first")
    more = node.intake.submit_set(caller=CENTRE, rows=[row(n) for n in range(20, 23)])
    second = take(node, tmp_path / "second")
    node.close()
    restored(tmp_path / "two", first)
    other = make_test_node(tmp_path / "two", seed=SEED)
    newest = take(other, tmp_path / "newest")
    other.close()
    assert restored(tmp_path / "three", second, newest).keys == Given()
    leaf = bytes.fromhex(more.rows[0].leaf or "")
    again = make_test_node(tmp_path / "three", seed=SEED)
    assert (again.receipts.record(leaf, CENTRE) or {})["leaf"] == leaf.hex()
    again.close()
    (second / "keys.db").unlink()
    assert restored(tmp_path / "four", second, newest).keys == Given(lost=3)
    again = make_test_node(tmp_path / "four", seed=SEED)
    with pytest.raises(ContentLost, match="in no backup"):
        again.receipts.record(leaf, CENTRE)
    third = take(again, tmp_path / "third")
    again.close()
    assert restored(tmp_path / "five", third).keys == Given(lost=3)


def test_records_that_did_not_come_back_are_counted(tmp_path: Path) -> None:
    """What the newest keys know of them is lost with those keys, so that is said."""
    node, _ = filled(tmp_path / "one")
    first = take(node, tmp_path / "first")
    more = node.intake.submit_set(caller=CENTRE, rows=[row(n) for n in range(20, 23)])
    with begin_write(node.ctx.engine) as connection:
        erase(connection, bytes.fromhex(more.rows[0].leaf or ""))
    newest = take(node, tmp_path / "newest")
    node.close()
    assert restored(tmp_path / "two", first, newest).keys == Given(beyond=3)


def test_what_is_refused(tmp_path: Path) -> None:
    node, _ = filled(tmp_path / "one")
    source = take(node, tmp_path / "backup")
    with pytest.raises(ConfigError, match="not empty"):
        take(node, source)
    with pytest.raises(ConfigError, match="not empty; restore into a new one"):
        restore(node.ctx.engine, source, member=MEMBER)
    with pytest.raises(ConfigError, match="a backup of 110000, not of 120000"):
        restore(node.ctx.engine, source, member="120000")
    with pytest.raises(ConfigError, match="cannot be read"):
        restored(tmp_path / "two", tmp_path / "nowhere")
    manifest = json.loads((source / "manifest.json").read_bytes())
    later = manifest | {"madeSeconds": manifest["madeSeconds"] + 1}
    (source / "manifest.json").write_text(json.dumps(later))
    other = take(node, tmp_path / "other")
    stale = json.loads((other / "manifest.json").read_bytes()) | {"madeSeconds": 1}
    (other / "manifest.json").write_text(json.dumps(stale))
    with pytest.raises(ConfigError, match="older than the backup"):
        restored(tmp_path / "three", source, other)
    (source / "manifest.json").write_text(json.dumps(manifest | {"revision": "9999"}))
    with pytest.raises(ConfigError, match="revision 9999"):
        restored(tmp_path / "four", source)
    (source / "manifest.json").write_text(json.dumps(manifest))
    with (source / "gateway.db").open("r+b") as file:
        file.seek(5000)
        file.write(b"x")
    with pytest.raises(ConfigError, match="altered"):
        restored(tmp_path / "five", source)
    node.close()
