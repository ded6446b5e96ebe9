"""What the tests of cases between members share. The subject of all records is of Beijing; the
records are Tianjin's."""

import threading
from dataclasses import replace
from itertools import count
from typing import Any

from gateway.base.policy import Caller
from gateway.cases.interfaces import Filing
from gateway.cases.routes import CaseParts
from gateway.peers.outbox import Outgoing, listed
from gateway.peers.tasks import MessageSender
from tests.gateway.cases.desk import DECIDED, centre, of_authority, pdf
from tests.records.examples import AUTHORITY
from tests.support.peers import Member, Network, row

BEIJING, TIANJIN, HEBEI, BANK = "110000", "120000", "130000", "demo-bank"
_numbers = count(1)


def record(network: Network, of: str = TIANJIN, **changes: object) -> bytes:
    """The id of a new record, anchored."""
    (found,) = network[of].file(row(next(_numbers), "severe", CF_JDRQ=DECIDED, **changes))
    return found


def parts(member: Member) -> CaseParts:
    return member.node.case_parts


def desk(number: int = 7, department: str = "信用窗口") -> Caller:
    """A clerk of a department without authorities."""
    return replace(centre(number), department=department)


def clerk(member: Member, number: int = 1) -> Caller:
    """Of the authority that determined the records."""
    return of_authority(member.node, number, AUTHORITY)


def filing(name: bytes, kind: str = "repair", **changes: Any) -> Filing:
    values: dict[str, Any] = {"reason": "已履行全部义务", "docs": (pdf(),), "authority": AUTHORITY}
    return Filing(**({"record": name, "kind": kind, "owner": TIANJIN} | values | changes))


def deliver(member: Member, to: str) -> None:
    """Send all that is due for a member."""
    sender = MessageSender(member.node.peers.outbox, member.node.peers.asking)
    sender.send_to(to, threading.Event())
    sender.close()


def sent(member: Member) -> list[Outgoing]:
    with member.node.ctx.engine.connect() as connection:
        return listed(connection)


def acts(member: Member, case: bytes, caller: Caller) -> list[str]:
    """Of the steps, as a member shows them."""
    return [step["act"] for step in parts(member).views.show(caller, case)["steps"]]
