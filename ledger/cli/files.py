"""`credit-ledger files`: what became of files handed in, also by others of one's department."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click
from rich.box import SIMPLE_HEAD
from rich.table import Table

from ledger.cli.answers import VERDICTS, Document, show_answer
from ledger.cli.decided import decisions, release
from ledger.cli.language import say
from ledger.cli.node import Node, expect
from ledger.cli.options import json_option, node_options
from ledger.cli.output import EXIT_NO, Refused, demand_apart, note, print_json, write_file
from ledger.cli.tables import plain, stdout
from ledger.cli.times import shown_time

_ID = re.compile("[0-9a-f]{32}")
_OK, _NOT_FOUND = 200, 404
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@click.group(help=say(zh="查看报送过的文件。", en="Look at files that were handed in."))
def files() -> None:
    """Group; its help is above."""


files.add_command(decisions)
files.add_command(release)


@files.command(
    "list",
    help=say(
        zh="""列出最近报送的文件，最新的在前。本部门的令牌只看到本部门的文件。

        \b
        示例：credit-ledger files list --to http://127.0.0.1:8546
        """,
        en="""List the files handed in last, the newest first. The token of a department sees its
        own.

        \b
        Example: credit-ledger files list --to http://127.0.0.1:8546
        """,
    ),
)
@click.option(
    "--limit",
    type=click.IntRange(1, 1000),
    default=100,
    show_default=True,
    help=say(zh="最多几个。", en="So many at most."),
)
@node_options
@json_option
def list_files(*, url: str, token: str | None, limit: int, as_json: bool) -> int:
    """Exit 4 where the node cannot be reached."""
    with Node(url, token) as node:
        told = expect(node.get("/v1/files", limit=str(limit)), _OK).json()
    if as_json:
        print_json(told)
    else:
        _show(told["files"])
    return 0


@files.command(
    "show",
    help=say(
        zh="""显示一个文件的结果，与报送时相同。

        \b
        示例：credit-ledger files show ID --to http://127.0.0.1:8546
        """,
        en="""Show what became of a file, as when it was handed in.

        \b
        Example: credit-ledger files show ID --to http://127.0.0.1:8546
        """,
    ),
)
@click.argument("file_id", metavar="ID")
@node_options
@json_option
def show(*, file_id: str, url: str, token: str | None, as_json: bool) -> int:
    """Exit 1 for a file that the node does not have or could not read."""
    with Node(url, token) as node:
        answer = find_file(node, file_id)
        who = node.who()
    if as_json:
        print_json(answer)
    else:
        note(f"{answer['file']}: {_state(answer['state'])}")
        show_answer(answer, who)
    if answer["state"] == "failed":
        raise Refused(reason(answer))
    return 0


@files.command(
    "returns",
    help=say(
        zh="""把国家平台退回的清单（xlsx、csv）变成待更正的工作簿。

        清单须有“文书号”列，另有机关代码、主体代码、字段、错误代码、原因等列中的若干；列名可以有多种写法。
        -o 写出的工作簿含各条记录现有的内容，标出退回的字段；改正即可报送，更正由另一人放行。
        找不到的行见“说明”。
        退出码：0 全部找到；1 有找不到或读不懂的行；4 无法连接。

        \b
        示例：credit-ledger files returns 退回清单.xlsx --to http://127.0.0.1:8546 -o 待更正.xlsx
        """,
        en="""Turn the national platform's list of returned rows (xlsx, csv) into a workbook to
        correct.

        The list names document numbers (文书号), and authorities, subjects, fields, codes, reasons
        as far as it has them, in whatever words. The workbook (-o) has the records as they stand,
        with the returned fields marked; correct it, submit it, and have another person release
        the corrections. Rows without a record of yours are listed at its end. Exit codes: 0 all
        found; 1 some not; 4 unreachable.

        \b
        Example: credit-ledger files returns LIST.xlsx --to http://127.0.0.1:8546 -o correct.xlsx
        """,
    ),
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@node_options
@click.option(
    "-o",
    "out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="OUT.xlsx",
    help=say(zh="写出待更正的工作簿。", en="Write the workbook to correct."),
)
@json_option
def returns(*, file: Path, url: str, token: str | None, out: Path | None, as_json: bool) -> int:
    """Exit 1 where a row means no record of the caller's."""
    demand_apart(out, file, hint="-o")
    sent = {"file": (file.name, file.read_bytes())}
    with Node(url, token) as node:
        told = expect(node.post("/v1/returns", files=sent), _OK).json()
        if out is not None:
            made = node.post("/v1/returns", files=sent, headers={"accept": _XLSX})
            write_file(out, expect(made, _OK).body, private=True)
            note(say(zh=f"待更正的工作簿：{out}", en=f"workbook to correct: {out}"))
    if as_json:
        print_json(told)
    else:
        _show_returns(told)
    return 0 if told["counts"]["found"] == told["rows"] else EXIT_NO


