"""`credit-ledger queries export | show | decide` and `usage report`: what was asked here, and what
others made of answers of ours."""

from __future__ import annotations

import calendar
import re
from datetime import date
from pathlib import Path
from typing import Any

import click
import orjson

from ledger.cli.column_words import columns
from ledger.cli.language import pick, say
from ledger.cli.node import Node, expect
from ledger.cli.options import json_option, node_options
from ledger.cli.output import demand_folder, demand_new, note, print_json, print_rows, write_file
from ledger.cli.use import show_answer
from ledger.core.query import DECISIONS

_OK = 200
_MONTH = re.compile(r"(\d{4})-(\d{2})")
_USE_ID = re.compile("[0-9a-f]{32}")
_COLUMNS = (
    *("id", "at", "token", "subject", "purpose", "matter", "types", "authorisation"),
    *("answered", "missing", "items", "overall", "decision"),
)


class Month(click.ParamType[tuple[date, date]]):
    """A month, `YYYY-MM`, given as its first and last day."""

    name = "month"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[date, date]:
        found = _MONTH.fullmatch(value)
        if found is None or not 1 <= int(found[2]) <= 12 or int(found[1]) < 1:  # noqa: PLR2004
            self.fail(say(zh=f"{value} 不是 YYYY-MM", en=f"{value} is not YYYY-MM"))
        year, month = int(found[1]), int(found[2])
        return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])


class _Use(click.ParamType[str]):
    """The id of a question that is kept at a node."""

    name = "id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if _USE_ID.fullmatch(value) is None:
            self.fail(
                say(
                    zh=f"{value} 不是本节点的查询编号（32 位小写十六进制，见 use 的输出）",
                    en=f"{value} is no id of a question (32 lower-case hex digits, as `use` tells)",
                )
            )
        return str(value)


_USE = _Use()


def _month_option(command: Any) -> Any:
    return click.option(
        "--month",
        required=True,
        type=Month(),
        metavar="YYYY-MM",
        help=say(zh="哪个月（北京时间）。", en="Of which month (Asia/Shanghai)."),
    )(command)


@click.group(help=say(zh="查询登记：本节点查询过谁。", en="The log of what was asked here."))
def queries() -> None:
    """Group; its help is above."""


@queries.command(
    "export",
    help=say(
        zh="""导出某月的查询登记，供监管检查：每次查询的时间、令牌、主体、目的、事项、授权、结果和决定。
        FILE 以 .jsonl 结尾时每行一个 JSON，否则为 XLSX。

        \b
        示例：credit-ledger queries export --month 2026-11 -o 查询登记.xlsx --to URL

        退出码：0 已写入 · 1 被拒绝 · 4 无法连接
        """,
        en="""Export the log of queries of a month for the supervisor: when, by which token, about
        whom, what for, under which authorisation, what came of it. FILE ends with .jsonl for a line
        of JSON each; else it is an XLSX workbook.

        \b
        Example: credit-ledger queries export --month 2026-11 -o queries.xlsx --to URL

        Exit codes: 0 written · 1 refused · 4 unreachable
        """,
    ),
)
@_month_option
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help=say(zh="写入的文件。", en="File to write."),
)
@node_options
@json_option
def export(
    *, month: tuple[date, date], out: Path, url: str, token: str | None, as_json: bool
) -> int:
    """See its help."""
    demand_folder(out, hint="-o")
    with Node(url, token) as node:
        days = {"first": month[0].isoformat(), "last": month[1].isoformat()}
        data = expect(node.get_slowly("/v1/queries", **days), _OK).body
    lines = [orjson.loads(line) for line in data.splitlines() if line]
    if out.suffix == ".jsonl":
        write_file(out, data, private=True)
    else:
        _write_workbook(out, lines)
    if as_json:
        print_json({"file": str(out), "queries": len(lines)})
    else:
        note(say(zh=f"{len(lines)} 次查询，已写入 {out}", en=f"{len(lines)} queries, in {out}"))
    return 0


def _write_workbook(out: Path, lines: list[dict[str, Any]]) -> None:
    from ledger.cli.sheets import Sheet, write_sheets  # noqa: PLC0415 - with a workbook only

    rows = [[_cell(line[name]) for name in _COLUMNS] for line in lines]
    write_sheets(
        out, [Sheet(name=say(zh="查询", en="queries"), head=columns(*_COLUMNS), rows=rows)]
    )


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return "; ".join(f"{name}: {each}" for name, each in value.items())
    return value


