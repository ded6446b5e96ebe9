"""What `make test` runs of the tests that take long, and `make nightly` whole."""

import os
from collections.abc import Sequence
from typing import TypeVar

import pytest

EVERY = "CREDIT_LEDGER_EVERY"
"""Set by `make nightly`: each case of everything, for hours."""
mark = pytest.mark.nightly
"""Of a test, or a module, that is for the night alone: by day it is not collected."""

T = TypeVar("T")


def is_night() -> bool:
    """Whether everything is to run."""
    return EVERY in os.environ


def some(cases: Sequence[T], step: int) -> list[T]:
    """By night all of them; by day one of `step`, beginning with the first."""
    return [*cases[:: 1 if is_night() else step]]