def find_file(node: Node, file_id: str) -> Document:
    """The answer to a file; Refused where the node has no such file for this token."""
    if not _ID.fullmatch(file_id):
        text = say(
            zh="文件编号是 32 位小写十六进制", en="a file id is 32 lower-case hex characters"
        )
        raise click.BadParameter(text, param_hint="ID")
    answer = node.get(f"/v1/files/{file_id}")
    if answer.status == _NOT_FOUND:
        raise Refused(say(zh="节点没有这个文件。", en="The node has no such file."))
    found: Document = expect(answer, _OK).json()
    return found


def reason(answer: Document) -> str:
    """Why a file could not be read."""
    text, code = answer["message"], answer["code"]
    return say(
        zh=f"文件无法读取：{text['zh']} [{code}]",
        en=f"The file could not be read: {text['en']} [{code}]",
    )


def _state(state: str) -> str:
    return {
        "queued": say(zh="排队中", en="queued"),
        "running": say(zh="处理中", en="being read"),
        "done": say(zh="已完成", en="done"),
        "failed": say(zh="无法读取", en="could not be read"),
    }.get(state, state)


def _show(found: list[dict[str, Any]]) -> None:
    table = Table(box=SIMPLE_HEAD)
    table.add_column(say(zh="文件编号与结果", en="File id, what became of it"), min_width=32)
    table.add_column(say(zh="报送时间（北京）", en="Handed in (+08:00)"), no_wrap=True)
    table.add_column(say(zh="文件", en="File"), overflow="fold")
    for file in found:
        became = plain(f"{_state(file['state'])}: {_counts(file['counts'])}", "dim")
        first = plain(file["id"]).append("\n").append_text(became)
        table.add_row(first, plain(_when(file["created"])), plain(file["file"]))
    stdout().print(table)


def _when(at: str) -> str:
    """The time of China without its distance from UTC, which stands in the head."""
    return (shown_time(at) or "").removesuffix(" +08:00")


def _counts(counts: dict[str, int]) -> str:
    """Of the verdicts that there are."""
    names = (
        say(zh="接受", en="accepted"),
        say(zh="重复", en="there already"),
        say(zh="冲突", en="in conflict"),
        say(zh="拒绝", en="rejected"),
    )
    told = [
        f"{name} {counts[verdict]}"
        for name, verdict in zip(names, VERDICTS, strict=True)
        if counts[verdict]
    ]
    return ", ".join(told) or "–"


def _show_returns(told: dict[str, Any]) -> None:
    names = {
        "found": say(zh="找到记录", en="record found"),
        "unknown": say(zh="没有此记录", en="no such record of yours"),
        "erased": say(zh="内容已删除", en="content erased"),
        "unreadable": say(zh="缺文书号或机关代码", en="without number or authority"),
    }
    for state, count in told["counts"].items():
        if count:
            stdout().print(plain(f"{names.get(state, state)}: {count}"))
    for item in told["items"]:
        if item["state"] != "found":
            row = say(zh=f"第 {item['row']} 行", en=f"row {item['row']}")
            stdout().print(plain(f"  {row}: {names.get(item['state'], item['state'])}"))
