"""`credit-ledger gateway partitions`: the large tables by month, and months in the archive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gateway.base.settings import load
from gateway.commands.options import config_option, failures
from ledger.cli.language import say
from ledger.cli.options import json_option
from ledger.cli.output import Refused, note, print_json, print_rows
from ledger.cli.times import shown_time
from ledger.core.canonical import instant

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from gateway.operations.partitions import Partitions, Seen

_MIB = 1 << 20
_STATES = {
    "here": ("在线", "at hand"),
    "archived": ("已分离", "detached"),
    "away": ("已移出", "away"),
}


@click.group(
    help=say(
        zh="""按月份分区的大表（PostgreSQL），以及按保存期限移入档案的内容。

        \b
        credit-ledger gateway partitions list --config gateway.toml
        credit-ledger gateway partitions detach 2026-11 --config gateway.toml
        """,
        en="""The large tables by month (PostgreSQL), and content that is taken into the archive
        after its time.

        \b
        credit-ledger gateway partitions list --config gateway.toml
        credit-ledger gateway partitions detach 2026-11 --config gateway.toml
        """,
    )
)
def partitions() -> None:
    """The group; its help is above."""


@contextmanager
def _opened(config: Path) -> Iterator[tuple[Engine, Partitions]]:
    """The database with what can be done to it; what is declined is told in words."""
    from gateway.base.clock import Clock  # noqa: PLC0415 - keeps `--help` fast
    from gateway.base.db import open_engine  # noqa: PLC0415
    from gateway.base.revision import demand_current  # noqa: PLC0415
    from gateway.operations.partitions import Declined, Partitions, Retention  # noqa: PLC0415
    from gateway.operations.partitions_words import WORDS  # noqa: PLC0415

    with failures():
        settings = load(config)
        clock = Clock.of(settings.now)
        engine = open_engine(settings.database_url)
        try:
            demand_current(engine)
            retention = Retention.of(settings.retention.content_months, clock)
            yield engine, Partitions(engine, clock, retention)
        except Declined as error:
            words = WORDS[error.code]
            raise Refused(
                say(zh=words["zh"].format(**error.values), en=words["en"].format(**error.values))
            ) from error
        finally:
            engine.dispose()


def _month(command: Callable[..., Any]) -> Callable[..., Any]:
    """`MONTH`: parameter `month`, its number."""
    return click.argument("month", metavar="YYYY-MM", callback=_read_month)(command)


def _read_month(_context: object, _parameter: object, value: str) -> int:
    from gateway.partitions.months import read_month  # noqa: PLC0415 - keeps `--help` fast

    found = read_month(value)
    if found is None:
        raise click.BadParameter(say(zh="应为年月，如 2026-11", en="must be a month, as 2026-11"))
    return found


@partitions.command(
    "list",
    help=say(
        zh="列出各分区：月份、条数、大小（MiB）、内容在线还是已移入档案。",
        en="List the parts: month, entries, sizes in MiB, and whether the content is at hand.",
    ),
)
@config_option
@json_option
def list_(config: Path, as_json: bool) -> None:
    """A line for each part, the oldest first."""
    with _opened(config) as (_, work):
        found = work.seen()
    if as_json:
        print_json({"partitions": [_as_dict(one) for one in found]})
        return
    head = (
        say(zh="月份", en="Month"),
        say(zh="序号", en="No."),
        say(zh="条数", en="Entries"),
        say(zh="登记", en="Log"),
        say(zh="内容", en="Content"),
        say(zh="密钥", en="Keys"),
        say(zh="内容状态", en="Content is"),
        say(zh="移出时间", en="Detached"),
    )
    print_rows(map(_line, found), head=head)


def _as_dict(one: Seen) -> dict[str, Any]:
    from gateway.partitions.months import written  # noqa: PLC0415 - keeps `--help` fast

    part = one.part
    return {
        "month": written(part.month),
        "n": part.n,
        "first": part.first_id,
        "end": part.end_id,
        "entries": one.rows,
        "bytes": one.bytes,
        "content": one.state,
        "detachedAt": None if part.archived_at is None else instant(part.archived_at),
        "droppedAt": None if part.dropped_at is None else instant(part.dropped_at),
    }


def _line(one: Seen) -> tuple[object, ...]:
    told = _as_dict(one)
    content = one.bytes["contents"] + one.bytes.get("archived", 0)
    sizes = (one.bytes["entries"], content, one.bytes["content_keys"])
    zh, en = _STATES[one.state]
    return (
        told["month"],
        told["n"],
        told["entries"],
        *(f"{size / _MIB:.1f}" for size in sizes),
        say(zh=zh, en=en),
        told["detachedAt"] and shown_time(told["detachedAt"]),
    )


@partitions.command(
    "make",
    help=say(
        zh="建立缺少的分区（本月、以后两个月、正在写满者之后的一个），并把缺省分区中的行移入其中。"
        "节点运行时会自行建立。",
        en="Make the parts that are missing, for this month, the two to come and behind the one"
        " that fills, and move into them what lies in the default ones. A gateway that runs does"
        " it by itself.",
    ),
)
@config_option
@json_option
def make(config: Path, as_json: bool) -> None:
    """Harmless where none is missing."""
    from gateway.partitions.making import make as make_parts  # noqa: PLC0415 - keeps `--help` fast
    from gateway.partitions.months import written  # noqa: PLC0415

    with _opened(config) as (engine, _):
        made = make_parts(engine)
    names = [f"{written(part.month)} {part.n}" for part in made]
    if as_json:
        print_json({"made": [{"month": written(part.month), "n": part.n} for part in made]})
    elif names:
        note(say(zh=f"已建立：{'，'.join(names)}", en=f"made: {', '.join(names)}"))
    else:
        note(say(zh="没有缺少的分区", en="no part is missing"))


@partitions.command(
    "detach",
    help=say(
        zh="""把超过保存期限（[retention] content_months）的一个月的内容移出：放在同库的表
        contents_年_月_序号 中，由 pg_dump 存档。登记、回执、查重和历史不受影响；
        仍需要的内容（未办结的案件、有效的名单）留下。

        \b
        credit-ledger gateway partitions detach 2026-11 --config gateway.toml
        pg_dump -Fc -t contents_2026_11_1 -d DATABASE -f contents-2026-11.dump
        """,
        en="""Take the content of a month out whose time is over (`[retention]` content_months):
        it lies beside, in the tables contents_YEAR_MONTH_N, for `pg_dump` to archive. Entries,
        receipts, duplicates and histories go on; what is still needed stays, for open cases and
        for lists in force.

        \b
        credit-ledger gateway partitions detach 2026-11 --config gateway.toml
        pg_dump -Fc -t contents_2026_11_1 -d DATABASE -f contents-2026-11.dump
        """,
    ),
)
@_month
@config_option
@json_option
def detach(config: Path, month: int, as_json: bool) -> None:
    """Exit code 1 where its time is not over, or something of it waits for the chain."""
    with _opened(config) as (_, work):
        kept = work.detach(month)
    if as_json:
        print_json({"kept": kept})
        return
    note(
        say(
            zh=f"内容已移出；{kept} 条仍需要的记录保留其内容",
            en=f"the content is detached; {kept} records keep theirs, as it is still needed",
        )
    )


@partitions.command(
    "attach",
    help=say(
        zh="把移出的内容放回；已导出并删除的，先用 pg_restore 装回其表。其间依令删除的不会回来。",
        en="Put content back that was detached; where it was dropped, bring its tables back with"
        " `pg_restore` first. What was erased meanwhile does not come back.",
    ),
)
@_month
@config_option
@json_option
def attach(config: Path, month: int, as_json: bool) -> None:
    """Exit code 1 where its tables are not there, or are not what was taken out."""
    with _opened(config) as (_, work):
        rows = work.attach(month)
    if as_json:
        print_json({"attached": rows})
        return
    note(say(zh=f"已放回 {rows} 条记录的内容", en=f"the content of {rows} records is back"))


@partitions.command(
    "drop",
    help=say(
        zh="从数据库中删除已移出的内容；请先存档并核对。密钥留下：装回档案后仍可打开。",
        en="Drop from the database what was detached; archive it first, and see that the archive"
        " can be read. Its keys stay: what comes back from the archive opens.",
    ),
)
@_month
@click.option("--yes", is_flag=True, help=say(zh="不再询问。", en="Do not ask."))
@config_option
def drop(config: Path, month: int, yes: bool) -> None:
    """Exit code 1 where it was not detached, or its time is not over any more."""
    if not yes:
        question = say(
            zh="已移出的内容将从数据库中删除，是否继续？",
            en="What was detached will be dropped from the database. Go on?",
        )
        click.confirm(question, abort=True, err=True)
    with _opened(config) as (_, work):
        work.drop(month)
    note(say(zh="已删除", en="dropped"))
