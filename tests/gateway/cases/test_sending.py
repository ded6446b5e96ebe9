"""Acts where the world moves: another act comes between, one is refused, a mark is held up."""

from dataclasses import replace

import sqlalchemy as sa

from gateway.base.db import begin_write
from gateway.cases import store
from gateway.cases.deciding import midnight
from gateway.cases.looking import look
from gateway.cases.models import acts
from gateway.node import Node
from ledger.chain.case_calls import CaseDomain, act_calldata, acts_digest
from ledger.core.ids import Digest, RecordId
from ledger.core.status import Act, Action, Basis, Flag, Outcome
from tests.gateway.cases.desk import filing, of_authority, send_all, take_in, wanted, word
from tests.support.anvil import Anvil


def elsewhere(node: Node, anvil: Anvil, action: Action, leaf: bytes) -> RecordId:
    """The same member acts from another place."""
    with node.ctx.engine.connect() as connection:
        held = look(connection, node.vault, leaf)
    now = node.case_parts.views.registry.now()
    act = Act(
        log=held.log,
        commitment=held.commitment,
        action=action,
        expected_version=now.state(held.record).word.version,
        basis=Basis.COURT,
        doc=Digest(bytes([9]) * 32),
        effective_at=midnight(node.ctx.clock.today()),
    )
    domain = CaseDomain(node.ctx.network.chain_id, now.address)
    member = node.ctx.settings.node.code
    key = node.signing.keys.decide
    assert key is not None
    signature = key.sign_digest(acts_digest(domain, member, [act], now.time + 60))
    data = act_calldata(member, [act], now.time + 60, signature)
    name = f"elsewhere/{leaf.hex()}/{act.expected_version}"
    node.outbox.send(name, now.address, data)
    anvil.mine()
    node.outbox.done(name)
    return held.record


def decide(node: Node, leaf: bytes, act: str, basis: int) -> bytes:
    decisions = node.case_parts.decisions
    decisions.propose_own(of_authority(node, 1), leaf, wanted(act, basis=basis))
    return decisions.release_own(of_authority(node, 2), leaf)


def states(node: Node, record: bytes) -> list[tuple[str, str, str | None]]:
    query = sa.select(acts).where(acts.c.record == record).order_by(acts.c.id)
    with node.ctx.engine.connect() as connection:
        rows = connection.execute(query).all()
    return [(Action(row.action).name, row.state, row.code) for row in rows]


def test_signed_again_where_the_version_moved(node: Node, anvil: Anvil) -> None:
    """Released once, allowed still: another act came between signature and sending."""
    (leaf,) = take_in(node, anvil, 1)
    decide(node, leaf, "end", 11)
    assert node.case_parts.sending.step(), "signed"
    record = elsewhere(node, anvil, Action.SHIELD, leaf)
    send_all(node, anvil)
    found = word(node, record)
    assert (found.flags, found.outcome, found.version) == (Flag.SHIELDED, Outcome.ENDED, 2)
    assert states(node, record) == [("END", "recorded", None)]


def test_refused_where_it_is_not_allowed_any_more(node: Node, anvil: Anvil) -> None:
    """And nothing else waits for it: neither other records nor what follows on this one."""
    leaf, other = take_in(node, anvil, 2, 3)
    decide(node, leaf, "end", 11)
    decide(node, other, "end", 11)
    record = elsewhere(node, anvil, Action.WITHDRAW, leaf)
    send_all(node, anvil)
    assert states(node, record) == [("END", "refused", "already-so")]
    decide(node, leaf, "shield", 5)
    send_all(node, anvil)
    assert states(node, record)[-1] == ("SHIELD", "recorded", None)
    assert word(node, record).outcome is Outcome.WITHDRAWN
    with node.ctx.engine.connect() as connection:
        assert not store.acts_in_flight(connection)


def test_a_mark_stays_where_the_outcome_was_refused(node: Node, anvil: Anvil) -> None:
    """An upheld objection whose outcome the chain does not take must not read as settled."""
    (leaf,) = take_in(node, anvil, 4)
    parts, clerk, chief = node.case_parts, of_authority(node, 1), of_authority(node, 2)
    case = parts.cases.file(clerk, filing(leaf, "objection"))
    send_all(node, anvil)
    parts.decisions.propose(clerk, case, wanted("uphold", basis=7, withdraw=True))
    parts.decisions.release(chief, case)
    record = elsewhere(node, anvil, Action.WITHDRAW, leaf)
    send_all(node, anvil)
    assert [one[1:] for one in states(node, record)] == [
        ("recorded", None),
        ("refused", "already-so"),
        ("refused", "outcome-refused"),
    ]
    assert word(node, record).flags == Flag.DISPUTED


def test_what_the_contract_refuses_is_named(node: Node, anvil: Anvil) -> None:
    (leaf,) = take_in(node, anvil, 5)
    decide(node, leaf, "end", 11)
    with begin_write(node.ctx.engine) as connection:
        number = connection.scalar(sa.select(sa.func.max(acts.c.id)))
        store.change_act(connection, int(number or 0), basis=99)
    send_all(node, anvil)
    with node.ctx.engine.connect() as connection:
        row = store.act_row(connection, int(number or 0))
    assert row is not None
    assert (row.state, row.code) == ("refused", "BasisInvalid")


def test_an_act_without_a_key_waits(node: Node, anvil: Anvil) -> None:
    (leaf,) = take_in(node, anvil, 6)
    keys = node.signing.keys
    node.signing.use(replace(keys, case=None))
    node.case_parts.cases.file(of_authority(node, 1), filing(leaf, "objection"))
    for _ in range(2):
        assert node.case_parts.sending.step() is False
    node.signing.use(keys)
    send_all(node, anvil)
    with node.ctx.engine.connect() as connection:
        row = connection.execute(sa.select(acts).order_by(acts.c.id.desc()).limit(1)).one()
    assert word(node, RecordId(row.record)).flags == Flag.DISPUTED
