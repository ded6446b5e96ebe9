"""`credit-ledger gateway accesses`: the access log for an auditor."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import click

from gateway.base.clock import CHINA
from gateway.base.policy import OPERATOR
from gateway.commands.options import Command, config_option, database
from ledger.cli.language import say
from ledger.cli.options import json_option
from ledger.cli.output import demand_apart, note, print_json, print_rows
from ledger.cli.times import shown_time
from ledger.core.canonical import instant

COLUMNS = (
    *("id", "at", "token", "name", "department"),
    *("purpose", "record", "count", "answer", "rules", "member"),
    *("use", "authorisation"),
)
MAX_LISTED = 10_000


@click.group(
    help=say(
        zh="访问日志：谁、何时、为何目的、查阅了哪条记录、结果如何；不含任何内容。",
        en="The access log: who asked when and for what purpose for which record, and what was"
        " decided; it holds no content.",
    )
)
def accesses() -> None:
    """The group; its help is above."""


def _filters(command: Command) -> Command:
    """Which lines."""
    days = click.DateTime(formats=["%Y-%m-%d"])
    options = (
        click.option("--token", type=click.IntRange(min=0), metavar="ID", help=_TOKEN),
        click.option("--member", metavar="CODE", help=_MEMBER),
        click.option("--record", metavar="HEX", help=_RECORD),
        click.option("--since", type=days, metavar="DATE", help=_SINCE),
        click.option("--until", type=days, metavar="DATE", help=_UNTIL),
        click.option("--refused", is_flag=True, help=_REFUSED),
    )
    for option in reversed(options):
        command = option(command)
    return command


_TOKEN = say(zh="只列此令牌；0 为运维命令。", en="Only of this token; 0: the operator's commands.")
_MEMBER = say(zh="只列此成员的请求。", en="Only what this other member asked for.")
_RECORD = say(zh="只列此叶值、文件或批次。", en="Only of this leaf, file or set (leavesRoot).")
_SINCE = say(zh="自该日起（北京时间）。", en="From this day on (Asia/Shanghai).")
_UNTIL = say(zh="至该日前（不含）。", en="Before this day.")
_REFUSED = say(zh="只列被拒绝的。", en="Only what was refused.")


@accesses.command("list", help=say(zh="列出最近的访问，最新在前。", en="List the newest first."))
@_filters
@click.option(
    "--limit",
    type=click.IntRange(1, MAX_LISTED),
    default=100,
    show_default=True,
    help=say(zh="最多行数。", en="At most so many."),
)
@config_option
@json_option
def accesses_list(config: Path, limit: int, as_json: bool, **filters: Any) -> None:
    """One line each, or one JSON document."""
    from gateway.accesses.services import newest  # noqa: PLC0415 - keeps `--help` fast

    with database(config) as (engine, _):
        told = list(_told(engine, newest(engine, _wanted(filters), limit)))
    if as_json:
        print_json({"accesses": told})
        return
    rows = ({**line, "at": shown_time(line["at"])} for line in told)
    print_rows(([row[name] for name in COLUMNS] for row in rows), head=_head())


@accesses.command(
    "export",
    help=say(
        zh="导出为 CSV（UTF-8，含表头），最早在前，供审计。",
        en="Export as CSV (UTF-8 with a header), the oldest first, for an audit.",
    ),
)
@_filters
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help=say(zh="写入的文件。", en="The file to write."),
)
@config_option
def accesses_export(config: Path, out: Path, **filters: Any) -> None:
    """Say how many lines it wrote."""
    from gateway.accesses.services import read  # noqa: PLC0415 - keeps `--help` fast

    demand_apart(out, config, hint="-o")
    count = 0
    with database(config) as (engine, _), _private(out) as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for line in _told(engine, read(engine, _wanted(filters))):
            writer.writerow(line)
            count += 1
    note(say(zh=f"已导出 {count} 行：{out}", en=f"{count} lines written to {out}"))


def _head() -> tuple[str, ...]:
    """Of COLUMNS."""
    return (
        say(zh="编号", en="Id"),
        say(zh="时间", en="Time"),
        say(zh="令牌", en="Token"),
        say(zh="名称", en="Name"),
        say(zh="部门", en="Department"),
        say(zh="目的", en="Purpose"),
        say(zh="记录", en="Record"),
        say(zh="条数", en="Count"),
        say(zh="结果", en="Answer"),
        say(zh="规则版本", en="Rules"),
        say(zh="成员", en="Member"),
        say(zh="用途", en="Use"),
        say(zh="授权", en="Authorisation"),
    )


def _private(path: Path) -> IO[str]:
    """A file that nobody but its owner may read: who asked for whom is nobody else's."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    return os.fdopen(handle, "w", encoding="utf-8", newline="")


def _told(engine: Any, lines: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """The lines with the names of their tokens."""
    from gateway.tokens.services import list_tokens  # noqa: PLC0415 - keeps `--help` fast

    holders = {row.id: row for row in list_tokens(engine)}
    for line in lines:
        found = asdict(line) | {"at": instant(line.at)}
        holder = holders.get(line.token)
        operator = line.token == OPERATOR.id
        found["name"] = OPERATOR.name if operator else holder and holder.name
        found["department"] = holder and holder.department
        yield {name: found[name] for name in COLUMNS}


def _wanted(filters: Mapping[str, Any]) -> Any:
    from gateway.accesses.services import Wanted  # noqa: PLC0415 - keeps `--help` fast

    return Wanted(
        token=filters["token"],
        member=filters["member"],
        record=_hex(filters["record"]),
        since=_midnight(filters["since"]),
        until=_midnight(filters["until"]),
        refused=filters["refused"],
    )


def _hex(text: str | None) -> bytes | None:
    try:
        return None if text is None else bytes.fromhex(text)
    except ValueError as error:
        message = say(zh="应为十六进制", en="must be hexadecimal")
        raise click.BadParameter(message, param_hint="--record") from error


def _midnight(day: datetime | None) -> int | None:
    return None if day is None else int(day.replace(tzinfo=CHINA).timestamp())
