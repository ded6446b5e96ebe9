"""`credit-ledger watch`: changes of statuses as they come, from one's own node."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import click
import httpx
import orjson

from ledger.cli.case_parts import NAME
from ledger.cli.language import pick, say
from ledger.cli.node import Node, reads_certificates
from ledger.cli.options import json_option, node_options
from ledger.cli.output import Refused, harmless, note
from ledger.cli.record_status import WORDS
from ledger.cli.times import shown_time

MAX_LINE: Final = 64 << 10
"""Bytes of one line of the stream; ours have some 400."""
MAX_RECORDS: Final = 50
_SILENCE = httpx.Timeout(10.0, read=50.0)
"""Seconds; a node says something every 15."""
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
_PLACE = re.compile(r"[0-9]{1,18}\.[0-9a-f]{8}")
_LATER = (httpx.codes.TOO_MANY_REQUESTS, *range(500, 600))


@dataclass(slots=True)
class Event:
    """One event of the stream. id: the place behind it, None = it names none."""

    name: str = "message"
    id: str | None = None
    data: list[str] = field(default_factory=list)


@click.command(
    "watch",
    help=say(
        zh="""持续显示记录状态的变化（修复、更正、撤回、终止、异议、屏蔽、删除），每次变化一行。
        不给 --record 时为本成员的、您可以知悉的全部记录。断线后自动续接；按 Ctrl-C 结束。

        节点保留 7 天的变化；更早中断的，提示可能有遗漏，请用 record status 逐一核对。

        \b
        示例：
          credit-ledger watch --to http://127.0.0.1:8546
          credit-ledger watch --record 记录编号 --since 17.0f3a9c21 --json --to URL

        退出码：0 已结束 · 1 节点拒绝
        """,
        en="""Show how the statuses of records change (repaired, corrected, withdrawn, ended,
        disputed, shielded, erased), a line for each change. Without --record: of all records of
        this member that you may know of. Goes on by itself after an interruption, until Ctrl-C.

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
        try:
            for event in _stream(node, records, since):
                _show(event, as_json=as_json)
        except KeyboardInterrupt:
            return 0
    return 0


def _stream(node: Node, records: Sequence[str], since: str | None) -> Iterator[Event]:
    """All events, whatever happens to the connection between them. Raises Refused."""
    pause = _FIRST_PAUSE
    while True:
        try:
            for event in _once(node, records, since):
                since, pause = event.id or since, _FIRST_PAUSE
                yield event
            # It ended well: come again at once, which the node asks for now and then.
            pause = _FIRST_PAUSE
        except (httpx.HTTPError, httpx.StreamError, _Later) as error:
            text = say(zh="连接中断，稍后续接", en="interrupted, going on soon")
            note(f"{text} ({error})")
        time.sleep(pause)
        pause = min(_LONGEST_PAUSE, 2 * pause)


class _Later(Exception):
    """The node has no place for us now."""


def _once(node: Node, records: Sequence[str], since: str | None) -> Iterator[Event]:
    headers = {"accept": "text/event-stream"} | ({"last-event-id": since} if since else {})
    if node.token:
        headers["authorization"] = f"Bearer {node.token}"
    params = {"record": list(records)}
    with (
        httpx.Client(
            base_url=node.url,
            timeout=_SILENCE,
            trust_env=False,
            verify=reads_certificates(node.url),
        ) as client,
        client.stream("GET", "/v1/watch", headers=headers, params=params) as answer,
    ):
        if answer.status_code in _LATER:
            raise _Later(f"HTTP {answer.status_code}")
        if answer.status_code != httpx.codes.OK:
            raise Refused(_problem(answer))
        yield from events(lines(answer.iter_bytes()))


def _problem(answer: httpx.Response) -> str:
    body = b""
    for part in answer.iter_bytes():
        body += part
        if len(body) > MAX_LINE:
            break
    try:
        told = orjson.loads(body)
        return f"{pick(told['text'])} [{told['code']}]"
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return f"HTTP {answer.status_code}"


def lines(parts: Iterator[bytes]) -> Iterator[str]:
    """The lines of a stream, each bounded. Raises httpx.DecodingError for one that is longer."""
    rest = b""
    for part in parts:
        *whole, rest = (rest + part).split(b"\n")
        for line in whole:
            yield line.removesuffix(b"\r").decode("utf-8", "replace")
        if len(rest) > MAX_LINE:
            raise httpx.DecodingError("a line without an end")


def events(found: Iterator[str]) -> Iterator[Event]:
    """The events that these lines make (WHATWG HTML, server-sent events). One without data is
    given too where it has an id, by which a place is known."""
    event = Event()
    for line in found:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if event.data or event.id is not None:
                yield event
            event = Event()
        elif name == "event":
            event.name = value
        elif name == "id":
            event.id = value
        elif name == "data":
            event.data.append(value)


def _show(event: Event, *, as_json: bool) -> None:
    if event.name == "reset":
        note(
            say(
                zh="此前的变化可能有遗漏：请用 record status 核对要紧的记录",
                en="changes before this may be missing: ask `record status` for those that matter",
            )
        )
    if event.name not in ("status", "reset") or not event.data:
        return
    try:
        told: dict[str, Any] = orjson.loads("\n".join(event.data))
        document = {"event": event.name, "id": event.id, **told}
        if as_json:
            click.echo(harmless(orjson.dumps(document).decode()))
        elif event.name == "status":
            click.echo(harmless(_line(document)))
    except (orjson.JSONDecodeError, TypeError, KeyError) as error:
        raise Refused(say(zh="节点的回答无法读懂", en="the node's events make no sense")) from error


def _line(told: dict[str, Any]) -> str:
    names = [*told["flags"], *([] if told["outcome"] == "none" else [told["outcome"]])]
    words = [pick(dict(zip(("zh", "en"), WORDS[name], strict=True))) for name in names or ["none"]]
    closed = say(zh="停止提供", en="closed") if told["closed"] else say(zh="可提供", en="open")
    when = shown_time(told["at"])
    return f"{when}  {told['record']}  {', '.join(words)}  {closed}  {told['id']}"
