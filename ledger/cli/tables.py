"""Verdicts as a person reads them.

Whatever comes from a receipt, a node or the chain is shown as plain text: control characters are
replaced, and nothing in it is taken for markup.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ledger.cli.language import language, pick, say
from ledger.cli.output import harmless
from ledger.cli.summing import summed_up
from ledger.cli.times import shown_time
from ledger.core.commitment import Value
from ledger.core.ids import sha256
from ledger.core.verdict.checks import Check
from ledger.core.verdict.statement import NO_RECORD, StatementVerdict
from ledger.core.verdict.verdict import Verdict, note_text
from ledger.core.verdict.verdicts import (
    EXIT_DO_NOT_USE,
    EXIT_NOT_AUTHENTIC,
    EXIT_UNKNOWN,
    EXIT_VALID,
    VERDICTS,
)
from ledger.files.words import MEMBERS
from ledger.records import schema

_EMPTY = sha256(b"")
_MARKS = {"pass": ("✓", "green"), "fail": ("✗", "red"), "unknown": ("?", "yellow"),
          "not-run": ("–", "dim")}  # fmt: skip
_STYLES = {0: "bold green", EXIT_NOT_AUTHENTIC: "bold red", EXIT_DO_NOT_USE: "bold red",
           EXIT_UNKNOWN: "bold yellow"}  # fmt: skip


def stdout() -> Console:
    """Where results go."""
    return Console(highlight=False, soft_wrap=False)


def plain(text: object, style: str = "") -> Text:
    """Text from somewhere else, harmless to a terminal."""
    return Text(harmless(str(text)), style=style, overflow="fold")


def rows(pairs: Iterable[tuple[str, object]]) -> Table:
    """Two columns without a frame."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in pairs:
        table.add_row(plain(name), value if isinstance(value, Text) else plain(value))
    return table


def show_verdict(name: str, verdict: Verdict) -> None:
    """The answer first, then what it rests on."""
    console = stdout()
    console.print(plain(name, "bold"))
    if isinstance(verdict, StatementVerdict):
        _show_statement(console, verdict)
        return
    console.print(plain(headline(verdict), _STYLES[verdict.exit]))
    _show_deciding(console, verdict)
    if _is_unread(verdict):
        return
    if verdict.question.subject is None and verdict.standing.authentic:
        console.print(plain(f"  {_not_compared()}", "yellow"))
    console.print()
    console.print(rows(_facts(verdict)))
    if verdict.record:
        console.print(_fields(verdict))
    console.print(_checks(verdict.standing.checks))
    for note in verdict.notes:
        console.print(plain(f"! {pick(note_text(note))}", "yellow"))


def _show_deciding(console: Console, verdict: Verdict) -> None:
    if verdict.digest == _EMPTY:
        console.print(plain(f"  {_empty()}"))
        return
    for check in deciding(verdict.standing.checks):
        console.print(plain(f"  {check.n}. {pick(check.message)}"))


def _empty() -> str:
    return say(
        zh="文件是空的（可能没有下载或复制完整）；请向提供方重新索取原始文件。",
        en="The file is empty; it may not have been copied whole. Ask for the original.",
    )


def _is_unread(verdict: Verdict) -> bool:
    """Whether nothing but its form was looked at: the checks that were not made say nothing."""
    form, *others = verdict.standing.checks
    return form.result == "fail" and all(check.result == "not-run" for check in others)


def _show_statement(console: Console, verdict: StatementVerdict) -> None:
    """Whose it is, whether it is anchored, and what it says."""
    console.print(plain(_statement_headline(verdict), _STYLES[verdict.exit]))
    _show_deciding(console, verdict)
    if _is_unread(verdict):
        return
    console.print(plain(f"  {pick(NO_RECORD)}", "dim"))
    console.print()
    told = verdict.as_dict()
    due = [(say(zh="承诺期限", en="Promised by"), told["due"])] if told["due"] else []
    console.print(rows([*_facts(verdict), *due]))
    if told["statement"] is not None:
        table = Table(box=SIMPLE_HEAD, title_justify="left")
        table.add_column(say(zh="声明的内容", en="The statement says"))
        table.add_column("", overflow="fold")
        for member, value in told["statement"].items():
            shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            table.add_row(plain(member), plain(shown))
        console.print(table)
    console.print(_checks(verdict.standing.checks))
    for note in verdict.notes:
        console.print(plain(f"! {pick(note_text(note))}", "yellow"))


