"""What the gateway's commands share: where the settings are, and how they fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from ledger.cli.language import say
from ledger.cli.output import Refused
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
    """What goes wrong is told in a line, exit code 1."""
    try:
        yield
    except LedgerError as error:
        raise Refused(str(error)) from error
