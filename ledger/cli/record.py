"""`credit-ledger record`: what the owner of a record decides about it without a filing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ledger.cli.case import proposed, released
from ledger.cli.case_parts import NAME, doc_option, key_options, release_seen, send, wait_for_acts
from ledger.cli.certificate import certificate
from ledger.cli.language import say
from ledger.cli.node import Node
from ledger.cli.options import json_option, node_options
from ledger.cli.record_status import status

_DAY = click.DateTime(["%Y-%m-%d"])


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


def _decision(act: str, zh: str, en: str) -> Callable[..., int]:
    """A command that proposes this."""

    @record.command(act, help=say(zh=zh, en=en))
    @click.argument("record_", metavar="RECORD", type=NAME)
    @click.option(
        "--basis", type=int, required=True, metavar="N", help=say(zh="依据。", en="1-12.")
    )
    @click.option("--day", type=_DAY, help=say(zh="生效之日。", en="Day it takes effect."))
    @click.option("--note", "text", metavar="T", help=say(zh="说明。", en="A note."))
    @click.option(
        "--to-record", type=NAME, metavar="RECORD", help=say(zh="更正后的记录。", en="Corrected.")
    )
    @doc_option
    @node_options
    @json_option
    def command(
        *,
        record_: str,
        basis: int,
        day: Any,
        text: str | None,
        to_record: str | None,
        docs: tuple[Path, ...],
        url: str,
        token: str | None,
        as_json: bool,
    ) -> int:
        value = {
            "act": act,
            "basis": basis,
            "day": None if day is None else day.date().isoformat(),
            "note": text,
            "toRecord": to_record,
        }
        with Node(url, token) as node:
            told = send(node, f"/v1/records/{record_}/decide", value, docs)
        return proposed(told, as_json=as_json)

    return command


_decision("correct", "更正：以新记录代替（--to-record）。", "Correct: --to-record stands for it.")
_decision("withdraw", "撤销。", "Withdraw a record.")
_decision("end", "终止（移出名单、许可注销）。", "End: exit from a list, licence cancelled.")
_decision("shield", "暂时屏蔽（法院，依据 5）。", "Shield, by a court (basis 5).")
_decision("lift", "恢复（法院，依据 5）。", "Lift the shield, by a court (basis 5).")
_decision("rescind", "取消修复、撤销或终止。", "Take back a repair, a withdrawal or an end.")
_decision("erase", "删除。", "Erase.")


@record.command(
    help=say(
        zh="放行对记录的决定，并等到上链。",
        en="Release what was proposed for a record, and wait until it is on the chain.",
    )
)
@click.argument("record_", metavar="RECORD", type=NAME)
@key_options
@node_options
@json_option
def release(
    *,
    record_: str,
    key: Path | None,
    password_files: tuple[Path, ...],
    url: str,
    token: str | None,
    as_json: bool,
) -> int:
    """See its help."""
    with Node(url, token) as node:
        at = f"/v1/records/{record_}"
        case = release_seen(node, f"{at}/decision", f"{at}/release")["case"]
        told, good = wait_for_acts(node, case, key, password_files)
    return released(told, good=good, as_json=as_json)
