"""Of a record that was logged again, twice, acts go to the first of the chain: every receipt names
it, so whoever holds any of them sees what was decided (review 0005, 11)."""

import pytest

from gateway.cases.errors import CaseRefused
from gateway.node import Node
from gateway.receipts.interfaces import Disclose
from ledger.chain.governing.actions import open_successor
from ledger.core.case_chain import fold
from ledger.core.ids import Digest, LogId, RecordId, log_id
from ledger.core.opening import parse_opening
from ledger.core.receipt import parse
from ledger.core.status import Flag
from tests.gateway.anchoring.test_log_states import _again, relog
from tests.gateway.anchoring.whole import settle
from tests.gateway.cases.desk import filing, grant, of_authority, send_all, take_in, wanted, word
from tests.gateway.receipts.test_receipts_verify import judge
from tests.support.anvil import Anvil
from tests.support.callers import CENTRE
from tests.support.member import Member, decide
from tests.support.node import MEMBER


def strand(node: Node, member: Member, anvil: Anvil, end: tuple[LogId, int], leaf: bytes) -> bytes:
    """Close a log at a size before the record, which is logged again; its new leaf."""
    decide(anvil, member, open_successor(*end))
    relog(node)
    node.logs.step()
    settle(node, anvil)
    return _again(node, leaf)


def receipt(node: Node, leaf: bytes) -> bytes:
    data = node.receipts.receipt(leaf, disclose=Disclose(CENTRE))
    assert isinstance(data, bytes)
    return data


def test_an_act_on_what_was_logged_again_twice(node: Node, member: Member, anvil: Anvil) -> None:
    take_in(node, anvil, 500)
    (first,) = take_in(node, anvil, 501)
    second = strand(node, member, anvil, (member.log_id, 1), first)
    held = receipt(node, second)
    assert judge(held, member.network).verdict == "valid"
    network = member.network
    successor = log_id(network.chain_id, network.consortium, MEMBER, 1, 1)
    third = strand(node, member, anvil, (successor, 0), second)
    assert len({first, second, third}) == 3
    (newer,) = take_in(node, anvil, 502)

    decisions = node.case_parts.decisions
    decisions.propose_own(of_authority(node, 1), third, wanted("correct", basis=8, to_record=newer))
    decisions.release_own(of_authority(node, 2), third)
    send_all(node, anvil)
    named = parse(receipt(node, newer)).entry
    assert named.replaces is None
    entry = parse(held).entry
    assert entry.replaces is not None
    assert word(node, entry.replaces).version == 1, "on the first, which both name"
    # The record on the third log is the one that stands.
    assert judge(receipt(node, third), member.network).verdict == "corrected"
    told = node.case_parts.views.of_record(of_authority(node, 1), third)
    assert told["actsOn"] == entry.replaces.hex()
    assert told["record"] == node.statuses.told(third).record.hex()  # type: ignore[union-attr]
    assert told["status"]["outcome"] == "corrected"


def test_a_record_corrects_by_its_first(node: Node, member: Member, anvil: Anvil) -> None:
    """What corrects was logged again: the act names the first of its chain, on which acts go."""
    (leaf,) = take_in(node, anvil, 510)
    (newer,) = take_in(node, anvil, 511)
    with node.ctx.engine.connect() as connection:
        query = "SELECT log_id, size FROM logs ORDER BY id DESC LIMIT 1"
        newest = connection.exec_driver_sql(query).one()
    again = strand(node, member, anvil, (LogId(newest.log_id), newest.size - 1), newer)
    decisions, told = node.case_parts.decisions, node.statuses.told(leaf)
    decisions.propose_own(of_authority(node, 1), leaf, wanted("correct", basis=8, to_record=again))
    decisions.release_own(of_authority(node, 2), leaf)
    send_all(node, anvil)
    assert judge(receipt(node, leaf), member.network).verdict == "corrected"
    assert told is not None
    [done] = node.case_parts.views.registry.now().acts.history(RecordId(Digest(told.record)))
    assert done.act.other == parse(receipt(node, again)).entry.replaces


