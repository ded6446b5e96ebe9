"""Lists of a day, histories, bundles, answers and reports, as a person reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from ledger.cli.bundle_tables import show_answer, show_bundle
from ledger.cli.language import pick, say
from ledger.cli.record_words import standing_words
from ledger.cli.report_tables import show_report
from ledger.cli.tables import plain, rows, stdout
from ledger.files.answer_files import AnswerVerdict
from ledger.files.bundles import BundleVerdict
from ledger.files.history import HistoryVerdict
from ledger.files.lists import ListVerdict
from ledger.files.report_check import ReportVerdict
from ledger.files.words import FILES, LEFT

_STYLES = {0: "green", 1: "red", 4: "yellow"}
MAX_SHOWN = 20
"""Problems that are shown one by one."""


def show_file(
    name: str,
    verdict: ListVerdict | HistoryVerdict | BundleVerdict | AnswerVerdict | ReportVerdict,
) -> None:
    """The verdict on a file that holds many receipts."""
    if isinstance(verdict, AnswerVerdict):
        show_answer(name, verdict.as_dict())
        return
    if isinstance(verdict, BundleVerdict):
        show_bundle(name, verdict)
        return
    if isinstance(verdict, ReportVerdict):
        show_report(name, verdict.as_dict(), verdict.exit)
        return
    show = show_list if isinstance(verdict, ListVerdict) else show_history
    show(name, verdict.as_dict(), verdict.exit)


def show_history(name: str, value: dict[str, Any], exit_: int | None) -> None:
    """A history: the answer first, then how each record stands. exit_: None where nothing was
    verified; then `records` is how many there are."""
    console = stdout()
    console.print(plain(name, "bold"))
    if exit_ is not None:
        console.print(plain(_words(FILES[value["verdict"]]), _STYLES[exit_]))
    console.print(rows(_facts(value)))
    _show_problems(value["problems"])
    if exit_ is not None and value["records"]:
        console.print(_standings(value["records"], value["asOf"]))


def _facts(value: dict[str, Any]) -> list[tuple[str, object]]:
    held = value["records"]
    count = held if isinstance(held, int) else len(held)
    given_to = value["to"] or say(zh="主体本人", en="the subject itself")
    return [
        (say(zh="主体", en="subject"), value["subject"] or "-"),
        (say(zh="提供方", en="given by"), value["issuer"] or "-"),
        (say(zh="交给", en="given to"), given_to if value["subject"] else "-"),
        (say(zh="截至", en="as of"), value["given"] or "-"),
        (say(zh="依据的区块时间", en="as known at"), value["known"] or "-"),
        (say(zh="记录", en="records"), count),
        (say(zh="案件步骤", en="steps of cases"), value["openings"]),
        (say(zh="未提供", en="left out"), left_words(value["left"])),
    ]


def _standings(records: Sequence[dict[str, Any]], day: str) -> Table:
    table = Table(box=SIMPLE_HEAD)
    table.add_column(say(zh="类型", en="Type"))
    table.add_column(say(zh="文号", en="Document"), overflow="fold")
    table.add_column(say(zh="作出日期", en="Decided"), no_wrap=True)
    table.add_column(say(zh=f"{day} 的状态", en=f"On {day}"), overflow="fold")
    table.add_column(say(zh="现在的状态", en="Now"), overflow="fold")
    table.add_column(say(zh="所做的行为", en="What was done"), overflow="fold")
    for one in records:
        acts = ", ".join(f"{act['act']} {act['recordedAt'][:10]}" for act in one["acts"])
        cells = (one["type"], one["document"], one["decided"], *map(_standing, _both(one)), acts)
        table.add_row(*(plain("-" if not cell else cell) for cell in cells))
    return table


def _both(one: dict[str, Any]) -> tuple[str, str]:
    return one["verdict"], one["now"]


def _standing(verdict: str) -> str:
    """How a record stands, in a word or two."""
    return standing_words(verdict)


def show_list(name: str, value: dict[str, Any], exit_: int | None) -> None:
    """A list: the answer first, then who is on it. exit_: None where nothing was verified."""
    console = stdout()
    console.print(plain(name, "bold"))
    if exit_ is not None:
        console.print(plain(_words(FILES[value["verdict"]]), _STYLES[exit_]))
    head = say(zh="名单", en="List")
    console.print(plain(f"{head}: {value['list'] or '-'}  {value['day'] or '-'}"))
    _show_problems(value["problems"])
    if value["entries"]:
        console.print(_entries(value["entries"]))
    if value["members"]:
        console.print(_members(value["members"]))
    for one in value["missing"]:
        absent = say(zh="未答复", en="missing")
        console.print(plain(f"{absent}: {one['member']} ({one['reason']})", "yellow"))


def left_words(left: dict[str, int]) -> str:
    """How many were left out, by reason."""
    told = [
        f"{_words(LEFT[reason]) if reason in LEFT else reason} {count}"
        for reason, count in sorted(left.items())
    ]
    return "; ".join(told) or "-"


def _show_problems(problems: Sequence[dict[str, Any]]) -> None:
    console = stdout()
    told = [one for one in problems if one["code"] != "missing"]
    for one in told[:MAX_SHOWN]:
        where = " ".join(str(value) for value in one["evidence"].values())
        console.print(plain(f"! {pick(one['message'])} [{one['code']}] {where}", "red"))
    if len(told) > MAX_SHOWN:
        more = say(zh="还有更多，见 --json。", en="There are more: see --json.")
        console.print(plain(more, "red"))


def _entries(entries: Sequence[dict[str, Any]]) -> Table:
    table = Table(box=SIMPLE_HEAD)
    table.add_column(say(zh="统一社会信用代码", en="USCC"), min_width=18)
    table.add_column(say(zh="名称", en="Name"), overflow="fold")
    table.add_column(say(zh="名单名称", en="List"), overflow="fold")
    table.add_column(say(zh="决定文号", en="Document"), overflow="fold")
    table.add_column(say(zh="列入日期", en="Since"), no_wrap=True)
    table.add_column(say(zh="至", en="Until"), no_wrap=True)
    table.add_column(say(zh="省份", en="Province"), no_wrap=True)
    names = ("code", "name", "list", "document", "decided", "until", "member")
    for entry in entries:
        table.add_row(*(plain("-" if entry[name] is None else entry[name]) for name in names))
    return table


def _members(members: Sequence[dict[str, Any]]) -> Table:
    table = Table(box=SIMPLE_HEAD)
    table.add_column(say(zh="省份", en="Province"))
    table.add_column(say(zh="在列", en="Listed"), justify="right")
    table.add_column(say(zh="未列（原因与数量）", en="Not listed, by reason"), overflow="fold")
    table.add_column(say(zh="依据的区块时间", en="As known at"))
    for one in members:
        cells = (one["member"], one["entries"], left_words(one["left"]), one["known"])
        table.add_row(*map(plain, cells))
    return table


def _words(texts: tuple[str, str]) -> str:
    zh, en = texts
    return say(zh=zh, en=en)
