"""What child processes do here; see `tests.support.child.fork`."""

from pathlib import Path

from gateway.base.policy import Caller
from gateway.node import Node
from gateway.products.interfaces import NewProduct, NewVersion
from ledger.chain.contracts.structs import DATASET
from ledger.chain.nodes.rpc import Rpc
from ledger.core.ids import ProductId, sha256
from tests.support.peers import thaw
from tests.support.products import METHOD

CALLER = Caller(id=7, name="maker", scopes=frozenset({"product"}), department=None)
RECORDS = [sha256(b"%d" % number) for number in range(5)]


def ask(node: Node, product_id: bytes) -> None:
    """Have a product registered and its first version published."""
    products = node.products.routes.products
    id_ = ProductId(product_id)
    products.register(CALLER, NewProduct(kind=DATASET, method=METHOD, product_id=id_))
    products.publish(CALLER, id_, NewVersion(content=sha256(b"content"), record_ids=RECORDS))


def ask_here(folder: str, product_id: str) -> None:
    """The same in the gateway of that folder."""
    node = thaw(Path(folder))
    ask(node, bytes.fromhex(product_id))
    node.close()


def send(folder: str) -> None:
    """Send all, mining as needed."""
    node = thaw(Path(folder))
    rpc = Rpc(node.ctx.network.rpc[0])
    for _ in range(40):
        node.products.sending.step()
        if not node.products.sending.waiting():
            break
        rpc.call("anvil_mine", ["0x1"])
    else:
        raise AssertionError("still waiting")
    rpc.close()
    node.close()
