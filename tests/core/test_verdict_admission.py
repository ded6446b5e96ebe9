"""Who may issue what, as of the anchor; who witnessed it; for whom it was shown."""

from dataclasses import replace
from datetime import date

import pytest

from ledger.core.ids import KeyId
from ledger.core.keys import Role
from ledger.core.verdict.facts import Compromise, RecordProblem, Status, StatusFacts, Unread, end_of
from tests.core.admission_cases import (
    CASES,
    MINE,
    SAID,
    SECOND,
    VALID,
    WITNESS,
    cosigned,
    decided,
    items,
    other_line,
    owner,
    problem,
    with_witness,
)
from tests.core.verdicts import ANCHOR_ID, NOTE_ID, PRESENT_ID, RECORD, SUBJECT, World, make_world

RECORD_DAY = date(2026, 3, 1)


def results(world: World) -> dict[str, str]:
    """By check."""
    return {check.id: check.result for check in world.verdict().standing.checks}


@pytest.mark.parametrize("name", VALID)
def test_what_is_nearly_the_same_is_valid(name: str) -> None:
    found = VALID[name](make_world()).verdict()
    assert (found.verdict, found.exit, found.standing.authentic) == ("valid", 0, True)


@pytest.mark.parametrize(
    ("name", "authentic"),
    [
        ("bound, and nobody compared", True),
        ("bound to somebody else", True),
        ("an answer to another request", True),
        ("bound to nobody", True),
        ("a record in a bank's log", False),
        ("a type that is not in the catalogue", True),
        ("rules that we do not hold", True),
        ("a record with natural-person", True),
        ("decided after its anchor", True),
        ("cosigned, forged", None),
        ("one witness where two are asked for", True),
    ],
)
def test_whether_it_is_genuine_is_another_question(name: str, authentic: bool | None) -> None:
    assert CASES[name][3](make_world()).verdict().standing.authentic is authentic


def test_a_statement_is_no_record_whoever_issued_it() -> None:
    """A bank's log holds statements; what makes a record of an entry is not asked of them."""
    world = replace(make_world(kind="statement", bare=True), record=None)
    for each in (world, owner()(world), items("types")(world)):
        assert each.verdict().verdict == "anchored"
        told = results(each)
        assert [told[id_] for id_ in ("issuer-role", "catalogue", "record")] == ["not-run"] * 3


def test_a_bare_receipt_names_no_rules_and_says_nothing_of_its_record() -> None:
    bare = items("rules")(make_world(bare=True))
    told = results(bare)
    assert (told["catalogue"], told["record"]) == ("pass", "not-run")
    assert bare.verdict().verdict == "anchored"


def test_the_text_is_that_of_the_problem() -> None:
    found = problem("natural-person")(make_world()).verdict()
    (check,) = (check for check in found.standing.checks if check.id == "record")
    assert check.message["en"].startswith("It is wrong. ")
    assert check.message["zh"].startswith("有问题。")


def test_the_first_of_several_problems_is_told() -> None:
    told = [
        RecordProblem(code=code, field=None, text={"zh": "某", "en": "x"})
        for code in ("value-form", "natural-person")
    ]
    world = replace(make_world(), record=replace(RECORD, problems=tuple(told)))
    found = world.verdict()
    assert [c.code for c in found.standing.checks if c.verdict] == ["value-form"]


def test_what_cannot_be_a_record_needs_no_chain_to_be_told() -> None:
    silent = replace(
        problem("natural-person")(make_world()), facts=Unread(code="no-node", problem="x")
    )
    found = silent.verdict()
    assert found.verdict == "undetermined"
    assert "natural-person" in [check.code for check in found.standing.checks]
    unanchored = replace(make_world(), facts=silent.facts)
    assert results(unanchored)["record"] == "not-run", "the day of the anchor is not known"


def test_fields_that_nobody_could_open_are_not_judged() -> None:
    """Problems stand for what is shown; where that does not hold, that is said."""
    world = problem("value-form")(make_world()).resent(
        presentation=make_world(fields={"NAME": "x", "CODE": SUBJECT}).receipt.presentation
    )
    assert world.verdict().verdict == "proof-mismatch"


def test_the_day_of_the_anchor_is_that_of_shanghai() -> None:
    """21:20 UTC is the next day there."""
    assert decided("2026-03-02").verdict().verdict == "valid"
    late = decided("2026-03-02").with_block(time=end_of(RECORD_DAY) - 1)
    assert "decided-after-anchor" in [check.code for check in late.verdict().standing.checks]


# ---- witnesses


def test_witnesses_are_named() -> None:
    found = cosigned(SECOND, WITNESS).verdict()
    assert found.as_dict()["witnesses"] == [SECOND, WITNESS]
    (check,) = (check for check in found.standing.checks if check.id == "witnesses")
    assert f"{SECOND}, {WITNESS}" in check.message["en"]
    assert results(make_world())["witnesses"] == "not-run"
    assert make_world().verdict().witnesses == []


