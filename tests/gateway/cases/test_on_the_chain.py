"""From the desk to the chain: what a verifier makes of a record behind each decision."""

from gateway.node import Node
from gateway.receipts.interfaces import Disclose
from ledger.core.status import Flag, Outcome
from tests.gateway.cases.desk import (
    filing,
    grant,
    of_authority,
    send_all,
    take_in,
    wanted,
    word,
)
from tests.gateway.receipts.test_receipts_verify import judge
from tests.support.anvil import Anvil
from tests.support.callers import CENTRE
from tests.support.member import Member


def record_of(node: Node, case: bytes) -> bytes:
    told = node.case_parts.views.show(of_authority(node, 9), case)
    return bytes.fromhex(told["record"])


def verdict(node: Node, member: Member, leaf: bytes) -> str:
    data = node.receipts.receipt(leaf, disclose=Disclose(CENTRE))
    assert isinstance(data, bytes)
    return judge(data, member.network).verdict


def test_a_repair_is_granted_by_two(node: Node, member: Member, anvil: Anvil) -> None:
    (leaf,) = take_in(node, anvil, 1)
    parts, clerk, chief = node.case_parts, of_authority(node, 1), of_authority(node, 2)
    assert verdict(node, member, leaf) == "valid"
    case = parts.cases.file(clerk, filing(leaf))
    assert parts.cases.file(clerk, filing(leaf)) == case, "the same filing is the same case"
    parts.cases.step(clerk, case, wanted("accept", docs=()))
    parts.decisions.propose(clerk, case, grant())
    send_all(node, anvil)
    assert verdict(node, member, leaf) == "valid", "a proposal is no decision"
    done = parts.decisions.release(chief, case)
    assert parts.decisions.release(chief, case) == done
    send_all(node, anvil)
    assert verdict(node, member, leaf) == "repaired"
    told = parts.views.show(clerk, case)
    assert told["state"] == "granted"
    assert [step["act"] for step in told["steps"]] == ["file-repair", "accept", "grant"]
    assert [(act["action"], act["state"]) for act in told["acts"]] == [("repair", "recorded")]
    assert told["status"] == {"flags": [], "outcome": "repaired", "version": 1}


def test_an_objection_marks_by_itself_and_is_settled(
    node: Node, member: Member, anvil: Anvil
) -> None:
    (leaf,) = take_in(node, anvil, 2)
    parts, clerk, chief = node.case_parts, of_authority(node, 1), of_authority(node, 2)
    case = parts.cases.file(clerk, filing(leaf, "objection"))
    send_all(node, anvil)
    assert verdict(node, member, leaf) == "disputed"
    parts.decisions.propose(clerk, case, wanted("dismiss"))
    parts.decisions.release(chief, case)
    send_all(node, anvil)
    assert verdict(node, member, leaf) == "valid"
    assert word(node, record_of(node, case)).version == 2


def test_settled_after_the_outcome_and_with_the_last_one(
    node: Node, member: Member, anvil: Anvil
) -> None:
    (leaf,) = take_in(node, anvil, 3)
    parts, clerk, chief = node.case_parts, of_authority(node, 1), of_authority(node, 2)
    first, second = (
        parts.cases.file(clerk, filing(leaf, "objection", reason=text)) for text in ("一", "二")
    )
    assert first != second
    send_all(node, anvil)
    record = record_of(node, first)
    assert word(node, record).version == 1, "one mark is enough"
    parts.decisions.propose(clerk, first, wanted("unconfirmed"))
    parts.decisions.release(chief, first)
    send_all(node, anvil)
    assert word(node, record).flags & Flag.DISPUTED, "another one is open"
    parts.decisions.propose(clerk, second, wanted("uphold", basis=7, withdraw=True))
    parts.decisions.release(chief, second)
    send_all(node, anvil)
    found = word(node, record)
    assert (found.flags, found.outcome, found.version) == (Flag(0), Outcome.WITHDRAWN, 3)
    assert verdict(node, member, leaf) == "withdrawn"


def test_the_owner_decides_and_rescinds(node: Node, member: Member, anvil: Anvil) -> None:
    (leaf,) = take_in(node, anvil, 4)
    decisions, clerk, chief = (
        node.case_parts.decisions,
        of_authority(node, 1),
        of_authority(node, 2),
    )
    for act, basis, expected in (
        ("shield", 5, "shielded"),
        ("lift", 5, "valid"),
        ("end", 11, "ended"),
        ("rescind", 8, "valid"),
        ("withdraw", 10, "withdrawn"),
    ):
        decisions.propose_own(clerk, leaf, wanted(act, basis=basis))
        decisions.release_own(chief, leaf)
        send_all(node, anvil)
        assert verdict(node, member, leaf) == expected


def test_a_correction_names_the_newer_record(node: Node, member: Member, anvil: Anvil) -> None:
    leaf, newer = take_in(node, anvil, 5, 6)
    decisions, clerk, chief = (
        node.case_parts.decisions,
        of_authority(node, 1),
        of_authority(node, 2),
    )
    decisions.propose_own(clerk, leaf, wanted("correct", basis=8, to_record=newer))
    decisions.release_own(chief, leaf)
    send_all(node, anvil)
    assert verdict(node, member, leaf) == "corrected"
    assert verdict(node, member, newer) == "valid"


def test_documents_are_kept_sealed(node: Node) -> None:
    """Nothing of them stands in the database in clear."""
    with node.ctx.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT content FROM case_materials").all()
    assert rows
    assert all(b"%PDF" not in bytes(row[0]) for row in rows)
