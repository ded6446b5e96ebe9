"""Databases that the programs of former stages made (`scripts/old_database.py`), taken up by the
gateway of today: nothing is lost, the tables become those of a new database, and it answers from
them as its users ask."""

from __future__ import annotations

import gzip
import json
import shutil
import sqlite3
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from gateway.app import create_app
from gateway.base import revision
from gateway.base.db import begin_read, begin_write, open_engine
from gateway.base.settings import load
from gateway.log import store
from gateway.log.store import TileStore
from gateway.node import Node, open_node
from ledger.core.merkle import leaf_hash
from ledger.core.tiles import root_at
from tests.gateway.test_additive import shapes
from tests.support.asgi import Client
from tests.support.postgres import database_url, drop_databases, migrated_url

UPGRADES = Path(__file__).parent / "upgrades"
VERSIONS = sorted(path.name for path in UPGRADES.iterdir() if path.is_dir())
GONE = {"report_tries": "0022", "report_days": "0022"}
"""Tables that a revision made anew, empty: no version was released that filled them."""
SETTINGS = """\
env = "development"
network = "network.json"
database_url = "{url}"
keys = "keys"
key_password_file = "keys/password"
[node]
code = "{code}"
name = "样例"
go_live = 2024-01-01
[intake]
processes = 0
[files]
processes = 0
"""

Held = dict[str, list[dict[str, Any]]]


class Old:
    """A database of a former version in a folder, and what it must still say."""

    def __init__(self, name: str, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(UPGRADES / name, folder, dirs_exist_ok=True)
        for path in (folder / "keys").iterdir():
            path.chmod(0o600)
        self.said: dict[str, Any] = json.loads((folder / "said.json").read_text("utf-8"))
        self.made = sa.create_engine(f"sqlite:///{folder / 'made.db'}")
        with sqlite3.connect(folder / "made.db") as database:
            database.executescript(
                gzip.decompress((folder / "gateway.sql.gz").read_bytes()).decode()
            )
        self.tables = reflected(self.made)
        self.before = held(self.made, self.tables)
        self.url = database_url(folder)
        self.engine = open_engine(self.url)
        if self.engine.dialect.name == "sqlite":
            shutil.copy(folder / "made.db", folder / "gateway.db")
        else:
            self._fill()
        code = self.said["member"]
        text = SETTINGS.format(url=self.url, code=code)
        (folder / "gateway.toml").write_text(text, "utf-8")

    @property
    def revision(self) -> str:
        """Of the tables as they were made."""
        with self.made.connect() as connection:
            return str(connection.scalar(sa.text("SELECT version_num FROM alembic_version")))

    def _fill(self) -> None:
        """The same rows in tables that the revisions up to there make on PostgreSQL."""
        with begin_write(self.engine) as connection:
            command.upgrade(revision._config(connection), self.revision)
        there = reflected(self.engine)
        with begin_write(self.engine) as connection:
            for table in reversed(there.sorted_tables):
                if table.name != "alembic_version":
                    connection.execute(sa.delete(table))
            for table in there.sorted_tables:
                rows = self.before.get(table.name, [])
                if rows:
                    connection.execute(sa.insert(table), rows)
                _go_on_counting(connection, table)

    def close(self) -> None:
        self.made.dispose()
        self.engine.dispose()


def _go_on_counting(connection: sa.Connection, table: sa.Table) -> None:
    """Behind the rows that were put in."""
    for column in table.primary_key.columns:
        name = connection.scalar(
            sa.text("SELECT pg_get_serial_sequence(:t, :c)"), {"t": table.name, "c": column.name}
        )
        last = connection.scalar(sa.select(sa.func.max(column))) if name else None
        if last:
            connection.execute(sa.text("SELECT setval(:s, :n)"), {"s": name, "n": last})


def reflected(engine: sa.Engine) -> sa.MetaData:
    found = sa.MetaData()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sa.exc.SAWarning)  # an index of an expression
        found.reflect(engine)
    return found


