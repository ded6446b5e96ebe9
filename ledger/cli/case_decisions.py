"""Decisions about cases: proposed by one person, released by another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ledger.cli.case_parts import (
    NAME,
    RECORD,
    Signs,
    Told,
    basis_option,
    class_option,
    day_text,
    doc_option,
    key_options,
    known_option,
    read_first,
    record_of,
    release_seen,
    seen_options,
    send,
    told_acts,
    wait_for_acts,
)
from ledger.cli.language import say
from ledger.cli.node import Node
from ledger.cli.options import json_option, node_options
from ledger.cli.output import EXIT_NO, note, print_json

_OK = 200
_DAY = click.DateTime(["%Y-%m-%d"])


@click.command(
    help=say(
        zh="""提出如何办结；由另一人用 case release 放行。

        修复：grant 准予、refuse 不予。异议：uphold 成立（加
        --correct-to 或 --withdraw）、dismiss 不成立、unconfirmed 无法核实、decline 不予受理。

        \b
        示例：
          credit-ledger case decide 案件 grant --basis 2 --class general --doc 决定.pdf --to URL
          credit-ledger case decide 案件 uphold --basis 7 --correct-to 记录 --doc a.pdf --to URL

        退出码：0 已提出 · 1 不予提出 · 4 无法连接
        """,
        en="""Propose how a case ends; another person releases it (`case release`). A repair: grant
        or refuse. An objection: uphold (with --correct-to or --withdraw), dismiss, unconfirmed (it
        could not be confirmed) or decline.

        \b
        Examples:
          credit-ledger case decide CASE grant --basis 2 --class general --doc d.pdf --to URL
          credit-ledger case decide CASE uphold --basis 7 --correct-to RECORD --doc d.pdf --to URL

        Exit codes: 0 proposed · 1 refused · 4 unreachable
        """,
    )
)
@click.argument("case_", metavar="CASE", type=NAME)
@click.argument(
    "act", type=click.Choice(["grant", "refuse", "uphold", "dismiss", "unconfirmed", "decline"])
)
@basis_option()
@class_option
@click.option(
    "--national-no",
    metavar="N",
    help=say(zh="国家平台编号（依据 4）。", en="Of the national platform (basis 4)."),
)
@known_option
@click.option("--day", type=_DAY, help=say(zh="生效之日。", en="Day it takes effect."))
@click.option("--note", "text", metavar="T", help=say(zh="说明。", en="A note."))
@click.option(
    "--correct-to",
    type=RECORD,
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
    national_no: str | None,
    known: Any,
    day: Any,
    docs: tuple[Path, ...],
    url: str,
    token: str | None,
    as_json: bool,
    **said: Any,
) -> int:
    """See its help."""
    value = said | {"class": class_, "note": text, "day": day_text(day)}
    value |= {"nationalNo": national_no, "pushed": day_text(known)}
    with Node(url, token) as node:
        value |= {"toRecord": correct_to and record_of(node, correct_to)}
        told = send(node, f"/v1/cases/{case_}/decide", value, docs)
    return proposed(told, as_json=as_json)


def proposed(told: Told, *, as_json: bool) -> int:
    """Tell that a proposal waits for its release."""
    if as_json:
        print_json(told)
    else:
        number = told["proposal"]
        note(
            say(
                zh=f"已提出（第 {number} 号），待另一人用 release 放行。",
                en=f"Proposed as number {number}; another person has to release it (`release`).",
            )
        )
    return 0


@click.command(
    help=say(
        zh="""放行已提出的决定，并等到上链。放行者须是提出者以外的人。

        退出码：0 已上链 · 1 不予放行或被链拒绝 · 4 尚未上链

        \b
        示例：credit-ledger case release 案件 --docs 文件夹 --to URL（先看材料，不放行）
        credit-ledger case release 案件 --proposal 12 --to URL
        """,
        en="""Release what was proposed, and wait until it is on the chain. Whoever proposed
        it cannot.

        Exit codes: 0 it is on the chain · 1 refused · 4 not there yet

        \b
        Example: credit-ledger case release CASE --docs DIR --to URL (reads first, releases nothing)
        credit-ledger case release CASE --proposal 12 --to URL
        """,
    )
)
@click.argument("case_", metavar="CASE", type=NAME)
@seen_options
@key_options
@node_options
@json_option
def release(
    *,
    case_: str,
    folder: Path | None,
    proposal: int | None,
    by: Signs,
    url: str,
    token: str | None,
    as_json: bool,
) -> int:
    """See its help."""
    with Node(url, token) as node:
        at = f"/v1/cases/{case_}"
        if folder is not None:
            return read_first(node, at, at, folder, as_json=as_json)
        return carry_out(node, at, at, proposal, by, as_json=as_json)


def carry_out(
    node: Node, shown_at: str, at: str, proposal: int | None, by: Signs, *, as_json: bool
) -> int:
    """Release what is shown at one path and released at another, wait until it is on the chain, and
    tell what became of it; the exit code. Raises Refused."""
    case = release_seen(node, shown_at, f"{at}/release", proposal)["case"]
    told, good = wait_for_acts(node, case, by)
    if as_json:
        print_json(told)
    else:
        told_acts(told)
    return 0 if good else EXIT_NO
