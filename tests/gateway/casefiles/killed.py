"""What child processes do here; see `tests.support.child.fork`."""

from pathlib import Path

from gateway.casefiles import deciding
from gateway.node import Node, make_node
from ledger.chain.network import NetworkFile
from tests.support.member import SEED
from tests.support.node import make_keys, make_settings

DATA = "结果.csv"


def _node(folder: str) -> Node:
    path = Path(folder)
    network = NetworkFile.load(path / "network.json")
    node = make_node(make_settings(path), network, make_keys(SEED))
    node.anchoring.look()
    return node


def take(folder: str, token: str) -> None:
    """Take the file in."""
    node = _node(folder)
    data = (Path(folder) / DATA).read_bytes()
    node.case_files.files.take_in(node.holders.holder(int(token)), DATA, data)
    node.close()


def work(folder: str, at_once: int = 2) -> None:
    """Look rows up, carry out what was released, so many rows in one transaction."""
    deciding.AT_ONCE = at_once
    node = _node(folder)
    parts = node.case_files
    for _ in range(200):
        if not (parts.judging.step() | parts.deciding.step()):
            break
    node.close()
