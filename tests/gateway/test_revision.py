"""Databases of other versions of the program."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from click.testing import CliRunner

from gateway.base import revision
from gateway.base.db import begin_write, open_engine
from gateway.base.revision import demand_current, migrate
from gateway.cli import gateway
from gateway.node import make_node
from ledger.core.errors import ConfigError
from tests.support.node import make_keys, make_network, make_settings
from tests.support.postgres import database_url

OLDER = revision.FIRST_CARRIED
CONFIG = 'env = "development"\nnetwork = "network.json"\n[node]\ncode = "110000"\n'


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    engine = open_engine(database_url(tmp_path))
    yield engine
    engine.dispose()


def set_revision(engine: sa.Engine, name: str) -> None:
    with begin_write(engine) as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :n"), {"n": name})


def test_revisions_are_what_their_files_are_called(engine: sa.Engine) -> None:
    """What a gateway goes by is what alembic would do."""
    with engine.connect() as connection:
        scripts = ScriptDirectory.from_config(revision._config(connection))
    known = [one.revision for one in scripts.walk_revisions("base", "head")]
    assert list(revision._names()) == known[::-1]
    assert revision.program_revision() == scripts.get_current_head()


def test_newer_than_the_program(engine: sa.Engine) -> None:
    migrate(engine)
    set_revision(engine, "9999")
    for ask in (migrate, demand_current):
        with pytest.raises(ConfigError) as caught:
            ask(engine)
        assert caught.value.setting == "database_url"
        assert "9999" in caught.value.problem
        assert "install that version" in caught.value.problem


def test_older_than_any_that_is_carried_on(engine: sa.Engine) -> None:
    """Their tables were changed in place while nothing was released."""
    with begin_write(engine) as connection:
        command.upgrade(revision._config(connection), "0004")
    tables = sa.inspect(engine).get_table_names()
    for ask in (migrate, demand_current):
        with pytest.raises(ConfigError) as caught:
            ask(engine)
        assert caught.value.setting == "database_url"
        assert "0004" in caught.value.problem
        assert "found the network anew" in caught.value.problem
    assert sa.inspect(engine).get_table_names() == tables


def test_a_command_changes_no_older_tables(engine: sa.Engine) -> None:
    with begin_write(engine) as connection:
        command.upgrade(revision._config(connection), OLDER)
    tables = sa.inspect(engine).get_table_names()
    with pytest.raises(ConfigError) as caught:
        demand_current(engine)
    assert "serve" in caught.value.problem
    assert sa.inspect(engine).get_table_names() == tables
    migrate(engine)
    demand_current(engine)


def test_a_command_makes_the_tables_of_an_empty_database(engine: sa.Engine) -> None:
    demand_current(engine)
    assert "tokens" in sa.inspect(engine).get_table_names()


def test_token_add_beside_an_older_gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "en")
    config = tmp_path / "gateway.toml"
    config.write_text(CONFIG)
    engine = open_engine(f"sqlite:///{tmp_path / 'gateway.db'}")
    with begin_write(engine) as connection:
        command.upgrade(revision._config(connection), OLDER)
    before = sa.inspect(engine).get_table_names()
    done = CliRunner().invoke(
        gateway, ["token", "add", "a", "--scope", "read", "--config", str(config)]
    )
    assert done.exit_code == 1
    assert OLDER in done.stderr
    assert sa.inspect(engine).get_table_names() == before
    engine.dispose()


def test_what_works_beside_a_gateway_changes_no_older_tables(tmp_path: Path) -> None:
    """`gateway relog` opens a node of its own."""
    settings = make_settings(tmp_path, database_url=database_url(tmp_path))
    engine = open_engine(settings.database_url)
    with begin_write(engine) as connection:
        command.upgrade(revision._config(connection), OLDER)
    before = sa.inspect(engine).get_table_names()
    with pytest.raises(ConfigError, match="serve"):
        make_node(settings, make_network(), make_keys(), beside=True)
    assert sa.inspect(engine).get_table_names() == before
    engine.dispose()
