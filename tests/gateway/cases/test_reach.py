"""Which provinces have carried out what a case did, by their own word on the chain."""

from threading import Event

import sqlalchemy as sa

from gateway.node import Node
from gateway.statuses.models import acknowledgements
from gateway.statuses.tasks import StatusFollower
from tests.gateway.cases.desk import filing, grant, of_authority, send_all, take_in, wanted
from tests.support.anvil import Anvil


def follow(node: Node, anvil: Anvil) -> None:
    """Carry out, acknowledge, and learn how far all are."""
    for _ in range(3):
        StatusFollower(node.follower, node.acknowledger, node.lease)(Event())
        anvil.mine()
    chain = node.follower.look()
    assert chain is not None
    node.acknowledger.learn(chain)


def test_acknowledged_since_the_act(node: Node, anvil: Anvil) -> None:
    first, second = take_in(node, anvil, 900, 901)
    parts, clerk, chief = node.case_parts, of_authority(node, 1), of_authority(node, 2)

    def granted(leaf: bytes) -> bytes:
        case = parts.cases.file(clerk, filing(leaf))
        parts.cases.step(clerk, case, wanted("accept", docs=()))
        parts.decisions.propose(clerk, case, grant())
        parts.decisions.release(chief, case)
        return case

    def reach(case: bytes) -> tuple[object, object]:
        told = parts.views.show(clerk, case)
        return told["acknowledged"], told["awaited"]

    case = granted(first)
    assert reach(case) == ([], []), "nothing is on the chain yet"
    send_all(node, anvil)
    follow(node, anvil)
    mine = {"member": "110000", "count": 1, "behind": 0}
    assert reach(case) == ([mine], [])
    later = granted(second)
    send_all(node, anvil)
    assert reach(later) == ([], ["110000"]), "acknowledged, but not since this act"
    assert reach(case) == ([mine], []), "what came later is another matter"
    with node.ctx.engine.begin() as connection:
        connection.execute(sa.insert(acknowledgements).values(member="130000", acts=0))
    assert reach(case) == ([mine], ["130000"])
    follow(node, anvil)
    assert reach(later) == ([mine | {"count": 2}], []), "who is no member is forgotten"


def test_behind_up_to_the_last_act_of_a_case(node: Node, anvil: Anvil) -> None:
    """One who has taken up the mark and not the outcome is behind."""
    (leaf,) = take_in(node, anvil, 902)
    parts, clerk = node.case_parts, of_authority(node, 1)
    case = parts.cases.file(clerk, filing(leaf, "objection"))
    send_all(node, anvil)
    parts.decisions.propose(clerk, case, wanted("uphold", basis=7, withdraw=True))
    parts.decisions.release(of_authority(node, 2), case)
    send_all(node, anvil)
    number = parts.views.registry.now().acts
    blocks = [act["block"] for act in parts.views.show(clerk, case)["acts"]]
    assert len(blocks) == 3
    record = bytes.fromhex(parts.views.show(clerk, case)["record"])
    counts = [count for block in blocks for _, count in number.numbers(record, block)]  # type: ignore[arg-type]
    with node.ctx.engine.begin() as connection:
        connection.execute(acknowledgements.delete())
        connection.execute(sa.insert(acknowledgements).values(member="140000", acts=min(counts)))
    told = parts.views.show(clerk, case)
    assert told["acknowledged"] == [{"member": "140000", "count": min(counts), "behind": 2}]
    assert told["awaited"] == ["140000"]
