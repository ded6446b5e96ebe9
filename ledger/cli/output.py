"""How commands speak: results on stdout, everything else on stderr, errors with an exit code."""

import json
import os
import secrets
import sys
import tempfile
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
import orjson

from ledger.cli.language import say

EXIT_NO, EXIT_UNKNOWN = 1, 4
_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")  # categories of what can steer a terminal


def harmless(text: str, *, lines: bool = False) -> str:
    """Text from somewhere else without what would steer a terminal. lines: line ends stay."""
    kept = "\n" if lines else ""
    return "".join(" " if unicodedata.category(c) in _HIDDEN and c not in kept else c for c in text)


class _Ends(click.ClickException):
    """Ends the command with a message in which others may have had a word."""

    def format_message(self) -> str:
        return harmless(self.message, lines=True)


class Refused(_Ends):
    """Ends the command: the answer is no."""

    exit_code = EXIT_NO


class Unknown(_Ends):
    """Ends the command: there is no answer."""

    exit_code = EXIT_UNKNOWN


def shown_path(path: Path | str) -> str:
    """A path for a JSON document: its bytes need not be UTF-8, those of JSON must."""
    return os.fsencode(path).decode(errors="replace")


def note(message: str) -> None:
    """A line for people, beside the result."""
    click.echo(harmless(message, lines=True), err=True)


def print_rows(rows: Iterable[Iterable[object]], *, head: Iterable[str]) -> None:
    """A line for each below one of their heads, the values apart by tabs; where there is none, that
    is said aside. Programs take `--json`."""
    lines = ["\t".join("-" if value is None else str(value) for value in row) for row in rows]
    if not lines:
        note(say(zh="没有。", en="None."))
        return
    for line in ("\t".join(head), *lines):
        click.echo(line)


def print_json(document: Any) -> None:
    """The one JSON document of `--json`. UTF-8 whatever the locale says; what would steer a
    terminal is escaped."""
    text = orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()
    steering = {c for c in set(text) if unicodedata.category(c) in _HIDDEN and c != "\n"}
    escapes = {ord(c): json.dumps(c)[1:-1] if c != "\x7f" else "\\u007f" for c in steering}
    print_bytes(text.translate(escapes).encode() + b"\n")


def print_bytes(data: bytes | Iterable[bytes]) -> None:
    """To stdout as they are."""
    sys.stdout.buffer.writelines([data] if isinstance(data, bytes) else data)
    sys.stdout.buffer.flush()


def demand_apart(out: Path | None, *inputs: Path | None, hint: str) -> None:
    """BadParameter where a result would be written over what the command reads, by whatever name
    or link, or into a folder of it. hint: the option that names the result. Before anything is
    sent."""
    if out is None:
        return
    demand_folder(out, hint=hint)
    _demand_outside(out, inputs, hint=hint)
    if not os.path.exists(out):  # a name that is too long is not there either
        return
    if any(path is not None and path.exists() and out.samefile(path) for path in inputs):
        text = say(
            zh="这是本命令要读取的文件，不会覆盖；请另给一个文件名",
            en="this is a file that the command reads; it stays as it is, give another name",
        )
        raise click.BadParameter(f"{shown_path(out)}: {text}", param_hint=hint)


def _demand_outside(out: Path, inputs: Iterable[Path | None], *, hint: str) -> None:
    """BadParameter where a result would lie among what the command reads: the next time it would be
    read, too."""
    place = out.parent.resolve()
    for path in inputs:
        if path is not None and path.is_dir() and place.is_relative_to(path.resolve()):
            text = say(
                zh="这是本命令要读取的文件夹；请把结果写到别处",
                en="this is a folder that the command reads; write the result somewhere else",
            )
            raise click.BadParameter(f"{shown_path(out.parent)}: {text}", param_hint=hint)


def demand_writable(out: Path | None, *, hint: str) -> None:
    """BadParameter where a result cannot be written: before minutes of work. The folder must be
    there."""
    if out is None:
        return
    try:
        handle, path = tempfile.mkstemp(prefix=f".{out.name}.", suffix=".partial", dir=out.parent)
        os.close(handle)
        os.unlink(path)
    except OSError as error:
        text = say(zh="无法写入", en="it cannot be written")
        told = f"{shown_path(out)}: {text}: {error.strerror}"
        raise click.BadParameter(told, param_hint=hint) from error


def demand_folder(out: Path, *, hint: str) -> None:
    """BadParameter where there is no folder for a result: before anything is sent, for what is
    asked for may be stated, or given only once."""
    if not out.parent.is_dir():
        text = say(
            zh="没有这个文件夹；请先建立，或另给一个文件名",
            en="there is no such folder; make it first, or give another name",
        )
        raise click.BadParameter(f"{shown_path(out.parent)}: {text}", param_hint=hint)


def demand_new(out: Path, *, hint: str) -> None:
    """BadParameter where the file is there already: it may have been filled in. As
    `demand_folder`."""
    demand_folder(out, hint=hint)
    if out.exists() or out.is_symlink():
        text = say(
            zh="文件已存在，不会覆盖；请另给一个文件名",
            en="the file is there already and stays as it is; give another name",
        )
        raise click.BadParameter(f"{shown_path(out)}: {text}", param_hint=hint)


def read_file(path: Path, most: int) -> bytes:
    """The bytes of a file, or as many as show that it is longer than `most`. The command ends
    without an answer where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(most + 1)
    except OSError as error:
        raise Unknown(f"{shown_path(path)}: {error.strerror}") from error


def write_file(path: Path, data: bytes | Iterable[bytes], *, private: bool = False) -> None:
    """Write a result; whole, or the command ends without an answer. What it is written to first
    has a name that nobody knows before: in a shared folder a link could lie there. private: it
    tells of people, and nobody but its owner may read it."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(8)}.partial")
    mode = 0o600 if private else 0o666
    try:
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
        try:
            with os.fdopen(handle, "wb") as file:
                file.writelines([data] if isinstance(data, bytes) else data)
            partial.replace(path)
        except OSError:
            partial.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise Unknown(f"{path}: {error.strerror}") from error
