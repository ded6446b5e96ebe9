"""Two members of `network up`: records and messages between gateways in processes of their own."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.base.db import begin_read, begin_write
from gateway.base.settings import load
from gateway.devnet import services
from gateway.devnet.layout import NODES
from gateway.node import Node, open_node
from gateway.peers.outbox import listed
from tests.core import statements
from tests.e2e.member import Member, until
from tests.gateway.peers.openings import signed_by
from tests.support.postgres import drop_databases

BEIJING, TIANJIN = "110000", "120000"


class Pair(Member):
    """Tianjin, and beside it Beijing."""

    def up(self) -> Path:
        nodes = [member for member in NODES if member.code in (BEIJING, TIANJIN)]
        return services.up(self.folder, 0, lambda _step: None, nodes=nodes)

    def beside(self, code: str) -> Node:
        """The parts of a member whose gateway runs, as a command has them."""
        return open_node(load(self.folder / "members" / code / "gateway.toml"), beside=True)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder: Path = tmp_path_factory.mktemp("network")
    try:
        yield Pair(folder)
    finally:
        services.down(folder)
        drop_databases(folder)


def test_a_record(pair: Pair) -> None:
    """Filed at one gateway, taken by another member with what lies in its folder."""
    record = pair.record(1)
    record["class"] = "severe"
    record["fields"] |= {"CF_CFLB": ["罚款"], "CF_NR_FK": "0.2"}
    answer = pair.submit(record)
    assert answer["verdict"] == "accepted", answer
    record_id = bytes.fromhex(answer["recordId"])
    pair.receipt(answer["leaf"], pair.folder / "receipt.json")
    beijing = pair.beside(BEIJING)
    try:
        taken = beijing.peers.asking.record(TIANJIN, record_id)
        assert taken.verdict.verdict == "valid"
        number = {"CF_WSH": record["fields"]["CF_WSH"]}
        assert beijing.peers.asking.check(TIANJIN, record_id, number) is True
    finally:
        beijing.close()


def test_a_message_waits_until_the_other_is_there(pair: Pair) -> None:
    """Put into the outbox while Tianjin is down; Beijing's own gateway sends it afterwards."""
    tianjin = pair.network.gateway(TIANJIN)
    tianjin.stop()
    beijing = pair.beside(BEIJING)
    try:
        facts = beijing.chain.facts
        log = facts.open_log
        assert log is not None
        made = statements.statement(
            sort="query",  # of no case: the other's cases would refuse what this one has not filed
            at=beijing.ctx.clock.seconds(),
            iss=BEIJING,
            log=log,
            salt=os.urandom(32),
        )
        opening = signed_by(
            beijing.signing.keys.anchor,
            made,
            member=BEIJING,
            chain_id=facts.chain_id,
            log_anchor=facts.log_anchor,
        )
        with begin_write(beijing.ctx.engine) as connection:
            beijing.peers.outbox.put(
                connection,
                member=TIANJIN,
                commitment=opening.statement.commitment,
                opening=opening.encode(),
            )

        def state() -> tuple[str, int]:
            with begin_read(beijing.ctx.engine) as connection:
                (row,) = listed(connection)
            assert row.state != "set-aside", row.code
            return row.state, row.attempts

        until(lambda: state()[1] > 1, "a second attempt")
        tianjin.start({})
        until(lambda: state()[0] == "sent", "the message")
    finally:
        beijing.close()
