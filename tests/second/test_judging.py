"""Judge evidence in worlds that differ from one in which all is well in one thing."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.second import __main__ as line
from tests.second import acts, judge, promised, receipt, record
from tests.second.codec import Json, canonical
from tests.second.curves import record_id
from tests.second.making import (
    ANCHOR_ID,
    ANCHORED,
    FIELDS,
    HEAD,
    LIBRARY,
    LOG,
    REGISTRY,
    RULES,
    SCHEMA,
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
from tests.second.question import Question, of_object
from tests.second.verdicts import Findings

SUBJECT = "91120118MAYKEU46XY"
Change = Callable[[dict[str, Any]], None]


def judged(
    made: Record | None = None,
    change: Change | None = None,
    ask: dict[str, Any] | None = None,
    hide: str = "",
    **more: Any,
) -> tuple[str, set[str]]:
    """Judge a receipt that shows a record in a world; give the verdict and all codes."""
    made = made or Record()
    facts = world(made.entry)
    if change:
        change(facts)
    data = make_receipt(made.entry, presentation=made.presentation(hide), **more)
    found = receipt.read(data)
    seen = record.view(found.entry, found.presentation, LIBRARY)
    question = of_object(ask or {})
    one = judge.Judge(found, None, question, read_world(facts), seen, Findings())
    return one.verdict(), set(one.found.codes)


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


def set_key(number: int, **values: Any) -> Change:
    """Change one key: 0 ANCHOR, 1 PRESENT, 2 NOTE, 3 WITNESS."""
    return lambda facts: facts["keys"][number].update(values)


def stolen(number: int, since: int, block: int = 6, state: bool = True) -> Change:
    """Say that a key is stolen."""
    said = [{"since": since, "block": block, "time": HEAD - 50}]
    return set_key(number, compromisedSince=since if state else 0, compromises=said)


def set_top(**values: Any) -> Change:
    """Change members of the facts."""
    return lambda facts: facts.update(values)


def set_log(**values: Any) -> Change:
    """Change the log."""
    return lambda facts: facts["logs"][0].update(values)


def set_event(**values: Any) -> Change:
    """Change the event of the anchor."""
    return lambda facts: facts["anchors"][0].update(values)


CLOSED = {"status": 2, "trustedSize": 2, "closedAt": HEAD - 10}


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
        return judge.judge_receipt(found, None, question, read_world(facts), LIBRARY)[0]

    assert verdict(set_top(), 1) == "valid"
    assert verdict(set_top(), 2) == "undetermined"
    assert verdict(set_key(3, notAfter=HEAD - 1), 0) == "undetermined"
    assert verdict(set_log(**CLOSED), 2) == "log-closed"
    assert verdict(set_top(final=4), 2) == "undetermined"


def act(block: int, action: int, member: str = "120000", **more: Any) -> dict[str, Any]:
    """Make an act on the record, by the owner's ANCHOR key, which serves as well as any."""
    entry = Record().entry
    found = {
        "contract": REGISTRY,
        "recordId": record_id(LOG, str(entry["commitment"])),
        "block": block,
        "time": HEAD - 1000 + block,
        "prevBlock": 0,
        "member": member,
        "signedBy": ANCHOR_ID if member else "00" * 32,
        "log": LOG,
        "commitment": entry["commitment"],
        "action": action,
        "expectedVersion": 0,
        "basis": 8,
        "doc": "ee" * 32,
        "otherLog": "00" * 32,
        "otherCommitment": "00" * 32,
        "effectiveAt": HEAD - 5000,
        "refiledFrom": 0,
    }
    return {**found, **more}


