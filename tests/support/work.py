"""What child processes do; see `tests.support.child.fork`."""

import pickle
import threading
from pathlib import Path
from threading import Event

from gateway.mirrors import services
from gateway.node import make_node
from gateway.peers.tasks import MessageSender
from gateway.statuses.tasks import StatusFollower
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.rpc import Rpc
from tests.support.member import SEED
from tests.support.node import make_keys, make_settings, make_test_node
from tests.support.peers import thaw

PATIENCE = 40
"""Steps after which something that should have happened has not."""
FOLLOWED = 3
"""Steps in which acts are followed, acknowledged, and the acknowledgement is seen."""


def grow_log(folder: str, seed: str) -> None:
    """Integrate everything that a node without a chain has promised."""
    node = make_test_node(Path(folder), seed=seed)
    while node.logs.step():
        pass
    node.close()


def finish(folder: str) -> None:
    """Integrate and anchor everything, mining as needed, until all of it is final."""
    path = Path(folder)
    network = NetworkFile.load(path / "network.json")
    node = make_node(make_settings(path), network, make_keys(SEED))
    rpc = Rpc(network.rpc[0])
    for _ in range(PATIENCE):
        while node.logs.step():
            pass
        if not node.anchoring.step().waiting:
            break
        rpc.call("anvil_mine", ["0x1"])
    else:
        raise AssertionError("still waiting")
    rpc.close()
    node.close()


def send_messages(folder: str, member: str) -> None:
    """Send what waits for a member, as the node that was frozen in this folder."""
    node = thaw(Path(folder))
    sender = MessageSender(node.peers.outbox, node.peers.asking)
    sender.send_to(member, threading.Event())
    sender.close()


def follow(folder: str, member: str, keys: str) -> None:
    """Follow all acts and acknowledge them, mining as needed. keys: hex of what the gateway of the
    member holds, pickled."""
    path = Path(folder)
    network = NetworkFile.load(path / "network.json")
    settings = make_settings(path, node={"code": member, "name": member})
    node = make_node(settings, network, pickle.loads(bytes.fromhex(keys)))
    rpc = Rpc(network.rpc[0])
    node.anchoring.step()
    step = StatusFollower(node.follower, node.acknowledger, node.lease)
    for _ in range(FOLLOWED):
        step(Event())
        rpc.call("anvil_mine", ["0x1"])
    rpc.close()
    node.close()


def follow_mirrors(folder: str, code: str) -> None:
    """Follow the logs of the others, one full bundle a turn, until none is behind."""
    services.CHUNK = 1
    path = Path(folder)
    network = NetworkFile.load(path / "network.json")
    settings = make_settings(path, node={"code": code, "name": code})
    node = make_node(settings, network, make_keys(SEED))
    node.anchoring.step()
    node.mirrors.look()
    while node.mirrors.step():
        pass
    node.close()