def _statement_headline(verdict: StatementVerdict) -> str:
    name, meaning = verdict.verdict, VERDICTS[verdict.verdict]
    if meaning.exit == EXIT_VALID:
        return say(zh="真实，且已存证", en="GENUINE AND ANCHORED")
    codes = {check.code for check in verdict.standing.checks if check.verdict == name}
    if codes == {"promised-only"}:
        return say(zh=f"有签字承诺，尚未存证 [{name}]", en=f"PROMISED, not anchored yet [{name}]")
    if meaning.exit == EXIT_NOT_AUTHENTIC:
        said = say(zh=f"不真实 [{name}]", en=f"NOT GENUINE [{name}]")
    elif meaning.exit == EXIT_UNKNOWN:
        said = say(zh=f"无法判断 [{name}]", en=f"CANNOT TELL [{name}]")
    else:
        said = say(zh=f"不得采信 [{name}]", en=f"DO NOT RELY ON IT [{name}]")
    return f"{said} {pick(meaning.text)}"


def show_summary(found: Sequence[tuple[str, Verdict]]) -> None:
    """A line for each of several receipts, in their order, and how many there are of each."""
    table = Table(box=SIMPLE_HEAD, title=say(zh="汇总", en="Summary"), title_justify="left")
    table.add_column(say(zh="文件", en="File"), overflow="fold")
    table.add_column(say(zh="结论", en="Verdict"), no_wrap=True)
    table.add_column(say(zh="退出码", en="Exit"), justify="right")
    table.add_column(say(zh="能否使用", en="May it be used?"), overflow="fold")
    for name, verdict in found:
        style = _STYLES[verdict.exit]
        why = [pick(check.message) for check in deciding(verdict.standing.checks)[:1]]
        said = " ".join([_usable(verdict), *why])
        table.add_row(plain(name), plain(verdict.verdict, style), str(verdict.exit), plain(said))
    stdout().print(table)
    stdout().print(plain(summed_up([verdict for _, verdict in found])))


def _usable(verdict: Verdict) -> str:
    standing = verdict.standing
    if isinstance(verdict, StatementVerdict):
        return _statement_headline(verdict)
    if standing.usable is None:
        return say(zh="未定。", en="That is open.")
    return say(zh="可以。", en="Yes.") if standing.usable else say(zh="不得使用。", en="No.")


def headline(verdict: Verdict) -> str:
    """May it be used? Then what the verdict means."""
    name, meaning = verdict.verdict, VERDICTS[verdict.verdict]
    day = verdict.question.as_of
    when = say(zh=f"（{day}）", en=f" on {day}") if day else say(zh="（今天）", en=" today")
    if meaning.exit == EXIT_VALID:
        return say(zh=f"可以使用{when}", en=f"MAY BE USED{when}")
    if meaning.exit == EXIT_NOT_AUTHENTIC:
        said = say(zh=f"不真实，不得使用 [{name}]", en=f"NOT GENUINE, do not use [{name}]")
    elif meaning.exit == EXIT_UNKNOWN:
        said = say(zh=f"无法判断，暂不使用 [{name}]", en=f"CANNOT TELL, do not use yet [{name}]")
    elif meaning.usable is None:
        said = say(zh=f"须自行权衡{when} [{name}]", en=f"WEIGH IT YOURSELF{when} [{name}]")
    else:
        said = say(zh=f"不得使用{when} [{name}]", en=f"DO NOT USE{when} [{name}]")
    return f"{said} {pick(meaning.text)}"


def _not_compared() -> str:
    """A genuine record may still be of another firm."""
    return say(
        zh="未核对记录是关于谁的：请给出 --subject",
        en="whom it is about was not compared: give --subject",
    )


def deciding(checks: Sequence[Check]) -> list[Check]:
    """The checks that speak against, or leave open."""
    return [check for check in checks if check.verdict is not None]


