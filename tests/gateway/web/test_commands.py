"""What pages tell people to type: each command and each option of it exists."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from gateway import web
from ledger.cli.main import cli

_TYPED = re.compile(r"credit-ledger ([a-z][^<{\n]*)")
TEMPLATES = Path(web.__file__).parent / "templates"


def typed() -> list[str]:
    files = sorted(TEMPLATES.rglob("*.html"))
    return sorted({one for file in files for one in _TYPED.findall(file.read_text("utf-8"))})


def wrong_in(line: str) -> list[str]:
    """Words of a line that its command does not know."""
    words = shlex.split(line.split(") }}", maxsplit=1)[0].split('"', maxsplit=1)[0])
    command: click.Command = cli
    context = click.Context(command)
    while isinstance(command, click.Group):
        found = command.get_command(context, words[0]) if words else None
        if found is None:
            return words[:1]
        command, words = found, words[1:]
    options = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
    return [word for word in words if word.startswith("-") and word not in options]


@pytest.mark.parametrize("line", typed())
def test_it_exists(line: str) -> None:
    assert wrong_in(line) == []


def test_others_do_not() -> None:
    assert len(typed()) > 5
    assert wrong_in("gateway token add --name NAME") == ["--name"]
    assert wrong_in("audit reply --network network.json") == ["reply"]
