"""Judge evidence in worlds that differ from one in which all is well in one thing."""

import json
from typing import Any

import pytest

from tests.second import judge, promised, receipt
from tests.second.changes import (
    CLOSED,
    Change,
    judged,
    set_event,
    set_key,
    set_log,
    set_top,
    stolen,
)
from tests.second.codec import Json, canonical
from tests.second.making import (
    ANCHORED,
    FIELDS,
    HEAD,
    SHELF,
    START,
    Record,
    binding,
    promise,
    read_world,
    statement,
    statement_entry,
    world,
)
from tests.second.making import receipt as make_receipt
from tests.second.question import Question

SUBJECT = "91120118MAYKEU46XY"


def test_all_is_well() -> None:
    """Find a receipt valid in a world in which all is well."""
    assert judged() == ("valid", set())
    assert judged(ask={"subject": SUBJECT, "type": "penalty", "issuer": "120000"})[0] == "valid"


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        ({"subject": "91110105MARELG1L56"}, "subject-differs"),
        ({"type": "licence"}, "type-differs"),
        ({"type": "penalty@2"}, "type-differs"),
        ({"issuer": "130000"}, "issuer-not-asked"),
        ({"audience": "demo-bank"}, "binding-missing"),
    ],
)
def test_another_was_asked_for(ask: dict[str, Any], code: str) -> None:
    """Tell that it is not what was asked for."""
    assert judged(ask=ask) == ("other-subject", {code})


@pytest.mark.parametrize(
    ("change", "verdict", "code"),
    [
        (set_key(2, block=10), "not-final", "key-not-final"),
        (set_key(2, notBefore=HEAD + 1), "key-not-valid-at", "note-key-early"),
        (set_key(2, member="130000"), "unknown-issuer", "note-key-unknown"),
        (set_key(1, purpose=7), "unknown-issuer", "present-key-unknown"),
        (set_key(1, notAfter=HEAD - 1), "key-not-valid-at", "present-key-not-valid"),
        (stolen(1, HEAD), "key-disputed", "present-key-disputed"),
        (set_key(0, notAfter=ANCHORED - 1), "key-not-valid-at", "anchor-key-not-valid"),
        (stolen(0, ANCHORED), "key-disputed", "anchor-key-disputed"),
        (stolen(0, ANCHORED, block=10), "key-disputed", "anchor-key-disputed"),
        (set_key(0, compromisedSince=START), "key-disputed", "anchor-key-disputed"),
        (set_log(**CLOSED), "log-closed", "log-closed"),
        (set_log(suite=2), "undetermined", "version-unknown"),
        (set_top(logs=[]), "unknown-issuer", "log-unknown"),
        (set_top(roots=[]), "not-anchored", "root-not-anchored"),
        (set_top(anchors=[]), "undetermined", "anchor-event-missing"),
        (set_event(size=2), "anchor-moved", "not-first-anchor"),
        (set_event(block=6), "anchor-moved", "anchor-differs"),
        (set_top(final=4), "not-final", "anchor-not-final"),
        (set_top(unread="no-node"), "undetermined", "no-node"),
        (set_top(catalogue=[]), "out-of-catalogue", "type-not-in-force"),
    ],
)
def test_one_thing_is_wrong(change: Change, verdict: str, code: str) -> None:
    """Give the verdict of the table for each thing that can be wrong."""
    found, codes = judged(change=change)
    assert (found, code in codes) == (verdict, True)


@pytest.mark.parametrize(
    "change",
    [
        stolen(1, HEAD + 1),
        stolen(0, ANCHORED + 1),
        set_log(**{**CLOSED, "trustedSize": 3}),
        set_key(2, notAfter=START),
        set_top(final=5),
    ],
)
def test_what_is_just_in_time_is_well(change: Change) -> None:
    """Find nothing wrong one second, leaf or block beside it."""
    assert judged(change=change) == ("valid", set())


def eased(block: int) -> Change:
    """Say that the anchor's key was stolen, and later that it was not."""
    said = [
        {"since": START, "block": 2, "time": START},
        {"since": 0, "block": block, "time": HEAD - 50},
    ]
    return set_key(0, compromisedSince=0, compromises=said)


