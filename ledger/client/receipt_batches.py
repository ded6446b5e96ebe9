"""Bare receipts of many entries, a thousand with each request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import orjson

from ledger.client import receipts
from ledger.client.errors import AnswerMalformed, NoAnswer, NotReady, Refused
from ledger.client.flows import Flow, Item, Sleep, ask, pieces
from ledger.client.results import BareReceipt
from ledger.client.terms import Terms
from ledger.client.wire import Answer, Request, demand, posted

MAX_LEAVES: Final = 1000
"""Of one request."""
MAX_BYTES: Final = 64 << 20
"""Of one answer: no bare receipt has more than some 20 KB."""
OK: Final = 200
PENDING: Final = 202
UNKNOWN_ROUTE: Final = (404, 405)
"""What gateways answer that are older than this route: they are asked for one after the other."""


def request_of(leaves: Sequence[str]) -> Request:
    """Bare receipts by leaf or record id, at most `MAX_LEAVES`."""
    return posted("/v1/receipts", {"leaves": list(leaves)}, slow=True, max_bytes=MAX_BYTES)


def answers_of(answer: Answer, leaves: Sequence[str]) -> list[Answer]:
    """What would have been answered for each alone. answer: of status 200. Raises
    AnswerMalformed."""
    lines = answer.body.splitlines(keepends=True)
    if len(lines) != len(leaves) or not answer.body.endswith(b"\n"):
        raise AnswerMalformed(answer.url, "the answer to many leaves broke off")
    return [
        Answer(url=answer.url, status=_status(answer.url, line), headers=answer.headers, body=line)
        for line in lines
    ]


def each(leaves: Iterable[str], within: float, terms: Terms) -> Flow[None]:
    """What became of each as items, in their order. within: seconds for all of them, until they are
    anchored."""
    end = terms.clock() + within
    for some in pieces(leaves, MAX_LEAVES):
        found: dict[str, BareReceipt] = {}
        left = list(dict.fromkeys(some))
        while left:
            answer = yield from ask(request_of(left), terms)
            if answer.status in UNKNOWN_ROUTE:
                yield from _one_by_one(left, found, end, terms)
                break
            found |= _read(demand(answer, (OK,)), left)
            left = [leaf for leaf in left if _waits(found[leaf])]
            pause = max(receipts.POLL_SECONDS, answer.retry_after or 0.0)
            if not left or terms.clock() + pause >= end:
                break
            yield Sleep(min(pause, terms.longest_pause))
        for leaf in some:
            yield Item(found[leaf])


def _read(answer: Answer, leaves: Sequence[str]) -> dict[str, BareReceipt]:
    found: dict[str, BareReceipt] = {}
    for leaf, one in zip(leaves, answers_of(answer, leaves), strict=True):
        try:
            data = receipts.check_anchored(one, leaf)
            found[leaf] = BareReceipt(leaf=leaf, data=data, problem=None)
        except AnswerMalformed:
            raise
        except (Refused, NoAnswer) as error:
            found[leaf] = BareReceipt(leaf=leaf, data=None, problem=error)
    return found


def _one_by_one(
    leaves: Sequence[str], found: dict[str, BareReceipt], end: float, terms: Terms
) -> Flow[None]:
    for leaf in leaves:
        try:
            data = yield from receipts.bare(leaf, max(0.0, end - terms.clock()), terms)
            found[leaf] = BareReceipt(leaf=leaf, data=data, problem=None)
        except (Refused, NotReady) as error:
            found[leaf] = BareReceipt(leaf=leaf, data=None, problem=error)


def _waits(one: BareReceipt) -> bool:
    return isinstance(one.problem, NotReady) and one.problem.status is None


def _status(url: str, line: bytes) -> int:
    """Of HTTP, by what the line says."""
    try:
        told = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise AnswerMalformed(url, "a line that is not JSON") from error
    if not isinstance(told, dict):
        raise AnswerMalformed(url, "a line that is no object")
    if told.get("state") == receipts.PROMISED:
        return PENDING
    if "code" not in told:
        return OK
    status = told.get("status")
    if not isinstance(status, int) or isinstance(status, bool):
        raise AnswerMalformed(url, "a problem without its status")
    return status
