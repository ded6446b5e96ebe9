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
from ledger.cli.node import Answer, Node, expect, retry_after, unknown_of
from ledger.cli.output import EXIT_NO, EXIT_UNKNOWN, Refused, Unknown, shown_path, write_file
from ledger.client import receipt_batches, receipts, wire
from ledger.client.errors import AnswerMalformed
from ledger.client.flows import pieces

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
    _keep(_wait_for(wish, leaf), leaf, out)


def _keep(answer: Answer, leaf: str, out: Path) -> None:
    try:
        data = receipts.check(_there(answer).found, leaf)
    except AnswerMalformed as error:
        raise _no_receipt(error) from error
    write_file(out, data, private=True)


def _no_receipt(error: AnswerMalformed) -> Unknown:
    text = say(zh="节点给的不是该记录的回执", en="the node gave no receipt of this record")
    return Unknown(f"{text} ({error.message})")


def fetch_all(
    wish: Wish, leaves: Sequence[str], folder: Path, advance: Callable[[], None]
) -> list[Fetched]:
    """Write each as LEAF.json into the folder. One that cannot be had stops no other, a folder
    that cannot be written or a field that does not exist stops all."""
    _make(folder)
    if not wish.shown:
        return _fetch_bare(wish, leaves, folder, advance)
    return _fetch_each(wish, leaves, folder, advance)


def _fetch_each(
    wish: Wish, leaves: Sequence[str], folder: Path, advance: Callable[[], None]
) -> list[Fetched]:
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


def _fetch_bare(
    wish: Wish, leaves: Sequence[str], folder: Path, advance: Callable[[], None]
) -> list[Fetched]:
    """A thousand with each request; one by one from a node that is older."""
    found: list[Fetched] = []
    for some in pieces(leaves, receipt_batches.MAX_LEAVES):
        answers = _answers(wish, some)
        if answers is None:
            return _fetch_each(wish, leaves, folder, advance)
        for leaf in some:
            file = folder / f"{leaf}.json"
            problem = _kept(answers[leaf], leaf, file)
            found.append(Fetched(leaf=leaf, file=file, shown=False, problem=problem))
            advance()
    return found


def _answers(wish: Wish, leaves: Sequence[str]) -> dict[str, Answer | click.ClickException] | None:
    """What the node says to each, once it is there; None where it cannot be asked for many."""
    found: dict[str, Answer | click.ClickException] = {}
    left = list(leaves)
    while left:
        try:
            answer = wish.node.ask(receipt_batches.request_of(left))
            if answer.status in receipt_batches.UNKNOWN_ROUTE:
                return None
            told = _told(answer, left)
        except (Refused, Unknown) as error:  # of all that are left
            return found | dict.fromkeys(left, error)
        found |= told
        left = [leaf for leaf, one in told.items() if one.status == _PENDING]
        seconds = wish.end - time.monotonic()
        if not left or seconds <= 0:
            break
        time.sleep(min(seconds, retry_after(answer)))
    return found


def _told(answer: Answer, leaves: Sequence[str]) -> dict[str, Answer]:
    try:
        told = receipt_batches.answers_of(expect(answer, _OK).found, leaves)
    except AnswerMalformed as error:
        raise _no_receipt(error) from error
    return dict(zip(leaves, map(Answer, told), strict=True))


def _kept(
    answer: Answer | click.ClickException, leaf: str, file: Path
) -> click.ClickException | None:
    """Why it was not written; None where it was."""
    if not isinstance(answer, Answer):
        return answer
    try:
        _keep(answer, leaf, file)
    except (Refused, Unknown) as error:
        return error
    return None


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
    """What the node says, once the receipt is there or the time is over."""
    fields = None if wish.fields is None else [wish.fields]
    asked = receipts.request_of(leaf, fields=fields, shown=wish.shown)
    while (answer := wish.node.ask(asked)).status == _PENDING:
        left = wish.end - time.monotonic()
        if left <= 0:
            break
        time.sleep(min(left, retry_after(answer)))
    return answer


def _there(answer: Answer) -> Answer:
    """The answer, where it is a receipt."""
    if not_now := wire.later(answer.found):  # of one among many
        raise unknown_of(answer.found.url, not_now)
    if answer.status == _PENDING:
        raise Unknown(
            say(
                zh="记录已承诺，但尚未存证；请稍后再取（--wait）。",
                en="The record is promised but not anchored yet: ask again later (--wait).",
            )
        )
    if answer.status == _NOT_FOUND:
        raise Refused(say(zh="节点没有这个叶子。", en="The node has no such leaf."))
    if answer.status == _NO_SUCH_FIELD:
        raise click.BadParameter(answer.problem(), param_hint="--fields")
    return expect(answer, _OK)
