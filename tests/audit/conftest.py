"""One anvil with one network and two anchored logs; each test leaves the chain as it found it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest

from ledger.audit.replay import Report, replay
from ledger.audit.tiles import Fetch
from ledger.chain.nodes.quorum import QuorumReader
from tests.support.anvil import start_anvil
from tests.support.chain import TestNetwork, deploy_network
from tests.support.ledger import MemberLog, make_record


@dataclass(frozen=True)
class Ledger:
    """Beijing: 300 records in two anchors. Tianjin: three."""

    network: TestNetwork
    beijing: MemberLog
    tianjin: MemberLog

    def replay(
        self, *, page: int = 10_000, logs: Sequence[MemberLog] | None = None, **more: Any
    ) -> Report:
        """Up to the newest final block, tiles read in process."""
        by_id = {log.log_id: log for log in (logs or (self.beijing, self.tianjin))}

        def fetch_for(base: str, log: bytes) -> Fetch | None:
            found = by_id.get(log)  # type: ignore[call-overload]
            return None if found is None else found.fetch

        reader = QuorumReader(self.network.file, now=self.network.anvil.head_time, page=page)
        try:
            return replay(self.network.file, reader=reader, fetch_for=fetch_for, **more)
        finally:
            reader.close()


@pytest.fixture(scope="session")
def founded() -> Iterator[Ledger]:
    with start_anvil() as anvil:
        network = deploy_network(anvil)
        beijing, tianjin = MemberLog(network, "110000"), MemberLog(network, "120000")
        for count in (5, 295):
            for _ in range(count):
                beijing.put(make_record(beijing, decided=date(2025, 10, 12)))
            beijing.anchor()
            anvil.mine(2, seconds=10)  # the anchors are of different times
        for _ in range(3):
            tianjin.put(make_record(tianjin, decided=date(2025, 10, 12)))
        tianjin.anchor()
        anvil.mine()
        yield Ledger(network, beijing, tianjin)


@pytest.fixture
def ledger(founded: Ledger) -> Iterator[Ledger]:
    """The ledger; what a test does to the chain is taken back."""
    anvil = founded.network.anvil
    snapshot = anvil.snapshot()
    logs = (
        replace(
            log,
            entries=list(log.entries),
            anchors=list(log.anchors),
            records=dict(log.records),
            served={},
        )
        for log in (founded.beijing, founded.tianjin)
    )
    yield Ledger(founded.network, *logs)
    anvil.revert(snapshot)
    founded.network.forget_sent()
