"""A backup of a database in use, and what is made of it, on SQLite and PostgreSQL."""

import json
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.base import postgresql
from gateway.base.db import begin_read, begin_write, open_engine
from gateway.base.errors import NotReady
from gateway.base.policy import NotAllowed
from gateway.log.store import locate
from gateway.node import Node
from gateway.operations.backup import Restored, backup, restore, tables
from gateway.records.models import records
from ledger.core.errors import ConfigError
from tests.gateway.intake.material import row
from tests.support.callers import CENTRE, of
from tests.support.node import LOG_ID, MEMBER, make_facts, make_test_node
from tests.support.postgres import USED, database_url, start_postgres

SEED = "backup"


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
    bounds = {"idle_in_transaction_session_timeout": "50ms"}
    monkeypatch.setattr(postgresql, "SERVER", postgresql.SERVER | bounds)
    engine = open_engine(database_url(tmp_path / "one"))
    folder = tmp_path / "backup"
    backup(
        engine,
        folder,
        member=MEMBER,
        clock=node.ctx.clock,
        progress=lambda _rows: time.sleep(0.2),
    )
    assert (folder / "manifest.json").exists()
    engine.dispose()


def test_everything_comes_back(tmp_path: Path) -> None:
    node, leaves = filled(tmp_path / "one")
    source = take(node, tmp_path / "backup")
    assert {stat.S_IMODE(path.stat().st_mode) for path in source.iterdir()} == {0o600}
    assert {path.name for path in source.iterdir()} == {"gateway.db", "keys.db", "manifest.json"}
    before = content(node.ctx.engine)
    told = restored(tmp_path / "two", source)
    assert (told.rows, told.erased) == (sum(map(len, before.values())), 0)
    again = make_test_node(tmp_path / "two", facts=False, seed=SEED)
    after = content(again.ctx.engine)
    assert (len(before.pop("chain_cache")), after.pop("chain_cache")) == (1, [])
    assert [row[-1] for row in before["logs"] + after["logs"]] == [False, True]
    before["logs"] = [(*row[:-1], True) for row in before["logs"]]
    assert after == before
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
        found = locate(connection, leaves[0])
        assert found is not None
        change = sa.update(records).where(records.c.id == found.id).values(wrapped_key=None)
        connection.execute(change)
    new = take(node, tmp_path / "new")
    assert restored(tmp_path / "two", old, new).erased == 1
    again = make_test_node(tmp_path / "two", seed=SEED)
    with pytest.raises(NotAllowed, match="content-erased"):
        again.receipts.record(leaves[0], CENTRE)
    assert again.receipts.record(leaves[1], CENTRE) == node.receipts.record(leaves[1], CENTRE)
    with (old / "gateway.db").open("rb") as file, begin_read(node.ctx.engine) as connection:
        data = file.read()
        for key in connection.scalars(sa.select(records.c.wrapped_key)):
            assert key is None or key not in data
    node.close()
    again.close()


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