@queries.command(
    "show",
    help=say(
        zh="""再次取出一次查询的证据包，显示当时的结果。ID 是 use 或 checks 给出的本节点的查询编号。

        \b
        示例：credit-ledger queries show ID -o 证据包.json --to URL

        退出码：0 已显示 · 1 没有此查询，或其答复已删除 · 4 无法连接
        """,
        en="""Get the bundle of a question again, as it was kept, and show what came of it then. ID
        is the one under which it is kept here, as `use` and `checks` tell.

        \b
        Example: credit-ledger queries show ID -o bundle.json --to URL

        Exit codes: 0 shown · 1 there is none, or what was answered was erased · 4 unreachable
        """,
    ),
)
@click.argument("use_id", metavar="ID", type=_USE)
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="BUNDLE",
    help=say(zh="把证据包写入此处；文件不得已存在。", en="Write the bundle; must not exist."),
)
@node_options
@json_option
def show(*, use_id: str, out: Path | None, url: str, token: str | None, as_json: bool) -> int:
    """See its help."""
    if out is not None:
        demand_new(out, hint="-o")
    with Node(url, token) as node:
        answer = expect(node.get_slowly(f"/v1/uses/{use_id}"), _OK)
    show_answer(answer, out, use_id=use_id, as_json=as_json)
    return 0


@queries.command(
    "decide",
    help=say(
        zh="""登记一次查询之后作出的决定，并告知答复查询的省份；改变了的决定取代此前的。

        \b
        示例：credit-ledger queries decide ID approved --to URL

        退出码：0 已登记 · 1 没有此查询 · 4 无法连接
        """,
        en="""State what came of a question after it was answered, and tell whoever answered it.
        Another decision takes the place of that before.

        \b
        Example: credit-ledger queries decide ID approved --to URL

        Exit codes: 0 stated · 1 there is no such question · 4 unreachable
        """,
    ),
)
@click.argument("use_id", metavar="ID", type=_USE)
@click.argument("decision", type=click.Choice(sorted(DECISIONS)))
@node_options
@json_option
def decide(*, use_id: str, decision: str, url: str, token: str | None, as_json: bool) -> int:
    """See its help."""
    with Node(url, token) as node:
        answer = node.post_slowly(f"/v1/uses/{use_id}/decision", json={"decision": decision})
        told = expect(answer, _OK).json()
    if as_json:
        print_json(told)
    else:
        note(say(zh=f"已登记：{decision}", en=f"stated: {decision}"))
    return 0


@click.group(help=say(zh="本成员的记录被如何使用。", en="What became of records of ours."))
def usage() -> None:
    """Group; its help is above."""


@usage.command(
    "report",
    help=say(
        zh="""其他成员某月使用本成员答复的次数，按成员、目的和决定。只含其自行报告的使用，不涉及主体。
        同一答复只计一次；不以本成员给过的答复为依据的，另列并说明原因，不计入。

        \b
        示例：credit-ledger usage report --month 2026-11 --to URL

        退出码：0 · 1 被拒绝 · 4 无法连接
        """,
        en="""How often others used answers of this member in a month, by member, purpose and
        decision, as they reported it. It names no subject. Each answer counts once; what rests on
        no answer that they were given is told apart with the reason, and counted nowhere.

        \b
        Example: credit-ledger usage report --month 2026-11 --to URL

        Exit codes: 0 · 1 refused · 4 unreachable
        """,
    ),
)
@_month_option
@node_options
@json_option
def report(*, month: tuple[date, date], url: str, token: str | None, as_json: bool) -> int:
    """See its help."""
    with Node(url, token) as node:
        days = {"first": month[0].isoformat(), "last": month[1].isoformat()}
        found = expect(node.get("/v1/usage", **days), _OK).json()
    if as_json:
        print_json(found)
        return 0
    names = ("member", "purpose", "decision", "uses")
    print_rows([[one[name] for name in names] for one in found["uses"]], head=columns(*names))
    if found["measures"]:
        taken = ("member", "measure", "times")
        print_rows(
            [[one[name] for name in taken] for one in found["measures"]], head=columns(*taken)
        )
    if unrelated := found.get("unrelated"):
        note(say(zh="以下各项不计入上表：", en="None of these is counted above:"))
        names = ("member", "sort", "times", "text")
        rows = [{**one, "text": pick(one["text"])} for one in unrelated]
        print_rows([[one[name] for name in names] for one in rows], head=columns(*names))
    return 0
