"""What child processes do here; see `tests.support.child.fork`."""

from pathlib import Path

from gateway.node import Node, make_node
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.rpc import Rpc
from tests.gateway.cases.desk import filing, of_authority
from tests.support.member import SEED
from tests.support.node import make_keys, make_settings


def _node(folder: str) -> Node:
    path = Path(folder)
    network = NetworkFile.load(path / "network.json")
    return make_node(make_settings(path), network, make_keys(SEED))


def object_to(folder: str, leaf: str) -> None:
    """File an objection."""
    node = _node(folder)
    node.anchoring.look()
    node.case_parts.cases.file(of_authority(node, 1), filing(bytes.fromhex(leaf), "objection"))
    node.close()


def send(folder: str) -> None:
    """Send all acts, mining as needed."""
    node = _node(folder)
    node.anchoring.look()
    rpc = Rpc(node.ctx.network.rpc[0])
    for _ in range(40):
        node.case_parts.sending.step()
        if not node.case_parts.sending.waiting():
            break
        rpc.call("anvil_mine", ["0x1"])
    else:
        raise AssertionError("still waiting")
    rpc.close()
    node.close()
