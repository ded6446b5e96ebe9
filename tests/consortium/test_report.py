"""What a run says of itself, and when it has failed."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.bench_parts.report import Setting
from scripts.chaos_parts.checks import Check
from scripts.chaos_parts.outcome import summary, write
from scripts.consortium_parts.plan import CUT, GATEWAY, KILL, PAUSE, SITE, VALIDATOR, Fault
from scripts.consortium_parts.report import (
    Result,
    Turn,
    failover_check,
    merge,
    stood_check,
    taken_check,
)
from scripts.consortium_parts.site import LATE_SECONDS, Watchdog, level

AT = Setting(machine="m", commit="c", date="2026-12-01T00:00:00Z", load=0.5, what="Four.")


def turn(kind: str, what: str, *where: str, blocks: int, promised: int = 50) -> Turn:
    fault = Fault(kind=kind, what=what, where=where, seconds=10)
    return Turn(
        fault=fault, blocks=blocks, promised=promised, anchored=0, first_block=1.5, healed=9.5
    )


ONE = turn(KILL, VALIDATOR, "110000", blocks=5)
TWO = turn(CUT, SITE, "110000", "120000", blocks=0)
GOOD = Check(name="nothing that was promised is lost", times=1234, wrong=[])
RESULT = Result(
    seed=7,
    turns=[ONE, TWO, replace(TWO, healed=12.0)],
    checks=[GOOD],
    counts={"accepted": 59_515, "not now": 3},
    anchors={"final": 40},
    restarts={"beacond 110000": 1},
    finality={"1": 60},
    period=1.8,
    versions=["geth v1.16.9"],
    seconds=600.0,
)


def test_well(tmp_path: Path) -> None:
    assert RESULT.problems == []
    told = summary(RESULT)
    assert "Seed 7: 3 faults in 10 minutes, 59,515 records promised" in told
    assert "all worked again 3 times, half of them within 10 s, all within 12 s." in told
    assert "| cut off two provinces | 2 | 20 | 0 | 100 | 1.5 | 12 |" in told
    assert "by so many blocks: 1 (60 times)" in told
    assert "started again: beacond 110000 1." in told
    write(tmp_path, AT, "A run", RESULT)
    document = json.loads((tmp_path / "results.json").read_text("utf-8"))
    assert (document["promises"], document["problems"]) == (59_515, [])
    assert document["figures"]["kill one validator"]["blocks"] == 5
    assert told in (tmp_path / "README.md").read_text("utf-8")


def test_what_did_not_heal_is_a_problem_and_has_no_time() -> None:
    result = replace(RESULT, turns=[ONE, replace(ONE, healed=None)])
    assert result.problems == ["kill one validator: not healed"]
    assert "| kill one validator | 2 | 20 | 10 | 100 | 1.5 | – |" in summary(result)


def test_a_check_that_does_not_hold_or_looked_at_nothing() -> None:
    assert replace(RESULT, checks=[replace(GOOD, wrong=["aa"])]).problems == [
        "nothing that was promised is lost: 1 not so, aa"
    ]
    assert replace(RESULT, checks=[replace(GOOD, times=0)]).problems == [
        "nothing that was promised is lost: there was nothing to look at"
    ]


def test_the_chain_must_stand_and_must_go_on() -> None:
    assert [one.wrong for one in stood_check([ONE, TWO])] == [[], []]
    forked, stuck = replace(TWO, blocks=4), replace(ONE, blocks=0)
    stands, goes_on = stood_check([forked, stuck])
    assert (stands.wrong, goes_on.wrong) == (
        ["cut off two provinces: 4 blocks"],
        ["kill one validator: no block"],
    )


def test_records_must_be_promised_while_it_stands() -> None:
    assert taken_check([ONE, TWO]) == Check(
        name="records are promised while the chain stands", times=1, wrong=[]
    )
    assert taken_check([replace(TWO, promised=0)]).wrong == ["cut off two provinces"]
    without = turn(KILL, SITE, "110000", "120000", "130000", "140000", blocks=0, promised=0)
    assert taken_check([without]).times == 0, "no gateway was there"
    paused = turn(PAUSE, GATEWAY, "110000", blocks=5, promised=0)
    assert taken_check([paused]).times == 0, "the chain did not stand"


def test_who_has_no_node_must_anchor_over_the_others() -> None:
    assert failover_check([replace(ONE, anchored=1), TWO]).wrong == []
    assert failover_check([ONE]).wrong == ["kill one validator"]
    short = failover_check([replace(ONE, blocks=3)])
    assert (short.times, short.due) == (0, True), "there was no time to"
    cut = turn(CUT, SITE, "110000", blocks=9)
    assert failover_check([cut, TWO]).times == 0, "the others are away, or the chain stands"
    assert not failover_check([cut]).due


def test_checks_of_several_members_are_one() -> None:
    wrong = replace(GOOD, times=6, wrong=["aa"])
    (one,) = merge({"110000": [GOOD], "120000": [wrong]})
    assert (one.name, one.times, one.wrong) == (GOOD.name, 1240, ["120000: aa"])


@pytest.mark.parametrize(
    ("heights", "is_level"),
    [
        ({"a": 9, "b": 8}, True),
        ({"a": 9, "b": None}, False),
        ({"a": 12, "b": 8}, False),
        ({"a": 7, "b": 7}, False),
    ],
)
def test_nodes_are_level(heights: dict[str, int | None], *, is_level: bool) -> None:
    assert level(heights, 7) is is_level


def test_the_watchdog_knows_who_stays_behind() -> None:
    dog = Watchdog()
    behind: dict[str, int | None] = {"a": 20, "b": 9, "c": None, "d": 19}
    assert dog.late(behind, 100.0) == set()
    assert dog.late(behind, 100.0 + LATE_SECONDS) == {"b"}
    assert dog.late(behind, 101.0 + LATE_SECONDS) == set(), "it was just told"
    assert dog.late(behind, 100.0 + 2 * LATE_SECONDS) == {"b"}
    assert dog.late({**behind, "b": 20}, 150.0) == set(), "it has caught up"
    assert dog.late(behind, 150.0 + LATE_SECONDS) == set(), "behind anew"
