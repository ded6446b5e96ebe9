"""`credit-ledger repairs`: which records may be applied for by now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from ledger.cli.language import say
from ledger.cli.node import Node, expect
from ledger.cli.options import json_option, node_options
from ledger.cli.output import harmless, note, print_json, print_rows

_OK = 200
_MANY = 100_000
_CLASSES = {
    "minor": say(zh="轻微", en="minor"),
    "general": say(zh="一般", en="general"),
    "severe": say(zh="严重", en="severe"),
}


@click.group(help=say(zh="信用修复：可以申请的记录。", en="Repairs: what may be applied for."))
def repairs() -> None:
    """Group; its help is above."""


@repairs.command(
    "due",
    help=say(
        zh="""列出最短公示期已满、尚无处置结果也无未办结申请的记录，即其主体现在可以申请修复的记录。
        只涉及令牌可以查阅的记录；查阅记入访问日志。未定失信程度的记录，列出各程度的起算结果。

        \b
        示例：credit-ledger repairs due --on 2026-12-31 --to http://127.0.0.1:8546

        退出码：0 已列出 · 1 不予提供 · 4 无法连接
        """,
        en="""List the records whose minimum of publicity has passed, which have no outcome, and for
        which no application is open: their subjects may apply now. It is about records that the
        token may read, and the reading stands in the access log. Of a record without a class the
        day for each class is told.

        \b
        Example: credit-ledger repairs due --on 2026-12-31 --to http://127.0.0.1:8546

        Exit codes: 0 listed · 1 refused · 4 unreachable
        """,
    ),
)
@click.option(
    "--on",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="D",
    help=say(zh="截至该日（缺省为今天）。", en="As of this day (default: today)."),
)
@click.option(
    "--limit",
    type=click.IntRange(1, _MANY),
    default=10_000,
    show_default=True,
    help=say(zh="最多几条。", en="So many at most."),
)
@node_options
@json_option
def due(*, on: Any, limit: int, url: str, token: str | None, as_json: bool) -> int:
    """See its help."""
    found: list[dict[str, Any]] = []
    undetermined, day, more = 0, None, False
    with Node(url, token) as node:
        for page in _pages(node, None if on is None else on.date().isoformat()):
            found += page["items"]
            undetermined += page["undetermined"]
            day = page["on"]
            if len(found) >= limit:
                more = page["next"] is not None or len(found) > limit
                break
    found = found[:limit]
    if as_json:
        print_json({"on": day, "items": found, "undetermined": undetermined, "more": more})
        return 0
    _show(found)
    if more:
        note(say(zh=f"还有更多，只列出 {limit} 条。", en=f"There are more than these {limit}."))
    if undetermined:
        note(
            say(
                zh=f"另有 {undetermined} 条缺少模板或规则文件，无法计算。",
                en=f"{undetermined} more cannot be reckoned: a schema or rules file is not there.",
            )
        )
    return 0


def _pages(node: Node, on: str | None) -> Iterator[dict[str, Any]]:
    """All pages, the first one first."""
    params, after = {"on": on} if on else {}, 0
    while True:
        page = expect(node.get("/v1/repairs/due", after=str(after), **params), _OK).json()
        yield page
        if page["next"] is None:
            return
        after = page["next"]
        params = {"on": page["on"]}  # of one day, also past midnight


def _show(found: list[dict[str, Any]]) -> None:
    head = say(
        zh="文书号\t主体\t代码\t程度\t最早可申请\t公示截止\t记录",
        en="document\tsubject\tcode\tclass\tpossible from\tuntil\trecord",
    ).split("\t")
    rows = [
        (
            one["document"],
            one["subject"]["name"],
            one["subject"]["code"],
            _CLASSES.get(one["class"]) or _by_class(one["byClass"]),
            one["possibleFrom"],
            one["until"],
            one["record"],
        )
        for one in found
    ]
    print_rows([[value and harmless(str(value)) for value in row] for row in rows], head=head)


def _by_class(days: dict[str, str]) -> str:
    return say(zh="未定：", en="not stated: ") + " ".join(
        f"{_CLASSES.get(name, name)} {day}" for name, day in days.items()
    )
