"""`credit-ledger outcome`: sums of a month that an institution reports, and what custodians make of
them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click

from ledger.cli.column_words import column, columns
from ledger.cli.language import pick, say
from ledger.cli.node import Node, expect
from ledger.cli.options import json_option, node_options
from ledger.cli.output import EXIT_NO, harmless, note, print_json, print_rows
from ledger.cli.queries import Month
from ledger.cli.sums_options import demand_order, sums_options

_OK = 200
_DIMENSIONS = ("period", "region", "product", "version")


@click.group(
    help=say(
        zh="成效：金融机构按月报送的授信、贷款合计，及其汇总。",
        en="Outcomes: what institutions granted and lent in a month, and sums of that.",
    )
)
def outcome() -> None:
    """Group; its help is above."""


@outcome.command(
    "report",
    help=say(
        zh="""报送成效：FILE 是 CSV，列为 月份、地区、产品、版本、产品成员、户数、授信金额(万元)、
        贷款金额(万元)。产品留空表示平台本身；产品成员只在本节点没有该产品清单时需要。
        每行成为一份声明，交给产品的发布者和该地区的省级成员；同样的行不重复报送，改动的行取代
        此前的。有误的行不影响其余，逐行给出字段、代码和改法。

        \b
        示例：credit-ledger outcome report 成效.csv --to http://127.0.0.1:8551

        退出码：0 全部报送 · 1 有行未报送，或文件被拒绝 · 4 无法连接
        """,
        en="""Report outcomes: FILE is CSV with the columns period, region, product, version,
        member, households, granted, lent (amounts in 10,000 yuan). Without a product it is the
        platform itself; `member` is needed where the node has no manifest of the product. Each
        row becomes a statement that is handed to whoever made the product and to the province
        of the region. The same row is not reported twice; another one takes the place of that
        before. A bad row costs itself alone, and is told of with its field, code and remedy.

        \b
        Example: credit-ledger outcome report outcomes.csv --to http://127.0.0.1:8551

        Exit codes: 0 all reported · 1 some rows were not, or the file was refused · 4 unreachable
        """,
    ),
)
@click.argument(
    "file", metavar="FILE.csv", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@node_options
@json_option
def report(*, file: Path, url: str, token: str | None, as_json: bool) -> int:
    """See its help."""
    with Node(url, token) as node:
        headers = {"Content-Type": "text/csv"}
        answer = node.post_slowly("/v1/outcomes", content=file.read_bytes(), headers=headers)
        told = expect(answer, _OK).json()
    if as_json:
        print_json(told)
    else:
        _show(told)
    return EXIT_NO if told["counts"]["wrong"] else 0


def _show(told: dict[str, Any]) -> None:
    counts = told["counts"]
    click.echo(
        say(
            zh=f"{told['rows']} 行：新报 {counts['new']}，更正 {counts['corrected']}，"
            f"此前已报 {counts['known']}，有误 {counts['wrong']}",
            en=f"{told['rows']} rows: {counts['new']} new, {counts['corrected']} corrected,"
            f" {counts['known']} known, {counts['wrong']} wrong",
        )
    )
    for item in told["items"]:
        for error in item["errors"]:
            where = say(zh=f"第 {item['row']} 行", en=f"row {item['row']}")
            field = f" {column(error['field'])}" if error["field"] else ""
            note(f"{where}{field}: {pick(error['message'])} [{error['code']}]")
            note(f"  {harmless(pick(error['remedy']))}")


@outcome.command(
    "list",
    help=say(
        zh="""列出本成员某月报送的成效，以最后一次报送为准。

        \b
        示例：credit-ledger outcome list --month 2026-11 --to URL

        退出码：0 · 1 被拒绝 · 4 无法连接
        """,
        en="""List what this member reported of a month, as it counts.

        \b
        Example: credit-ledger outcome list --month 2026-11 --to URL

        Exit codes: 0 · 1 refused · 4 unreachable
        """,
    ),
)
@click.option(
    "--month",
    required=True,
    type=Month(),
    metavar="YYYY-MM",
    help=say(zh="哪个月。", en="Of which month."),
)
@node_options
@json_option
def list_(*, month: tuple[date, date], url: str, token: str | None, as_json: bool) -> int:
    """See its help."""
    items: list[dict[str, Any]] = []
    with Node(url, token) as node:
        after: int | None = 0
        while after is not None:
            query = {"period": _month(month), "after": str(after)}
            page = expect(node.get("/v1/outcomes", **query), _OK).json()
            items += page["items"]
            after = page["next"]
    if as_json:
        print_json({"items": items})
        return 0
    names = (*_DIMENSIONS, "households", "granted", "lent", "seq")
    print_rows([[_cell(one[name]) for name in names] for one in items], head=columns(*names))
    return 0


@outcome.command(
    "sums",
    help=say(
        zh="""汇总向本节点报送的成效（省级成员、产品发布者或审计）。月份、地区、产品、版本相同的一格
        少于五户的不显示，也不计入任何合计。

        \b
        示例：credit-ledger outcome sums --from 2026-01 --until 2026-11 --by region --to URL

        退出码：0 · 1 被拒绝 · 4 无法连接
        """,
        en="""Add up the outcomes that were reported to this node: a province's, an auditor's,
        or that of a maker of products. A cell, of one month, region, product and version, under
        five households is not shown, and goes into no sum.

        \b
        Example: credit-ledger outcome sums --from 2026-01 --until 2026-11 --by region --to URL

        Exit codes: 0 · 1 refused · 4 unreachable
        """,
    ),
)
@sums_options
@node_options
@json_option
def sums(
    *,
    first: tuple[date, date],
    until: tuple[date, date],
    by: str,
    url: str,
    token: str | None,
    as_json: bool,
) -> int:
    """See its help."""
    demand_order(first, until)
    query = {"from": _month(first), "until": _month(until), "by": by}
    with Node(url, token) as node:
        told = expect(node.get("/v1/outcomes/sums", **query), _OK).json()
    if as_json:
        print_json(told)
        return 0
    names = (*told["by"], "households", "granted", "lent", "hidden")
    print_rows(
        [[_cell(one[name]) for name in names] for one in told["items"]], head=columns(*names)
    )
    return 0


def _month(days: tuple[date, date]) -> str:
    return days[0].isoformat()[:7]


def _cell(value: Any) -> Any:
    return "-" if value is None else value
