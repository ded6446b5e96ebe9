"""Two decisions on one record at once: the second is judged by what the first will have made of it
(review 0006, C10 and C19)."""

import threading
from typing import Any

import pytest

from gateway.cases.errors import CaseRefused
from gateway.cases.judging import Judged, Judging
from gateway.node import Node
from ledger.core.status import Outcome
from tests.gateway.cases.desk import filing, grant, of_authority, send_all, take_in, wanted, word
from tests.gateway.cases.test_sending import states
from tests.support.anvil import Anvil


def test_released_while_another_one_is_on_its_way(node: Node, anvil: Anvil) -> None:
    """Nothing is released that the chain will refuse behind what was released before."""
    (leaf,) = take_in(node, anvil, 700)
    decisions, clerk, chief = (
        node.case_parts.decisions,
        of_authority(node, 1),
        of_authority(node, 2),
    )
    decisions.propose_own(clerk, leaf, wanted("withdraw", basis=10))
    decisions.release_own(chief, leaf)
    with pytest.raises(CaseRefused) as refused:
        decisions.propose_own(clerk, leaf, wanted("end", basis=11))
    assert refused.value.code == "already-so"
    decisions.propose_own(clerk, leaf, wanted("rescind", basis=10))
    decisions.release_own(chief, leaf)
    told = node.statuses.told(leaf)
    assert told is not None
    send_all(node, anvil)
    found = [one[:2] for one in states(node, told.record)]
    assert found == [("WITHDRAW", "recorded"), ("RESCIND", "recorded")]
    assert word(node, told.record).outcome is Outcome.NONE


def test_released_at_the_same_moment(
    node: Node, anvil: Anvil, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two cases of one record, both judged before either act is there: one of them is told to look
    again."""
    (leaf,) = take_in(node, anvil, 701)
    parts, clerk, chief = node.case_parts, of_authority(node, 1), of_authority(node, 2)
    cases = [parts.cases.file(clerk, filing(leaf, reason=text)) for text in ("一", "二")]
    for case in cases:
        parts.cases.step(clerk, case, wanted("accept", docs=()))
        parts.decisions.propose(clerk, case, grant())
    both, real, judged = threading.Barrier(2), Judging.lawful, threading.Event()

    def together(*arguments: Any) -> Judged:
        found = real(*arguments)
        if not judged.is_set():
            both.wait(60)
            judged.set()
        return found

    monkeypatch.setattr(Judging, "lawful", together)
    answers: list[str] = []

    def release(case: bytes) -> None:
        try:
            parts.decisions.release(chief, case)
            answers.append("released")
        except CaseRefused as error:
            answers.append(error.code)

    threads = [threading.Thread(target=release, args=(case,)) for case in cases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(600)
    assert sorted(answers) in (["case-moved", "released"], ["already-so", "released"])
    told = node.statuses.told(leaf)
    assert told is not None
    send_all(node, anvil)
    assert [one[:2] for one in states(node, told.record)] == [("REPAIR", "recorded")]
