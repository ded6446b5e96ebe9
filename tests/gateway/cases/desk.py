"""What the tests of the cases share: a member on a real chain, a penalty, callers, documents."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.base.policy import ALWAYS, Caller
from gateway.cases.interfaces import Filing, Wanted
from gateway.cases.materials import Material
from gateway.node import Node
from ledger.core.status import Word
from ledger.records.keys import authority_key
from tests.gateway.anchoring.whole import settle
from tests.gateway.intake.material import OF_BEIJING, row
from tests.support.anvil import Anvil
from tests.support.callers import CENTRE

PDF = b"%PDF-1.7\nsynthetic\n"
JPG = b"\xff\xd8\xff\xe0synthetic"
DECIDED = (datetime.now(UTC) - timedelta(days=400)).date().isoformat()
END = (datetime.now(UTC) + timedelta(days=300)).date().isoformat()
_ALL = frozenset({"submit", "read", "decide", "release"})
OTHER_AUTHORITY = "91110000600037341L"


def of_authority(node: Node, number: int, code: str = OF_BEIJING) -> Caller:
    """A clerk of an authority; another person for each number."""
    return Caller(
        id=number,
        name=f"clerk {number}",
        scopes=_ALL,
        department="市监局",
        authorities=frozenset({code}),
        marks={node.hmac.authority(authority_key(code=code)): [ALWAYS]},
    )


def centre(number: int) -> Caller:
    """A clerk of the centre."""
    return replace(CENTRE, id=number, scopes=_ALL)


def pdf(name: str = "决定书.pdf", data: bytes = PDF) -> Material:
    return Material(name=name, data=data)


def take_in(node: Node, anvil: Anvil, *numbers: int, decided: str = DECIDED) -> list[bytes]:
    """Leaves of new penalties, finally anchored."""
    settle(node, anvil)
    rows = [replace(row(n, CF_JDRQ=decided, CF_YXQ=END), class_="severe") for n in numbers]
    answer = node.intake.submit_set(caller=CENTRE, rows=rows)
    assert {found.verdict for found in answer.rows} == {"accepted"}
    node.logs.step()
    settle(node, anvil)
    return [bytes.fromhex(str(found.leaf)) for found in answer.rows]


def filing(leaf: bytes, kind: str = "repair", **changes: Any) -> Filing:
    return Filing(
        **({"record": leaf, "kind": kind, "reason": "已履行全部义务", "docs": (pdf(),)} | changes)
    )


def grant(**changes: Any) -> Wanted:
    return wanted("grant", basis=2, class_="severe", **changes)


def wanted(act: str, *, docs: Sequence[Material] = (pdf(),), **changes: Any) -> Wanted:
    return Wanted(act=act, docs=tuple(docs), **changes)


def send_all(node: Node, anvil: Anvil) -> None:
    """Step and mine until no act is on its way."""
    sending = node.case_parts.sending
    for _ in range(40):
        sending.step()
        if not sending.waiting():
            return
        anvil.mine()
    raise AssertionError("still waiting")


def word(node: Node, record: bytes) -> Word:
    """The status on the chain."""
    return node.case_parts.views.registry.now().state(record).word