def after(*done: dict[str, Any]) -> Change:
    """Let acts have been recorded, with the state that they fold to."""

    def change(facts: dict[str, Any]) -> None:
        previous = 0
        for one in done:
            one["prevBlock"], previous = previous, one["block"]
        facts["acts"] = list(done)
        folded = acts.Folded()
        for event in read_world(facts).acts:
            folded.take(event)
        state = {"word": f"{folded.word:064x}", "history": folded.history, "other": folded.other}
        record = {"contract": REGISTRY, "recordId": done[0]["recordId"]}
        facts["states"] = [{**record, **state}]

    return change


def both(*changes: Change) -> Change:
    """Make several changes."""

    def change(facts: dict[str, Any]) -> None:
        for one in changes:
            one(facts)

    return change


@pytest.mark.parametrize(
    ("actions", "verdict"),
    [
        ((1,), "disputed"),
        ((1, 2), "valid"),
        ((3,), "shielded"),
        ((3, 4), "valid"),
        ((5,), "repaired"),
        ((5, 6), "valid"),
        ((8,), "withdrawn"),
        ((9, 1, 8), "erased"),
        ((10,), "ended"),
        ((8, 11), "disputed"),
    ],
)
def test_status(actions: tuple[int, ...], verdict: str) -> None:
    """Fold what was done to a record, all of it final."""
    done = [act(6, 0) | {"block": 4 + n, "action": a} for n, a in enumerate(actions)]
    assert judged(change=after(*done))[0] == verdict


def test_favours_count_once_final() -> None:
    """Keep a flag until what takes it back is final."""
    assert judged(change=after(act(5, 1), act(9, 2)))[0] == "valid"
    assert judged(change=after(act(5, 1), act(10, 2)))[0] == "disputed"


def test_acts_in_doubt() -> None:
    """Believe no act of a key that is stolen, and count the record as disputed instead."""
    theft = stolen(0, ANCHORED + 1)
    assert judged(change=both(theft, after(act(5, 8))))[0] == "disputed"
    undone = after(act(5, 8), act(6, 12, "", basis=0))
    assert judged(change=both(theft, undone))[0] == "disputed"
    kept = after(act(5, 5, signedBy="cc" * 32), act(6, 6), act(7, 12, "", basis=0))
    assert judged(change=both(theft, kept))[0] == "repaired"


def test_acts_must_fold_to_the_state() -> None:
    """Conclude nothing where acts do not give the state."""

    def lost(facts: dict[str, Any]) -> None:
        facts["acts"].pop(0)

    def loop(facts: dict[str, Any]) -> None:
        facts["acts"][0]["prevBlock"] = 6

    for broken in (lost, loop):
        change = both(after(act(5, 1), act(6, 2)), broken)
        assert judged(change=change)[0] == "undetermined"


def test_statement() -> None:
    """Judge a statement beside its receipt."""
    said = statement()
    entry = statement_entry(said)
    found = receipt.read(make_receipt(entry))
    facts = read_world(world(entry))

    def verdict(text: dict[str, Json], question: Question) -> str:
        read = receipt.read_statement(canonical(text))
        return judge.judge_receipt(found, read, question, facts, LIBRARY)[0]

    assert verdict(said, Question()) == "valid"
    assert verdict(statement(at="2026-11-18T10:00:01Z"), Question()) == "proof-mismatch"
    assert verdict(said, Question(issuer="130000")) == "other-subject"
    assert verdict(said, Question(witnesses=1)) == "other-subject"
    assert judge.judge_receipt(found, None, Question(), facts, LIBRARY)[0] == "anchored"


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
        return promised.judge_opening(it, Question(), read_world(again), LIBRARY)[0]

    assert verdict(opening({"receipt": json.loads(make_receipt(entry))})) == "valid"
    held: Json = {"index": 0, "path": [], "promise": promise(entry)}
    data = opening({"entry": entry, "promise": held})
    assert verdict(data) == "undetermined"
    assert verdict(data, set_key(0, member="130000")) == "proof-mismatch"
    assert verdict(data, set_key(0, notAfter=HEAD - 1)) == "key-not-valid-at"
    assert verdict(data, stolen(0, HEAD)) == "key-disputed"
    assert verdict(data, set_top(logs=[])) == "unknown-issuer"
    held = {"index": 1, "path": [], "promise": promise(entry)}
    assert verdict(opening({"entry": entry, "promise": held})) == "proof-mismatch"


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """Write a small suite: one receipt, its facts, and the library."""
    made = Record()
    (tmp_path / "library").mkdir()
    (tmp_path / "library/penalty.json").write_bytes(SCHEMA)
    (tmp_path / "library/publicity.json").write_bytes(RULES)
    (tmp_path / "a.receipt").write_bytes(make_receipt(made.entry, presentation=made.presentation()))
    (tmp_path / "world.json").write_text(json.dumps(world(made.entry)))
    (tmp_path / "moved.json").write_text(
        json.dumps({"base": "world.json", "network": {"reference": "x", "formerly": []}})
    )
    return tmp_path


