"""Whether honest keys closed a record, though the word of the contract has it open.

`annulStolen`, which anybody may send, takes back on the chain what was done before the theft as
well; a verifier does not believe that (decision 39), and no gateway opens content by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import structlog

from gateway.statuses.store import CLOSING
from ledger.chain.acts import MAX_HISTORY, Acts
from ledger.chain.contracts.bindings import Consortium
from ledger.chain.contracts.structs import code_text
from ledger.chain.nodes.quorum import View
from ledger.core.errors import CouldNotCheck
from ledger.core.ids import Address, KeyId, RecordId
from ledger.core.status import Action, Outcome, RecordedAct, State
from ledger.core.verdict.acts import believed

EASING: Final = frozenset({Action.LIFT, Action.RESCIND, Action.ANNUL, Action.ANNUL_STOLEN})
"""Acts behind which a record may be open that was closed."""
_UNREADABLE: Final = frozenset({"status-unreadable", "node-pruned"})

_log = structlog.get_logger(__name__)


class Beliefs:
    """What is believed of records at one head. Each key is read once."""

    def __init__(self, consortium: Address, view: View, registries: Sequence[Address]) -> None:
        self._consortium = Consortium(consortium, view.call, view.calls)
        self._acts = Acts(view, registries)
        self._since: dict[tuple[bytes, KeyId], int] = {}

    def close(self, record: RecordId, state: State) -> bool:
        """Whether what honest keys did until this state closes the record. Raises CouldNotCheck;
        where its acts are too many or gone it stays closed, or they would hold up all others."""
        version = state.word.version
        if version > MAX_HISTORY:
            return True
        try:
            acts = self._acts.history(record)[:version]
        except CouldNotCheck as error:
            if error.code not in _UNREADABLE:
                raise
            _log.warning("statuses.kept-closed", record=record.hex(), reason=error.code)
            return True
        found = believed(acts, self._is_stolen)
        return found.outcome is not Outcome.NONE or bool(found.flags & CLOSING)

    def _is_stolen(self, acted: RecordedAct) -> bool:
        if not any(acted.member):  # by vote, or a thief's act undone
            return False
        who = (acted.member, acted.signed_by)
        if who not in self._since:
            key = self._consortium.key(code_text(acted.member), acted.signed_by)
            self._since[who] = 0 if key is None else key.compromised_since
        return 0 < self._since[who] <= acted.recorded_at
