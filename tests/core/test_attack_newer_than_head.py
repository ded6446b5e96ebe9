"""What a hostile reader proved (review 0005), mended."""

from dataclasses import replace

from tests.core.test_verdict_statement import (
    READ,
    Given,
    promised,
    why,
)
from tests.core.verdicts import HEAD

YEARS = 10 * 365 * 86_400


def test_a_promise_of_a_key_newer_than_our_head_is_not_called_false() -> None:
    """The key may have been registered between our head and the promise: that could not be checked.
    `proof-mismatch` (exit 1) says that the opening was altered. Receipts have
    `head-behind-receipt` for this."""
    found = promised(Given(issued=HEAD + 20), facts=replace(READ, keys={}), now=HEAD + 30)
    assert (found.verdict, found.exit) == ("undetermined", 4), why(found)


def test_a_promise_for_a_log_newer_than_our_head_is_not_called_false() -> None:
    found = promised(Given(issued=HEAD + 20), facts=replace(READ, log=None), now=HEAD + 30)
    assert (found.verdict, found.exit) == ("undetermined", 4), why(found)
