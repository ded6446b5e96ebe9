"""`credit-ledger case`: repairs and objections, from the desk to the release."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ledger.cli.case_parts import (
    NAME,
    SCANNED,
    Told,
    doc_option,
    key_options,
    release_seen,
    send,
    told_acts,
    wait_for_acts,
)
from ledger.cli.language import say
from ledger.cli.node import Node, expect
from ledger.cli.options import json_option, node_options
from ledger.cli.output import EXIT_NO, Refused, note, print_json, print_rows, shown_path

_OK = 200
_DAY = click.DateTime(["%Y-%m-%d"])
_STATES = (
    *("filed", "accepted", "declined", "awaiting-supplement", "granted", "refused", "upheld"),
    *("dismissed", "unconfirmed", "withdrawn", "decided"),
)


@click.group(
    help=say(
        zh="案件：信用修复与异议的申请、受理、决定与放行。",
        en="Cases: repairs and objections, filed, accepted, decided, released.",
    )
)
def case() -> None:
    """Group; its help is above."""


@case.command(
    "file",
    help=say(
        zh="""就一条记录申请信用修复或提出异议。RECORD 为记录编号或叶值。

        \b
        示例：credit-ledger case file 记录编号 --kind repair --reason 已缴清 --doc 缴款书.pdf

        退出码：0 已登记 · 1 不予登记 · 4 无法连接
        """,
        en="""File a repair of a record, or an objection to it. RECORD is its id or leaf.

        \b
        Example: credit-ledger case file RECORD --kind repair --reason paid --doc a.pdf --to URL

        Exit codes: 0 filed · 1 refused · 4 unreachable
        """,
    ),
)
@click.argument("record", type=NAME)
@click.option("--kind", type=click.Choice(["repair", "objection"]), required=True)
@click.option("--reason", required=True, metavar="TEXT", help=say(zh="理由。", en="Why."))
@click.option("--owner", metavar="CODE", help=say(zh="记录所属成员。", en="Whose record it is."))
@click.option("--authority", metavar="USCC", help=say(zh="认定单位。", en="Who determined it."))
@click.option("--channel", type=click.Choice(["national", "portal", "desk", "court", "own"]))
@click.option("--national-no", metavar="N", help=say(zh="国家平台编号。", en="Of Credit China."))
@click.option("--received", type=_DAY, help=say(zh="收到之日。", en="Day of receipt."))
@doc_option
@node_options
@json_option
def file_(
    *,
    record: str,
    url: str,
    token: str | None,
    docs: tuple[Path, ...],
    as_json: bool,
    received: Any,
    national_no: str | None,
    **said: str | None,
) -> int:
    """See its help."""
    value = said | {"record": record, "nationalNo": national_no, "received": _day(received)}
    with Node(url, token) as node:
        told = send(node, "/v1/cases", value, docs)
    if as_json:
        print_json(told)
    else:
        click.echo(told["case"])
        note(say(zh=f"办理期限：{told['deadline']}", en=f"deadline: {told['deadline']}"))
    return 0


@case.command(
    "list",
    help=say(zh="列出可见的案件，新的在前。", en="The cases that you may see, newest first."),
)
@click.option("--state", type=click.Choice(_STATES), help=say(zh="状态。", en="Of this state."))
@click.option("--overdue", is_flag=True, help=say(zh="仅超期的。", en="Only those overdue."))
@node_options
@json_option
def list_(*, url: str, token: str | None, state: str | None, overdue: bool, as_json: bool) -> int:
    """See its help."""
    params = {"overdue": "true" if overdue else "false"} | ({"state": state} if state else {})
    with Node(url, token) as node:
        told = expect(node.get("/v1/cases", **params), _OK).json()
    if as_json:
        print_json(told)
        return 0
    head = ("case", "kind", "state", "stage", "deadline")
    rows = [
        (one["case"], one["kind"], one["state"], one["stage"]["name"], _deadline(one))
        for one in told["cases"]
    ]
    print_rows(rows, head=head)
    return 0


@case.command(
    "show",
    help=say(
        zh="案件的步骤、期限与上链情况；CASE 也可以是回执二维码的内容。",
        en="Steps, deadline and acts of a case. CASE may be what the code on a receipt says.",
    ),
)
@click.argument("case_", metavar="CASE", type=SCANNED)
@node_options
@json_option
def show(*, case_: str, url: str, token: str | None, as_json: bool) -> int:
    """See its help."""
    name, _, commitment = case_.partition(":")
    with Node(url, token) as node:
        told = expect(node.get(f"/v1/cases/{name}"), _OK).json()
    if commitment and commitment != told["steps"][0]["commitment"]:
        raise Refused(say(zh="回执与该案件不符", en="the receipt is not of this case"))
    if as_json:
        print_json(told)
        return 0
    _show(told)
    return 0


@case.command(
    "receipt",
    help=say(
        zh="""打印申请回执（PDF，一页，带二维码），交给申请人。

        \b
        示例：credit-ledger case receipt 案件 -o 回执.pdf --to URL

        退出码：0 已写入 · 1 没有此案件 · 4 无法连接
        """,
        en="""Write the receipt of a filing for whoever filed it: one page of PDF, with a QR code by
        which any counter finds it again (`case show`).

        \b
        Example: credit-ledger case receipt CASE -o receipt.pdf --to URL

        Exit codes: 0 written · 1 no such case · 4 unreachable
        """,
    ),
)
@click.argument("case_", metavar="CASE", type=NAME)
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
def receipt(*, case_: str, out: Path, url: str, token: str | None, as_json: bool) -> int:
    """See its help."""
    with Node(url, token) as node:
        found = expect(node.get(f"/v1/cases/{case_}/receipt.pdf"), _OK)
    out.write_bytes(found.body)
    if as_json:
        print_json({"file": shown_path(out)})
    else:
        note(say(zh=f"已写入 {out}", en=f"wrote {out}"))
    return 0


def _show(told: Told) -> None:
    note(f"{told['kind']} {told['state']} · {told['record']}")
    if told["stage"]["name"]:
        note(say(zh="期限", en="deadline") + f": {told['stage']['name']} {_deadline(told)}")
    if told["proposed"]:
        note(say(zh="待放行", en="to be released") + f": {told['proposed']['act']}")
    head = ("step", "act", "iss", "day", "commitment")
    print_rows([[step[name] for name in head] for step in told["steps"]], head=head)
    told_acts(told)


def _deadline(one: Told) -> str | None:
    stage = one["stage"]
    late = say(zh="（超期）", en=" (overdue)") if stage["overdue"] else ""
    return None if stage["deadline"] is None else f"{stage['deadline']}{late}"


def _step(name: str, path: str, zh: str, en: str) -> Callable[..., int]:
    """A command for a step that one person makes."""

    @case.command(name, help=say(zh=zh, en=en))
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


_step("accept", "accept", "受理。", "Accept a case.")
_step("decline", "decline", "不予受理（异议须用 decide）。", "Decline a repair.")
_step("ask", "ask-supplement", "要求补充材料。", "Ask for more.")
_step("supplement", "supplement", "补充材料。", "Hand in what was asked for.")
_step("withdraw", "withdraw", "撤回申请。", "Withdraw one's filing.")


def _made(told: Told, *, as_json: bool) -> int:
    if as_json:
        print_json(told)
    else:
        note(f"{told['step']}: {told['state']}")
        click.echo(told["commitment"])
    return 0


@case.command(
    help=say(
        zh="""提出如何办结；由另一人用 case release 放行。

        \b
        示例：credit-ledger case decide 案件 grant --basis 2 --class general --doc 决定.pdf --to URL
        """,
        en="""Propose how a case ends; another person releases it (`case release`).

        \b
        Example: credit-ledger case decide CASE grant --basis 2 --class general --doc d.pdf --to URL
        """,
    )
)
@click.argument("case_", metavar="CASE", type=NAME)
@click.argument(
    "act", type=click.Choice(["grant", "refuse", "uphold", "dismiss", "unconfirmed", "decline"])
)
@click.option("--basis", type=int, metavar="N", help=say(zh="依据编号。", en="Legal basis, 1-12."))
@click.option("--class", "class_", type=click.Choice(["minor", "general", "severe"]))
@click.option("--day", type=_DAY, help=say(zh="生效之日。", en="Day it takes effect."))
@click.option("--note", "text", metavar="T", help=say(zh="说明。", en="A note."))
@click.option(
    "--correct-to",
    type=NAME,
    metavar="RECORD",
    help=say(zh="更正后的记录。", en="The record that corrects."),
)
@click.option("--withdraw", is_flag=True, help=say(zh="撤销记录。", en="Withdraw the record."))
@doc_option
@node_options
@json_option
def decide(
    *,
    case_: str,
    class_: str | None,
    text: str | None,
    correct_to: str | None,
    day: Any,
    docs: tuple[Path, ...],
    url: str,
    token: str | None,
    as_json: bool,
    **said: Any,
) -> int:
    """See its help."""
    value = said | {"class": class_, "note": text, "toRecord": correct_to, "day": _day(day)}
    with Node(url, token) as node:
        told = send(node, f"/v1/cases/{case_}/decide", value, docs)
    return proposed(told, as_json=as_json)


def proposed(told: Told, *, as_json: bool) -> int:
    """Tell that a proposal waits for its release."""
    if as_json:
        print_json(told)
    else:
        note(say(zh="已提出，待另一人放行。", en="Proposed; another person has to release it."))
    return 0


@case.command(
    help=say(
        zh="""放行已提出的决定，并等到上链。退出码：0 已上链 · 1 不予放行或被链拒绝 · 4 尚未上链

        \b
        示例：credit-ledger case release 案件 --to URL
        """,
        en="""Release what was proposed, and wait until it is on the chain. Exit codes: 0 it is ·
        1 refused · 4 not there yet

        \b
        Example: credit-ledger case release CASE --to URL
        """,
    )
)
@click.argument("case_", metavar="CASE", type=NAME)
@key_options
@node_options
@json_option
def release(
    *,
    case_: str,
    key: Path | None,
    password_files: tuple[Path, ...],
    url: str,
    token: str | None,
    as_json: bool,
) -> int:
    """See its help."""
    with Node(url, token) as node:
        release_seen(node, f"/v1/cases/{case_}", f"/v1/cases/{case_}/release")
        told, good = wait_for_acts(node, case_, key, password_files)
    return released(told, good=good, as_json=as_json)


def released(told: Told, *, good: bool, as_json: bool) -> int:
    """Tell what became of a decision; the exit code."""
    if as_json:
        print_json(told)
    else:
        told_acts(told)
    return 0 if good else EXIT_NO


def _day(value: Any) -> str | None:
    return None if value is None else value.date().isoformat()
