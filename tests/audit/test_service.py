"""The service record of members: what a replay counts, and what is said of being in time and cannot
be true."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ledger.audit.codes import CODES
from ledger.audit.compare import compare
from ledger.audit.entries import EntryReader
from ledger.audit.figures import figures_of
from ledger.audit.page import body
from ledger.audit.report_file import read_report
from ledger.audit.service import KeptPromises
from ledger.audit.state import Anchor, Log
from ledger.audit.timely import NO_EARLY, YES_LATE, LogTimely
from ledger.audit.times import BlockTimes
from ledger.chain.network import Rebuilt
from ledger.core import canonical
from ledger.core.entry import record_entry
from ledger.core.ids import Address, Digest, KeyId, LogId
from ledger.core.keys import Purpose
from ledger.core.promise import MAX_PROMISE
from ledger.core.status import Action
from ledger.core.verdict.facts import DAY, SHANGHAI_OFFSET, end_of
from ledger.records.calendar import Calendar
from tests.audit.conftest import Ledger
from tests.audit.desk import HOUR, WEEKDAYS, Desk
from tests.support.cases import acknowledge, act, make_act
from tests.support.chain import PROVINCES
from tests.support.ledger import MemberLog, make_record

CLOCKS = 300


def month_after(time: int) -> date:
    """The first day of the month after that of a time."""
    today = date(1970, 1, 1) + timedelta(days=(time + SHANGHAI_OFFSET) // DAY)
    return (today.replace(day=1) + timedelta(days=32)).replace(day=1)


def go_to(ledger: Ledger, day: date) -> None:
    """The chain goes on until noon of a day."""
    anvil = ledger.network.anvil
    anvil.mine(2, seconds=(end_of(day) - DAY // 2 - anvil.head_time()) // 2)


def put(log: MemberLog, decided: date, timely: str, count: int = 1) -> None:
    for _ in range(count):
        log.put(make_record(log, decided=decided, timely=timely, end=None))


def judged(ledger: Ledger, **more: Any) -> list[dict[str, Any]]:
    found = ledger.replay(calendar=WEEKDAYS, **more).document["findings"]
    return [one for one in found if one["code"] in (YES_LATE, NO_EARLY)]


# ---- in time, or not


@pytest.mark.parametrize(("day", "found"), [(10, False), (25, True)])
def test_yes_and_anchored_long_after(ledger: Ledger, day: int, found: bool) -> None:
    log = ledger.tianjin
    month = month_after(ledger.network.anvil.head_time())
    put(log, month.replace(day=3), "yes", 2)
    put(log, month.replace(day=3), "no")
    go_to(ledger, month_after(end_of(month)).replace(day=day))
    anchored = log.anchor()
    ledger.network.anvil.mine()
    told = judged(ledger)
    assert [one["code"] for one in told] == [YES_LATE] * found
    if not found:
        return
    [one] = told
    assert (one["severity"], one["member"]) == ("error", "120000")
    assert one["where"] == f"log/{log.log_id.hex()}/entry/3"
    evidence = one["evidence"]
    assert (evidence["records"], evidence["schema"]) == (2, "penalty@1")
    assert evidence["period"] == f"{month:%Y-%m}"
    report = ledger.replay(calendar=WEEKDAYS)
    assert report.exit == 1
    [record] = [one for one in report.document["service"] if one["member"] == "120000"]
    assert record["untrue"] == {"yes": 2, "no": 0}
    assert anchored.size == 6


@pytest.mark.parametrize(("day", "found"), [(2, True), (20, False)])
def test_no_and_anchored_before_anybody_was_late(ledger: Ledger, day: int, found: bool) -> None:
    log = ledger.tianjin
    month = month_after(ledger.network.anvil.head_time())
    go_to(ledger, month.replace(day=day))
    put(log, month.replace(day=1), "no", 3)
    put(log, month.replace(day=1), "yes")
    put(log, month.replace(day=1), "unknown")
    log.anchor()
    ledger.network.anvil.mine()
    told = judged(ledger)
    assert [one["code"] for one in told] == [NO_EARLY] * found
    if found:
        assert told[0]["evidence"]["records"] == 3


# ---- by itself

LOG = LogId(bytes(32))


class Clock(BlockTimes):
    """A block a second, from 0 on."""

    def __init__(self) -> None:
        pass

    def at(self, block: int) -> int:
        return block


def anchors(*times: int) -> Log:
    made = Log(log_id=LOG, member="110000")
    for size, time in enumerate(times, 1):
        made.anchors.append(
            Anchor(
                place=(time, 0),
                prev_size=size - 1,
                size=size,
                root=Digest(bytes(32)),
                key_id=KeyId(bytes(32)),
                tx=f"0x{size}",
                contract=Address("0x" + "00" * 20),
            )
        )
    return made


@dataclass
class Said:
    period: str
    answer: str
    replaces: bytes | None = None


def untrue(
    said: Said, *times: int, calendar: Calendar = WEEKDAYS, rebuilt: Rebuilt | None = None
) -> list[tuple[str, int, int]]:
    """Code, index and count: one such entry by each anchor."""
    log, reader = anchors(*times), EntryReader(LOG)
    timely = LogTimely(log=log, times=Clock(), calendar=calendar, rebuilt=rebuilt)
    for index, anchor in enumerate(log.anchors):
        entry = record_entry(
            commitment=bytes([index]) * 32,
            log=LOG,
            period=said.period,
            schema="penalty@1",
            timely=said.answer,
            **({} if said.replaces is None else {"replaces": said.replaces}),
        )
        timely.take(reader.read([entry]).said, index, anchor)
    return [(code, index, evidence["records"]) for code, index, evidence in timely.findings()]


def deadline(day: date) -> int:
    """The end of the last day in time of a decision, in Unix seconds."""
    last = WEEKDAYS.deadline(day)
    assert last is not None
    return end_of(last)


def test_to_the_second() -> None:
    late = deadline(date(2026, 3, 31)) + MAX_PROMISE + CLOCKS
    assert untrue(Said("2026-03", "yes"), late - 1) == []
    assert untrue(Said("2026-03", "yes"), late - 1, late, late + 9) == [(YES_LATE, 1, 2)]
    early = deadline(date(2026, 3, 1)) - CLOCKS
    assert untrue(Said("2026-03", "no"), early) == []
    assert untrue(Said("2026-03", "no"), early - 9, early - 1, early) == [(NO_EARLY, 0, 2)]
    assert untrue(Said("2026-03", "unknown"), early - 1, late + 1) == []
    # Each answer where the other one is untrue.
    assert untrue(Said("2026-03", "yes"), early - 1) == []
    assert untrue(Said("2026-03", "no"), late + 1) == []


def test_a_year_is_its_first_day_and_its_last() -> None:
    late = deadline(date(2026, 12, 31)) + MAX_PROMISE + CLOCKS
    assert untrue(Said("2026", "yes"), late - 1, late) == [(YES_LATE, 1, 1)]
    early = deadline(date(2026, 1, 1)) - CLOCKS
    assert untrue(Said("2026", "no"), early - 1, early) == [(NO_EARLY, 0, 1)]


def test_what_nobody_can_tell_is_not_found() -> None:
    late, early = deadline(date(2026, 3, 31)) + 99 * DAY, deadline(date(2026, 3, 1)) - 9 * DAY
    unknown = Calendar({})
    far = Said("2190-03", "yes"), Said("0001-01", "no"), Said("9999-12", "yes"), Said("0000", "no")
    for said in far:
        assert untrue(said, early, late, calendar=unknown) == []
    # What replaces a stranded record was shared with that one.
    assert untrue(Said("2026-03", "yes", bytes(32)), late) == []
    assert untrue(Said("2026-03", "yes"), late) == [(YES_LATE, 0, 1)]
    # While a lost chain is filled anew the time of an anchor says nothing.
    for rebuilt, found in (
        (Rebuilt(since=late - 5, until=late), []),
        (Rebuilt(since=late, until=late + 5), []),
        (Rebuilt(since=late - 5, until=late - 1), [(YES_LATE, 0, 1)]),
        (Rebuilt(since=late + 1, until=late + 5), [(YES_LATE, 0, 1)]),
    ):
        assert untrue(Said("2026-03", "yes"), late, rebuilt=rebuilt) == found


def test_the_same_said_again_is_counted_by_every_way_of_reading() -> None:
    """The first of its kind is parsed, later ones are known by heart."""
    reader = EntryReader(LOG)
    entries = [
        record_entry(
            commitment=bytes([at]) * 32,
            log=LOG,
            period="2026-03",
            schema="penalty@1",
            timely="yes" if at % 3 else "no",
        )
        for at in range(9)
    ]
    expected = {"yes": 6, "no": 3}
    for _ in range(3):
        said = reader.read(entries).said
        assert Counter({answer.decode(): n for (_, _, answer), n in said.items()}) == expected


# ---- the record


def of(document: dict[str, Any], member: str) -> dict[str, Any]:
    [one] = [one for one in document["service"] if one["member"] == member]
    return dict(one)


def test_cadence_acknowledgements_and_who_is_in_it(ledger: Ledger) -> None:
    network, log = ledger.network, ledger.tianjin
    times = [log.anchors[-1].time]
    for seconds in (10, 5 * HOUR, 20):
        network.anvil.mine(2, seconds=seconds)
        log.put(make_record(log))
        times.append(log.anchor().time)
    commitment = log.records[0].commitment.digest
    act(network, log.member, make_act(network, Action.REPAIR, log.log_id, commitment))
    acted = network.anvil.head_time()
    network.anvil.mine(seconds=2 * HOUR)
    acknowledge(network, *PROVINCES[:3])
    told = network.anvil.head_time()
    network.anvil.mine(2)
    document = ledger.replay().document
    assert [one["member"] for one in document["service"]] == list(PROVINCES)
    found = of(document, "120000")
    gaps = [after - before for before, after in pairwise(times)]
    assert found["anchors"] == {"count": 4, "longestGap": max(gaps), "last": times[-1]}
    assert found["acknowledgements"]["behind"] == 0
    assert 2 * HOUR <= found["acknowledgements"]["longest"] <= told - acted
    assert of(document, "140000")["acknowledgements"] == {"behind": 1, "longest": 0}
    assert of(document, "130000")["anchors"] == {"count": 0, "longestGap": 0, "last": 0}
    assert "promises" not in found and "copies" not in found
    assert ledger.replay().encode() == ledger.replay(page=7).encode()
    assert read_report(ledger.replay().encode()).document == document


def test_promises_that_came_with_openings(ledger: Ledger, tmp_path: Path) -> None:
    """Kept, kept late, broken and waiting; what no ANCHOR key signed is nobody's promise."""
    desk = Desk(ledger, tmp_path)
    made = [desk.say("120000", sort="dummy", members={}) for _ in range(3)]
    forged = desk.say("120000", sort="dummy", members={})
    desk.batch("120000")
    missing = [
        desk.say("120000", log=ledger.tianjin.log_id, sort="dummy", members={}) for _ in range(2)
    ]
    desk.waiting.clear()
    due = desk.now
    stranger = ledger.beijing.key(Purpose.ANCHOR)
    openings = [
        desk.promised(made[0]),
        desk.promised(made[1], issued=due - HOUR, due=ledger.tianjin.anchors[-1].time),
        desk.promised(made[2], issued=due - HOUR, due=ledger.tianjin.anchors[-1].time - 7),
        desk.promised(forged, signer=stranger),
        desk.promised(missing[0], due=desk.now + HOUR),
        desk.promised(missing[1], due=desk.now + 9 * HOUR),
    ]
    report = desk.report(*desk.keep(*openings), after=3 * HOUR)
    promises = of(report.document, "120000")["promises"]
    assert promises == {"met": 2, "late": 1, "broken": 1, "waiting": 1, "longest": 7}
    assert of(report.document, "110000")["promises"] == KeptPromises().as_dict()