def test_easing_counts_once_final() -> None:
    """Believe that a key is not stolen after all once that is final."""
    assert judged(change=eased(9))[0] == "valid"
    assert judged(change=eased(10))[0] == "key-disputed"
    day = {"asOf": "2026-11-18"}
    assert judged(change=eased(9), ask=day)[0] == "key-disputed"


def test_anchors_of_a_contract_count_in_its_turn() -> None:
    """Look at the events of a contract only while it held the role."""

    def replaced(since: int) -> Change:
        def change(facts: dict[str, Any]) -> None:
            new = {"address": "0x" + "a1" * 20, "since": since}
            facts["contracts"]["LogAnchor"].append(new)

        return change

    assert judged(change=replaced(ANCHORED))[0] == "valid"
    assert judged(change=replaced(ANCHORED - 1))[0] == "undetermined"


def test_catalogue_serves_for_72_hours_more() -> None:
    """Take a version that counted within the 72 hours before the anchor, and no longer ago."""

    def until(end: int) -> Change:
        return lambda facts: facts["catalogue"][0].update(until=end)

    assert judged(change=until(ANCHORED - 72 * 3600 + 1))[0] == "valid"
    assert judged(change=until(ANCHORED - 72 * 3600))[0] == "out-of-catalogue"


def test_a_day_asked_about() -> None:
    """Judge by the day asked about, and tell when it was anchored later or lies ahead."""
    assert judged(ask={"asOf": "2026-11-18"})[0] == "valid"
    assert judged(ask={"asOf": "2026-11-17"}) == ("not-yet-anchored", {"anchored-later"})
    assert "as-of-in-future" in judged(ask={"asOf": "2026-11-21"})[1]


def test_binding() -> None:
    """Compare what a binding is for, and what it is over."""
    made = Record()
    bound = binding(made.presentation())
    ask = {"audience": "demo-bank", "nonce": "n-1"}
    assert judged(made, ask=ask, binding=bound)[0] == "valid"
    assert judged(made, ask={**ask, "nonce": "n-2"}, binding=bound)[0] == "other-subject"
    assert judged(made, binding=bound) == ("undetermined", {"audience-not-given"})
    assert judged(made, ask=ask, binding=binding("another~"))[0] == "proof-mismatch"


def changed(**fields: Any) -> Record:
    """Give a record with other fields; without those that are nothing."""
    both = {**FIELDS, **fields}
    return Record({name: value for name, value in both.items() if value is not None})


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (changed(CF_XDR_LB="自然人"), "natural-person"),
        (changed(CF_XDR_LB="别的"), "value-unknown"),
        (changed(CF_NR_FK="1.50"), "value-form"),
        (changed(CF_NR_FK="1234567890123"), "value-too-long"),
        (changed(CF_WSH="1.2E+10"), "value-form"),
        (changed(CF_WSH=" 1"), "value-form"),
        (changed(CF_XDR_SHXYM="00000000000000000X"), "value-form"),
        (changed(CF_CFLB=["其他-"]), "value-unknown"),
        (changed(CF_CFLB="罚款"), "value-kind"),
        (changed(CF_YXQ="2026-05-09"), "value-order"),
        (Record(until="2027-05-11"), "until-beyond-rules"),
        (Record(until=None), "until-beyond-rules"),
        (Record(decided="2026-11-19", until="2027-05-10"), "decided-after-anchor"),
    ],
)
def test_record_is_not_valid(made: Record, code: str) -> None:
    """Tell what is wrong with the values and days of a record."""
    if made.decided != FIELDS["CF_JDRQ"]:
        made.fields = {**made.fields, "CF_JDRQ": made.decided}
    found, codes = judged(made)
    assert (found, code in codes) == ("record-invalid", True)


def test_lawful_values_pass() -> None:
    """Take the lawful neighbours of what is refused."""
    own = changed(CF_CFLB=["其他-责令公开"], CF_NR_FK="123456789012.5", CF_YXQ="2026-05-10")
    assert judged(own)[0] == "valid"
    trader = changed(CF_XDR_LB="个体工商户", CF_XDR_SHXYM="00000000000000000X", CF_XDR_GSZC="1")
    assert judged(trader)[0] == "valid"
    assert judged(trader, hide="CF_XDR_GSZC")[0] == "anchored"


