"""Receipts of a gateway, judged by the verifier with the gateway closed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.intake.interfaces import RowInput
from gateway.node import Node
from gateway.receipts.interfaces import Disclose
from ledger.chain.network import NetworkFile
from ledger.core.verdict.verdict import Verdict
from ledger.records.schema import load
from ledger.verify import Verifier, ask
from tests.gateway.anchoring.whole import settle
from tests.gateway.intake.material import row
from tests.records.examples import good
from tests.support.anvil import Anvil, start_anvil
from tests.support.callers import CENTRE
from tests.support.member import found_member

DECIDED = (datetime.now(UTC) - timedelta(days=40)).date().isoformat()
END = (datetime.now(UTC) + timedelta(days=300)).date().isoformat()
SUBJECT = str(row(1).fields["CF_XDR_SHXYM"])


def judge(data: bytes, network: NetworkFile, subject: str | None = None) -> Verdict:
    verifier = Verifier(network)
    try:
        return verifier.verify(data, ask(subject=subject))
    finally:
        verifier.close()


def take_in(node: Node, anvil: Anvil, *numbers: int) -> list[bytes]:
    """Leaves of new records, finally anchored."""
    settle(node, anvil)
    # With its class a penalty has a known end, and that has not come yet.
    good = [replace(row(n, CF_JDRQ=DECIDED, CF_YXQ=END), class_="severe") for n in numbers]
    answer = node.intake.submit_set(caller=CENTRE, rows=good)
    assert {found.verdict for found in answer.rows} == {"accepted"}
    node.logs.step()
    settle(node, anvil)
    return [bytes.fromhex(str(found.leaf)) for found in answer.rows]


def both(node: Node, leaf: bytes) -> tuple[bytes, bytes]:
    """The bare receipt and the one that shows everything."""
    bare, full = node.receipts.receipt(leaf), node.receipts.receipt(leaf, disclose=Disclose(CENTRE))
    assert isinstance(bare, bytes)
    assert isinstance(full, bytes)
    return bare, full


def test_judged_with_the_gateway_closed(tmp_path: Path) -> None:
    with start_anvil() as anvil:
        member = found_member(anvil)
        node = member.node(tmp_path / "node")
        first, second = take_in(node, anvil, 1, 2)
        (third,) = take_in(node, anvil, 3)
        found = [both(node, leaf) for leaf in (first, second, third)]
        part = node.receipts.receipt(first, disclose=Disclose(CENTRE, ["CF_WSH"]))
        node.close()
        for bare, full in found:
            assert judge(bare, member.network).verdict == "anchored"
            verdict = judge(full, member.network, subject=SUBJECT)
            assert (verdict.verdict, verdict.standing.usable) == ("valid", True)
        assert isinstance(part, bytes)
        assert judge(part, member.network).verdict == "anchored"
        other = judge(found[0][1], member.network, subject="91110108551385082Q")
        assert other.verdict == "other-subject"
        flipped = bytearray(found[0][1])
        flipped[len(flipped) // 2] ^= 1
        assert judge(bytes(flipped), member.network).verdict not in ("valid", "anchored")


def licence(n: int, state: str) -> RowInput:
    """A licence that runs for another year; state: 1 in force, 2 not."""
    fields = good(load("licence")) | {
        "XK_WSH": f"样许〔2026〕{n}号",
        "XK_JDRQ": DECIDED,
        "XK_YXQZ": DECIDED,
        "XK_YXQZI": END,
        "XK_ZT": state,
    }
    return RowInput(row=None, type="licence", fields=fields)


def test_a_licence_that_is_not_in_force_is_never_valid(tmp_path: Path) -> None:
    """Not even where its holder shows all but the field that says so."""
    with start_anvil() as anvil:
        member = found_member(anvil)
        node = member.node(tmp_path / "node")
        settle(node, anvil)
        rows = [licence(1, "1"), licence(2, "2")]
        answer = node.intake.submit_set(caller=CENTRE, rows=rows)
        node.logs.step()
        settle(node, anvil)
        shown = [code for code in load("licence").slots if code != "XK_ZT"]
        receipts = [
            node.receipts.receipt(bytes.fromhex(str(one.leaf)), disclose=Disclose(CENTRE, fields))
            for one in answer.rows
            for fields in (None, shown, ["XK_XDR_SHXYM"])
        ]
        node.close()
        told = []
        for data in receipts:
            assert isinstance(data, bytes)
            found = judge(data, member.network, subject=str(rows[0].fields["XK_XDR_SHXYM"]))
            codes = [check.code for check in found.standing.checks if check.verdict]
            told.append((found.verdict, found.standing.usable, codes))
    assert told[:3] == [("valid", True, [])] * 3
    assert told[3:] == [
        ("expired", False, ["not-in-force"]),
        ("expired", False, ["expired"]),
        ("expired", False, ["expired"]),
    ]


def test_after_the_chain_was_lost_and_rebuilt(tmp_path: Path) -> None:
    with start_anvil() as anvil:
        port = anvil.port
        old = found_member(anvil)
        node = old.node(tmp_path / "node")
        (leaf,) = take_in(node, anvil, 1)
        old_bare, old_full = both(node, leaf)
        assert judge(old_full, old.network).verdict == "valid"
        node.close()
    with start_anvil(port=port) as anvil:
        anvil.mine(3)
        new = found_member(anvil)
        for data in (old_bare, old_full):
            assert judge(data, new.network).verdict == "not-anchored"
        node = new.node(tmp_path / "node")
        settle(node, anvil)
        new_bare, new_full = both(node, leaf)
        node.close()
        assert judge(new_full, new.network).verdict == "valid"
        assert judge(new_bare, new.network).verdict == "anchored"
        for data in (old_bare, old_full):
            assert judge(data, new.network).verdict == "anchor-moved"
        for data in (old_bare, old_full, new_bare, new_full):
            assert judge(data, old.network).verdict == "undetermined"
