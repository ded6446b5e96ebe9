"""Which version of the tables a database holds, and bringing it to ours.

Only who serves changes tables. A command that did so beside a gateway of an older version would
take away what that one reads.

Alembic is loaded only where tables change: importing it takes half a second of every command.
"""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from gateway.base.db import begin_change, unhurried
from gateway.base.lease import SECONDS, Lease
from ledger.core.errors import ConfigError

if TYPE_CHECKING:
    from alembic.config import Config

_SCRIPTS = Path(__file__).parent.parent / "migrations"
_VERSION = sa.table("alembic_version", sa.column("version_num"))
FIRST_CARRIED = "0013"
"""Revisions before it were changed in place while nothing was released: what a database of one of
them holds, its number does not tell."""
ALONE = frozenset[str]()
"""Revisions that take away what a gateway of the version before works with: no gateway may run.
All others since 0023 only add, and the gateways of a member are brought up one after the other.
So far there is none."""
LEAVE_SECONDS = 2 * SECONDS
"""For which a gateway that was killed is taken to run still."""
_POLL = 0.2


def migrate(engine: sa.Engine) -> None:
    """Bring the tables to this version of the program. Safe where several processes start. Raises
    ConfigError where a newer one has been here, or an older one runs that could not go on."""
    _demand_alone(engine)
    with begin_change(engine, "migrate") as connection:
        found = _revision(connection)
        _demand_known(found)
        if found != program_revision():
            with unhurried(connection):  # a large table is not changed within a statement's time
                _upgrade(connection)


def demand_current(engine: sa.Engine) -> None:
    """For a command beside a gateway: raises ConfigError where the tables are not of this version
    of the program. An empty database, which nobody can be using, gets its tables."""
    with engine.connect() as connection:
        found = _revision(connection)
    _demand_known(found)
    if found is None:
        migrate(engine)
    elif found != program_revision():
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
    if not (names := _names()):
        raise ConfigError("migrations", "none are installed; install the program again")
    return names[-1]


@cache
def _names() -> tuple[str, ...]:
    """Of all revisions that the program knows, in their order: the file of revision 0013 is called
    `r0013_` and what it does."""
    found = (_SCRIPTS / "versions").glob("r*_*.py")
    return tuple(sorted(path.name[1:].partition("_")[0] for path in found))


def _demand_alone(engine: sa.Engine) -> None:
    """Where a revision on the way to ours takes something away, wait until nobody runs."""
    with engine.connect() as connection:
        found = _revision(connection)
    if found is None or not any(found < name <= program_revision() for name in ALONE):
        return
    end, lease = time.monotonic() + LEAVE_SECONDS, Lease(engine)
    while lease.is_taken():
        if time.monotonic() > end:
            raise ConfigError(
                "database_url",
                f"a gateway of an older version runs on the tables, of revision {found}, and could"
                " not go on beside this one: stop every gateway on this database first",
            )
        time.sleep(_POLL)


def _demand_known(found: str | None) -> None:
    if found is not None and found not in _names():
        raise ConfigError(
            "database_url",
            f"the tables are of revision {found}, made by a newer version of this program; install"
            " that version, or restore a backup made before it was started",
        )
    if found is not None and found < FIRST_CARRIED:
        raise ConfigError(
            "database_url",
            f"the tables are of revision {found}, made by a version before the first that is"
            " carried on; found the network anew, with an empty database",
        )


def _revision(connection: sa.Connection) -> str | None:
    """None: no tables yet."""
    if not sa.inspect(connection).has_table(_VERSION.name):
        return None
    found: str | None = connection.scalars(sa.select(_VERSION.c.version_num)).one_or_none()
    return found


def _upgrade(connection: sa.Connection) -> None:
    from alembic import command  # noqa: PLC0415

    command.upgrade(_config(connection), "head")


def _config(connection: sa.Connection) -> Config:
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = connection
    return config
