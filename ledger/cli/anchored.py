"""Waiting until what a node took in is anchored.

The node says how far its log will have grown once everything promised so far stands in it, and how
far it is anchored; so a million rows are waited for with the same few questions as one.
"""

from __future__ import annotations

import time

from rich.progress import Progress

from ledger.cli.answers import TAKEN, Document, row_answers
from ledger.cli.language import say
from ledger.cli.node import Node, expect
from ledger.cli.output import Unknown
from ledger.cli.patience import Patience
from ledger.client.errors import AnswerMalformed
from ledger.client.reading import Members
from ledger.client.receipts import Anchoring
from ledger.client.results import Log

_OK, _PENDING = 200, 202
_POLL = 0.5  # seconds between two questions


def wait_until_anchored(
    node: Node, answer: Document, progress: Progress, seconds: float | None
) -> None:
    """Until every record that is in has a receipt. Unknown where nothing moves for long (seconds,
    None = as `Patience` has it)."""
    leaves = [row["leaf"] for row in row_answers(answer) if row["verdict"] in TAKEN]
    if not leaves:
        return
    waiting = _Waiting(node, answer)
    task = progress.add_task(say(zh="等待存证", en="waiting for anchors"), total=waiting.total)
    patience = Patience(node, seconds, _given_up(node, answer))
    while not (waiting.covered and _has_receipt(node, leaves[-1])):
        patience.see(waiting.anchored)
        time.sleep(_POLL)
        waiting.look()
        progress.update(task, completed=waiting.anchored, total=waiting.total)
    progress.remove_task(task)


def _given_up(node: Node, answer: Document) -> str:
    """With how to go on later."""
    said = say(zh="迟迟没有存证。", en="Nothing has been anchored for long.")
    if "id" not in answer:
        return said
    command = f"credit-ledger receipt --file {answer['id']} --from {node.url} -o DIR"
    return said + say(zh=f"稍后可用：{command}", en=f" Later: {command}")


class _Waiting(Anchoring):
    """How far the logs that took the records are, as the node says when it is asked."""

    def __init__(self, node: Node, answer: Document) -> None:
        super().__init__(_promises_of(answer))
        self._node = node
        self.look()

    def look(self) -> None:
        """Ask again."""
        answer = expect(self._node.get("/v1/node"), _OK)
        said: list[Document] = answer.json()["logs"]
        try:
            logs = [Log.of(Members(answer.found.url, "log", one)) for one in said]
        except AnswerMalformed as error:
            raise Unknown(error.message) from error
        self.take(logs, says_promised=all("promisedSize" in one for one in said))


def _promises_of(answer: Document) -> list[Document]:
    """The promises of an answer; none where all was there already."""
    promises: list[Document] = list(answer.get("promises", []))
    if isinstance(single := answer.get("promise"), dict):
        promises.append(single)
    return promises


def _has_receipt(node: Node, leaf: str) -> bool:
    """Of one of them, to be sure."""
    return expect(node.get(f"/v1/receipts/{leaf}"), _OK, _PENDING).status == _OK
