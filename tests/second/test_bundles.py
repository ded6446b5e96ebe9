"""Check bundles, and what follows from the answers in them."""

from typing import Any

import pytest

from tests.second import answer, bundled, receipt
from tests.second.answering import ASKER, AT, NONCE, Given, bundle, facts_of, leaf
from tests.second.answering import receipt as receipt_of
from tests.second.changes import Change, act, after, set_top
from tests.second.codec import write_instant
from tests.second.making import FIELDS, HEAD, OWNER, SHELF, WITNESS, Record, read_world, root_over

MISSING = {"member": WITNESS, "reason": "no-answer"}


def judged(
    *given: Given, change: Change | None = None, later: Change | None = None, **parts: Any
) -> tuple[str, str]:
    """Judge a bundle in a world that differs from that of its making only by what came later."""
    facts = facts_of()
    if change:
        change(facts)
    made = bundle(list(given), read_world(facts), **parts)
    if later:
        later(facts)
    return bundled.judge_bundle(answer.read_bundle(made), read_world(facts), SHELF)


def test_overall() -> None:
    """Say adverse where a record is, and open where somebody is missing."""
    assert judged(Given()) == ("adverse", "adverse")
    assert judged(Given(receipts=[], leaves=[]), overall="open") == ("open", "open")
    names = (OWNER, WITNESS)
    parts: dict[str, Any] = {
        "missing": [{**MISSING, "member": name} for name in names],
        "completeness": [
            {"family": "penalty", "member": name, "state": "missing"} for name in names
        ],
    }
    assert judged(**parts) == ("open", "open")
    assert judged(**{**parts, "overall": "clear"}) == ("false", "false")


def spoken(facts: dict[str, Any]) -> None:
    """Let there be one province alone."""
    facts["members"][1]["status"] = 2


def alone(**more: Any) -> dict[str, Any]:
    """Give the parts of a bundle with one province."""
    state = {"family": "penalty", "member": OWNER, "state": "stated"}
    return {"missing": [], "completeness": [state], **more}


def test_nothing_missing() -> None:
    """Say clear where every province stated that there is nothing, or what is settled."""
    nothing = Given(receipts=[], leaves=[])
    assert judged(nothing, change=spoken, **alone(overall="clear")) == ("clear", "clear")
    repaired = after(act(7, 5, time=HEAD - 100))

    def done(facts: dict[str, Any]) -> None:
        spoken(facts)
        repaired(facts)

    assert judged(Given(), change=done, **alone(overall="clear")) == ("clear", "clear")


def test_what_is_so_now() -> None:
    """Tell what it would be by the verdicts at the head."""
    parts = alone(overall="adverse")
    repaired = after(act(9, 5, time=HEAD - 50))
    assert judged(Given(), change=spoken, later=repaired, **parts) == ("adverse", "clear")
    disputed = after(act(9, 1, time=HEAD - 50))
    assert judged(Given(), change=spoken, later=disputed, **parts) == ("adverse", "open")


@pytest.mark.parametrize(
    "change",
    [
        {"overall": "open"},
        {"completeness": []},
        {"verdicts": []},
        {"missing": []},
        {"missing": [MISSING, {**MISSING, "member": "140000"}]},
        {"at": write_instant(AT - 1)},
        {"subject": "91110105MARELG1L56"},
    ],
)
def test_what_is_false(change: dict[str, Any]) -> None:
    """Refuse what does not follow from the answers."""
    assert judged(Given(), **change) == ("false", "false")


def test_what_is_open() -> None:
    """Say nothing where the chain was not read or an answer could not be checked."""
    for later in (set_top(unread="no-node"), set_top(final=7)):
        assert judged(Given(), later=later) == ("undetermined", "undetermined")
    assert judged(later=set_top(unread="no-node")) == ("undetermined", "undetermined")


@pytest.mark.parametrize(
    ("hide", "state", "overall"),
    [
        ("CF_NR_FK", "contradicted", "open"),
        ("CF_XDR_SHXYM", "stated", "clear"),
        ("CF_CFLB", "stated", "clear"),
    ],
)
def test_a_receipt_behind_those_of_the_items(hide: str, state: str, overall: str) -> None:
    """Let a receipt contradict an answer that does not list its record, if it proves enough."""
    made = Record(fields={**FIELDS, "CL_PUBLISH": "是", "CL_SIMPLE": "否"})
    left = receipt_of(hide, made=made)
    given = Given(receipts=[left], leaves=[])

    def change(facts: dict[str, Any]) -> None:
        spoken(facts)
        root = root_over(made.entry)
        facts["anchors"][0]["root"] = facts["roots"][0]["root"] = root

    told = [{"family": "penalty", "member": OWNER, "state": state}]
    parts = alone(completeness=told, overall=overall)
    assert judged(given, change=change, **parts) == (overall, overall)
    given.leaves, given.receipts = [leaf(made)], [left, left]
    overall = "open" if hide == "CF_XDR_SHXYM" else "adverse"
    assert judged(given, change=change, **alone(overall=overall)) == (overall, overall)


def test_answers_to_other_questions() -> None:
    """Refuse answers that are not all to one question of one asker."""
    other = Given(payload={"iss": "130000", "to": "bureau"})
    assert judged(Given(), other, missing=[], completeness=[])[0] == "false"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"_type": "credit-ledger/bundle@2", "more": 1}, "version-unknown"),
        ({"_type": "credit-ledger/answer@1"}, "malformed"),
        ({"overall": "fine"}, "malformed"),
        ({"subject": "a"}, "malformed"),
        ({"missing": [MISSING, MISSING]}, "malformed"),
        ({"missing": [{**MISSING, "member": OWNER}]}, "malformed"),
        ({"missing": [{"member": WITNESS}]}, "malformed"),
        ({"completeness": [{"family": "penalty", "member": OWNER, "state": "no"}]}, "malformed"),
        ({"verdicts": ["valid"]}, "malformed"),
        ({"answers": [{"answer": ""}]}, "malformed"),
        ({"answers": [Given(header={"alg": "SM2"}).object], "overall": ""}, "version-unknown"),
        ({"answers": [Given(header={"alg": "SM2"}).object], "at": ""}, "malformed"),
    ],
)
def test_form(change: dict[str, Any], code: str) -> None:
    """Refuse what is not of its form, by the first part that is not."""
    with pytest.raises(receipt.Refused) as refused:
        answer.read_bundle(bundle([Given(payload={"to": ASKER, "nonce": NONCE})], **change))
    assert str(refused.value) == code
