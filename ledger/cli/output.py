"""How commands speak: results on stdout, everything else on stderr, errors with an exit code."""

import sys
from pathlib import Path
from typing import Any

import click
import orjson

EXIT_NO, EXIT_UNKNOWN = 1, 4


class Refused(click.ClickException):
    """Ends the command: the answer is no."""

    exit_code = EXIT_NO


class Unknown(click.ClickException):
    """Ends the command: there is no answer."""

    exit_code = EXIT_UNKNOWN


def note(message: str) -> None:
    """A line for people, beside the result."""
    click.echo(message, err=True)


def print_json(document: Any) -> None:
    """The one JSON document of `--json`. UTF-8 whatever the locale says."""
    print_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")


def print_bytes(data: bytes) -> None:
    """To stdout as they are."""
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def write_file(path: Path, data: bytes) -> None:
    """Writes a result; whole, or the command ends without an answer."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise Unknown(f"{path}: {error.strerror}") from error
