"""Receipts from the gateway that holds their records, once they are anchored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ledger.client.errors import AnswerMalformed, NotReady
from ledger.client.flows import Flow, Item, Sleep, look
from ledger.client.node import about
from ledger.client.results import FileAnswer, Log, RowAnswer, Submitted, leaves_of
from ledger.client.terms import Terms
from ledger.client.wire import Answer, Request, demand, segment
from ledger.core import receipt as receipts
from ledger.core.canonical import hex32
from ledger.core.errors import Malformed, VersionUnknown
from ledger.core.receipt import MAX_RECEIPT

POLL_SECONDS: Final = 0.5
"""Between two questions, where a gateway does not say when to come again."""
PROMISED: Final = "promised"
"""Why there is no receipt yet of what is promised and not anchored."""
_OK, _PENDING = 200, 202


class Anchoring:
    """How far the logs that took records are anchored, and how far they must be.

    A gateway says how far its log will have grown once all that it promised stands in it: so a
    million rows are waited for with the same few questions as one. Only the logs that took them
    count: another one of the member may be closed and never grow again.
    """

    def __init__(self, promises: Iterable[Mapping[str, Any]]) -> None:
        self._logs = {promise.get("log") for promise in promises}
        self._wanted: dict[str, int] = {}
        self.anchored = 0

    @property
    def total(self) -> int:
        """Entries that must be anchored."""
        return sum(self._wanted.values())

    @property
    def covered(self) -> bool:
        """Whether they are."""
        return self.anchored >= self.total

    def take(self, logs: Sequence[Log], *, says_promised: bool = True) -> None:
        """What the gateway says of its logs now. says_promised: whether it tells what it promised;
        one that does not is asked how much it has, each time."""
        self.anchored = 0
        for log in [log for log in logs if log.log in self._logs] or logs[-1:]:
            if says_promised:
                wanted = self._wanted.setdefault(log.log, log.promised_size)
            else:
                wanted = self._wanted[log.log] = log.size
            self.anchored += min(log.anchored_size, wanted)


def request_of(leaf: str, *, fields: Sequence[str] | None = None, shown: bool = True) -> Request:
    """A receipt by leaf or record id. shown: with its fields, those named or all."""
    name = segment(leaf)
    if not shown:
        return Request(method="GET", path=f"/v1/receipts/{name}", max_bytes=MAX_RECEIPT)
    params = () if fields is None else (("fields", ",".join(fields)),)
    path = f"/v1/records/{name}/receipt"
    return Request(method="GET", path=path, params=params, max_bytes=MAX_RECEIPT)


def get(leaf: str, fields: Sequence[str] | None, within: float, terms: Terms) -> Flow[bytes]:
    """A receipt that shows these fields, or all but texts that hold the number of a person."""
    return (yield from _wait(leaf, request_of(leaf, fields=fields), within, terms))


def bare(leaf: str, within: float, terms: Terms) -> Flow[bytes]:
    """A receipt that shows nothing, which anybody gets: it proves that the entry is anchored."""
    return (yield from _wait(leaf, request_of(leaf, shown=False), within, terms))


def each(
    leaves: Iterable[str], fields: Sequence[str] | None, within: float, terms: Terms
) -> Flow[None]:
    """Leaf and receipt of many, one after the other, as items. within: for all of them."""
    end = terms.clock() + within
    for leaf in leaves:
        data = yield from get(leaf, fields, max(0.0, end - terms.clock()), terms)
        yield Item((leaf, data))


def anchored(answer: FileAnswer | Submitted | RowAnswer, within: float, terms: Terms) -> Flow[None]:
    """End once all that is in by an answer has a receipt. Raises NotReady where that takes too
    long."""
    leaves = leaves_of([answer]) if isinstance(answer, RowAnswer) else answer.leaves
    if not leaves:
        return
    waiting, end = Anchoring(_promises(answer)), terms.clock() + within
    while True:
        node = yield from about(terms)
        waiting.take(node.logs)
        if waiting.covered:
            left = max(POLL_SECONDS, end - terms.clock())
            yield from bare(leaves[-1], left, terms)  # to be sure
            return
        if terms.clock() + POLL_SECONDS >= end:
            so_far = f"{waiting.anchored} of {waiting.total} entries are anchored"
            raise NotReady(node.code, so_far, reason="promised")
        yield Sleep(POLL_SECONDS)


def check(answer: Answer, leaf: str) -> bytes:
    """The bytes of a receipt that is one, of this leaf or record id; not whether it is true. Raises
    AnswerMalformed."""
    try:
        found = receipts.parse(answer.body)
    except (Malformed, VersionUnknown) as error:
        raise AnswerMalformed(answer.url, str(error)) from error
    if leaf not in (hex32(found.leaf), hex32(found.record_id)):
        raise AnswerMalformed(answer.url, "the receipt of another record")
    return answer.body


def check_anchored(answer: Answer, leaf: str) -> bytes:
    """The same of an answer that may have another status. Raises NotReady, with `PROMISED`, where
    it is not anchored yet; Refused, NoAnswer."""
    if demand(answer, (_OK, _PENDING)).status == _OK:
        return check(answer, leaf)
    pause = max(POLL_SECONDS, answer.retry_after or POLL_SECONDS)
    problem = "the record is promised and not anchored yet"
    raise NotReady(answer.url, problem, retry_after=pause, reason=PROMISED)


def _wait(leaf: str, request: Request, within: float, terms: Terms) -> Flow[bytes]:
    end = terms.clock() + (within or terms.deadline)
    while True:
        answer = yield from look(request, terms, end)
        try:
            return check_anchored(answer, leaf)
        except NotReady as error:
            pause = error.retry_after or POLL_SECONDS
            if error.status is not None or not within or terms.clock() + pause >= end:
                raise
        yield Sleep(min(pause, terms.longest_pause))


def _promises(answer: FileAnswer | Submitted | RowAnswer) -> list[Mapping[str, Any]]:
    if not isinstance(answer, RowAnswer):
        return list(answer.promises)
    promise = answer.raw.get("promise")
    return [promise] if isinstance(promise, dict) else []
