"""What child processes do here; see `tests.support.child.fork`."""

from pathlib import Path

from tests.gateway.products.bench import notice
from tests.support.node import make_test_node

SEED = "notices"


def tell(folder: str) -> None:
    """Tell of what changed, in the gateway of that folder."""
    node = make_test_node(Path(folder), seed=SEED)
    notice(node)
    node.close()
