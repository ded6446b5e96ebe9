"""`credit-ledger record`: what the owner of a record decides about it without a filing."""

from __future__ import annotations

from collections.abc import Callable
from inspect import cleandoc
from pathlib import Path
from typing import Any, TypeVar

import click

from ledger.cli.case_decisions import carry_out, proposed
from ledger.cli.case_parts import (
    RECORD,
    Signs,
    basis_option,
    class_option,
    doc_option,
    key_options,
    known_option,
    read_first,
    record_of,
    seen_options,
    send,
)
from ledger.cli.certificate import certificate
from ledger.cli.language import say
from ledger.cli.node import Node
from ledger.cli.options import json_option, node_options
from ledger.cli.record_status import status

_DAY = click.DateTime(["%Y-%m-%d"])
F = TypeVar("F", bound=Callable[..., Any])


@click.group(
    help=say(
        zh="记录：归属成员自行作出的更正、撤销、终止、屏蔽、恢复、取消修复、删除。",
        en="Records: what their owner decides by itself, proposed by one, released by another.",
    )
)
def record() -> None:
    """Group; its help is above."""


record.add_command(status)
record.add_command(certificate)


def _iso(value: Any) -> str | None:
    return None if value is None else str(value.date().isoformat())


def _only_of(act: str) -> Callable[[F], F]:
    """The options that this decision alone has, and those like it."""

    def with_options(command: F) -> F:
        if act == "grant":
            number = say(zh="国家平台编号。", en="Of the national platform.")
            command = click.option("--national-no", required=True, metavar="N", help=number)(
                class_option(command)
            )
        if act == "correct":
            other = say(zh="更正后的记录。", en="The record that stands for it.")
            command = click.option(
                "--to-record", type=RECORD, required=True, metavar="RECORD", help=other
            )(command)
        return known_option(command) if act in _KNOWN else command

    return with_options


_KNOWN = ("correct", "withdraw", "rescind")
_BASIS = {"shield": 5, "lift": 5, "grant": 4}  # of these the law leaves no other
_ENDS = say(
    zh="""由另一人用 record release 放行。

    退出码：0 已提出 · 1 不予提出 · 4 无法连接
    """,
    en="""Another person releases it (`record release`).

    Exit codes: 0 proposed · 1 refused · 4 unreachable
    """,
)


def _decision(act: str, example: str, zh: str, en: str) -> Callable[..., int]:
    """A command that proposes this. example: its options."""
    shown = say(zh="示例", en="Example")
    line = f"\b\n{shown}: credit-ledger record {act} RECORD {example} --doc d.pdf --to URL"

    @record.command(
        act,
        help="\n\n".join((say(zh=zh, en=en), line, cleandoc(_ENDS))),
        short_help=say(zh=zh, en=en),
    )
    @click.argument("record_", metavar="RECORD", type=RECORD)
    @basis_option(required=True, default=_BASIS.get(act))
    @click.option("--day", type=_DAY, help=say(zh="生效之日。", en="Day it takes effect."))
    @click.option("--note", "text", metavar="T", help=say(zh="说明。", en="A note."))
    @_only_of(act)
    @doc_option
    @node_options
    @json_option
    def command(
        *,
        record_: str,
        basis: int,
        day: Any,
        text: str | None,
        docs: tuple[Path, ...],
        url: str,
        token: str | None,
        as_json: bool,
        known: Any = None,
        to_record: str | None = None,
        class_: str | None = None,
        national_no: str | None = None,
    ) -> int:
        value = {
            "act": act,
            "basis": basis,
            "class": class_,
            "day": _iso(day),
            "nationalNo": national_no,
            "note": text,
            "pushed": _iso(known),
        }
        with Node(url, token) as node:
            value["toRecord"] = to_record and record_of(node, to_record)
            told = send(node, f"/v1/records/{record_of(node, record_)}/decide", value, docs)
        return proposed(told, as_json=as_json)

    return command


_decision(
    "correct",
    "--basis 8 --to-record RECORD",
    "更正：以新记录代替（--to-record）。",
    "Correct: --to-record stands for it.",
)
_decision("withdraw", "--basis 8", "撤销。", "Withdraw a record.")
_decision(
    "end", "--basis 11", "终止（移出名单、许可注销）。", "End: exit from a list, licence cancelled."
)
_decision("shield", "--basis 5", "暂时屏蔽（法院，依据 5）。", "Shield, by a court (basis 5).")
_decision("lift", "--basis 5", "恢复（法院，依据 5）。", "Lift the shield, by a court (basis 5).")
_decision(
    "rescind",
    "--basis 10",
    "取消修复、撤销或终止。",
    "Take back a repair, a withdrawal or an end.",
)
_decision(
    "erase",
    "--basis 12",
    "删除：销毁内容与密钥，不可恢复；证明用 record certificate 取得。",
    "Erase: content and secret are destroyed for good. `record certificate` gets the proof.",
)
_decision(
    "grant",
    "--national-no XF1",
    "登记国家平台的修复结果（依据 4），无须本地申请。",
    "Record a repair that the national platform granted (basis 4), which nobody filed for here.",
)


@record.command(
    help=say(
        zh="""放行对记录的决定，并等到上链。放行者须是提出者以外的人。

        \b
        示例：
          credit-ledger record release 记录 --docs 文件夹 --to URL（先看材料，不放行）
          credit-ledger record release 记录 --proposal 12 --to URL

        退出码：0 已上链 · 1 不予放行或被链拒绝 · 4 尚未上链
        """,
        en="""Release what was proposed for a record, and wait until it is on the chain. Whoever
        proposed it cannot.

        \b
        Examples:
          credit-ledger record release RECORD --docs DIR --to URL (reads first, releases nothing)
          credit-ledger record release RECORD --proposal 12 --to URL

        Exit codes: 0 it is on the chain · 1 refused · 4 not there yet
        """,
    )
)
@click.argument("record_", metavar="RECORD", type=RECORD)
@seen_options
@key_options
@node_options
@json_option
def release(
    *,
    record_: str,
    folder: Path | None,
    proposal: int | None,
    by: Signs,
    url: str,
    token: str | None,
    as_json: bool,
) -> int:
    """See its help."""
    with Node(url, token) as node:
        at = f"/v1/records/{record_of(node, record_)}"
        if folder is not None:
            return read_first(node, f"{at}/decision", at, folder, as_json=as_json)
        return carry_out(node, f"{at}/decision", at, proposal, by, as_json=as_json)
