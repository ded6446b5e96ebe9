"""Acts and the logs: whether records stand where acts say, and whether what entries say that they
correct was."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ledger.audit.cases import DAY, Cases, action_name
from ledger.audit.findings import Findings
from ledger.audit.state import Log, State
from ledger.chain.contracts.bindings import CASE_REGISTRY
from ledger.core.ids import RecordId
from ledger.core.promise import MAX_PROMISE
from ledger.core.status import Action

MAX_UNTIL_ACT = 30 * DAY
"""Seconds from the anchor of an entry that corrects a record to its act (design-2 11)."""


class ActedOn:
    """Records with acts that have not been found in a log yet."""

    def __init__(self, cases: Cases, logs: Sequence[Log], time: int) -> None:
        """logs: by their numbers; of others nobody can have a record. time: of the last block; what
        was acted on within 72 hours before may be promised and not anchored."""
        numbers = {log.log_id: number for number, log in enumerate(logs)}
        self._acts = cases.acts
        self._wanted: dict[int, set[bytes]] = {}
        for acts in cases.acts.values():
            first = acts[0].acted
            number = numbers.get(first.act.log)
            if number is not None and first.recorded_at + MAX_PROMISE < time:
                name = first.act.commitment.hex().encode()
                self._wanted.setdefault(number, set()).add(name)

    def found(self, log: int, commitments: Sequence[bytes]) -> None:
        """Entries of a log have these commitments, in hex."""
        wanted = self._wanted.get(log)
        if wanted:
            wanted.difference_update(commitments)

    def judge(self, logs: Sequence[Log], unread: Collection[int], findings: Findings) -> None:
        """Findings about what is left, but for logs that could not be read whole. logs: by their
        numbers."""
        for number, left in self._wanted.items():
            if left and number not in unread:
                self._judge(logs[number], left, findings)

    def _judge(self, log: Log, left: Collection[bytes], findings: Findings) -> None:
        for acts in self._acts.values():
            act = acts[0].acted.act
            if act.log == log.log_id and act.commitment.hex().encode() in left:
                findings.add(
                    "act-on-nothing",
                    log=log.log_id,
                    member=log.member,
                    where=acts[0].where,
                    tx=acts[0].tx,
                    action=action_name(act.action),
                )


class Corrections:
    """Which records CORRECT acts have put in the place of which."""

    def __init__(self, state: State, cases: Cases, time: int) -> None:
        """time: of the last block."""
        self._able = bool(state.contracts.get(CASE_REGISTRY))
        self._time = time
        self._made = {
            (record, done.acted.act.other)
            for record, acts in cases.acts.items()
            for done in acts
            if done.acted.act.action == Action.CORRECT
        }

    def is_late(self, corrected: bytes, by: RecordId, anchored: int) -> bool:
        """Whether an entry anchored at that time names a record that no act has corrected with it,
        though there were 30 days for it."""
        late = self._able and anchored + MAX_UNTIL_ACT < self._time
        return late and (RecordId(corrected), by) not in self._made
