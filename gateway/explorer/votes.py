"""What is voted on, in words, and how the votes stand."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from gateway.explorer.members import Row, consortium_of, moment
from ledger.chain.contracts.structs import NO, YES
from ledger.chain.governing.motions import Motion, Proceedings
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.quorum import QuorumReader, View
from ledger.cli.action_words import details, told

_CHOICES = {YES: "yes", NO: "no"}


class Votes:
    """Reads them; what a final block has is read once."""

    def __init__(self, reader: QuorumReader, network: NetworkFile) -> None:
        self._reader = reader
        self._network = network
        self._lock = threading.Lock()
        self._final = Proceedings()

    def motions(self, view: View) -> Sequence[Motion]:
        """All there ever were, the newest first. Raises CouldNotCheck."""
        found, consortium = self._now(view), consortium_of(view, self._network)
        return [found.motion(view, consortium, event) for event in reversed(found.proposed)]

    def motion(self, view: View, wanted: bytes) -> Row | None:
        """One with all that it says and who voted how; None: there is none of that id. Raises
        CouldNotCheck."""
        found, consortium = self._now(view), consortium_of(view, self._network)
        event = next((one for one in found.proposed if one.proposal_id == wanted), None)
        if event is None:
            return None
        motion = found.motion(view, consortium, event)
        ballots = []
        for code in sorted(consortium.provinces()):
            cast = consortium.ballot(event.proposal_id, code)
            choice = _CHOICES.get(cast.choice)
            at = moment(cast.cast_at) if choice else None
            ballots.append({"member": code, "choice": choice, "at": at})
        return {
            **shown(motion),
            "at": view.block_at(event.entry.block).time,
            "threshold": consortium.threshold(),
            "details": details(motion.action),
            "ballots": ballots,
        }

    def _now(self, view: View) -> Proceedings:
        final = self._reader.final_block(view)
        with self._lock:
            if final is not None:
                self._final = self._final.until(view, self._network, final.number)
            known = self._final
        return known.until(view, self._network)


def shown(motion: Motion) -> dict[str, Any]:
    """A proposal as pages have it. words: in both languages."""
    return {
        "id": motion.id,
        "kind": motion.kind,
        "words": told(motion.action),
        "proposer": motion.event.member,
        "state": motion.state,
        "yes": motion.yes,
        "expiresAt": moment(motion.event.expires_at),
        "block": motion.event.entry.block,
        "tx": motion.event.entry.tx,
    }