def test_a_mark_is_of_the_whole_chain(node: Node, member: Member, anvil: Anvil) -> None:
    """Filed before the record was logged again and after: the mark goes with the last of both, and
    each case names the record that it was filed about."""
    (leaf,) = take_in(node, anvil, 520)
    parts, clerk, chief = node.case_parts, of_authority(node, 1), of_authority(node, 2)
    old = parts.cases.file(clerk, filing(leaf, "objection", reason="一"))
    send_all(node, anvil)
    with node.ctx.engine.connect() as connection:
        query = "SELECT log_id, size FROM logs ORDER BY id DESC LIMIT 1"
        newest = connection.exec_driver_sql(query).one()
    again = strand(node, member, anvil, (LogId(newest.log_id), newest.size - 1), leaf)
    new = parts.cases.file(clerk, filing(again, "objection", reason="二"))
    send_all(node, anvil)
    shown = parts.views.show(clerk, new)
    assert (shown["record"], shown["actsOn"]) == (
        node.statuses.told(again).record.hex(),  # type: ignore[union-attr]
        node.statuses.told(leaf).record.hex(),  # type: ignore[union-attr]
    )
    assert shown["status"]["flags"] == ["disputed"]
    parts.decisions.propose(clerk, new, wanted("dismiss"))
    parts.decisions.release(chief, new)
    send_all(node, anvil)
    assert word(node, bytes.fromhex(shown["actsOn"])).flags == Flag.DISPUTED, "one is open still"
    assert parts.views.show(clerk, new)["state"] == "dismissed"
    # The one that was filed about the first goes on about what it is now.
    shown = parts.views.show(clerk, old)
    assert shown["record"] == node.statuses.told(leaf).record.hex()  # type: ignore[union-attr]
    parts.cases.step(clerk, old, wanted("accept", docs=()))
    parts.decisions.propose(clerk, old, wanted("dismiss"))
    parts.decisions.release(chief, old)
    send_all(node, anvil)
    assert word(node, bytes.fromhex(shown["actsOn"])).flags == 0
    said = [
        parse_opening(parts.views.step(clerk, old, n)).statement
        for n in range(1, len(parts.views.show(clerk, old)["steps"]) + 1)
    ]
    assert fold(said, owner=MEMBER).state == "dismissed", "each step names the record of the case"
    # It is the same record: what came to nothing before does not mark it anew.
    third = parts.cases.file(clerk, filing(again, "objection", reason="三"))
    assert parts.views.show(clerk, third)["acts"] == []


def test_what_is_due_of_a_record_that_was_logged_again(
    node: Node, member: Member, anvil: Anvil
) -> None:
    (leaf,) = take_in(node, anvil, 530)
    parts, clerk, chief = node.case_parts, of_authority(node, 1), of_authority(node, 2)
    again = strand(node, member, anvil, _end(node), leaf)
    assert again.hex() in _due(node)
    case = parts.cases.file(clerk, filing(again))
    assert again.hex() not in _due(node)
    parts.cases.step(clerk, case, wanted("withdraw-filing", docs=()))
    assert again.hex() in _due(node)
    parts.decisions.propose_own(clerk, again, wanted("end", basis=11))
    parts.decisions.release_own(chief, again)
    assert again.hex() not in _due(node), "its end is on its way, on the first of the chain"


def test_a_repair_of_the_first_is_open(node: Node, member: Member, anvil: Anvil) -> None:
    """Filed before the record was logged again: it is decided there, and nowhere else."""
    (leaf,) = take_in(node, anvil, 540)
    parts, clerk = node.case_parts, of_authority(node, 1)
    case = parts.cases.file(clerk, filing(leaf))
    again = strand(node, member, anvil, _end(node), leaf)
    assert again.hex() not in _due(node)
    with pytest.raises(CaseRefused) as refused:
        parts.decisions.propose_own(
            clerk, again, wanted("grant", basis=4, class_="minor", national_no="XF-1")
        )
    assert (refused.value.code, refused.value.extra) == ("cannot-follow", {"case": case.hex()})
    parts.cases.step(clerk, case, wanted("accept", docs=()))
    parts.decisions.propose(clerk, case, grant())
    parts.decisions.release(of_authority(node, 2), case)
    send_all(node, anvil)
    assert judge(receipt(node, again), member.network).verdict == "repaired"


def _end(node: Node) -> tuple[LogId, int]:
    """The newest log, without its last entry."""
    with node.ctx.engine.connect() as connection:
        query = "SELECT log_id, size FROM logs ORDER BY id DESC LIMIT 1"
        newest = connection.exec_driver_sql(query).one()
    return LogId(newest.log_id), newest.size - 1


def _due(node: Node) -> set[str]:
    """Leaves of what may be repaired by now."""
    page = node.case_parts.due.page(of_authority(node, 1), node.ctx.clock.today())
    return {one["leaf"] for one in page["items"]}
