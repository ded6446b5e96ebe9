"""Cases replayed from openings: the report, and each thing that can be wrong, planted on a real
chain; the clean twin of each is the story it was planted in."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from ledger.audit.opening_files import NotOpenings
from ledger.audit.replay import Report
from ledger.audit.state import Log, Member
from ledger.audit.tiles import Fetch
from ledger.cli.replay_tables import show_report
from ledger.core.canonical import hex32
from ledger.core.keys import Purpose
from ledger.core.merkle import leaf_hash
from ledger.core.statement import dummy
from ledger.core.status import Action, Basis
from ledger.core.tiles import encode_bundle
from ledger.records.calendar import Calendar
from tests.audit.conftest import Ledger
from tests.audit.desk import DAY, HOUR, WEEKDAYS, Desk, objected, record_of, repaired, this_month
from tests.audit.test_replay import codes
from tests.core.statements import query_of
from tests.support.cases import act_by_vote, make_act, midnight
from tests.support.ledger import MemberLog, make_record
from tests.support.votes import close_log, compromise

BEIJING, TIANJIN = "110000", "120000"
LATER = 73 * HOUR


class _Unknown(Calendar):
    """Knows no year."""

    def is_working_day(self, day: date) -> bool | None:
        return None


@pytest.fixture
def desk(ledger: Ledger, tmp_path: Path) -> Desk:
    return Desk(ledger, tmp_path)


def only(report: Report) -> dict[str, Any]:
    """The one finding there is."""
    [found] = report.document["findings"]
    assert isinstance(found, dict)
    return found


def closed(desk: Desk, *, after: int = LATER, **more: Any) -> Report:
    """The report once everything is batched."""
    for member in list(desk.waiting):
        desk.batch(member)
    return desk.report(after=after, **more)


# ---- clean


def test_every_case_is_rebuilt(desk: Desk) -> None:
    """A repair, an objection that is upheld, one that is dismissed, and a decision of the owner."""
    repaired(desk, 0)
    first = objected(desk, 1)
    desk.act(Action.DISPUTE, first, 1, basis=Basis.SUBJECT_REQUEST)
    upheld = desk.step(TIANJIN, "uphold", first, basis=7, docs=(desk.doc(),))
    desk.act(Action.WITHDRAW, upheld, 1)
    desk.act(Action.SETTLE, upheld, 1, basis=Basis.OBJECTION_UPHELD)
    second = objected(desk, 2)
    desk.act(Action.DISPUTE, second, 2, basis=Basis.SUBJECT_REQUEST)
    dismissed = desk.step(TIANJIN, "dismiss", second)
    desk.act(Action.SETTLE, dismissed, 2, basis=Basis.ISSUER_CHECK)
    shield = desk.step(TIANJIN, "shield", record_of(desk.ledger.tianjin, 2), basis=5)
    desk.act(Action.SHIELD, shield, 2)
    report = closed(desk)
    assert (codes(report.document), report.exit) == ([], 0)
    assert report.document["statements"] == {"entries": 16, "opened": 16}
    told = report.document["cases"]
    assert sorted((one["kind"], one["state"]) for one in told) == [
        ("objection", "dismissed"),
        ("objection", "upheld"),
        ("own", "decided"),
        ("repair", "granted"),
    ]
    [repair] = [one for one in told if one["kind"] == "repair"]
    assert [step["act"] for step in repair["steps"]] == ["file-repair", "accept", "grant"]
    assert repair["record"] == hex32(record_of(desk.ledger.tianjin, 0))
    assert (repair["owner"], repair["filer"], repair["broken"]) == (TIANJIN, TIANJIN, "")
    assert repair["steps"][2]["basis"] == 1
    assert repair["steps"][2]["class"] == "general"


def test_without_openings_the_report_is_what_it_was(desk: Desk) -> None:
    repaired(desk)
    desk.batch(TIANJIN)
    report = desk.ledger.replay()
    assert {"cases", "statements"}.isdisjoint(report.document)


def test_single_files_accuse_nobody_of_what_they_do_not_hold(desk: Desk) -> None:
    """An auditor that was handed two openings knows nothing of the other statements."""
    filed, _, _ = repaired(desk)
    objection = objected(desk, 1)
    desk.act(Action.DISPUTE, objection, 1)
    result = desk.step(TIANJIN, "national-result", objection)
    dismissed = desk.step(TIANJIN, "dismiss", result)
    desk.act(Action.SETTLE, dismissed, 1)
    unmarked = objected(desk, 2)
    desk.batch(TIANJIN)
    held = [desk.promised(one) for one in (filed, objection, result, unmarked)]
    report = desk.report(*desk.keep(*held), after=60 * DAY)
    assert codes(report.document) == []
    assert report.document["statements"] == {"entries": 16, "opened": 4}
    assert sorted((one["state"], len(one["steps"])) for one in report.document["cases"]) == [
        ("filed", 1),
        ("filed", 1),
        ("filed", 2),
    ]


def test_a_member_that_answers_with_nonsense_stops_no_audit(desk: Desk) -> None:
    said = desk.say(TIANJIN, sort="query", members=query_of())
    desk.batch(TIANJIN)
    folder = desk.answers()
    [path] = (folder / hex32(desk.ledger.tianjin.log_id)).iterdir()
    value = orjson.loads(path.read_bytes())
    value["openings"][0] = {"_type": 1.5}
    path.write_bytes(orjson.dumps(value))
    report = desk.report(folder)
    assert sorted(codes(report.document)) == ["opening-false", "statement-unopened"]
    assert said.log == desk.ledger.tianjin.log_id


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_person_sees_how_many_cases_are_how(
    desk: Desk, language: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDIT_LEDGER_LANG", language)
    monkeypatch.setenv("COLUMNS", "200")
    show_report(desk.ledger.replay().document)
    assert "案件" not in (empty := capsys.readouterr().out)
    assert "Cases" not in empty
    repaired(desk)
    desk.act(Action.DISPUTE, objected(desk, 1), 1)
    show_report(closed(desk, after=0).document)
    told = capsys.readouterr().out
    assert ("16／16" if language == "zh" else "16 of 16") in told
    assert ("2: 已提出 1, 准予修复 1" if language == "zh" else "2: filed 1, granted 1") in told


# ---- statements


def test_a_statement_that_cannot_be_opened(desk: Desk) -> None:
    said = desk.say(TIANJIN, sort="query", members=query_of())
    desk.unanswered.add(said.commitment)
    found = only(closed(desk))
    assert (found["code"], found["member"]) == ("statement-unopened", TIANJIN)
    index = desk.ledger.tianjin.entries.index(said.entry())
    assert found["where"] == f"log/{desk.ledger.tianjin.log_id.hex()}/entry/{index}"


def test_a_statement_in_the_name_of_another(desk: Desk) -> None:
    said = desk.say(BEIJING, desk.ledger.tianjin.log_id, sort="query", members=query_of())
    desk.batch(TIANJIN)
    opening = desk.promised(said)
    found = only(desk.report(*desk.keep(opening)))
    assert (found["code"], found["member"]) == ("statement-not-the-owner", TIANJIN)
    assert found["evidence"] == {"iss": BEIJING}


def test_a_statement_that_was_anchored_late(desk: Desk) -> None:
    desk.say(TIANJIN, sort="query", members=query_of())
    desk.wait(LATER)
    found = closed(desk, after=0).document["findings"]
    assert [(one["code"], one["member"]) for one in found] == [
        ("query-after-promise", TIANJIN),  # of a query its promise, too
        ("statement-late", TIANJIN),
    ]


def test_a_batch_that_was_not_filled_up(desk: Desk) -> None:
    for _ in range(15):
        desk.say(TIANJIN, sort="query", members=query_of())
    desk.batch(TIANJIN, fill=False)
    desk.put(TIANJIN, make_record(desk.ledger.tianjin, decided=date(2025, 10, 12)))
    found = only(desk.report())
    assert (found["code"], found["evidence"]) == ("batch-not-filled", {"count": 15})


def test_the_end_of_a_log_may_lie_within_a_batch_for_a_while(desk: Desk) -> None:
    for _ in range(15):
        desk.say(TIANJIN, sort="query", members=query_of())
    desk.batch(TIANJIN, fill=False)
    assert codes(desk.report().document) == []
    assert codes(desk.report(after=LATER).document) == ["batch-not-filled"]


@pytest.mark.parametrize("days", [0, 1])
def test_two_batches_in_one_day(desk: Desk, days: int) -> None:
    """On two days they are two batches, as they should be."""
    beginning = (desk.now + 8 * HOUR) // DAY * DAY - 8 * HOUR + 2 * DAY - HOUR  # 23:00
    desk.wait(beginning + HOUR - desk.now)
    desk.batch(TIANJIN)
    desk.put(TIANJIN, make_record(desk.ledger.tianjin, decided=date(2025, 10, 12)))
    desk.wait(HOUR + days * DAY)
    desk.batch(TIANJIN)
    report = desk.report()
    assert codes(report.document) == ([] if days else ["batch-out-of-time"])


# ---- promises and receipts


def test_a_promise_that_was_not_kept(desk: Desk) -> None:
    said = desk.say(TIANJIN, sort="query", members=query_of())
    path = desk.keep(desk.promised(said))
    assert codes(desk.report(*path).document) == []
    found = desk.report(*path, after=LATER).document["findings"]
    assert [(one["code"], one["member"]) for one in found] == [
        ("answer-without-query", TIANJIN),  # as it is one
        ("promise-broken", TIANJIN),
    ]


def test_a_promise_by_a_stolen_key_is_nobodys(desk: Desk) -> None:
    """Whoever stole it promises what they like; what was promised before binds its member."""
    network = desk.ledger.network
    before = desk.say(TIANJIN, sort="query", members=query_of())
    desk.wait(HOUR)
    since = desk.now
    thiefs = desk.say(TIANJIN, sort="query", members=query_of(), at=since)
    desk.waiting.clear()
    paths = desk.keep(desk.promised(before), desk.promised(thiefs))
    compromise(network, network.keys[TIANJIN, Purpose.ANCHOR].key_id, since)
    report = desk.report(*paths, after=LATER)
    told = [
        (one["code"], one["member"], one["where"].removeprefix("opening/"))
        for one in report.document["findings"]
        if one["code"] in ("promise-broken", "opening-unproven")
    ]
    assert told == [
        ("opening-unproven", "", thiefs.commitment.hex()),
        ("promise-broken", TIANJIN, before.commitment.hex()),
    ]
    [kept] = [one for one in report.document["service"] if one["member"] == TIANJIN]
    assert kept["promises"]["broken"] == 1


@pytest.mark.parametrize("late", [False, True])
def test_a_promise_of_more_than_three_days(desk: Desk, late: bool) -> None:
    """Counted from when the statement was made."""
    said = desk.say(TIANJIN, sort="query", members=query_of())
    desk.batch(TIANJIN)
    opening = desk.promised(said, issued=said.at + late)
    report = desk.report(*desk.keep(opening))
    assert codes(report.document) == (["promise-too-long"] if late else [])


def test_a_promise_whose_own_term_is_too_long(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """No reader of ours takes it; that the member signed it is a finding all the same."""
    said = desk.say(TIANJIN, sort="query", members=query_of())
    desk.batch(TIANJIN)
    with monkeypatch.context() as patch:
        patch.setattr("ledger.core.promise.MAX_PROMISE", 10 * DAY)
        opening = desk.promised(said, due=said.at + 4 * DAY)
        paths = desk.keep(opening)
        forged = desk.promised(said, due=said.at + 4 * DAY, signer=desk.ledger.network.payer)
    found = only(desk.report(*paths))
    assert (found["code"], found["member"]) == ("promise-too-long", TIANJIN)
    paths[0].write_bytes(forged.encode())
    assert (only(desk.report(*paths))["code"], found["severity"]) == ("opening-false", "error")


def test_an_opening_that_anybody_could_have_written(desk: Desk) -> None:
    said = desk.say(TIANJIN, sort="query", members=query_of())
    forged = desk.promised(said, signer=desk.ledger.network.payer)
    found = only(desk.report(*desk.keep(forged)))
    assert (found["code"], found["member"], found["severity"]) == (
        "opening-unproven",
        "",
        "warning",
    )


@pytest.mark.parametrize("false", [False, True])
def test_a_witness_that_did_not_sign(desk: Desk, false: bool) -> None:
    log = desk.ledger.tianjin
    said = desk.say(TIANJIN, sort="query", members=query_of())
    desk.batch(TIANJIN)
    signer = log.key(Purpose.NOTE) if false else None
    checkpoint = log.cosigned(len(log.entries), BEIJING, signer=signer)
    report = desk.report(*desk.keep(desk.anchored(said, checkpoint)))
    assert codes(report.document) == (["witness-line-false"] if false else [])
    if false:
        assert only(report)["evidence"] == {"witness": BEIJING}


# ---- cases


def test_a_case_about_nothing(desk: Desk) -> None:
    desk.step(TIANJIN, "file-repair", bytes(range(32)))
    found = only(closed(desk))
    assert (found["code"], found["member"]) == ("case-on-nothing", TIANJIN)


def test_steps_that_are_no_case(desk: Desk) -> None:
    filed = objected(desk)
    desk.act(Action.DISPUTE, filed, 0)
    desk.step(TIANJIN, "grant", filed, basis=1, class_="general")
    report = closed(desk)
    found = only(report)
    assert (found["code"], found["evidence"]["why"]) == ("case-broken", "cannot-follow")
    [case] = report.document["cases"]
    assert (case["state"], case["broken"]) == ("filed", "cannot-follow")


def test_a_step_whose_one_before_nobody_opened(desk: Desk) -> None:
    filed = objected(desk)
    desk.act(Action.DISPUTE, filed, 0)
    lost = desk.step(TIANJIN, "accept", filed)
    desk.step(TIANJIN, "dismiss", lost)
    desk.unanswered.add(lost.commitment)
    assert sorted(codes(closed(desk).document)) == ["case-broken", "statement-unopened"]


def test_a_step_by_another_than_its_author(desk: Desk) -> None:
    filed = objected(desk)
    desk.act(Action.DISPUTE, filed, 0)
    desk.step(BEIJING, "accept", filed)
    found = only(closed(desk))
    assert (found["code"], found["member"]) == ("step-not-the-author", BEIJING)


def test_of_two_steps_with_one_before_the_owner_s_counts(desk: Desk) -> None:
    filed = objected(desk, by=BEIJING)
    desk.act(Action.DISPUTE, filed, 0)
    desk.step(BEIJING, "withdraw-filing", filed)
    desk.step(TIANJIN, "accept", filed)
    report = closed(desk)
    assert codes(report.document) == []
    [case] = report.document["cases"]
    assert (case["state"], case["aside"]) == ("accepted", 1)


@pytest.mark.parametrize("same", [False, True])
def test_one_person_that_files_and_decides(desk: Desk, same: bool) -> None:
    repaired(desk, role="unit-1:file-repair" if same else "unit-1:another")
    report = closed(desk)
    assert codes(report.document) == (["same-person"] if same else [])
    assert report.exit == 0, "one officer may file and propose: who released is to be asked for"


# ---- acts and steps


@pytest.mark.parametrize("covered", [True, False])
def test_an_act_without_its_step(desk: Desk, covered: bool) -> None:
    """Where nobody was asked for the openings of the log, nobody is accused."""
    said = desk.say(TIANJIN, sort="query", members=query_of())
    other = desk.step(TIANJIN, "shield", record_of(desk.ledger.tianjin, 0), basis=5)
    desk.made.remove(other)
    desk.waiting[TIANJIN].remove(other)
    desk.act(Action.SHIELD, other, 0)
    if covered:
        assert only(closed(desk))["code"] == "act-without-step"
    else:
        desk.batch(TIANJIN)
        assert codes(desk.report(*desk.keep(desk.promised(said)), after=LATER).document) == []


def test_an_act_whose_step_came_after_three_days(desk: Desk) -> None:
    late = desk.step(
        TIANJIN, "shield", record_of(desk.ledger.tianjin, 0), basis=5, at=desk.now + LATER + HOUR
    )
    desk.act(Action.SHIELD, late, 0)
    desk.wait(LATER + 2 * HOUR)
    found = only(closed(desk))
    assert found["code"] == "act-without-step"
    assert found["evidence"]["step"]


@pytest.mark.parametrize("what", ["action", "basis", "day"])
def test_an_act_that_is_not_what_its_step_says(desk: Desk, what: str) -> None:
    step = desk.step(TIANJIN, "shield", record_of(desk.ledger.tianjin, 0), basis=5)
    if what == "action":
        desk.act(Action.SHIELD, step, 0)
        desk.act(Action.REPAIR, step, 0)
    elif what == "basis":
        step = desk.step(TIANJIN, "end", record_of(desk.ledger.tianjin, 1), basis=11)
        desk.made.pop(-2)
        desk.waiting[TIANJIN].pop(0)
        desk.act(Action.END, step, 1, basis=Basis.OTHER_LAW)
    else:
        desk.act(Action.SHIELD, step, 0, effective_at=midnight(desk.now, -1))
    found = only(closed(desk))
    assert (found["code"], found["evidence"]["what"]) == ("act-differs-from-step", what)


def test_a_step_without_its_act(desk: Desk) -> None:
    desk.step(TIANJIN, "shield", record_of(desk.ledger.tianjin, 0), basis=5)
    desk.batch(TIANJIN)
    assert codes(desk.report().document) == []
    found = only(desk.report(after=LATER))
    assert (found["code"], found["evidence"]) == ("step-without-act", {"act": "shield"})


# ---- objections


@pytest.mark.parametrize("marked", [True, False])
def test_an_objection_that_marks_nothing(desk: Desk, marked: bool) -> None:
    filed = objected(desk)
    if marked:
        desk.act(Action.DISPUTE, filed, 0)
    report = closed(desk)
    assert codes(report.document) == ([] if marked else ["objection-unmarked"])


def test_the_twenty_first_objection_of_a_filer_marks_nothing(desk: Desk) -> None:
    for index in range(20):
        of = desk.put(TIANJIN, make_record(desk.ledger.tianjin, decided=date(2025, 10, 12)))
        filed = objected(desk, of, at=desk.now + index)
        desk.act(Action.DISPUTE, filed, of)
    desk.wait(HOUR)
    objected(desk, 0)
    assert codes(closed(desk).document) == []


def test_an_objection_again_marks_nothing(desk: Desk) -> None:
    first = objected(desk)
    desk.act(Action.DISPUTE, first, 0)
    dismissed = desk.step(TIANJIN, "dismiss", first)
    desk.act(Action.SETTLE, dismissed, 0)
    desk.wait(HOUR)
    objected(desk)
    assert codes(closed(desk).document) == []


def test_an_objection_that_marks_nothing_keeps_no_mark(desk: Desk) -> None:
    """What is filed again behind a dismissal may be open while the mark of another goes."""
    for number in range(3):
        filed = objected(desk)
        if number != 1:
            desk.act(Action.DISPUTE, filed, 0)
            desk.act(Action.SETTLE, desk.step(TIANJIN, "dismiss", filed), 0)
        desk.batch(TIANJIN)
        desk.wait(LATER if number == 1 else HOUR)
    assert codes(desk.report(after=LATER).document) == []


def test_a_mark_that_goes_before_the_objection_ends(desk: Desk) -> None:
    first = objected(desk)
    desk.act(Action.DISPUTE, first, 0)
    open_ = objected(desk)
    desk.step(TIANJIN, "accept", open_)
    dismissed, day = desk.step(TIANJIN, "dismiss", first), midnight(desk.now)
    desk.wait(HOUR)  # perhaps into the next day
    desk.act(Action.SETTLE, dismissed, 0, effective_at=day)
    found = only(closed(desk))
    assert (found["code"], found["evidence"]["why"]) == ("settle-before-outcome", "open")


def test_a_mark_that_goes_before_the_outcome(desk: Desk) -> None:
    filed = objected(desk)
    desk.act(Action.DISPUTE, filed, 0)
    upheld = desk.step(TIANJIN, "uphold", filed, basis=7)
    desk.act(Action.SETTLE, upheld, 0)
    desk.act(Action.WITHDRAW, upheld, 0)
    found = only(closed(desk))
    assert (found["code"], found["evidence"]["why"]) == ("settle-before-outcome", "outcome")


@pytest.mark.parametrize("answered", [True, False])
def test_a_vote_that_marks_what_was_answered(desk: Desk, answered: bool) -> None:
    """A vote stands in for an owner that said nothing for 72 hours, which is what is wrong then."""
    log = desk.ledger.tianjin
    filed = objected(desk, by=BEIJING)
    if answered:
        desk.step(TIANJIN, "accept", filed)
    for member in list(desk.waiting):
        desk.batch(member)
    desk.wait(HOUR if answered else LATER)
    commitment = log.records[0].commitment.digest
    done = make_act(log.network, Action.DISPUTE, log.log_id, commitment)
    act_by_vote(log.network, replace(done, basis=Basis.OBJECTION_UPHELD))
    report = desk.report(after=LATER)
    assert codes(report.document) == ["vote-despite-answer" if answered else "objection-unmarked"]


# ---- clocks


def test_a_case_that_takes_too_long(desk: Desk) -> None:
    """Twenty days for the answer to an objection."""
    filed = objected(desk)
    desk.act(Action.DISPUTE, filed, 0)
    desk.batch(TIANJIN)
    assert codes(desk.report(after=20 * DAY).document) == []
    found = only(desk.report(after=2 * DAY))
    assert (found["code"], found["evidence"]["stage"]) == ("stage-overdue", "objection-answer")


@pytest.mark.parametrize("known", [True, False])
def test_a_repair_that_nobody_accepts(desk: Desk, known: bool) -> None:
    """Nobody is late in a year whose working days are not known."""
    desk.step(TIANJIN, "file-repair", record_of(desk.ledger.tianjin, 0))
    desk.batch(TIANJIN)
    calendar = WEEKDAYS if known else _Unknown()
    report = desk.report(after=40 * DAY, calendar=calendar)
    assert codes(report.document) == (["stage-overdue"] if known else [])
    (stage,) = report.document["stages"]
    assert (stage["member"], stage["stage"]) == (TIANJIN, "repair-accept")
    assert (stage["ended"], stage["running"]) == (0, 1)
    assert (stage["late"], stage["untold"]) == ((1, 0) if known else (0, 1))
    days, limit = stage["longest"]["days"], stage["longest"]["limit"]
    assert 38 <= days == stage["mean"] <= 40
    assert 0 < limit < days if known else limit == 0


@pytest.mark.parametrize("late", [True, False])
def test_a_national_result_that_the_owner_does_not_record(desk: Desk, late: bool) -> None:
    filed = objected(desk)
    desk.act(Action.DISPUTE, filed, 0)
    result = desk.step(TIANJIN, "national-result", filed, national_no="XY2026-7")
    if not late:
        desk.step(TIANJIN, "unconfirmed", result)
    report = closed(desk, after=10 * DAY)
    assert codes(report.document) == (["national-result-late"] if late else [])


def test_a_repair_without_its_class(desk: Desk) -> None:
    repaired(desk, class_=None)
    assert only(closed(desk))["code"] == "repair-without-class"


@pytest.mark.parametrize("class_", ["minor", "severe"])
def test_a_repair_before_the_minimum(desk: Desk, class_: str) -> None:
    """Of a record of this month; what is minor has none."""
    log = desk.ledger.tianjin
    index = desk.put(TIANJIN, make_record(log, decided=this_month(desk)))
    repaired(desk, index, class_=class_)
    report = closed(desk)
    if class_ == "minor":
        assert codes(report.document) == []
        return
    found = only(report)
    assert (found["code"], found["member"]) == ("repair-before-minimum", TIANJIN)
    assert found["evidence"]["day"] < found["evidence"]["possible"]


# ---- mirrors


def copied(desk: Desk, copy: MemberLog) -> Report:
    """The report where Beijing serves this copy of Tianjin's log."""

    def mirror_for(member: Member, log: Log) -> Fetch | None:
        return copy.fetch if (member.code, log.member) == (BEIJING, TIANJIN) else None

    return desk.ledger.replay(check_mirrors=True, mirror_for=mirror_for)


