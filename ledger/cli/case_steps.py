"""Steps of a case that one person makes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from ledger.cli.case_parts import (
    NAME,
    Told,
    day_text,
    doc_option,
    send,
)
from ledger.cli.case_words import STATES, word
from ledger.cli.language import say
from ledger.cli.node import Node
from ledger.cli.options import json_option, node_options
from ledger.cli.output import note, print_json

_DAY = click.DateTime(["%Y-%m-%d"])
_EXITS = say(
    zh="退出码：0 已登记 · 1 不予登记 · 4 无法连接",
    en="Exit codes: 0 noted · 1 refused · 4 unreachable",
)


def _step(name: str, path: str, zh: str, en: str) -> click.Command:
    """A command for a step that one person makes."""
    what, example = say(zh=zh, en=en), say(zh="示例", en="Example")
    shown = f"\b\n{example}: credit-ledger case {name} CASE --note T --doc d.pdf --to URL"

    @click.command(name, help=f"{what}\n\n{shown}\n\n{_EXITS}", short_help=what)
    @click.argument("case_", metavar="CASE", type=NAME)
    @click.option("--note", "text", default="", metavar="T", help=say(zh="说明。", en="A note."))
    @doc_option
    @node_options
    @json_option
    def command(
        *,
        case_: str,
        text: str,
        docs: tuple[Path, ...],
        url: str,
        token: str | None,
        as_json: bool,
    ) -> int:
        with Node(url, token) as node:
            told = send(node, f"/v1/cases/{case_}/{path}", {"note": text}, docs)
        return _made(told, as_json=as_json)

    return command


@click.command(
    "national-result",
    help=say(
        zh="""登记国家平台（信用中国）的修复结果：编号、日期与结果文书；归属成员须在三个工作日内登记。

        \b
        示例：credit-ledger case national-result 案件 --national-no 编号 --doc 结果.pdf --to URL

        退出码：0 已登记 · 1 不予登记 · 4 无法连接
        """,
        en="""Note the result of the national platform: its number, day and document. The owner has
        three working days to record it.

        \b
        Example: credit-ledger case national-result CASE --national-no N --doc r.pdf --to URL

        Exit codes: 0 noted · 1 refused · 4 unreachable
        """,
    ),
)
@click.argument("case_", metavar="CASE", type=NAME)
@click.option(
    "--national-no",
    required=True,
    metavar="N",
    help=say(zh="国家平台编号。", en="Its number there."),
)
@click.option("--day", type=_DAY, help=say(zh="送达之日。", en="Day it was handed over."))
@click.option("--note", "text", default="", metavar="T", help=say(zh="说明。", en="A note."))
@doc_option
@node_options
@json_option
def national_result(
    *,
    case_: str,
    national_no: str,
    day: Any,
    text: str,
    docs: tuple[Path, ...],
    url: str,
    token: str | None,
    as_json: bool,
) -> int:
    """See its help."""
    value = {"nationalNo": national_no, "day": day_text(day), "note": text}
    with Node(url, token) as node:
        told = send(node, f"/v1/cases/{case_}/national-result", value, docs)
    return _made(told, as_json=as_json)


def _made(told: Told, *, as_json: bool) -> int:
    if as_json:
        print_json(told)
    else:
        number = say(zh=f"第 {told['step']} 步", en=f"step {told['step']}")
        note(f"{number}: {word(STATES, told['state'])}")
        click.echo(told["commitment"])
    return 0


COMMANDS: Sequence[click.Command] = (
    _step("accept", "accept", "受理。", "Accept a case."),
    _step(
        "decline",
        "decline",
        "不予受理（异议须用 decide）。",
        "Decline a repair (an objection: by `case decide`).",
    ),
    _step(
        "ask",
        "ask-supplement",
        "要求补充材料（在 --note 中写明）。",
        "Ask for more; say what with --note.",
    ),
    _step("supplement", "supplement", "补充材料。", "Hand in what was asked for."),
    _step("withdraw", "withdraw", "撤回申请。", "Withdraw one's filing."),
    national_result,
)
"""The commands, for the group."""