def held(engine: sa.Engine, tables: sa.MetaData) -> Held:
    with engine.connect() as connection:
        return {
            table.name: sorted(
                (dict(row._mapping) for row in connection.execute(sa.select(table))), key=repr
            )
            for table in tables.sorted_tables
            if table.name != "alembic_version"
        }


@pytest.fixture(scope="module", params=VERSIONS)
def old(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Old]:
    folder = tmp_path_factory.mktemp(request.param)
    found = Old(request.param, folder)
    yield found
    found.close()
    drop_databases(folder)


@pytest.fixture(scope="module")
def node(old: Old) -> Iterator[Node]:
    """The gateway of today on it, as `gateway serve` opens it."""
    found = open_node(load(old.folder / "gateway.toml"))
    yield found
    found.close()


class Desk:
    """Whoever asks the gateway over HTTP."""

    def __init__(self, node: Node, token: str) -> None:
        self._client = Client(create_app(node))
        self._headers = {"authorization": f"Bearer {token}"}

    def get(self, path: str) -> Any:
        answer = self._client.get(path, headers=self._headers)
        assert answer.status_code == 200, (path, answer.text)
        return answer.json()

    def post(self, path: str, body: Any) -> tuple[int, Any]:
        answer = self._client.request("POST", path, headers=self._headers, json=body)
        return answer.status_code, answer.json()


def test_every_stage_is_there() -> None:
    assert VERSIONS == ["stage-10", "stage-11", "stage-12"]


def test_nothing_is_lost_and_the_tables_are_those_of_today(
    old: Old, node: Node, tmp_path_factory: pytest.TempPathFactory
) -> None:
    after = held(old.engine, reflected(old.engine))
    for name, rows in old.before.items():
        if GONE.get(name, old.revision) > old.revision:
            assert rows == []
            continue
        kept = [{column: row[column] for column in rows[0]} for row in after[name]] if rows else []
        assert sorted(kept, key=repr) == rows, name
    folder = tmp_path_factory.mktemp("fresh")
    fresh = open_engine(migrated_url(folder))
    try:
        assert shapes(old.engine) == shapes(fresh)
    finally:
        fresh.dispose()
        drop_databases(folder)


def test_the_log_is_whole(old: Old, node: Node) -> None:
    with begin_read(node.ctx.engine) as connection:
        [log] = store.states(connection)
        tree = TileStore(connection, log.id)
        assert log.size >= len(old.said["records"])
        assert root_at(tree, log.size) == log.root
        leaves = {leaf_hash(entry).hex() for entry in tree.entries(0, log.size)}
    assert {one["leaf"] for one in old.said["records"]} <= leaves


def test_it_answers_from_it(old: Old, node: Node) -> None:
    said, desk = old.said, Desk(node, old.said["token"])
    for one in said["records"]:
        if one["recordId"] in said["closed"]:
            continue
        found = desk.get(f"/v1/records/{one['leaf']}")
        assert found["state"] == "anchored"
        assert one["record"]["fields"].items() <= found["fields"].items()
        status, answer = desk.post("/v1/records", one["record"])
        assert (status, answer["verdict"], answer["leaf"]) == (200, "duplicate", one["leaf"])
    files = desk.get("/v1/files")["files"]
    assert len(files) == said["files"]
    case = desk.get(f"/v1/cases/{said['case']}")
    assert case["record"] == said["records"][1]["recordId"]
    assert [step["act"] for step in case["steps"]] == ["file-objection"]


def test_what_came_with_finance_is_there(old: Old, node: Node) -> None:
    said = old.said
    if "authorisation" not in said:
        assert old.revision < "0014"
        return
    paper = Desk(node, said["consent"]).get(f"/v1/authorisations/{said['authorisation']}")
    assert paper["commitments"] and paper["subject"] == said["subject"]
    made = Desk(node, said["product"]).get("/v1/products")["items"]
    assert [one["product"] for one in made] == [said["made"]]
    hooks = Desk(node, said["token"]).get("/v1/webhooks")["items"]
    assert [one["id"] for one in hooks] == [said["webhook"]]
