"""One anvil with one network and two logs; each test leaves the chain as it found it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from tests.support.anvil import start_anvil
from tests.support.chain import TestNetwork, deploy_network
from tests.support.ledger import MemberLog, make_record


@dataclass(frozen=True)
class Ledger:
    """A network on which Beijing has anchored two records, the first alone, and Tianjin one."""

    network: TestNetwork
    beijing: MemberLog
    tianjin: MemberLog


@pytest.fixture(scope="session")
def founded() -> Iterator[Ledger]:
    with start_anvil() as anvil:
        network = deploy_network(anvil)
        beijing, tianjin = MemberLog(network, "110000"), MemberLog(network, "120000")
        for log in (beijing, tianjin, beijing):
            log.put(make_record(log))
            log.anchor()
        anvil.mine()
        yield Ledger(network, beijing, tianjin)


@pytest.fixture
def ledger(founded: Ledger) -> Iterator[Ledger]:
    """The ledger; what a test does to the chain is taken back."""
    anvil = founded.network.anvil
    snapshot = anvil.snapshot()
    beijing, tianjin = (
        replace(
            log,
            entries=list(log.entries),
            anchors=list(log.anchors),
            records=dict(log.records),
            served={},
        )
        for log in (founded.beijing, founded.tianjin)
    )
    yield Ledger(founded.network, beijing, tianjin)
    anvil.revert(snapshot)
    founded.network.forget_sent()
