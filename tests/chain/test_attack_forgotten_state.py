"""What a hostile reader proved (review 0005), mended."""

import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from ledger.chain.acts import Acts
from ledger.chain.nodes import view as views
from ledger.chain.nodes.quorum import QuorumReader, View
from ledger.core.ids import RecordId, keccak256
from ledger.core.status import Action
from tests.chain.test_case_registry import OWNER, commitment
from tests.support.cases import act, make_act
from tests.support.chain import TestNetwork, start_network


@pytest.fixture(scope="module")
def network() -> Iterator[TestNetwork]:
    with start_network() as network:
        yield network


class _Meanwhile:
    """A view in which, while one thread waits for the nodes, others read too."""

    def __init__(self, view: View) -> None:
        self._view = view
        self.acts: Acts | None = None
        self.others: list[RecordId] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._view, name)

    def calls(self, wanted: Any) -> list[bytes]:
        others, self.others = self.others, []
        if others and self.acts is not None:
            thread = threading.Thread(target=self.acts.states, args=(others,))
            thread.start()
            thread.join()
        return self._view.calls(wanted)


def test_what_is_forgotten_meanwhile_is_not_no_act(
    network: TestNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A verifier is shared between threads, and forgets all states when there are KEPT. One that
    was there when it was looked for, and is gone when the others have been read, is told to be
    without any act."""
    monkeypatch.setattr(views, "KEPT", 4)
    one = make_act(network, Action.WITHDRAW, network.log_id(OWNER), commitment(1))
    act(network, OWNER, one)
    file = network.file
    with closing(QuorumReader(file, now=network.anvil.head_time, max_ahead=None)) as reader:
        busy = _Meanwhile(reader.head())
        acts = Acts(busy, [network.case_registry.address])  # type: ignore[arg-type]
        busy.acts = acts
        state = acts.states([one.record])[one.record]
        assert state.word.version == 1
        busy.others = [RecordId(keccak256(b"other %d" % number)) for number in range(9)]
        found = acts.states([one.record, RecordId(keccak256(b"replaced"))])
    assert found[one.record] == state
