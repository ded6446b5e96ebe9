"""`credit-ledger auth queries`: who asked under an authorisation, for its subject."""

from __future__ import annotations

import click

from ledger.cli.auth_one import PATH, Told
from ledger.cli.auth_words import DECISIONS, PURPOSES
from ledger.cli.case_parts import NAME
from ledger.cli.case_words import word
from ledger.cli.language import say
from ledger.cli.node import Node, expect
from ledger.cli.options import json_option, node_options
from ledger.cli.output import note, print_json, print_rows

_OK = 200
_MANY = 100_000


@click.command(
    "queries",
    help=say(
        zh="""列出本节点凭一份授权答复过的查询，新的在前：哪天、哪个成员、为何用途、查了哪些类别、
        得到几条记录，以及对方报告的使用结果。供保管授权的窗口告知企业。
        其他省份答复的查询在其各自的节点；逐条提供的记录见 gateway accesses list。

        \b
        示例：credit-ledger auth queries C --to http://127.0.0.1:8550

        退出码：0 已列出 · 1 没有此授权 · 4 无法连接
        """,
        en="""The queries that this node answered under an authorisation, the newest first: on which
        day, which member, what for, about which families, how many records it was given, and what
        it reported to have done. For the desk that keeps the authorisation to tell the firm. What
        other provinces answered is at their nodes; records given one by one are in `gateway
        accesses list`.

        \b
        Example: credit-ledger auth queries C --to http://127.0.0.1:8550

        Exit codes: 0 listed · 1 there is none · 4 unreachable
        """,
    ),
)
@click.argument("name", metavar="C", type=NAME)
@click.option(
    "--limit",
    type=click.IntRange(1, _MANY),
    default=1000,
    show_default=True,
    help=say(zh="最多几次。", en="So many at most."),
)
@node_options
@json_option
def queries(*, name: str, limit: int, url: str, token: str | None, as_json: bool) -> int:
    """See its help."""
    found: list[Told] = []
    with Node(url, token) as node:
        page = _page(node, name, None)
        found += page["items"]
        while page["next"] is not None and len(found) < limit:
            page = _page(node, name, page["next"])
            found += page["items"]
    more = page["next"] is not None or len(found) > limit
    found = found[:limit]
    if as_json:
        told = {key: page[key] for key in ("authorisation", "custodian", "grantee")}
        print_json({**told, "queries": found, "more": more})
        return 0
    print_rows(map(_row, found), head=_head())
    if more:
        note(say(zh="还有更多，请加大 --limit。", en="There are more; raise --limit."))
    return 0


def _page(node: Node, name: str, before: int | None) -> Told:
    asked = {} if before is None else {"before": str(before)}
    told: Told = expect(node.get(f"{PATH}/{name}/queries", **asked), _OK).json()
    return told


def _head() -> list[str]:
    return say(
        zh="日期 成员 用途 类别 记录数 使用结果", en="day member purpose types records use"
    ).split()


def _row(one: Told) -> tuple[object, ...]:
    use = one["use"]
    return (
        one["day"],
        one["member"],
        word(PURPOSES, one["purpose"]),
        ",".join(one["types"]),
        one["records"],
        "-" if use is None else word(DECISIONS, use["decision"]),
    )
