"""Reports of a replay as a person reads them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from ledger.cli.case_words import CASE_STATES
from ledger.cli.finance_words import finance_figures
from ledger.cli.language import pick, say
from ledger.cli.tables import plain, rows, shown_member, stdout
from ledger.files.words import TIMELY

STATES = {
    "REPAIRED": {"zh": "已修复", "en": "repaired"},
    "CORRECTED": {"zh": "已更正", "en": "corrected"},
    "WITHDRAWN": {"zh": "已撤销", "en": "withdrawn"},
    "ENDED": {"zh": "已终止", "en": "ended"},
    "DISPUTED": {"zh": "有异议", "en": "disputed"},
    "SHIELDED": {"zh": "已屏蔽", "en": "shielded"},
    "ERASED": {"zh": "已删除", "en": "erased"},
}
_SEVERITIES = {"error": "red", "warning": "yellow", "note": "cyan"}
_MOST_FINDINGS = 50  # shown; the rest is in the report
_MOST_PLACES = 5  # of one reason why a report is incomplete


def show_report(document: Mapping[str, Any]) -> None:
    """What could not be looked at, then clean or not, the logs, and what was found."""
    console, findings, gaps = stdout(), document["findings"], document["incomplete"]
    show_incomplete(gaps)
    notes = sum(finding["severity"] == "note" for finding in findings)
    if wrong := len(findings) - notes:
        text = say(zh=f"发现 {wrong} 个问题", en=f"{wrong} findings")
        console.print(plain(text, "bold red"))
    elif not gaps:
        console.print(plain(say(zh="全部无误", en="all in order"), "bold green"))
    if notes:
        text = say(zh=f"另有 {notes} 处须向成员核实", en=f"{notes} things to ask members for")
        console.print(plain(text, "bold"))
    console.print(rows(_figures(document)))
    console.print(_logs(document["logs"]))
    show_findings(findings)


def show_findings(findings: Sequence[dict[str, Any]]) -> None:
    """The first of them, each with its place, what is so and what to do."""
    console = stdout()
    for finding in findings[:_MOST_FINDINGS]:
        style = _SEVERITIES[finding["severity"]]
        console.print(plain(f"{finding['code']}  {finding['member']}  {finding['where']}", style))
        evidence = ", ".join(f"{name} {value}" for name, value in finding["evidence"].items())
        console.print(plain(f"  {evidence}", "dim"))
        console.print(plain(f"  {pick(finding['message'])}"))
        console.print(plain(f"  {pick(finding['remedy'])}"))
    if len(findings) > _MOST_FINDINGS:
        more = len(findings) - _MOST_FINDINGS
        console.print(say(zh=f"另有 {more} 个，见报告", en=f"{more} more, see the report"))


def show_incomplete(gaps: Sequence[dict[str, Any]]) -> None:
    """Each reason once, with the places that it is about."""
    console = stdout()
    if gaps:
        text = say(zh="不完整，不能得出结论", en="INCOMPLETE, nothing can be concluded")
        console.print(plain(text, "bold yellow"))
    for code in dict.fromkeys(gap["code"] for gap in gaps):
        same = [gap for gap in gaps if gap["code"] == code]
        console.print(plain(f"{pick(same[0]['message'])} [{code}]"))
        for gap in same[:_MOST_PLACES]:
            evidence = ", ".join(f"{name} {value}" for name, value in gap["evidence"].items())
            console.print(plain(f"  {gap['where']}: {evidence}", "dim"))
        if len(same) > _MOST_PLACES:
            more = len(same) - _MOST_PLACES
            console.print(say(zh=f"  另有 {more} 处，见报告", en=f"  {more} more, see the report"))


def _figures(document: Mapping[str, Any]) -> list[tuple[str, object]]:
    block, counts = document["block"], document["counts"]
    timely = ", ".join(f"{pick(TIMELY[name])} {n}" for name, n in counts["timely"].items())
    return [
        (say(zh="区块", en="Block"), f"{block['number']} {block['hash']}"),
        (say(zh="成员", en="Members"), len(document["members"])),
        (say(zh="合约", en="Contracts"), len(document["contracts"])),
        (say(zh="表决", en="Votes"), len(document["votes"])),
        (say(zh="密钥", en="Keys"), len(document["keys"])),
        (say(zh="目录", en="Catalogue"), len(document["catalogue"])),
        (say(zh="存证", en="Anchors"), counts["anchors"]),
        (say(zh="条目", en="Entries"), counts["entries"]),
        (say(zh="按时", en="Timely"), timely),
        *_status_figures(document),
        *_opened_figures(document),
        *finance_figures(document),
    ]


def _opened_figures(document: Mapping[str, Any]) -> list[tuple[str, object]]:
    """How many statements were opened, and what cases there are; nothing without openings."""
    if "cases" not in document:
        return []
    statements = document["statements"]
    states = Counter(case["state"] for case in document["cases"])
    told = ", ".join(
        f"{pick(words)} {states[name]}" for name, words in CASE_STATES.items() if states[name]
    )
    cases = f"{len(document['cases'])}{f': {told}' if told else ''}"
    of = say(zh="／", en=" of ")
    return [
        (
            say(zh="已打开的声明", en="Statements opened"),
            f"{statements['opened']}{of}{statements['entries']}",
        ),
        (say(zh="案件", en="Cases"), cases),
    ]


def _status_figures(document: Mapping[str, Any]) -> list[tuple[str, object]]:
    """What was done to records, and who has not carried it out yet."""
    status, counts = document["status"], document["counts"]
    told = {name: n for name, n in counts["outcomes"].items() if name != "NONE"}
    records = f"{len(status['records'])}{_counted(told | counts['flags'])}"
    behind = {one["member"]: one["behind"] for one in status["acknowledged"] if one["behind"]}
    late = ", ".join(f"{shown_member(code)} {count}" for code, count in behind.items())
    return [
        (say(zh="状态行为", en="Acts"), counts["acts"]),
        (say(zh="有状态的记录", en="Records acted on"), records),
        (say(zh="未执行完的成员", en="Members behind"), late or "–"),
    ]


def _counted(found: dict[str, int]) -> str:
    """How many are in which state; a record may be in several."""
    shown = ", ".join(f"{pick(STATES[name])} {count}" for name, count in found.items() if count)
    return f": {shown}" if shown else ""


def _logs(logs: Sequence[dict[str, Any]]) -> Table:
    table = Table(box=SIMPLE_HEAD)
    for name in (
        say(zh="成员", en="Member"),
        say(zh="日志", en="Log"),
        say(zh="大小", en="Size"),
        say(zh="存证", en="Anchors"),
        say(zh="根", en="Root"),
    ):
        table.add_column(name, overflow="fold")
    for log in logs:
        cells = (
            shown_member(log["member"]),
            log["log"][:16],
            log["size"],
            log["anchors"],
            log["root"][:16] if log["size"] else "–",
        )
        table.add_row(*(plain(cell) for cell in cells))
    return table
