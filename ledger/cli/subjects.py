"""`credit-ledger subjects`: who has two names or two codes in the records of a node."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.box import SIMPLE_HEAD
from rich.table import Table

from ledger.cli.language import pick, say
from ledger.cli.node import Node, expect
from ledger.cli.options import (
    json_option,
    node_options,
    workbook_option,
)
from ledger.cli.output import EXIT_NO, note, print_json, write_file
from ledger.cli.tables import plain, stdout

MAX_FINDINGS = 1000
_OK = 200
_NAMES = "one-code-two-names"


@click.group(
    help=say(
        zh="主体：查找一码多名、一名多码。",
        en="Subjects: find those with two names or two codes.",
    )
)
def subjects() -> None:
    """Group; its help is above."""


@subjects.command(
    "check",
    help=say(
        zh="""查找本节点有效记录中同一代码有不同名称、同一名称有不同代码的主体。只涉及令牌可以查阅的记录；
        查阅记入访问日志。

        更名：报送变更登记即视为合法；代码变更、注销或更名的文书由运维列入 subjects_file。

        \b
        示例：credit-ledger subjects check --to http://127.0.0.1:8546 -o doubles.xlsx

        退出码：0 没有 · 1 有 · 4 无法连接
        """,
        en="""Find subjects that stand under one code with two names, or under one name with two
        codes, in the records in force of one's own node. It is about records that the token may
        read, and the reading stands in the access log.

        A name that was changed is lawful once the registration that says so was filed; codes that
        were changed or closed, and names, are merged by document in the operator's subjects_file.

        \b
        Example: credit-ledger subjects check --to http://127.0.0.1:8546 -o doubles.xlsx

        Exit codes: 0 none · 1 some · 4 unreachable
        """,
    ),
)
@click.option(
    "--limit",
    type=click.IntRange(1, MAX_FINDINGS),
    default=100,
    show_default=True,
    help=say(zh="最多几个。", en="So many at most."),
)
@workbook_option(zh="写成工作簿。", en="Write them as a workbook.")
@node_options
@json_option
def check(*, url: str, token: str | None, limit: int, out: Path | None, as_json: bool) -> int:
    """See its help."""
    with Node(url, token) as node:
        told = expect(node.get("/v1/subjects/check", limit=str(limit)), _OK).json()
        if out is not None:
            book = expect(node.get("/v1/subjects/check.xlsx", limit=str(limit)), _OK)
            write_file(out, book.body, private=True)
            note(say(zh=f"已写入 {out}", en=f"written to {out}"))
    if as_json:
        print_json(told)
    else:
        _show(told)
    return EXIT_NO if told["findings"] else 0


def _show(told: dict[str, Any]) -> None:
    findings = told["findings"]
    if not findings:
        note(say(zh="没有一码多名或一名多码的主体。", en="No subject has two names or two codes."))
        return
    stdout().print(_table(findings))
    for text in {finding["double"]: finding["message"] for finding in findings}.values():
        note(pick(text))
    if told["more"]:
        note(say(zh="还有更多，请加大 --limit。", en="There are more; give a larger --limit."))


def _table(findings: list[dict[str, Any]]) -> Table:
    table = Table(box=SIMPLE_HEAD)
    table.add_column(say(zh="问题", en="Finding"))
    table.add_column(say(zh="统一社会信用代码", en="USCC"), min_width=18)
    table.add_column(say(zh="名称", en="Name"), overflow="fold")
    table.add_column(say(zh="记录", en="Records"), justify="right")
    table.add_column(say(zh="最近认定", en="Last decided"), no_wrap=True)
    for finding in findings:
        title = _title(finding)
        for party in finding["parties"]:
            cells = (title, *(party[name] for name in ("code", "name", "records", "latest")))
            table.add_row(*(plain("-" if cell is None else cell) for cell in cells))
            title = ""
    return table


def _title(finding: dict[str, Any]) -> str:
    """What is double, and what else speaks for one subject."""
    if finding["double"] == _NAMES:
        return say(zh="一码多名", en="one code, two names")
    told = [say(zh="一名多码", en="one name, two codes")]
    if finding["sameDocument"]:
        told.append(say(zh="同一文书", en="same document"))
    if finding["sameRegistration"]:
        told.append(say(zh="同一注册号", en="same registration"))
    return ", ".join(told)
