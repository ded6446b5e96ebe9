"""One member on PostgreSQL, the other on SQLite: the same exchange, both ways."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from gateway.base.db import begin_write
from gateway.peers.tasks import MessageSender
from tests.gateway.peers.conftest import BEIJING, TIANJIN
from tests.gateway.peers.hands import make, post
from tests.gateway.peers.openings import opening
from tests.gateway.peers.test_outbox import NEVER
from tests.support.peers import Network, row, start_members
from tests.support.postgres import server_url


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """Beijing has PostgreSQL, whatever the tests were asked to use."""
    with server_url() as url:
        name = "credit_ledger_peers"
        engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        own = sa.make_url(url).set(database=name).render_as_string(hide_password=False)
        folder = tmp_path_factory.mktemp("members")
        other = f"sqlite:///{folder / 'tianjin.db'}"
        databases = {BEIJING: own, TIANJIN: other}
        with start_members(folder, (BEIJING, TIANJIN), databases=databases) as found:
            for member in found.members.values():
                member.node.peers.messages.give({})  # the cases have tests of their own
            yield found
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


def test_records_both_ways(network: Network) -> None:
    dialects = {code: network[code].node.ctx.engine.dialect.name for code in (BEIJING, TIANJIN)}
    assert dialects == {BEIJING: "postgresql", TIANJIN: "sqlite"}
    for holder, asker in ((BEIJING, TIANJIN), (TIANJIN, BEIJING)):
        (record_id,) = network[holder].file(row(1))
        taken = network[asker].peers.record(holder, record_id)
        assert taken.verdict.verdict == "valid"
        fields = {"CF_WSH": "样市监罚〔2026〕1号"}
        assert network[asker].peers.check(holder, record_id, fields) is True
        assert network[asker].peers.check(holder, record_id, {"CF_WSH": "2"}) is False


def test_a_request_is_taken_once(network: Network) -> None:
    for holder, asker in ((BEIJING, TIANJIN), (TIANJIN, BEIJING)):
        request = make(network, asker, to=holder)
        assert post(network[holder], request).signed
        assert post(network[holder], request).code == "signature-replayed"


def test_messages_both_ways(network: Network) -> None:
    for sender, to in ((BEIJING, TIANJIN), (TIANJIN, BEIJING)):
        made, node = opening(network, sender), network[sender].node
        with begin_write(node.ctx.engine) as connection:
            node.peers.outbox.put(
                connection,
                member=to,
                commitment=made.statement.commitment,
                opening=made.encode(),
            )
        step = MessageSender(node.peers.outbox, node.peers.asking)
        assert step.send_to(to, NEVER) == 0
        step.close()
        kept = network[to].node.peers.messages.kept(made.statement.commitment)
        assert kept is not None and kept.opening == made.encode()
