"""`credit-ledger watch`: changes of statuses as they come, from one's own node."""

from __future__ import annotations

import re
from typing import Any

import click
import orjson

from ledger.cli.case_parts import NAME
from ledger.cli.language import pick, say
from ledger.cli.node import Node
from ledger.cli.options import json_option, node_options
from ledger.cli.output import Refused, harmless, note
from ledger.cli.product_parts import word_of
from ledger.cli.record_status import WORDS
from ledger.cli.times import shown_time
from ledger.client.client import Watch
from ledger.client.errors import AnswerMalformed, NoAnswer
from ledger.client.errors import Refused as ClientRefused
from ledger.client.events import (
    INPUT_CHANGED,
    Began,
    InputChanged,
    Reset,
    StatusChanged,
    SubjectEvent,
    WatchEvent,
)
from ledger.client.terms import Terms
from ledger.client.watching import MAX_RECORDS, Watching

_TERMS = Terms(first_pause=1.0, longest_pause=30.0)
_PLACE = re.compile(r"[0-9]{1,18}\.[0-9a-f]{8}")
_OF_SUBJECTS = {
    "subject.followed": ("已开始关注", "followed"),
    "subject.refused": ("不再能查询", "refused"),
    "record.new": ("新的记录", "new record"),
    "record.changed": ("记录有变", "record changed"),
}


@click.command(
    "watch",
    help=say(
        zh="""持续显示记录状态的变化（修复、更正、撤销、终止、异议、屏蔽、删除），每次变化一行。
        不给 --record 时为本成员的、您可以知悉的全部记录，您关注的主体
        （webhooks add --subject），以及令牌有 product 权限时产品的输入记录。
        断线后自动续接；按 Ctrl-C 结束。

        节点保留 7 天的变化；更早中断的，提示可能有遗漏，请用 record status 逐一核对。

        \b
        示例：
          credit-ledger watch --to http://127.0.0.1:8546
          credit-ledger watch --record 记录编号 --since 17.0f3a9c21 --json --to URL

        退出码：0 已结束 · 1 节点拒绝
        """,
        en="""Show how the statuses of records change (repaired, corrected, withdrawn, ended,
        disputed, shielded, erased), a line for each change. Without --record: of all records of
        this member that you may know of, of the subjects that you follow (`webhooks add
        --subject`) and, where the token has the scope product, of what products were made of.
        Goes on by itself after an interruption, until Ctrl-C.

        A node keeps the changes of 7 days; after a longer absence it is told that some may be
        missing: then ask for those that matter with `record status`.

        \b
        Examples:
          credit-ledger watch --to http://127.0.0.1:8546
          credit-ledger watch --record RECORD --since 17.0f3a9c21 --json --to URL

        Exit codes: 0 ended · 1 the node refuses
        """,
    ),
)
@click.option(
    "--record",
    "records",
    multiple=True,
    type=NAME,
    metavar="RECORD",
    help=say(zh="只看此记录编号（可重复，至多 50）。", en="Only this record id; up to 50 of them."),
)
@click.option(
    "--since",
    metavar="ID",
    help=say(zh="从此处（每行末尾的编号）之后开始。", en="Go on behind this id, as lines end."),
)
@node_options
@json_option
def watch(
    *, records: tuple[str, ...], since: str | None, url: str, token: str | None, as_json: bool
) -> int:
    """See its help."""
    if len(records) > MAX_RECORDS:
        raise click.BadParameter(
            say(zh=f"至多 {MAX_RECORDS} 条", en=f"at most {MAX_RECORDS}"), param_hint="--record"
        )
    if since is not None and not _PLACE.fullmatch(since):
        raise click.BadParameter(
            say(zh="应为先前所示的编号", en="an id as shown before is wanted"), param_hint="--since"
        )
    with Node(url, token) as node:
        watching = Watching(records, since, _TERMS, interrupted=_interrupted)
        try:
            for event in Watch(node.transport, watching):
                _show(event, as_json=as_json)
        except AnswerMalformed as error:
            text = say(zh="节点的回答无法读懂", en="the node's events make no sense")
            raise Refused(text) from error
        except ClientRefused as error:
            said = pick(error.remedy) if "zh" in error.remedy else error.remedy.get("en", "")
            raise Refused(f"{said} [{error.code}]" if said else f"HTTP {error.status}") from error
        except KeyboardInterrupt:
            return 0
    return 0


def _interrupted(error: NoAnswer) -> None:
    text = say(zh="连接中断，稍后续接", en="interrupted, going on soon")
    note(f"{text} ({error.message})")


def _show(event: WatchEvent, *, as_json: bool) -> None:
    if isinstance(event, Reset):
        note(
            say(
                zh="此前的变化可能有遗漏：请用 record status 核对要紧的记录",
                en="changes before this may be missing: ask `record status` for those that matter",
            )
        )
    if isinstance(event, Began):
        return
    told = {} if isinstance(event, Reset) else dict(event.raw)
    document = {"event": _name(event), "id": event.place, **told}
    if as_json:
        click.echo(harmless(orjson.dumps(document).decode()))
    elif isinstance(event, StatusChanged):
        click.echo(harmless(_line(document)))
    elif isinstance(event, SubjectEvent):
        click.echo(harmless(_line_of_subject(document)))
    elif isinstance(event, InputChanged):
        click.echo(harmless(_line_of_product(document)))


def _name(event: WatchEvent) -> str:
    match event:
        case StatusChanged():
            return "status"
        case SubjectEvent():
            return event.name
        case InputChanged():
            return INPUT_CHANGED
    return "reset"


def _line_of_subject(told: dict[str, Any]) -> str:
    zh, en = _OF_SUBJECTS[told["event"]]
    what = told.get("record") or told.get("code") or str(told.get("records", ""))
    if "listed" in told:
        listed = say(zh="又在其中", en="listed again") if told["listed"] else ""
        what += f"  {listed or say(zh='不再在其中', en='not listed any more')}"
    subject = say(zh=f"主体 {told['subject']}", en=f"subject {told['subject']}")
    return f"{shown_time(told['at'])}  {subject}  {say(zh=zh, en=en)}  {what}  {told['id']}"


def _line_of_product(told: dict[str, Any]) -> str:
    words = ", ".join(map(word_of, told["causes"])) or say(zh="已无影响", en="no cause any more")
    what = say(
        zh=f"产品 {told['member']}/{told['product']} 第 {told['version']} 版",
        en=f"product {told['member']}/{told['product']} version {told['version']}",
    )
    users = ", ".join(told.get("users") or ())
    used = say(zh=f"  用户 {users}", en=f"  users {users}") if users else ""
    return f"{shown_time(told['at'])}  {what}  {told['record']}  {words}{used}  {told['id']}"


def _line(told: dict[str, Any]) -> str:
    names = [*told["flags"], *([] if told["outcome"] == "none" else [told["outcome"]])]
    words = [pick(dict(zip(("zh", "en"), WORDS[name], strict=True))) for name in names or ["none"]]
    closed = say(zh="停止提供", en="closed") if told["closed"] else say(zh="可提供", en="open")
    when = shown_time(told["at"])
    return f"{when}  {told['record']}  {', '.join(words)}  {closed}  {told['id']}"
