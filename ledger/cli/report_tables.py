"""Special credit reports, as a person reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.table import Table

from ledger.cli.bundle_tables import show_problems
from ledger.cli.language import pick, say
from ledger.cli.record_words import field_words, standing_words
from ledger.cli.tables import plain, rows, stdout
from ledger.files.words import FIELDS, REPORTS

_STYLES: Final[Mapping[str, str]] = {
    **{"genuine": "green", "changed-since": "yellow", "out-of-date": "yellow"},
    **{"unknown": "red", "undetermined": "yellow", "false": "red"},
}


def show_report(name: str, value: Mapping[str, Any], exit_: int | None) -> None:
    """A report: the answer first, then its fields and lines. exit_: None where nothing was
    verified."""
    console = stdout()
    console.print(plain(name, "bold"))
    if exit_ is not None:
        headline(value["verdict"])
    if value["number"] is not None:
        console.print(rows(_facts(value)))
    show_problems(value["problems"])
    if value["fields"]:
        console.print(_fields(value))
    if value["lines"]:
        console.print(_lines(value))
    if value["number"] is not None:
        console.print(
            plain(
                say(
                    zh="以上取自附件；请与印出的文字对照，不一致的以附件为准。",
                    en="All of this is from the attachments; compare it with what is printed, for"
                    " only the attachments count.",
                )
            )
        )


def headline(verdict: str) -> None:
    """What is to be said of a report, in one line."""
    zh, en = REPORTS[verdict]
    stdout().print(plain(say(zh=zh, en=en), _STYLES[verdict]))


def _facts(value: Mapping[str, Any]) -> list[tuple[str, object]]:
    subject, period = value["subject"], value["period"]
    anchored = {True: say(zh="已存证", en="anchored"), False: say(zh="已承诺", en="promised")}
    return [
        (say(zh="编号", en="number"), value["number"]),
        (say(zh="出具机构", en="issuer"), value["issuer"]),
        (say(zh="主体", en="subject"), f"{subject['name'] or '-'} {subject['code']}"),
        (say(zh="所涉期间", en="period"), f"{period['from']} … {period['to']}"),
        (say(zh="出具时间", en="made at"), value["at"]),
        (say(zh="有效期至", en="until"), value["until"]),
        (say(zh="登记", en="in the log"), anchored[value["anchored"]]),
    ]


def _fields(value: Mapping[str, Any]) -> Table:
    table = Table(box=SIMPLE_HEAD)
    table.add_column(say(zh="领域", en="Field"))
    table.add_column(say(zh="情况", en="State"))
    table.add_column(say(zh="报送单位", en="Units"), justify="right")
    table.add_column(say(zh="数据截至", en="Supplied through"))
    for one in value["fields"]:
        zh, en = FIELDS[one["state"]]
        state = say(zh=zh, en=en)
        if one["records"]:
            state = f"{state} {one['records']}"
        days = one["through"]
        through = "-" if days is None else f"{days['first']} … {days['last']}"
        table.add_row(*map(plain, (field_words(one["field"]), state, one["sources"], through)))
    return table


def _lines(value: Mapping[str, Any]) -> Table:
    table = Table(box=SIMPLE_HEAD)
    table.add_column("#", justify="right")
    table.add_column(say(zh="类型", en="Type"))
    table.add_column(say(zh="文书号", en="Document"), overflow="fold")
    table.add_column(say(zh="机关", en="Authority"), overflow="fold")
    table.add_column(say(zh="日期", en="Decided"), no_wrap=True)
    table.add_column(say(zh="当时", en="Then"))
    table.add_column(say(zh="现在", en="Now"))
    for one in value["lines"]:
        cells = (
            *(one["line"], pick(one["title"]), one["document"] or "-", one["authority"] or "-"),
            *(one["decided"], standing_words(one["verdict"]), standing_words(one["now"])),
        )
        table.add_row(*(plain(str(cell)) for cell in cells))
    return table
