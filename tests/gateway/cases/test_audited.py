"""What an auditor makes of cases that a real gateway handled: nothing is wrong with them."""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from pathlib import Path
from typing import Any

from gateway.app import create_app
from gateway.base.db import begin_write
from gateway.cases.interfaces import Wanted
from gateway.node import Node
from gateway.statements import store
from ledger.audit.opening_files import Asked, OpeningFiles, piece_name
from ledger.audit.replay import replay
from ledger.audit.tiles import Fetch, Missing
from ledger.chain.nodes.quorum import QuorumReader
from ledger.core.canonical import encode
from tests.gateway.anchoring.whole import settle
from tests.gateway.cases.desk import filing, grant, of_authority, pdf, send_all, take_in, wanted
from tests.support.anvil import Anvil
from tests.support.asgi import Client
from tests.support.member import Member

DAY = 86_400


def batch(node: Node, anvil: Anvil) -> None:
    """What was said is moved to the log, as of a night, and anchored."""
    made = node.daily_batch
    terms = made._maker.terms(None)
    with begin_write(node.ctx.engine, store.LOCK) as connection:
        made._fill(
            connection, terms, made._dummies(store.count_waiting(connection, terms.log), terms)
        )
    node.logs.step()
    settle(node, anvil)


def answers(node: Node, log: bytes, folder: Path) -> OpeningFiles:
    """All that the gateway opens to an auditor."""
    source = node.peers.exchange._openings
    found = [dict(opening) for _, opening in source.openings(log, 0, 1 << 20)]
    path = folder / piece_name(Asked(log, 0, 1 << 20))  # type: ignore[arg-type]
    path.parent.mkdir(parents=True)
    path.write_bytes(encode({"next": None, "openings": found}, allow_null=True, max_depth=9))
    return OpeningFiles([folder])


def audited(node: Node, member: Member, anvil: Anvil, folder: Path) -> dict[str, Any]:
    """The report, four days later."""
    anvil.call("evm_increaseTime", 4 * DAY)
    anvil.mine()
    client = Client(create_app(node))

    def fetch_for(base: str, log: bytes) -> Fetch:
        def fetch(path: str, max_bytes: int) -> bytes:
            answer = client.get(f"/logs/{log.hex()}/{path}")
            if answer.status_code != HTTPStatus.OK:
                raise Missing(path)
            content: bytes = answer.content
            return content

        return fetch

    reader = QuorumReader(member.network, now=anvil.head_time)
    try:
        openings = answers(node, member.log_id, folder)
        found = replay(member.network, reader=reader, fetch_for=fetch_for, openings=openings)
    finally:
        reader.close()
    return found.document


def test_nothing_is_wrong_with_what_a_gateway_did(
    node: Node, member: Member, anvil: Anvil, tmp_path: Path
) -> None:
    """A repair, an objection upheld, one dismissed, one that marks nothing beside one that does,
    one that was declined, and decisions of the owner."""
    leaves = take_in(node, anvil, *range(801, 807))
    parts, clerk, chief = node.case_parts, of_authority(node, 1), of_authority(node, 2)

    def decide(case: bytes, said: Wanted) -> None:
        parts.decisions.propose(clerk, case, said)
        parts.decisions.release(chief, case)
        send_all(node, anvil)

    def objection(leaf: bytes, **changes: Any) -> bytes:
        case = parts.cases.file(clerk, filing(leaf, "objection", **changes))
        send_all(node, anvil)
        return case

    repair = parts.cases.file(clerk, filing(leaves[0]))
    parts.cases.step(clerk, repair, wanted("accept", docs=()))
    decide(repair, grant())
    decide(objection(leaves[1]), wanted("uphold", basis=7, withdraw=True))
    decide(objection(leaves[2]), wanted("dismiss"))
    objection(leaves[2], reason="再次提出")
    decide(objection(leaves[2], docs=(pdf(data=b"%PDF-new"),)), wanted("dismiss"))
    decide(objection(leaves[3]), wanted("decline"))
    for act, basis in (("shield", 5), ("lift", 5), ("end", 11), ("rescind", 8), ("withdraw", 10)):
        parts.decisions.propose_own(clerk, leaves[4], wanted(act, basis=basis))
        parts.decisions.release_own(chief, leaves[4])
        send_all(node, anvil)
    parts.decisions.propose_own(clerk, leaves[3], wanted("correct", basis=8, to_record=leaves[5]))
    parts.decisions.release_own(chief, leaves[3])
    send_all(node, anvil)
    batch(node, anvil)
    document = audited(node, member, anvil, tmp_path)
    found = {one["code"]: one["severity"] for one in document["findings"]}
    # Nobody acknowledges here, which is late where the batch is more than a day away: by the hour
    # at which this runs. A clerk of this desk files and proposes, which is noted.
    assert found.pop("ack-late", "error") == "error"
    assert found == {"same-person": "note"}
    assert document["incomplete"] == []
    states = Counter(one["state"] for one in document["cases"])
    assert states == {
        "granted": 1,
        "upheld": 1,
        "dismissed": 2,
        "filed": 1,
        "declined": 1,
        "decided": 6,
    }
    assert {one["broken"] for one in document["cases"]} == {""}
    statements = document["statements"]
    assert statements["opened"] == statements["entries"] > 0