def test_until_agrees_with_what_is_shown() -> None:
    """Demand the day that an issuer comes to, where what it rests on is shown."""
    assert judged(Record(until="2027-05-09")) == ("proof-mismatch", {"values-disagree"})
    assert judged(Record(until="2027-05-09"), hide="CF_GSJZQ")[0] == "valid"
    early = Record(until="2026-08-09")
    assert judged(early, hide="CF_GSJZQ")[0] == "record-invalid"


def test_expiry() -> None:
    """Expire a record the day after `until`."""
    made = Record(decided="2025-11-17", until="2026-11-18", class_=None)
    made.fields = {**FIELDS, "CF_JDRQ": "2025-11-17", "CF_GSJZQ": "2026-11-18"}
    assert judged(made) == ("expired", {"expired"})
    assert judged(made, ask={"asOf": "2026-11-18"})[0] == "valid"


def test_hidden_subject() -> None:
    """Say no more than that it is anchored where nobody can see whom it is about."""
    assert judged(hide="CF_XDR_SHXYM") == ("anchored", {"subject-undisclosed"})


def test_witnesses() -> None:
    """Count the members that cosigned, and let nothing that can be cut off hide what is worse."""
    made = Record()
    found = receipt.read(make_receipt(made.entry, HEAD, presentation=made.presentation()))

    def verdict(change: Change, needed: int) -> str:
        facts = world(made.entry)
        change(facts)
        question = Question(witnesses=needed)
        return judge.judge_receipt(found, None, question, read_world(facts), SHELF)[0].verdict

    assert verdict(set_top(), 1) == "valid"
    assert verdict(set_top(), 2) == "undetermined"
    assert verdict(set_key(3, notAfter=HEAD - 1), 0) == "undetermined"
    assert verdict(set_log(**CLOSED), 2) == "log-closed"
    assert verdict(set_top(final=4), 2) == "undetermined"


def test_statement() -> None:
    """Judge a statement beside its receipt."""
    said = statement()
    entry = statement_entry(said)
    found = receipt.read(make_receipt(entry))
    facts = read_world(world(entry))

    def verdict(text: dict[str, Json], question: Question) -> str:
        read = receipt.read_statement(canonical(text))
        return judge.judge_receipt(found, read, question, facts, SHELF)[0].verdict

    assert verdict(said, Question()) == "valid"
    assert verdict(statement(at="2026-11-18T10:00:01Z"), Question()) == "proof-mismatch"
    assert verdict(said, Question(issuer="130000")) == "other-subject"
    assert verdict(said, Question(witnesses=1)) == "other-subject"
    assert judge.judge_receipt(found, None, Question(), facts, SHELF)[0].verdict == "anchored"


def opening(proof: dict[str, Json]) -> bytes:
    """Make an opening of the dummy statement."""
    return canonical({"_type": "credit-ledger/opening@1", "statement": statement(), **proof})


def test_openings() -> None:
    """Judge openings, anchored and promised."""
    entry = statement_entry(statement())
    facts = world(entry)

    def verdict(data: bytes, change: Change | None = None) -> str:
        again = json.loads(json.dumps(facts))
        if change:
            change(again)
        it = receipt.read_opening(data)
        return promised.judge_opening(it, Question(), read_world(again), SHELF)[0].verdict

    assert verdict(opening({"receipt": json.loads(make_receipt(entry))})) == "valid"
    held: Json = {"index": 0, "path": [], "promise": promise(entry)}
    data = opening({"entry": entry, "promise": held})
    assert verdict(data) == "undetermined"
    assert verdict(data, set_key(0, member="130000")) == "proof-mismatch"
    assert verdict(data, set_key(0, notAfter=HEAD - 1)) == "key-not-valid-at"
    assert verdict(data, stolen(0, HEAD)) == "key-disputed"
    assert verdict(data, set_top(logs=[])) == "unknown-issuer"
    signed = str(promise(entry)["signature"])
    for mark in ("00", "1b" if signed.endswith("1c") else "1c"):
        spoiled = {**promise(entry), "signature": signed[:-2] + mark}
        held = {"index": 0, "path": [], "promise": spoiled}
        assert verdict(opening({"entry": entry, "promise": held})) == "proof-mismatch"
    held = {"index": 1, "path": [], "promise": promise(entry)}
    assert verdict(opening({"entry": entry, "promise": held})) == "proof-mismatch"
