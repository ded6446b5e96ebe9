"""Who follows the operators' guide."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.guide import Operator, found_network, operator_in


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Operator]:
    """With a chain, and nothing else."""
    with operator_in(tmp_path / "guide") as operator:
        yield operator


@pytest.fixture
def operator(newcomer: Operator) -> Operator:
    """Whose network of four provinces was founded."""
    found_network(newcomer)
    return newcomer
