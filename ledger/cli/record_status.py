"""`credit-ledger record status`: what the chain says of a record, by the word of a node."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import click
import httpx

from ledger.cli.case_parts import record_of
from ledger.cli.language import pick, say
from ledger.cli.node import Node, expect
from ledger.cli.options import json_option, node_options
from ledger.cli.output import EXIT_NO, note, print_json

_OK, _NOT_FOUND = httpx.codes.OK, httpx.codes.NOT_FOUND
WORDS = {
    "none": ("无处置结果", "no outcome"),
    "repaired": ("已修复", "repaired"),
    "corrected": ("已更正", "corrected"),
    "withdrawn": ("已撤销", "withdrawn"),
    "ended": ("已终止", "ended"),
    "disputed": ("有异议", "disputed"),
    "shielded": ("已屏蔽", "shielded"),
    "erased": ("待删除", "erased"),
}


@click.command(
    "status",
    help=say(
        zh="""查询链上对一条记录的处置：修复、更正、撤销、终止、异议、屏蔽、删除。
        RECORD 为叶值、记录号或 文书号@认定单位代码。

        所示为该节点的说法；要自行核实，请用 verify 核验回执。

        \b
        示例：credit-ledger record status RECORD --to http://127.0.0.1:8546

        退出码：0 已答复 · 1 没有此记录 · 4 无法连接
        """,
        en="""Tell what the chain says of a record: repaired, corrected, withdrawn, ended, disputed,
        shielded, erased. RECORD is its leaf, its record id or NUMBER@AUTHORITY.

        It is the word of that node; to see for yourself, have `verify` judge a receipt.

        \b
        Example: credit-ledger record status RECORD --to http://127.0.0.1:8546

        Exit codes: 0 answered · 1 no such record · 4 unreachable
        """,
    ),
)
@click.argument("name", metavar="RECORD")
@node_options
@json_option
def status(*, name: str, url: str, token: str | None, as_json: bool) -> int:
    """See its help."""
    with Node(url, token) as node:
        answer = node.get(f"/v1/records/{quote(_asked(node, name), safe='')}/status")
        if answer.status == _NOT_FOUND:
            note(answer.problem())
            return EXIT_NO
        told = expect(answer, _OK).json()
    if as_json:
        print_json(told)
    else:
        _show(told)
    return 0


def _asked(node: Node, name: str) -> str:
    """NUMBER@AUTHORITY is looked up; what else there is, the node knows."""
    return record_of(node, name) if "@" in name else name


def _show(told: dict[str, Any]) -> None:
    words = [*told["flags"], *([] if told["outcome"] == "none" else [told["outcome"]])]
    said = [pick({"zh": zh, "en": en}) for zh, en in (WORDS[word] for word in words or ["none"])]
    click.echo(f"{told['record']}  {', '.join(said)}")
    if told["version"]:
        click.echo(
            say(
                zh=f"第 {told['version']} 次处置，{told['recordedAt']} 登记，"
                f"自 {told['effectiveAt']} 生效",
                en=f"act {told['version']}, recorded {told['recordedAt']}, in effect from"
                f" {told['effectiveAt']}",
            )
        )
    if told["correctedBy"]:
        click.echo(say(zh=f"更正为 {told['correctedBy']}", en=f"see {told['correctedBy']}"))
    if told["closed"]:
        click.echo(
            say(
                zh="内容停止提供，仅认定机关可以查阅",
                en="its content is closed to all but its determining authority",
            )
        )
