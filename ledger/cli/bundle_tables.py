"""Bundles and answers, as a person reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.table import Table

from ledger.cli.language import pick, say
from ledger.cli.record_words import (
    authorisation_of,
    family_words,
    standing_words,
    type_words,
)
from ledger.cli.tables import plain, rows, stdout
from ledger.files.bundles import BundleVerdict
from ledger.files.problems import PLAIN
from ledger.files.words import ANSWERS, BUNDLES, MISSING, STATED, Pair

MAX_SHOWN: Final = 20
_STYLES: Final[Mapping[str, str]] = {
    **{"clear": "green", "stated": "green", "adverse": "red", "open": "yellow"},
    **{"undetermined": "yellow", "false": "red"},
}


def show_use(value: Mapping[str, Any]) -> None:
    """What a node gave: nothing was verified here."""
    _head(value["overall"], value["now"])
    _extent(value["authorisation"])
    pairs = [
        (say(zh="主体", en="subject"), value["subject"]),
        (say(zh="本节点的查询编号", en="kept here as"), value["use"] or "-"),
        *(
            (say(zh=f"查询登记编号（{member}）", en=f"query at {member}"), query)
            for member, query in value["queries"].items()
        ),
    ]
    stdout().print(rows(pairs))
    _completeness(value["completeness"])
    _records(value["verdicts"])
    _missing(value["missing"])


def show_bundle(name: str, verdict: BundleVerdict) -> None:
    """The verdict on a bundle: how it stood, and how it stands now."""
    value = verdict.as_dict()
    stdout().print(plain(name, "bold"))
    _head(value["verdict"], value["now"]["overall"])
    if verdict.bundle is not None and verdict.bundle.answers:
        _extent(authorisation_of(verdict.bundle))
    pairs = [
        (say(zh="主体", en="subject"), value["subject"] or "-"),
        (say(zh="取得时间", en="at"), value["at"] or "-"),
        (say(zh="依据的区块", en="blocks"), _blocks(value["blocks"])),
    ]
    stdout().print(rows(pairs))
    show_problems(value["problems"])
    _completeness(value["completeness"])
    _records(value["records"])
    _missing(value["missing"])


def show_answer(name: str, value: Mapping[str, Any]) -> None:
    """The verdict on one answer: how it stood, and how it stands now."""
    stdout().print(plain(name, "bold"))
    _head(value["verdict"], value["now"]["overall"], ANSWERS)
    pairs = [
        (say(zh="答复成员", en="answered by"), value["issuer"] or "-"),
        (say(zh="提问成员", en="asked by"), value["to"] or "-"),
        (say(zh="主体", en="subject"), value["subject"] or "-"),
        (say(zh="答复时间", en="at"), value["at"] or "-"),
        (say(zh="依据的区块", en="block"), _blocks(value["blocks"])),
    ]
    stdout().print(rows(pairs))
    show_problems(value["problems"])
    _completeness(value["completeness"])
    if value["verdict"] not in ("false", "undetermined"):
        _records(value["records"])


def _head(overall: str, now: str | None, words: Mapping[str, Pair] = BUNDLES) -> None:
    zh, en = words[overall]
    stdout().print(plain(say(zh=zh, en=en), _STYLES[overall]))
    if now is not None and now != overall:
        zh, en = words[now]
        stdout().print(plain(say(zh=f"现在：{zh}", en=f"Now: {en}"), _STYLES[now]))


def _extent(authorisation: str | None) -> None:
    """What an answer without an authorisation cannot hold: nobody is to take it for all."""
    if authorisation is None:
        text = say(
            zh="未持授权查询：须经主体授权方可提供的记录（如轻微处罚）不在其内；省级成员为政务目的"
            "查询的除外。",
            en="Asked without an authorisation: records that are given on authorisation only (minor"
            " penalties, for one) are not in it, unless a province asked for a purpose of"
            " government.",
        )
        stdout().print(plain(text, "yellow"))


def _blocks(blocks: Mapping[str, Any]) -> str:
    return "; ".join(f"{code} {one['number']} ({one['time']})" for code, one in blocks.items())


def show_problems(problems: Sequence[Mapping[str, Any]]) -> None:
    """What is wrong with a file, the first few one by one."""
    for one in problems[:MAX_SHOWN]:
        told = one["evidence"].get("problem") in PLAIN  # in the message, and for everybody
        where = "" if told else " ".join(str(value) for value in one["evidence"].values())
        stdout().print(plain(f"! {pick(one['message'])} [{one['code']}] {where}", "red"))
    if len(problems) > MAX_SHOWN:
        stdout().print(plain(say(zh="还有更多，见 --json。", en="There are more: see --json.")))


def _completeness(states: Sequence[Mapping[str, Any]]) -> None:
    """A row for those provinces that said the same of the same families."""
    said: dict[tuple[str, str], list[str]] = {}
    for one in states:
        said.setdefault((one["member"], one["state"]), []).append(one["family"])
    found: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (member, state), families in said.items():
        found.setdefault((state, tuple(families)), []).append(member)
    if not found:
        return
    table = Table(box=SIMPLE_HEAD)
    table.add_column(say(zh="省份", en="Province"))
    table.add_column(say(zh="说明情况", en="What it said"))
    table.add_column(say(zh="类别", en="Families"), overflow="fold")
    for (state, names), members in found.items():
        zh, en = STATED[state]
        words = (", ".join(members), say(zh=zh, en=en), family_words(names))
        table.add_row(*map(plain, words))
    stdout().print(table)


def _records(records: Sequence[Mapping[str, Any]]) -> None:
    if not records:
        stdout().print(plain(say(zh="没有有效的记录。", en="No records in force.")))
        return
    table = Table(box=SIMPLE_HEAD)
    table.add_column(say(zh="省份", en="Province"))
    table.add_column(say(zh="类型", en="Type"))
    table.add_column(say(zh="作出日期", en="Decided"), no_wrap=True)
    table.add_column(say(zh="至", en="Until"), no_wrap=True)
    table.add_column(say(zh="当时", en="Then"))
    table.add_column(say(zh="现在", en="Now"))
    table.add_column(say(zh="不利", en="Adverse"))
    for one in records:
        adverse = {True: say(zh="是", en="yes"), False: say(zh="否", en="no"), None: "?"}
        cells = (
            *(one["issuer"], type_words(one["type"]), one["decided"], one["until"]),
            *(standing_words(one["verdict"]), standing_words(one.get("now") or "-")),
            adverse[one["adverse"]],
        )
        table.add_row(*(plain("-" if not cell else str(cell)) for cell in cells))
    stdout().print(table)


def _missing(missing: Sequence[Mapping[str, Any]]) -> None:
    for one in missing:
        absent = say(zh="未答复", en="missing")
        zh, en = MISSING.get(one["reason"], ("", ""))
        words = say(zh=zh, en=en)
        stdout().print(plain(f"{absent}: {one['member']} {words} [{one['reason']}]", "yellow"))