def answers(suite: Path, lines: list[bytes], monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Give the answers to some lines."""
    monkeypatch.setenv("CONFORMANCE_SUITE", str(suite))
    target = io.StringIO()
    line.serve(io.BytesIO(b"".join(lines)), target)
    return [json.loads(text) for text in target.getvalue().splitlines()]


def case(suite: Path, name: str, **more: Any) -> bytes:
    """Write one case as a line."""
    found = {"case": name, "kind": "receipt", "file": str(suite / "a.receipt")}
    return json.dumps({**found, "facts": str(suite / "world.json"), **more}).encode() + b"\n"


def test_lines(suite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer each line in order, whatever it holds."""
    lines = [
        case(suite, "a/valid"),
        case(suite, "a/day", question={"asOf": "2026-11-17"}),
        case(suite, "a/moved", facts=str(suite / "moved.json")),
        case(suite, "a/no-facts", facts=None),
        case(suite, "a/no-kind", kind="unheard-of"),
        case(suite, "a/no-file", file=str(suite / "nothing")),
        b"not JSON\n",
        b"[" * 70_000 + b"\n",
        b"[" * 60_000 + b"\n",
        case(suite, "a/statement", kind="statement", statement=str(suite / "a.receipt")),
    ]
    found = answers(suite, lines, monkeypatch)
    assert [(one["case"], one["verdict"]) for one in found] == [
        ("a/valid", "valid"),
        ("a/day", "not-yet-anchored"),
        ("a/moved", "other-network"),
        ("a/no-facts", "undetermined"),
        ("a/no-kind", None),
        ("a/no-file", "undetermined"),
        (None, None),
        (None, None),
        (None, None),
        ("a/statement", "malformed"),
    ]
    assert found[1]["now"] == "valid"
    assert "now" not in found[0]


def test_hostile_files(suite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Live through files that are deep, long, cut short or no text."""
    whole = (suite / "a.receipt").read_bytes()
    deep = b"[" * 300_000
    files = [
        deep,
        b'{"_type":"credit-ledger/receipt@2","a":' + deep + b"]" * 300_000 + b"}",
        b'{"a":' + deep + b"]" * 300_000 + b',"_type":"credit-ledger/receipt@2"}',
        whole[:-100],
        b"\xff" * 1000,
        b'"\\' * 200_000,
        b"",
        whole.replace(b'"index":0', b'"index":' + b"9" * 100_000),
    ]
    lines = []
    for number, data in enumerate(files):
        (suite / f"{number}.receipt").write_bytes(data)
        for kind in ("receipt", "opening", "request"):
            lines.append(case(suite, f"{number}", file=str(suite / f"{number}.receipt"), kind=kind))
    found = [one["verdict"] for one in answers(suite, lines, monkeypatch)]
    newer, old, nothing = "undetermined", "malformed", "signature-missing"
    expected = [old, newer, newer, old, old, old, old, old]
    assert found[0::3] == found[1::3] == expected
    assert set(found[2::3]) == {nothing}
