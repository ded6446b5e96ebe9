"""What child processes do here; see `tests.support.child.fork`."""

import threading
from pathlib import Path

from gateway.peers.interfaces import Asker
from gateway.peers.tasks import MessageSender
from ledger.core.keys import Role
from tests.gateway.abroad.desk import desk, filing
from tests.support.peers import thaw


def file_objection(folder: str, record: str) -> None:
    """File one about a record of another member."""
    node = thaw(Path(folder))
    node.case_parts.cases.file(desk(), filing(bytes.fromhex(record), "objection"))
    node.close()


def send(folder: str, member: str) -> None:
    """Send what waits for a member."""
    node = thaw(Path(folder))
    sender = MessageSender(node.peers.outbox, node.peers.asking)
    sender.send_to(member, threading.Event())
    sender.close()
    node.close()


def take(folder: str, member: str, opening: str) -> None:
    """Take an opening, as a request of a member."""
    node = thaw(Path(folder))
    asker = Asker(code=member, roles=Role.PROVINCE, nonce="")
    node.peers.messages.take(asker, bytes.fromhex(opening))
    node.close()