def test_a_mirror_that_serves_the_log(desk: Desk) -> None:
    log = desk.ledger.tianjin
    copy = replace(log, served={"checkpoint": log.cosigned(3, BEIJING).encode()})
    report = copied(desk, copy).document
    assert codes(report) == []
    assert mirror(report, log) == {"copy": "same", "size": 3}
    none = copied(desk, replace(log, served={"checkpoint": None})).document
    assert codes(none) == []
    assert mirror(none, log) == {"copy": "none", "size": 0}
    assert "mirrors" not in desk.ledger.replay().document


def mirror(document: dict[str, Any], log: MemberLog) -> dict[str, Any]:
    """What the report says of Beijing's copy."""
    rows = [
        one
        for one in document["mirrors"]
        if (one["member"], one["log"]) == (BEIJING, log.log_id.hex())
    ]
    assert len(rows) == 1
    return {name: rows[0][name] for name in ("copy", "size")}


def test_a_mirror_that_is_behind_or_ahead_or_has_gaps(desk: Desk) -> None:
    """None of it is a finding; the report tells of each."""
    log = desk.ledger.tianjin
    desk.step(TIANJIN, "file-repair", record_of(log, 0))
    ahead = replace(log, served={"checkpoint": log.cosigned(4, BEIJING).encode()})
    assert mirror(copied(desk, ahead).document, log) == {"copy": "untold", "size": 4}
    desk.batch(TIANJIN)
    desk.ledger.network.anvil.mine()
    behind = replace(log, served={"checkpoint": log.cosigned(3, BEIJING).encode()})
    report = copied(desk, behind).document
    assert (codes(report), mirror(report, log)) == ([], {"copy": "behind", "size": 3})
    gaps = {path: None for path in ("tile/entries/000.p/3",)}
    behind.served = {**behind.served, **gaps}
    assert mirror(copied(desk, behind).document, log) == {"copy": "gap", "size": 3}


