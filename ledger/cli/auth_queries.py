"""`credit-ledger auth queries`: who asked under an authorisation, for its subject."""

from __future__ import annotations

from functools import partial

import click

from ledger.cli.auth_one import PATH, Told
from ledger.cli.auth_words import DECISIONS, PURPOSES
from ledger.cli.case_parts import NAME
from ledger.cli.case_words import word
from ledger.cli.language import say
from ledger.cli.node import Node, expect
from ledger.cli.options import json_option, node_options
from ledger.cli.output import print_json, print_rows
from ledger.cli.paging import asked_before, limit_option, note_more, read_pages

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
@limit_option(default=1000, most=_MANY, help_=say(zh="最多几次。", en="So many at most."))
@node_options
@json_option
def queries(*, name: str, limit: int, url: str, token: str | None, as_json: bool) -> int:
    """See its help."""
    with Node(url, token) as node:
        found = read_pages(partial(_page, node, name), limit)
    if as_json:
        told = {key: found.last[key] for key in ("authorisation", "custodian", "grantee")}
        print_json({**told, "queries": found.items, "more": found.more})
        return 0
    print_rows(map(_row, found.items), head=_head())
    note_more(found)
    return 0


def _page(node: Node, name: str, before: int | None) -> Told:
    answer = node.get(f"{PATH}/{name}/queries", **asked_before(before))
    told: Told = expect(answer, _OK).json()
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
