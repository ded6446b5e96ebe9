"""`credit-ledger gateway quarantine`: what was set aside, listed and queued again: entries that the
disk changed, and messages that another member refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from gateway.base.settings import load
from gateway.commands.options import config_option, failures
from ledger.cli.language import say
from ledger.cli.options import json_option
from ledger.cli.output import Refused, note, print_json, print_rows
from ledger.cli.times import shown_time
from ledger.core.canonical import instant


@click.group(
    help=say(
        zh="因磁盘损坏而未进入日志的条目，以及未能送达其他成员的消息。",
        en="Entries that the disk changed before they stood in the log, and messages that another"
        " member did not take.",
    )
)
def quarantine() -> None:
    """The group."""


@quarantine.command("list", help=say(zh="列出被隔离的条目。", en="List what is in quarantine."))
@config_option
@json_option
def quarantine_list(config: Path, as_json: bool) -> None:
    """A line for each promise: number, log, reason, entries, due; as JSON with their leaves. Then
    one for each message: id, member, reason, attempts, when it was given up."""
    from gateway.base.db import open_engine  # noqa: PLC0415 - keeps `--help` fast
    from gateway.base.revision import demand_current  # noqa: PLC0415
    from gateway.log.quarantine import list_quarantined  # noqa: PLC0415
    from gateway.peers.outbox import listed  # noqa: PLC0415

    with failures():
        engine = open_engine(load(config).database_url)
        try:
            demand_current(engine)
            with engine.connect() as connection:
                found = list_quarantined(connection)
                messages = listed(connection, ("set-aside",))
        finally:
            engine.dispose()
    rows: list[dict[str, Any]] = [
        {
            "promise": one.promise,
            "log": one.log_id.hex(),
            "reason": one.reason,
            "leaves": [leaf.hex() for leaf in one.missing],
            "issued": instant(one.issued_at),
            "due": instant(one.due),
        }
        for one in found
    ]
    aside = [_aside(message) for message in messages]
    if as_json:
        print_json({"quarantined": rows, "messages": aside})
        return
    head = (
        say(zh="承诺", en="Promise"),
        say(zh="日志", en="Log"),
        say(zh="原因", en="Reason"),
        say(zh="条目", en="Entries"),
        say(zh="期限", en="Due"),
    )
    lines = (
        (row["promise"], row["log"], row["reason"], len(row["leaves"]), shown_time(row["due"]))
        for row in rows
    )
    print_rows(lines, head=head)
    if aside:
        print_rows(
            (
                (row["id"], row["member"], row["reason"], row["attempts"], shown_time(row["ended"]))
                for row in aside
            ),
            head=(
                say(zh="消息", en="Message"),
                say(zh="成员", en="Member"),
                say(zh="原因", en="Reason"),
                say(zh="次数", en="Attempts"),
                say(zh="结束", en="Ended"),
            ),
        )


def _aside(message: Any) -> dict[str, Any]:
    """A message as JSON."""
    return {
        "id": message.id,
        "member": message.member,
        "statement": message.commitment.hex(),
        "reason": message.code,
        "attempts": message.attempts,
        "created": instant(message.created_at),
        "ended": instant(message.ended_at),
    }


@quarantine.command(
    "retry",
    help=say(
        zh="用密封保存的记录重新生成被隔离的条目并重新排队，消息重新发送；可在网关运行时执行。",
        en="Make entries again from the sealed records and queue them, and send messages again; the"
        " gateway may be running.",
    ),
)
@config_option
@json_option
def quarantine_retry(config: Path, as_json: bool) -> None:
    """Exit code 1 where something could not be made again, which only a backup has then, or not
    yet."""
    from gateway.base.clock import Clock  # noqa: PLC0415 - keeps `--help` fast
    from gateway.base.crypto import Vault  # noqa: PLC0415
    from gateway.base.db import begin_write, open_engine  # noqa: PLC0415
    from gateway.base.keyring import open_keys  # noqa: PLC0415
    from gateway.base.revision import demand_current  # noqa: PLC0415
    from gateway.peers.outbox import retry as send_again  # noqa: PLC0415
    from gateway.receipts.requeue import retry  # noqa: PLC0415

    with failures():
        settings = load(config)
        vault = Vault(open_keys(settings).content)
        engine = open_engine(settings.database_url)
        try:
            demand_current(engine)
            with begin_write(engine) as connection:
                sent = send_again(connection)
            done = retry(engine, vault, settings.node.code, Clock.of(settings.now))
        finally:
            engine.dispose()
    rows: list[dict[str, Any]] = [
        {
            "promise": one.promise,
            "queued": one.entries,
            "lost": [leaf.hex() for leaf in one.lost],
            "sealed": [leaf.hex() for leaf in one.sealed],
            "unpublished": one.unpublished,
        }
        for one in done
    ]
    if as_json:
        print_json({"retried": rows, "messages": sent})
    else:
        for row in rows:
            click.echo(f"{row['promise']}\t{row['queued']}\t{','.join(row['lost']) or '-'}")
        if sent:
            note(say(zh=f"重新发送 {sent} 条消息。", en=f"{sent} messages are sent again."))
    _demand_all(done)


def _demand_all(done: Sequence[Any]) -> None:
    """Say what could not be made again."""
    lost = sum(len(one.lost) for one in done)
    if lost:
        raise Refused(
            say(
                zh=f"{lost} 个条目无法重新生成，请从备份恢复数据库后再试。",
                en=f"{lost} entries cannot be made again; restore a backup that has them first.",
            )
        )
    if sealed := sum(len(one.sealed) for one in done):
        raise Refused(
            say(
                zh=f"{sealed} 个条目的内容密钥不在密钥目录中；gateway doctor 会说明缺少哪些。",
                en=f"the content key of {sealed} entries is not in the key folder; `gateway doctor`"
                " tells which.",
            )
        )
    if any(one.unpublished for one in done):
        raise Refused(
            say(
                zh="同一承诺的其余条目尚未公布，请待节点公布后再试。",
                en="Other entries of the same promise are not published yet; try again once the"
                " gateway has published them.",
            )
        )
