"""What child processes do here; see `tests.support.child.fork`."""

from pathlib import Path

from gateway.node import make_node
from ledger.chain.network import NetworkFile
from tests.support.member import SEED
from tests.support.node import make_keys, make_settings


def erase(folder: str) -> None:
    """Carry out what is ordered."""
    path = Path(folder)
    network = NetworkFile.load(path / "network.json")
    node = make_node(make_settings(path), network, make_keys(SEED))
    node.erasures.step()
    node.close()
