"""Receipts from a node: one, or many at the same time into a folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from ledger.cli.language import say
from ledger.cli.node import Answer, Node, expect, retry_after
from ledger.cli.output import EXIT_NO, EXIT_UNKNOWN, Refused, Unknown, shown_path, write_file
from ledger.client import receipts
from ledger.client.errors import AnswerMalformed

_OK, _PENDING, _FORBIDDEN, _NOT_FOUND, _NO_SUCH_FIELD = 200, 202, 403, 404, 422
_AT_ONCE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How receipts are wanted. shown: with a presentation. fields: those to show, None = all.
    end: `time.monotonic()` until which one that is not anchored yet is waited for."""

    node: Node
    shown: bool
    fields: str | None = None
    end: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What became of one of many. problem: None where it was written to `file`."""

    leaf: str
    file: Path
    shown: bool
    problem: click.ClickException | None = None

    def as_dict(self) -> dict[str, Any]:
        """As `receipt --json` has it."""
        if self.problem is not None:
            return {"leaf": self.leaf, "file": None, "problem": self.problem.format_message()}
        return {"leaf": self.leaf, "file": shown_path(self.file), "disclosed": self.shown}


def may_show(node: Node, leaf: str) -> bool:
    """Whether the token at hand may read records; without that a receipt can only be bare."""
    if node.token is None:
        return False
    return node.get(f"/v1/records/{leaf}").status != _FORBIDDEN


def fetch(wish: Wish, leaf: str, out: Path) -> None:
    """Write one receipt. Refused where there is none, Unknown where there is none yet, or where
    what was given is none of this leaf or recordId."""
    answer = _wait_for(wish, leaf)
    try:
        data = receipts.check(answer.found, leaf)
    except AnswerMalformed as error:
        text = say(zh="节点给的不是该记录的回执", en="the node gave no receipt of this record")
        raise Unknown(f"{text} ({error.message})") from error
    write_file(out, data, private=True)


def fetch_all(
    wish: Wish, leaves: Sequence[str], folder: Path, advance: Callable[[], None]
) -> list[Fetched]:
    """Write each as LEAF.json into the folder. One that cannot be had stops no other, a folder
    that cannot be written or a field that does not exist stops all."""
    _make(folder)

    def one(leaf: str) -> Fetched:
        file = folder / f"{leaf}.json"
        problem: click.ClickException | None = None
        try:
            fetch(wish, leaf, file)
        except (Refused, Unknown) as error:
            problem = error
        advance()
        return Fetched(leaf=leaf, file=file, shown=wish.shown, problem=problem)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(one, leaves))


def exit_of(found: Sequence[Fetched]) -> int:
    """The worst: 1 where one does not exist, else 4 where one is not to be had now, else 0."""
    codes = {one.problem.exit_code for one in found if one.problem is not None}
    return next((code for code in (EXIT_NO, EXIT_UNKNOWN) if code in codes), 0)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unknown(f"{folder}: {error.strerror}") from error


def _wait_for(wish: Wish, leaf: str) -> Answer:
    """The receipt, once it is there."""
    fields = None if wish.fields is None else [wish.fields]
    asked = receipts.request_of(leaf, fields=fields, shown=wish.shown)
    while (answer := wish.node.ask(asked)).status == _PENDING:
        left = wish.end - time.monotonic()
        if left <= 0:
            raise Unknown(
                say(
                    zh="记录已承诺，但尚未存证；请稍后再取（--wait）。",
                    en="The record is promised but not anchored yet: ask again later (--wait).",
                )
            )
        time.sleep(min(left, retry_after(answer)))
    if answer.status == _NOT_FOUND:
        raise Refused(say(zh="节点没有这个叶子。", en="The node has no such leaf."))
    if answer.status == _NO_SUCH_FIELD:
        raise click.BadParameter(answer.problem(), param_hint="--fields")
    return expect(answer, _OK)
