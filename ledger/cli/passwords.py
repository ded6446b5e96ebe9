"""Passwords of key files: from files where some are named, else typed."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import click

from ledger.chain.keys.keyfile import WrongPassword
from ledger.chain.keys.private import readable_by_others
from ledger.chain.keys.signers import LocalSigner, RemoteSigner, open_signer
from ledger.cli.language import say
from ledger.cli.output import Refused, note
from ledger.core.errors import ConfigError

PASSWORD_FILE = "CREDIT_LEDGER_KEY_PASSWORD_FILE"  # noqa: S105 - its name

Signer = LocalSigner | RemoteSigner


def new_password() -> bytes:
    """For a new key: one line of the file, or what is typed twice."""
    if path := os.environ.get(PASSWORD_FILE):
        return read_password(Path(path))
    text = say(zh="口令", en="Password")
    return str(click.prompt(text, hide_input=True, confirmation_prompt=True, err=True)).encode()


def read_password(path: Path) -> bytes:
    """The first line of a file. Refused where it cannot be read. That others can read it is told
    and no more: scripts write such files."""
    try:
        if mode := readable_by_others(path):
            _warn(path, mode)
        return path.read_bytes().rstrip(b"\r\n")
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from error


@cache
def _warn(path: Path, mode: int) -> None:
    """Tell it once, however many keys are opened with it."""
    note(
        say(
            zh=f"警告：他人可读取口令文件 {path}（权限 {mode:04o}）；请运行：chmod 600 {path}",
            en=f"warning: others can read the password in {path} (mode {mode:04o}); run: chmod 600"
            f" {path}",
        )
    )


def open_key(path: Path, purpose: str, passwords: Sequence[Path]) -> Signer:
    """The key in a file, which must be of that purpose. Each password file is tried, then the one
    of the environment, then the keyboard. Raises ConfigError, Refused."""
    from ledger.chain.keys.keydir import read_public  # noqa: PLC0415 - `--help` need not wait for it

    found = read_public(path).purpose
    if found != purpose:
        raise ConfigError(str(path), f"holds a key of purpose {found}, not {purpose}")
    tried = [*passwords]
    if named := os.environ.get(PASSWORD_FILE):
        tried.append(Path(named))
    for file in tried:
        try:
            return open_signer(path, read_password(file))
        except WrongPassword:
            continue
    if not sys.stdin.isatty() and tried:
        raise WrongPassword(
            str(path), "no password file given opens it: name one with --password-file"
        )
    text = say(zh=f"{path} 的口令", en=f"Password of {path}")
    return open_signer(path, str(click.prompt(text, hide_input=True, err=True)).encode())
