"""What child processes do; see `tests.support.child.fork`."""

from pathlib import Path

from gateway.mirrors import services
from gateway.node import make_node
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.rpc import Rpc
from tests.support.member import SEED
from tests.support.node import make_keys, make_settings, make_test_node

PATIENCE = 40
"""Steps after which something that should have happened has not."""


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
