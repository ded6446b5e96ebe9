"""A node without a chain, which puts itself right where its own tests need one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.node import Node
from tests.support.node import make_test_node
from tests.support.receiver import Receiver, start_receiver


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    made = make_test_node(tmp_path, seed="webhooks")
    yield made
    made.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with start_receiver() as made:
        yield made