@pytest.mark.parametrize("shown", ["another log", "another tree", "nonsense", "a false line"])
def test_a_mirror_that_serves_another_tree(desk: Desk, shown: str) -> None:
    log = desk.ledger.tianjin
    copy = replace(log, entries=list(log.entries), served={})
    if shown == "another log":
        copy.served = {"checkpoint": desk.ledger.beijing.checkpoint().encode()}
    elif shown == "another tree":
        copy.served = {"checkpoint": log.checkpoint().encode()}
        copy.entries[1] = copy.entries[0]
    elif shown == "nonsense":
        copy.served = {"checkpoint": b"\xff"}
    else:
        line = log.cosigned(3, BEIJING, signer=log.key(Purpose.NOTE))
        copy.served = {"checkpoint": line.encode()}
    found = only(copied(desk, copy))
    code = "witness-line-false" if shown == "a false line" else "mirror-differs"
    assert (found["code"], found["member"]) == (code, BEIJING)
    assert found["where"] == f"log/{log.log_id.hex()}/mirror/{BEIJING}"


def test_a_statement_that_was_changed_in_its_log(desk: Desk) -> None:
    """Nobody knows what stood there: it is one finding, and no batch, case or opening is held to
    what does not stand there any more."""
    repaired(desk)
    desk.batch(TIANJIN)
    log = desk.ledger.tianjin
    changed = list(log.entries)
    changed[5] = log.entries[5].replace(log.entries[5][48:56], b"00000000")
    log.served = {f"tile/entries/000.p/{len(changed)}": encode_bundle(changed)}
    report = desk.report(desk.answers(), after=60 * DAY)
    assert codes(report.document) == ["entry-altered"]
    assert [one["code"] for one in report.document["incomplete"]] == ["entry-not-served"]


