"""What child processes do here; see `tests.support.child.fork`."""

import threading
from pathlib import Path

from tests.gateway.webhooks.desk import SUBJECT, members
from tests.support.node import make_test_node

SEED = "webhooks"


def deliver(folder: str, endpoint: str) -> None:
    """Deliver what is due for an endpoint."""
    node = make_test_node(Path(folder), seed=SEED)
    node.webhooks.delivering.turn(endpoint, threading.Event())
    node.close()


def ask(folder: str, *numbers: str) -> None:
    """Ask about followed subjects; a member lists these records."""
    node = make_test_node(Path(folder), seed=SEED)
    members(node).list(SUBJECT, *map(int, numbers))
    node.webhooks.asking.step(threading.Event())
    node.close()
