"""Endpoints and followed subjects as people see them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.table import Table

from ledger.cli.language import say
from ledger.cli.output import note
from ledger.cli.tables import plain, stdout
from ledger.cli.times import shown_time

_STATES: Final = {
    "active": ("正常", "active"),
    "disabled": ("已停用", "disabled"),
}
_REASONS: Final = {
    "failing": ("连续五天失败", "failed for five days"),
    "gone": ("接收方答复 410", "the receiver answered 410"),
    "token-ended": ("令牌已吊销", "its token was revoked"),
    "content-lost": ("密钥已丢失", "its secret was lost"),
}


def show_endpoints(items: Sequence[dict[str, Any]]) -> None:
    """Endpoints as their node lists them."""
    if not items:
        note(say(zh="没有接收地址。", en="There are no endpoints."))
        return
    table = Table(box=SIMPLE_HEAD)
    table.add_column(say(zh="编号", en="Id"), no_wrap=True)
    table.add_column(say(zh="地址", en="URL"), overflow="fold")
    table.add_column(say(zh="内容", en="Told of"))
    table.add_column(say(zh="状态", en="State"), overflow="fold")
    table.add_column(say(zh="最近送达", en="Delivered"))
    table.add_column(say(zh="死信", en="Dead letters"), justify="right")
    for one in items:
        delivered = "-" if one["delivered"] is None else shown_time(one["delivered"])
        cells = (one["id"], one["url"] or "-", _told_of(one), _state(one), delivered)
        table.add_row(*map(plain, cells), str(one["deadLetters"]))
    stdout().print(table)


def _told_of(one: dict[str, Any]) -> str:
    parts = [say(zh="全部", en="all")] if one["all"] else []
    records, subjects = len(one["records"]), len(one["subjects"])
    if records:
        parts.append(say(zh=f"{records} 条记录", en=f"{records} records"))
    if subjects:
        parts.append(say(zh=f"{subjects} 个主体", en=f"{subjects} subjects"))
    return ", ".join(parts)


def _state(one: dict[str, Any]) -> str:
    state = _word(_STATES, one["state"])
    if one["reason"] is not None:
        return f"{state}: {_word(_REASONS, one['reason'])}"
    if one["failing"] is not None:
        failing = one["failing"]
        tries, when = failing["tries"], shown_time(failing["next"])
        text = say(zh=f"失败 {tries} 次，下次 {when}", en=f"failed {tries} times, next {when}")
        return f"{state}, {text} ({failing['code']})"
    return state


def _word(words: dict[str, tuple[str, str]], name: str) -> str:
    zh, en = words.get(name, (name, name))
    return say(zh=zh, en=en)


def show_subjects(items: Sequence[dict[str, Any]]) -> None:
    """Followed subjects as their node lists them."""
    table = Table(box=SIMPLE_HEAD)
    table.add_column(say(zh="关注的主体", en="Followed subject"), no_wrap=True)
    table.add_column(say(zh="编号", en="Id"), no_wrap=True)
    table.add_column(say(zh="用途", en="Purpose"))
    table.add_column(say(zh="状态", en="State"), overflow="fold")
    table.add_column(say(zh="最近答复", en="Answered"))
    for one in items:
        state = one["state"] if one["reason"] is None else f"{one['state']}: {one['reason']}"
        answered = "-" if one["answered"] is None else shown_time(one["answered"])
        cells = (one["code"] or "-", one["subject"], one["purpose"], state, answered)
        table.add_row(*map(plain, cells))
    stdout().print(table)
