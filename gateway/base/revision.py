"""Which version of the tables a database holds, and bringing it to ours.

Only who serves changes tables. A command that did so beside a gateway of an older version would
take away what that one reads.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from gateway.base.db import begin_write
from ledger.core.errors import ConfigError

_SCRIPTS = str(Path(__file__).parent.parent / "migrations")


def migrate(engine: sa.Engine) -> None:
    """Bring the tables to this version of the program. Safe where several processes start. Raises
    ConfigError where a newer one has been here."""
    with begin_write(engine, "migrate") as connection:
        found = _revision(connection)
        _demand_known(found)
        if found != _script().get_current_head():
            command.upgrade(_config(connection), "head")


def demand_current(engine: sa.Engine) -> None:
    """For a command beside a gateway: raises ConfigError where the tables are not of this version
    of the program. An empty database, which nobody can be using, gets its tables."""
    with engine.connect() as connection:
        found = _revision(connection)
    _demand_known(found)
    if found is None:
        migrate(engine)
    elif found != _script().get_current_head():
        raise ConfigError(
            "database_url",
            f"the tables are of revision {found}, older than this program; `credit-ledger gateway"
            " serve` of this version brings them up to date, once no older gateway runs on them",
        )


def revision(engine: sa.Engine) -> str | None:
    """The revision of the tables; None where there are none."""
    with engine.connect() as connection:
        return _revision(connection)


def program_revision() -> str:
    """The revision of the tables that this program works with."""
    head = _script().get_current_head()
    if head is None:
        raise ConfigError("migrations", "none are installed; install the program again")
    return head


def _demand_known(found: str | None) -> None:
    known = {script.revision for script in _script().walk_revisions()}
    if found is not None and found not in known:
        raise ConfigError(
            "database_url",
            f"the tables are of revision {found}, made by a newer version of this program; install"
            " that version, or restore a backup made before it was started",
        )


def _revision(connection: sa.Connection) -> str | None:
    """None: no tables yet."""
    return MigrationContext.configure(connection).get_current_revision()


def _config(connection: sa.Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", _SCRIPTS)
    config.attributes["connection"] = connection
    return config


def _script() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())
