"""How commands speak: results on stdout, everything else on stderr, errors with an exit code."""

import sys
from pathlib import Path
from typing import Any, NoReturn

import click
import orjson

EXIT_NO, EXIT_UNKNOWN = 1, 4


class Failure(click.ClickException):
    """Ends the command with a message on stderr and this exit code."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def fail(message: str, exit_code: int) -> NoReturn:
    """Raises the failure."""
    raise Failure(message, exit_code)


def note(message: str) -> None:
    """A line for people, beside the result."""
    click.echo(message, err=True)


def print_json(document: Any) -> None:
    """The one JSON document of `--json`. UTF-8 whatever the locale says."""
    sys.stdout.buffer.write(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")
    sys.stdout.buffer.flush()


def write_file(path: Path, data: bytes) -> None:
    """Writes a result; whole, or the command fails with 1."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        fail(f"{path}: {error.strerror}", EXIT_NO)