def test_an_entry_that_a_mirror_changed(desk: Desk) -> None:
    """One finding, which says which entry it is and what should stand there."""
    log = desk.ledger.tianjin
    copy, changed = replace(log, entries=list(log.entries), served={}), list(log.entries)
    changed[2] = changed[2].replace(b'"timely":"unknown"', b'"timely":"yes"')
    assert changed[2] != log.entries[2]
    copy.served = {f"tile/entries/000.p/{len(changed)}": encode_bundle(changed)}
    evidence = only(copied(desk, copy))["evidence"]
    assert (evidence["what"], evidence["entry"]) == ("tiles", 2)
    assert evidence["expected"] == leaf_hash(log.entries[2]).hex()
    assert evidence["found"] == leaf_hash(changed[2]).hex()


def test_a_mirror_that_proves_what_the_owner_signed(desk: Desk) -> None:
    """Another tree of an anchored size, with the owner's signature: that is the owner's fault."""
    log = desk.ledger.tianjin
    copy = replace(log, entries=[log.entries[0], *log.entries[:2]], served={})
    found = only(copied(desk, copy))
    assert (found["code"], found["member"]) == ("checkpoint-differs", TIANJIN)


# ---- what cannot be looked at


def test_an_opening_of_a_later_version(desk: Desk) -> None:
    path = desk.folder / "later.json"
    path.write_bytes(b'{"_type":"credit-ledger/opening@2"}')
    report = desk.report(path)
    assert [one["code"] for one in report.document["incomplete"]] == ["opening-version-unknown"]
    assert report.exit == 4