def _facts(verdict: Verdict) -> list[tuple[str, object]]:
    told = verdict.as_dict()
    found = schema.find(*_name_version(told["type"])) if told["type"] else None
    pairs: list[tuple[str, object]] = [(say(zh="真实性", en="Genuine"), _genuine(verdict))]
    if told["issuer"]:
        pairs.append((say(zh="签发成员", en="Issuer"), shown_member(told["issuer"])))
    if told["issuerRecovered"]:
        pairs.append((say(zh="注意", en="Note"), _recovered()))
    if told["witnesses"]:
        names = ", ".join(map(shown_member, told["witnesses"]))
        pairs.append((say(zh="见证成员", en="Witnesses"), names))
    if told["type"]:
        title = told["type"] if found is None else f"{pick(found.title)} ({told['type']})"
        pairs.append((say(zh="类型", en="Type"), title))
    for key, zh, en in (
        ("decided", "认定日期", "Decided"),
        ("until", "使用截止", "Usable until"),
        ("anchoredAt", "存证时间", "Anchored"),
        ("recordId", "记录编号", "Record id"),
        ("correctedBy", "更正为", "Corrected by"),
    ):
        if told[key]:
            value = shown_time(told[key]) if key == "anchoredAt" else told[key]
            pairs.append((say(zh=zh, en=en), value))
    for item in told["later"]:
        pairs.append((say(zh="此后登记", en="Recorded later"), " ".join(item.values())))
    if verdict.question.as_of:
        pairs.append((say(zh="目前", en="Now"), verdict.now.verdict))
    if told["head"]:
        head = told["head"]
        when = f"{head['number']}, {shown_time(head['time'])}"
        pairs.append((say(zh="区块链", en="Chain head"), when))
    return [*pairs, (say(zh="网络", en="Network"), verdict.trust.name)]


def _recovered() -> str:
    return say(
        zh="签发成员曾丢失全部密钥，由表决恢复；此回执依赖恢复之后的密钥",
        en="the issuer once lost all its keys; this rests on one that a vote restored it with",
    )


def _genuine(verdict: Verdict) -> str:
    """Another question than whether it may be used."""
    return {
        True: say(zh="真实", en="yes"),
        False: say(zh="不真实", en="no"),
        None: say(zh="尚不能确定", en="not established"),
    }[verdict.standing.authentic]


def _name_version(type_: str) -> tuple[str, int]:
    name, _, version = type_.partition("@")
    return name, int(version)


def shown_member(code: str) -> str:
    """Name and code of a member."""
    names = MEMBERS.get(code)
    return code if names is None else f"{names[0] if language() == 'zh' else names[1]} ({code})"


def _fields(verdict: Verdict) -> Table:
    receipt, fields = verdict.receipt, verdict.record or {}
    found = None
    if receipt is not None and receipt.presentation is not None:
        found = schema.by_hash(receipt.presentation.payload.header.schema_sha256.hex())
    table = Table(box=SIMPLE_HEAD, title_justify="left")
    table.add_column(say(zh="披露的字段", en="Field shown"))
    table.add_column(say(zh="内容", en="Content"), overflow="fold")
    for code, value in fields.items():
        field = None if found is None else found.by_code.get(code)
        label = code if field is None else f"{pick({'zh': field.zh, 'en': field.en})} {code}"
        table.add_row(plain(label), plain(_value(value)))
    if verdict.undisclosed:
        count = len(verdict.undisclosed)
        hidden = say(zh=f"另有 {count} 个字段未披露", en=f"{count} more were not shown")
        table.add_row(plain(hidden, "dim"), plain(", ".join(verdict.undisclosed), "dim"))
    return table


def _value(value: Value) -> str:
    return value if isinstance(value, str) else "; ".join(value)


def _checks(checks: Sequence[Check]) -> Table:
    table = Table(box=SIMPLE_HEAD)
    table.add_column("", justify="right")
    table.add_column("")
    table.add_column(say(zh="检查", en="Check"), no_wrap=True)
    table.add_column(say(zh="结果", en="Result"), overflow="fold")
    for check in checks:
        mark, style = _MARKS[check.result]
        table.add_row(
            str(check.n), Text(mark, style), plain(check.id, style), plain(pick(check.message))
        )
    return table