def test_copies_are_counted_by_who_keeps_them(ledger: Ledger) -> None:
    def mirror_for(member: Any, log: Any) -> Any:
        if member.code == "130000":
            return None
        own = {one.log_id: one for one in (ledger.beijing, ledger.tianjin)}[log.log_id]
        return own.fetch

    document = ledger.replay(check_mirrors=True, mirror_for=mirror_for).document
    copies = {one["member"]: one["copies"] for one in document["service"]}
    assert copies["130000"]["none"] == 2
    assert copies["140000"]["same"] == 2
    assert copies["110000"]["same"] == 1  # of its own log it keeps no copy


def test_words_figures_and_page(ledger: Ledger) -> None:
    network, log = ledger.network, ledger.tianjin
    before = read_report(ledger.replay().encode())
    network.anvil.mine(2, seconds=2 * DAY)
    log.put(make_record(log))
    log.anchor()
    network.anvil.mine()
    after = read_report(ledger.replay().encode())
    figures = figures_of(after)
    assert figures["anchor-gap", "120000"] >= 2 * DAY
    changed = {(one["figure"], one["member"]) for one in compare(before, after).figures}
    assert ("anchor-gap", "120000") in changed
    for language, words in (("zh", "服务记录"), ("en", "Service record")):
        told = body(after, language)  # type: ignore[arg-type]
        assert words in told
    assert "4 d 0 h" in body(after, "en")
    assert {CODES[code].severity for code in (YES_LATE, NO_EARLY)} == {"error"}
    assert {"timely-yes-late", "timely-no-early"} == {YES_LATE, NO_EARLY}
    # A report of before there were service records is shown, and says so.
    kept = {name: one for name, one in before.document.items() if name != "service"}
    old = read_report(canonical.encode(kept))
    assert "earlier version" in body(old, "en")
    assert compare(old, after).exit == 1


def test_what_is_untrue_is_told_by_period() -> None:
    log = anchors(deadline(date(2026, 3, 31)) + 99 * DAY)
    timely = LogTimely(log=log, times=Clock(), calendar=WEEKDAYS)
    for period in (b"2026-03", b"2026-02"):
        timely.take({(period, b"penalty@1", b"yes"): 2}, 0, log.anchors[0])
    assert timely.counts() == {"yes": 4}
    assert [evidence["period"] for _, _, evidence in timely.findings()] == [
        "2026-02",
        "2026-03",
    ]
