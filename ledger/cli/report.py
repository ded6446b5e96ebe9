"""`credit-ledger report`: special credit reports (专项信用报告), and what is shared of them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click

from ledger.cli.language import say
from ledger.cli.node import Node, expect
from ledger.cli.options import json_option, node_options
from ledger.cli.output import demand_new, note, print_json, print_rows, shown_path, write_file
from ledger.cli.paging import asked_before, limit_option, note_more, read_pages
from ledger.cli.report_check import check, object_
from ledger.cli.verify import Day
from ledger.files.reports import parse_report

_OK, _CREATED, _EMPTY = 200, 201, 204
_MOST = 10_000
_DAY = Day()


@click.group(
    help=say(
        zh="专项信用报告：出具、核验、分享、提出异议。",
        en="Special credit reports: make, check, share, object to a line.",
    )
)
def report() -> None:
    """Group; its help is above."""


for _command in (check, object_):
    report.add_command(_command)


@report.command(
    help=say(
        zh="""应主体的请求出具专项信用报告（PDF）。报告按领域列明应当载入的记录、未查见的领域以及各单位数据
        截至何日；全文、登记开启件和每条记录的回执作为附件附在 PDF 内。需要中心的令牌（read）。

        PDF 只给出一次：二维码中的密钥不在任何服务器上保存，遗失的须重新出具。

        \b
        示例：
          credit-ledger report make 91110000600037341L --from 2023-12-01 --to 2026-11-30 \\
            --to URL -o 报告.pdf

        退出码：0 已出具 · 1 不予出具 · 4 无法连接
        """,
        en="""Make a special credit report (PDF) at the wish of its subject: by field the records
        that belong into it, where none is known, and through which day each unit has supplied
        anything; the report, its opening and a receipt of each record are attached to the PDF.
        Needs the centre's token (read).

        The PDF is given once: the key in its QR code is kept by no server. Of one that was lost
        another is made.

        \b
        Example:
          credit-ledger report make 91110000600037341L --from 2023-12-01 --to 2026-11-30 \\
            --to URL -o report.pdf

        Exit codes: 0 made · 1 refused · 4 unreachable
        """,
    ),
)
@click.argument("code", metavar="CODE")
@click.option(
    "--from",
    "start",
    required=True,
    type=_DAY,
    metavar="D",
    help=say(zh="决定日期自。", en="First day of decision."),
)
@click.option(
    "--to",
    "both",
    required=True,
    multiple=True,
    metavar="D --to URL",
    help=say(
        zh="给出两次：决定日期至（最长五年），以及节点。",
        en="Twice: the last day of decision, of at most five years; and the node.",
    ),
)
@click.option(
    "--fields",
    metavar="F,…",
    help=say(zh="只含这些领域（代号）。", en="These fields alone, by id."),
)
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.pdf",
    help=say(zh="写入此处；不得已存在。", en="Where it is written; must not exist."),
)
@click.option("--token", metavar="T", help=say(zh="令牌。", en="Token."))
@json_option
def make(
    *,
    code: str,
    start: date,
    both: tuple[str, ...],
    fields: str | None,
    out: Path,
    token: str | None,
    as_json: bool,
) -> int:
    """See its help."""
    demand_new(out, hint="-o")
    end, url = _day_and_node(both)
    asked: dict[str, Any] = {"code": code, "from": start.isoformat(), "to": end.isoformat()}
    if fields is not None:
        asked["fields"] = _names(fields)
    with Node(url, token) as node:
        data = expect(node.post_slowly("/v1/reports", json=asked), _CREATED).body
    write_file(out, data, private=True)  # first: it is given once
    content = parse_report(data).content
    note(say(zh=f"已写入 {out}", en=f"written to {out}"))
    if as_json:
        records = len(content.items)
        print_json({"number": content.number, "file": shown_path(out), "records": records})
    else:
        click.echo(content.number)
    return 0


@report.command(
    "list",
    help=say(
        zh="""列出本节点出具过的报告，新的在前；不显示主体。

        \b
        示例：credit-ledger report list --to URL

        退出码：0 已列出 · 1 不予列出 · 4 无法连接
        """,
        en="""The reports that this node has made, the newest first; whom about is not told.

        \b
        Example: credit-ledger report list --to URL

        Exit codes: 0 listed · 1 refused · 4 unreachable
        """,
    ),
)
@limit_option(default=100, most=_MOST, help_=say(zh="最多列出多少份。", en="How many at most."))
@node_options
@json_option
def list_(*, limit: int, url: str, token: str | None, as_json: bool) -> int:
    """See its help."""
    with Node(url, token) as node:

        def page(before: int | None) -> dict[str, Any]:
            answer = node.get("/v1/reports", **asked_before(before))
            told: dict[str, Any] = expect(answer, _OK).json()
            return told

        found = read_pages(page, limit)
    if as_json:
        print_json({"reports": found.items, "more": found.more})
        return 0
    head = say(zh="编号 出具时间 自 至 有效期至 状态", en="number at from to until state").split()
    rows = [
        (r["number"], r["at"], r["period"]["from"], r["period"]["to"], r["until"], r["state"])
        for r in found.items
    ]
    print_rows(rows, head=head)
    note_more(found)
    return 0


@report.command(
    help=say(
        zh="""把一份报告的一部分分享给持有分享码的人：整个领域（代号）或单独几条（行号），
        最长 365 天，可随时撤回，打开次数有记录。最后一行是分享码，只显示这一次。

        \b
        示例：
          credit-ledger report share 编号 --scope tax,customs,2 --until 2027-03-31 --to URL

        退出码：0 已分享 · 1 不予分享 · 4 无法连接
        """,
        en="""Let whoever has the code read parts of a report: whole fields by id, single lines by
        number; for at most 365 days, until withdrawn; how often is counted. The last line is the
        code, which is shown this once.

        \b
        Example:
          credit-ledger report share NUMBER --scope tax,customs,2 --until 2027-03-31 --to URL

        Exit codes: 0 shared · 1 refused · 4 unreachable
        """,
    ),
)
@click.argument("number", metavar="NUMBER")
@click.option(
    "--scope",
    required=True,
    metavar="S,…",
    help=say(zh="领域代号和行号。", en="Ids of fields and numbers of lines."),
)
@click.option(
    "--until",
    required=True,
    type=_DAY,
    metavar="D",
    help=say(zh="最后一天。", en="The last day."),
)
@node_options
@json_option
def share(
    *, number: str, scope: str, until: date, url: str, token: str | None, as_json: bool
) -> int:
    """See its help."""
    names = _names(scope)
    asked = {
        "fields": [one for one in names if not one.isdigit()],
        "lines": [int(one) for one in names if one.isdigit()],
        "until": until.isoformat(),
    }
    with Node(url, token) as node:
        told = expect(node.post(f"/v1/reports/{number}/shares", json=asked), _CREATED).json()
    if as_json:
        print_json(told)
        return 0
    note(say(zh=f"分享编号：{told['share']}", en=f"share: {told['share']}"))
    click.echo(told["code"])
    return 0


@report.command(
    help=say(
        zh="""列出一份报告的全部分享，及其打开次数。

        \b
        示例：credit-ledger report shares 编号 --to URL

        退出码：0 已列出 · 1 不予列出 · 4 无法连接
        """,
        en="""All shares of a report, with how often each was opened.

        \b
        Example: credit-ledger report shares NUMBER --to URL

        Exit codes: 0 listed · 1 refused · 4 unreachable
        """,
    )
)
@click.argument("number", metavar="NUMBER")
@node_options
@json_option
def shares(*, number: str, url: str, token: str | None, as_json: bool) -> int:
    """See its help."""
    with Node(url, token) as node:
        items = expect(node.get(f"/v1/reports/{number}/shares"), _OK).json()["items"]
    if as_json:
        print_json({"number": number, "shares": items})
        return 0
    head = say(zh="分享编号 范围 至 状态 打开次数", en="share scope until state opened").split()
    rows = [
        (s["share"], ",".join(map(str, _scope(s["scope"]))), s["until"], s["state"], s["opened"])
        for s in items
    ]
    print_rows(rows, head=head)
    return 0


@report.command(
    help=say(
        zh="""撤回一个分享；其分享码此后打不开任何内容。

        \b
        示例：credit-ledger report unshare 编号 分享编号 --to URL

        退出码：0 已撤回 · 1 没有这个分享 · 4 无法连接
        """,
        en="""Withdraw a share; its code opens nothing from then on.

        \b
        Example: credit-ledger report unshare NUMBER SHARE --to URL

        Exit codes: 0 withdrawn · 1 there is no such share · 4 unreachable
        """,
    )
)
@click.argument("number", metavar="NUMBER")
@click.argument("share_id", metavar="SHARE")
@node_options
@json_option
def unshare(*, number: str, share_id: str, url: str, token: str | None, as_json: bool) -> int:
    """See its help."""
    with Node(url, token) as node:
        expect(node.delete(f"/v1/reports/{number}/shares/{share_id}"), _EMPTY)
    if as_json:
        print_json({"number": number, "share": share_id, "state": "withdrawn"})
    else:
        note(say(zh="已撤回", en="withdrawn"))
    return 0


def _day_and_node(both: tuple[str, ...]) -> tuple[date, str]:
    """The last day and the node: `--to` means either, told apart by what it is given."""
    urls = [one for one in both if "://" in one]
    days = [one for one in both if "://" not in one]
    if len(urls) != 1 or len(days) != 1:
        message = say(zh="须给出一个日期和一个节点", en="give one day and one node")
        raise click.UsageError(f"--to: {message}")
    return _DAY.convert(days[0], None, click.get_current_context()), urls[0]


def _names(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _scope(scope: dict[str, Any]) -> list[Any]:
    return [*scope["fields"], *scope["lines"]]
