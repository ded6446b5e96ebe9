"""What the commands of a node share: its settings, its database, its failures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from gateway.base.clock import Clock
from gateway.base.settings import load
from ledger.cli.language import say
from ledger.cli.output import Refused
from ledger.cli.problems import told
from ledger.core.errors import LedgerError

Command = Callable[..., Any]


def config_option(command: Command) -> Command:
    """`--config`: parameter `config`, a path."""
    return click.option(
        "--config",
        required=True,
        envvar="CREDIT_LEDGER_CONFIG",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        help=say(
            zh="节点的设置文件 gateway.toml（也可用 CREDIT_LEDGER_CONFIG）。",
            en="The settings of the node, gateway.toml (or CREDIT_LEDGER_CONFIG).",
        ),
    )(command)


@contextmanager
def failures() -> Iterator[None]:
    """Tell what goes wrong in a line, exit code 1."""
    from sqlalchemy.exc import OperationalError  # noqa: PLC0415 - keeps `--help` fast

    from gateway.base.errors import NotReady  # noqa: PLC0415

    try:
        yield
    except NotReady as error:
        raise Refused(f"{error}: {say(**error.message)}") from error
    except LedgerError as error:
        raise Refused(told(error)) from error
    except OperationalError as error:
        database = NotReady("database-unavailable")
        raise Refused(f"{database}: {say(**database.message)} ({error.orig})") from error


@contextmanager
def database(config: Path) -> Iterator[tuple[Any, datetime]]:
    """An open database, and the time by the clock of the settings."""
    from gateway.base.db import open_engine  # noqa: PLC0415 - keeps `--help` fast
    from gateway.base.revision import demand_current  # noqa: PLC0415

    with failures():
        settings = load(config)
        engine = open_engine(settings.database_url)
        try:
            demand_current(engine)
            yield engine, Clock.of(settings.now).now()
        finally:
            engine.dispose()
