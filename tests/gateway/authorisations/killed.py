"""What child processes do here; see `tests.support.child.fork`."""

from datetime import timedelta
from pathlib import Path

from gateway.authorisations.interfaces import Wanted
from gateway.node import Node
from gateway.peers.interfaces import Asker
from ledger.chain.nodes.rpc import Rpc
from ledger.core.keys import Role
from tests.gateway.authorisations.desk import BANK, BEIJING, CLERK, SUBJECT, TIANJIN
from tests.gateway.cases.desk import PDF, pdf
from tests.support.peers import thaw


def grant(folder: str, number: str) -> None:
    """Make one, always the same for a number."""
    node = thaw(Path(folder))
    node.authorisations.grants.grant(CLERK, wanted_of(node, number))
    node.close()


def wanted_of(node: Node, number: str) -> Wanted:
    today = node.ctx.clock.today()
    return Wanted(
        subject=SUBJECT,
        grantee=BANK,
        types=("penalty",),
        regions=(BEIJING, TIANJIN),
        purpose="pre-loan",
        start=today,
        until=today + timedelta(days=30),
        docs=(pdf("授权书.pdf", PDF + number.encode()),),
    )


def take(folder: str, member: str, opening: str) -> None:
    """Take an opening, as a request of a member."""
    node = thaw(Path(folder))
    asker = Asker(code=member, roles=Role.PROVINCE, nonce="")
    node.peers.messages.take(asker, bytes.fromhex(opening))
    node.close()


def hand_over(folder: str) -> None:
    """Hand over what is newer."""
    node = thaw(Path(folder))
    node.authorisations.handover.step()
    node.close()


def revoke(folder: str, commitment: str) -> None:
    """Ask for it."""
    node = thaw(Path(folder))
    node.authorisations.revoking.revoke(CLERK, bytes.fromhex(commitment))
    node.close()


def send(folder: str) -> None:
    """Send all revocations, mining as needed."""
    node = thaw(Path(folder))
    rpc = Rpc(node.ctx.network.rpc[0])
    for _ in range(40):
        node.authorisations.sending.step()
        if not node.authorisations.sending.waiting():
            break
        rpc.call("anvil_mine", ["0x1"])
    else:
        raise AssertionError("still waiting")
    rpc.close()
    node.close()
