"""`credit-ledger record`: what the owner of a record decides about it without a filing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ledger.cli.case_decisions import proposed, released
from ledger.cli.case_parts import (
    RECORD,
    Signs,
    doc_option,
    key_options,
    known_option,
    read_first,
    record_of,
    release_seen,
    seen_options,
    send,
    wait_for_acts,
)
from ledger.cli.certificate import certificate
from ledger.cli.language import say
from ledger.cli.node import Node
from ledger.cli.options import json_option, node_options
from ledger.cli.record_status import status
from ledger.core.commitment import CLASSES

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


def _of_grants(act: str) -> Callable[[F], F]:
    """`--class` and `--national-no`, which a grant alone has."""

    def with_options(command: F) -> F:
        if act == "grant":
            command = click.option("--class", "class_", type=click.Choice(CLASSES))(command)
            number = say(zh="国家平台编号。", en="Of the national platform.")
            command = click.option("--national-no", required=True, metavar="N", help=number)(
                command
            )
        return command

    return with_options


def _decision(act: str, zh: str, en: str) -> Callable[..., int]:
    """A command that proposes this."""

    @record.command(act, help=say(zh=zh, en=en))
    @click.argument("record_", metavar="RECORD", type=RECORD)
    @click.option(
        "--basis", type=int, required=True, metavar="N", help=say(zh="依据。", en="1-12.")
    )
    @click.option("--day", type=_DAY, help=say(zh="生效之日。", en="Day it takes effect."))
    @click.option("--note", "text", metavar="T", help=say(zh="说明。", en="A note."))
    @click.option(
        "--to-record", type=RECORD, metavar="RECORD", help=say(zh="更正后的记录。", en="Corrected.")
    )
    @known_option
    @_of_grants(act)
    @doc_option
    @node_options
    @json_option
    def command(
        *,
        record_: str,
        basis: int,
        day: Any,
        known: Any,
        text: str | None,
        to_record: str | None,
        docs: tuple[Path, ...],
        url: str,
        token: str | None,
        as_json: bool,
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


_decision("correct", "更正：以新记录代替（--to-record）。", "Correct: --to-record stands for it.")
_decision("withdraw", "撤销。", "Withdraw a record.")
_decision("end", "终止（移出名单、许可注销）。", "End: exit from a list, licence cancelled.")
_decision("shield", "暂时屏蔽（法院，依据 5）。", "Shield, by a court (basis 5).")
_decision("lift", "恢复（法院，依据 5）。", "Lift the shield, by a court (basis 5).")
_decision("rescind", "取消修复、撤销或终止。", "Take back a repair, a withdrawal or an end.")
_decision("erase", "删除。", "Erase.")
_decision(
    "grant",
    "登记国家平台的修复结果（依据 4），无须本地申请。",
    "Record a repair that the national platform granted (basis 4), which nobody filed for here.",
)


@record.command(
    help=say(
        zh="放行对记录的决定，并等到上链。",
        en="Release what was proposed for a record, and wait until it is on the chain.",
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
        case = release_seen(node, f"{at}/decision", f"{at}/release", proposal)["case"]
        told, good = wait_for_acts(node, case, by)
    return released(told, good=good, as_json=as_json)