def test_more_steps_than_anybody_takes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.audit.judge_steps.MAX_STEPS", 2)
    repaired(desk)
    report = closed(desk, after=0)
    assert [one["code"] for one in report.document["incomplete"]] == ["case-too-long"]


@pytest.mark.parametrize("data", [b"", b"{}", b'{"_type":"credit-ledger/receipt@1"}'])
def test_a_file_that_is_no_opening(desk: Desk, data: bytes) -> None:
    path = desk.folder / "other.json"
    path.write_bytes(data)
    with pytest.raises(NotOpenings, match=r"other\.json"):
        desk.report(path)
    with pytest.raises(NotOpenings, match="none"):
        desk.report(desk.folder / "none.json")


def test_an_opening_whose_parts_are_of_two(desk: Desk) -> None:
    first, second = (
        desk.say(TIANJIN, sort="query", members=query_of()),
        desk.say(TIANJIN, sort="query", members=query_of()),
    )
    desk.batch(TIANJIN)
    mixed = replace(desk.promised(first), statement=second)
    found = only(desk.report(*desk.keep(mixed)))
    assert (found["code"], found["severity"]) == ("opening-false", "warning")


@pytest.mark.parametrize("shown", [True, False])
def test_a_log_that_was_closed_before_its_first_anchor(desk: Desk, shown: bool) -> None:
    """What its owner shows of it under a signed checkpoint is read like any other."""
    network = desk.ledger.network
    log = MemberLog(network, "130000")
    log.put_raw(*[dummy(at=1, iss="130000", log=log.log_id, salt=bytes(32)).entry()])
    log.put_raw(b"{}")
    close_log(network, log.log_id, 0)
    network.anvil.mine()
    logs = [desk.ledger.beijing, desk.ledger.tianjin, *([log] if shown else [])]
    seen: list[tuple[str, int]] = []
    reader = desk.ledger.replay(
        logs=logs, progress=lambda name, done, size: seen.append((name, done))
    )
    assert codes(reader.document) == []
    assert ((log.log_id.hex(), 2) in seen) is shown
