"""Gateways of several members of one network, and doors through which each reaches the others."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gateway.app import create_app
from gateway.base.keyring import Keyring
from gateway.node import Node, make_node
from ledger.chain.network import NetworkFile
from ledger.core.keys import Purpose
from tests.support.anvil import Anvil
from tests.support.asgi import Client
from tests.support.chain import PROVINCES, TestNetwork, deploy_network
from tests.support.chain import make_keys as make_chain_keys
from tests.support.doors import Door, nobody, open_door
from tests.support.log import make_entries, promise_entries
from tests.support.node import make_keys, make_settings

__all__ = ["Door", "Peers", "client_of", "nobody", "open_door", "open_peer", "start_peers"]

PATIENCE = 60
"""Steps after which something that should have happened has not."""


REGISTERED = frozenset(
    {Purpose.ANCHOR, Purpose.GOVERN, Purpose.PRESENT, Purpose.NOTE, Purpose.WITNESS}
)


def client_of(node: Node) -> Client:
    """Requests to all routes of a gateway."""
    return Client(create_app(node))


@dataclass(frozen=True)
class Peers:
    """A network whose provinces are reached through doors."""

    network: TestNetwork
    doors: dict[str, Door]

    @property
    def anvil(self) -> Anvil:
        return self.network.anvil

    def node(self, code: str, folder: Path, *, witness: bool = True, **settings: Any) -> Node:
        """A gateway of a member; the same folder gives the same database."""
        folder.mkdir(exist_ok=True)
        (folder / "network.json").write_bytes(self.network.file.encode())
        return open_peer(
            folder,
            self.network.file,
            self.keyring(code, witness=witness),
            node={"code": code, "name": code},
            **settings,
        )

    def keyring(self, code: str, *, witness: bool = True) -> Keyring:
        """The keys of a member as registered."""
        keys = self.network.keys
        return replace(
            make_keys(code),
            anchor=keys[code, Purpose.ANCHOR],
            note=keys[code, Purpose.NOTE],
            present=keys[code, Purpose.PRESENT],
            payer=self.network.payer,
            witness=keys[code, Purpose.WITNESS] if witness else None,
        )

    def log_id(self, code: str) -> bytes:
        return self.network.log_id(code)

    def grow(self, node: Node, count: int, seed: str) -> list[bytes]:
        """Entries in the log of a gateway, finally anchored."""
        self.look(node)
        log_id = self.log_id(node.ctx.settings.node.code)
        batch = make_entries(count, seed, log_id)
        promise_entries(node, batch, log_id)
        while node.logs.step():
            pass
        for _ in range(PATIENCE):
            if not node.anchoring.step().waiting:
                return batch
            self.anvil.mine()
        raise AssertionError("still waiting")

    def look(self, node: Node) -> None:
        """Have a gateway read the chain, so that its log may grow."""
        node.anchoring.step()

    def follow(self, node: Node) -> None:
        """Have a gateway follow the logs of the others until it can go no further."""
        self.look(node)
        node.mirrors.look()
        for _ in range(PATIENCE):
            if not node.mirrors.step():
                return
        raise AssertionError("still behind")


def open_peer(folder: Path, network: NetworkFile, keys: Keyring, **settings: Any) -> Node:
    """A gateway in a folder."""
    return make_node(make_settings(folder, **settings), network, keys)


@contextmanager
def start_peers(anvil: Anvil) -> Iterator[Peers]:
    """The four provinces on a chain, each with a door that nobody answers yet."""
    with ExitStack() as stack:
        doors = {code: stack.enter_context(open_door()) for code in PROVINCES}
        urls = {code: door.url for code, door in doors.items()}
        # What the members register has to fit into one creation.
        keys = {of: key for of, key in make_chain_keys().items() if of[1] in REGISTERED}
        yield Peers(deploy_network(anvil, keys=keys, endpoints=urls), doors)
