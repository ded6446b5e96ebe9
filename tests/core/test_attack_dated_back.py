"""What a hostile reader proved (review 0005), mended."""

from dataclasses import replace

from ledger.core.canonical import instant
from ledger.core.promise import MAX_PROMISE
from tests.core.statements import statement
from tests.core.test_verdict_statement import (
    ISSUED,
    SAID,
    Given,
    judged,
    promised,
    why,
)
from tests.core.verdicts import ANCHORED, LOG, OWNER, _in_log

YEARS = 10 * 365 * 86_400


def test_a_promise_does_not_date_a_statement_back() -> None:
    """Signed for today, it says that it was made ten years ago, and the verdict says that it counts
    from then. Once it is anchored it counts from the anchor: what is not final says more."""
    given = Given(said=replace(SAID, at=ISSUED - YEARS))
    found = promised(given)
    assert why(found) == [("promise", "promised-only")]
    assert found.as_dict()["countsFrom"] >= instant(ISSUED - MAX_PROMISE)


def test_a_statement_does_not_count_from_after_its_anchor() -> None:
    """It was in the tree by then, so it was not made later. Clocks of a case begin with this."""
    late = statement(iss=OWNER, log=LOG, at=ANCHORED + YEARS)
    found = judged(_in_log(late.entry(), None, None), late)
    assert found.as_dict()["countsFrom"] <= instant(ANCHORED)