def test_only_those_whose_cosignature_holds_are_named() -> None:
    found = other_line(cosigned(WITNESS, SECOND), signature=bytes(64)).verdict()
    assert (found.verdict, found.witnesses) == ("undetermined", [SECOND])


def test_a_witness_counts_once() -> None:
    world = cosigned()
    fact = world.chain.witnesses[WITNESS]
    line = world.receipt.checkpoint.witnesses[0]
    # The same cosignature again would be malformed; what matters is the number of members.
    head = replace(world.receipt.checkpoint, witnesses=(line, line))
    twice = replace(world, receipt=replace(world.receipt, checkpoint=head))
    assert twice.asking(witnesses=2).verdict().verdict == "undetermined"
    assert twice.with_facts(witnesses={WITNESS: fact}).verdict().witnesses == [WITNESS]


def test_as_of_a_witness_s_key_was_not_stolen_yet() -> None:
    world = with_witness(cosigned(), compromises=(Compromise(SAID, end_of(RECORD_DAY) + 86_400),))
    assert world.verdict().verdict == "undetermined"
    found = world.as_of("2026-03-02").verdict()
    assert (found.verdict, found.now.verdict) == ("valid", "undetermined")
    assert found.witnesses == [WITNESS]


def test_as_of_a_day_only_what_was_cosigned_by_then_counts() -> None:
    end = end_of(date(2026, 3, 2))
    for time, verdict in ((end, "undetermined"), (end - 1, "valid")):
        found = cosigned(time=time).as_of("2026-03-02").verdict()
        assert (found.verdict, found.now.verdict) == (verdict, "valid"), time


# ---- for whom


def test_a_binding_is_not_asked_for_where_there_is_none() -> None:
    assert results(make_world())["binding"] == "not-run"
    assert results(make_world(bound=True).asking(**MINE))["binding"] == "pass"


def test_the_worse_of_signature_and_audience_is_told() -> None:
    world = make_world(bound=True)
    keys = {id_: key for id_, key in world.chain.keys.items() if id_ != PRESENT_ID}
    unsigned = world.with_facts(keys=keys).asking(**{**MINE, "nonce": "n-2"})
    (check,) = (c for c in unsigned.verdict().standing.checks if c.id == "binding")
    assert check.code == "present-key-unknown"
    open_ = world.with_key(PRESENT_ID, final=False)
    (check,) = (c for c in open_.verdict().standing.checks if c.id == "binding")
    assert check.code == "audience-not-given"


# ---- what else the document says


def test_disputed_is_for_the_reader_to_weigh() -> None:
    status = StatusFacts(now=Status(flags=("DISPUTED",), version=1))
    found = make_world().with_facts(status=status).verdict()
    told = found.as_dict()
    assert (found.verdict, found.exit, told["usable"]) == ("disputed", 3, None)
    assert "weigh" in told["usableReason"]["en"] and "权衡" in told["usableReason"]["zh"]
    assert told["now"] == {"verdict": "disputed", "usable": None}


def test_a_reason_is_given_exactly_where_use_is_open() -> None:
    assert make_world().verdict().as_dict()["usableReason"] is None
    repaired = make_world().with_facts(owner=None).verdict().as_dict()
    assert (repaired["usable"], repaired["usableReason"]) == (False, None)
    bare = make_world(bare=True).verdict().as_dict()
    assert bare["usable"] is None and bare["usableReason"]["en"]


@pytest.mark.parametrize("key", [ANCHOR_ID, PRESENT_ID, NOTE_ID])
def test_an_issuer_that_lost_its_keys_once_is_told(key: KeyId) -> None:
    assert make_world().verdict().as_dict()["issuerRecovered"] is False
    found = make_world().with_key(key, recovered=True).verdict()
    assert (found.verdict, found.as_dict()["issuerRecovered"]) == ("valid", True)


def test_a_recovered_key_that_it_does_not_stand_on_is_not_told() -> None:
    world = make_world()
    other = replace(world.chain.keys[PRESENT_ID], key_id=KeyId(bytes(32)), recovered=True)
    keys = {**world.chain.keys, other.key_id: other}
    assert world.with_facts(keys=keys).verdict().issuer_recovered is False
    silent = replace(world, facts=Unread(code="no-node", problem="x")).verdict()
    assert (silent.issuer_recovered, silent.witnesses) == (None, [])
    assert world.with_facts(log=None).verdict().issuer_recovered is None


def test_a_role_is_that_of_its_span() -> None:
    found = make_world().chain.owner
    assert found is not None
    start = found.history[0].since
    assert [found.roles_at(start - 1), found.roles_at(start)] == [0, Role.PROVINCE]
