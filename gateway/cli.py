"""`credit-ledger gateway`: run the node of a member, issue its tokens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from gateway.base.policy import SCOPES
from gateway.base.settings import load
from gateway.base.who import Who, WhoPaths
from gateway.commands.accesses import accesses
from gateway.commands.authorities import authorities
from gateway.commands.deploy_files import deploy_files
from gateway.commands.init import init
from gateway.commands.jobs import jobs
from gateway.commands.options import config_option, database, failures
from gateway.commands.quarantine import quarantine
from gateway.operations.cli import COMMANDS
from ledger.cli.language import say
from ledger.cli.options import json_option
from ledger.cli.output import Refused, note, print_json, print_rows
from ledger.cli.times import shown_time
from ledger.core.canonical import instant
from ledger.records.uscc import normalise


@click.group(
    help=say(
        zh="""运行成员节点，管理访问令牌。

        \b
        credit-ledger gateway serve --config gateway.toml
        credit-ledger gateway token add 市监局 --scope submit --scope read --config gateway.toml
        """,
        en="""Run the node of a member and manage its access tokens.

        \b
        credit-ledger gateway serve --config gateway.toml
        credit-ledger gateway token add SAMR --scope submit --scope read --config gateway.toml
        """,
    )
)
def gateway() -> None:
    """The group; its help is above."""


@gateway.command(
    help=say(
        zh="启动服务，直到收到 SIGINT 或 SIGTERM；日志为 JSON 行，写到标准错误。",
        en="Serve until SIGINT or SIGTERM; the log goes to stderr as JSON lines.",
    )
)
@config_option
def serve(config: Path) -> None:
    """Return after a graceful stop."""
    from gateway.serve import run  # noqa: PLC0415 - keeps `--help` and `token` fast

    with failures():
        run(load(config))


for _command in COMMANDS:
    gateway.add_command(_command)


@gateway.group(help=say(zh="访问令牌。", en="Access tokens."))
def token() -> None:
    """The group of token commands."""


@token.command(
    "add",
    help=say(
        zh="签发令牌并只显示这一次；数据库中只存其散列。",
        en="Issue a token and show it this once; the database keeps only its hash.",
    ),
)
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    metavar="|".join(SCOPES),
    help=say(zh="权限，可重复或以逗号分隔。", en="What it may do; repeatable or with commas."),
)
@click.option(
    "--department",
    help=say(
        zh="持有令牌的部门；有机关代码而无部门时以名称为部门。",
        en="The department that holds it; with authorities and none given, the name stands for it.",
    ),
)
@click.option(
    "--authority",
    "authorities",
    multiple=True,
    metavar="USCC",
    help=say(
        zh="所代表机关的统一社会信用代码，可重复；不给则为信用中心的令牌，可为所有机关报送。",
        en="USCC of an authority that it files for; repeatable. Without, the token is the centre's"
        " and files for all.",
    ),
)
@config_option
@json_option
def token_add(
    name: str,
    scopes: tuple[str, ...],
    *,
    department: str | None,
    authorities: tuple[str, ...],
    config: Path,
    as_json: bool,
) -> None:
    """Print the token alone on stdout, or all of it as JSON."""
    wanted = [scope.strip() for text in scopes for scope in text.split(",")]
    if set(wanted) - set(SCOPES):
        known = ", ".join(SCOPES)
        message = say(zh=f"应为其中之一：{known}", en=f"must be one of {known}")
        raise click.BadParameter(message, param_hint="--scope")
    with _tokens(config) as (services, engine, now):
        who = WhoPaths.of(load(config)).read()
        token_id, secret = services.add_token(
            engine,
            name=name,
            scopes=wanted,
            department=department,
            authorities=authorities,
            now=now,
            exceptions=who.exceptions,
        )
    _note_unknown(who, authorities)
    if as_json:
        print_json({"id": token_id, "name": name, "scopes": wanted, "token": secret})
        return
    note(
        say(
            zh=f"令牌 {token_id}，请妥善保存，不会再次显示：",
            en=f"Token {token_id}; keep it, it is not shown again:",
        )
    )
    click.echo(secret)


def _note_unknown(who: Who, codes: Iterable[str]) -> None:
    """Say which codes the operator's table lacks, where he keeps one."""
    for code in map(normalise, codes):
        if len(who.authorities) and code not in who.authorities:
            note(
                say(
                    zh=f"机关表中没有 {code}：其名称、前身和地区都不为节点所知。",
                    en=f"{code} is not in the table of authorities: its names, predecessors and"
                    " region are not known to the node.",
                )
            )


@token.command("list", help=say(zh="列出已签发的令牌。", en="List the tokens issued."))
@config_option
@json_option
def token_list(config: Path, as_json: bool) -> None:
    """One line each, below a head: id, name, scopes, department, authorities, state."""
    with _tokens(config) as (services, engine, _):
        rows = [
            {
                "id": row.id,
                "name": row.name,
                "scopes": list(row.scopes),
                "department": row.department,
                "authorities": list(row.authorities),
                "created": instant(row.created_at),
                "revoked": None if row.revoked_at is None else instant(row.revoked_at),
            }
            for row in services.list_tokens(engine)
        ]
    if as_json:
        print_json({"tokens": rows})
        return
    head = (
        say(zh="编号", en="Id"),
        say(zh="名称", en="Name"),
        say(zh="权限", en="Scopes"),
        say(zh="部门", en="Department"),
        say(zh="机关", en="Authorities"),
        say(zh="状态（吊销时间）", en="State (revoked)"),
    )
    print_rows(map(_line, rows), head=head)


def _line(row: dict[str, Any]) -> tuple[object, ...]:
    state = shown_time(row["revoked"]) or say(zh="有效", en="in force")
    scopes, theirs = ",".join(row["scopes"]), ",".join(row["authorities"]) or None
    return row["id"], row["name"], scopes, row["department"], theirs, state


@token.command("revoke", help=say(zh="吊销令牌，数秒内生效。", en="Revoke a token, in seconds."))
@click.argument("token_id", metavar="ID", type=click.IntRange(min=1))
@config_option
def token_revoke(token_id: int, config: Path) -> None:
    """Exit code 1 where no such token is in force."""
    with _tokens(config) as (services, engine, now):
        if not services.revoke_token(engine, token_id, now=now):
            raise Refused(
                say(zh=f"没有有效的令牌 {token_id}。", en=f"No token {token_id} is in force.")
            )


@contextmanager
def _tokens(config: Path) -> Iterator[tuple[Any, Any, datetime]]:
    """The services of tokens, an open database, and the time by the clock of the settings."""
    from gateway.tokens import services  # noqa: PLC0415 - keeps `--help` fast

    with database(config) as (engine, now):
        yield services, engine, now


gateway.add_command(accesses)
gateway.add_command(authorities)
gateway.add_command(deploy_files)
gateway.add_command(init)
gateway.add_command(jobs)
gateway.add_command(quarantine)
