"""What a run says of itself: figures, what was named, what failed."""

import json
from dataclasses import replace
from pathlib import Path

from scripts.bench_parts.report import Setting
from scripts.chaos_parts.checks import Check
from scripts.chaos_parts.outcome import Journal, summary, write
from scripts.chaos_parts.plan import Fault
from scripts.chaos_parts.report import Healing, Result, healed_check

AT = Setting(machine="m", commit="c", date="2026-11-29T00:00:00Z", load=0.5, what="Two gateways.")
KILL = Fault(kind="kill", targets=("database",), seconds=2)
CUT = Fault(kind="cut", targets=("gateway-1/chain",), seconds=3)
GOOD = Check(name="nothing that was promised is lost", times=1234, wrong=[])
RESULT = Result(
    seed=7,
    healings=[
        Healing(faults=[KILL], seconds=2.0, named={"database": "Look after it"}),
        Healing(faults=[KILL, CUT], seconds=9.5),
    ],
    checks=[GOOD],
    counts={"accepted": 1234, "no answer": 3},
    anchors={"final": 40, "lost": 2},
    restarts={"gateway-1": 2},
    seconds=120.0,
)


def test_well(tmp_path: Path) -> None:
    assert RESULT.problems == []
    told = summary(RESULT)
    assert "Seed 7: 3 faults in 2 minutes; 2 of 2 times all healed" in told
    assert "after 9.5 s at most" in told
    assert "| kill database | 2 | 5.8 | 9.5 |" in told
    assert "- nothing that was promised is lost: 1,234" in told
    assert "- `database` (kill database): Look after it" in told
    assert "gateway-1 2" in told
    assert "Anchors: final 40, lost 2." in told
    write(tmp_path, AT, "A run", RESULT)
    document = json.loads((tmp_path / "results.json").read_text("utf-8"))
    assert (document["seed"], document["problems"]) == (7, [])
    assert document["figures"]["cut chain"] == {"count": 1, "median_s": 9.5, "longest_s": 9.5}
    assert told in (tmp_path / "README.md").read_text("utf-8")


def test_a_check_that_does_not_hold() -> None:
    lost = replace(GOOD, wrong=["aa", "bb"])
    result = replace(RESULT, checks=[lost])
    assert result.problems == ["nothing that was promised is lost: 2 not so, aa; bb"]
    assert "NOT SO 2 of 1,234" in summary(result)
    assert "FAILED: nothing that was promised is lost" in summary(result)


def test_a_check_that_looked_at_nothing() -> None:
    empty = replace(GOOD, times=0)
    problem = "nothing that was promised is lost: there was nothing to look at"
    assert replace(RESULT, checks=[empty]).problems == [problem]
    assert replace(RESULT, checks=[replace(empty, due=False)]).problems == []


def test_every_turn_heals() -> None:
    healed = healed_check(RESULT.healings, 2)
    assert (healed.times, healed.wrong) == (2, [])
    assert healed_check(RESULT.healings, 3).wrong == ["3 turns, 2 healed"]
    late = [*RESULT.healings, Healing(faults=[CUT], seconds=600.5)]
    assert healed_check(late, 3).wrong == ["3 turns, 2 healed"]
    assert healed_check([Healing(faults=[CUT], seconds=None)], 1).wrong == ["1 turns, 0 healed"]
    assert replace(RESULT, checks=[healed_check([], 0)]).problems


def test_what_does_not_heal_fails() -> None:
    unhealed = Healing(faults=[CUT], seconds=None)
    result = replace(RESULT, healings=[unhealed])
    assert result.problems == ["cut chain did not heal; the doctor does not say why"]
    assert "| cut chain | 1 | - | - |" in summary(result)
    told = replace(unhealed, named={"chain": "Look after the nodes"})
    result = replace(result, healings=[told], stopped="something did not heal")
    assert result.problems == [
        "cut chain did not heal; the doctor says chain (Look after the nodes)",
        "something did not heal",
    ]


def test_the_journal_is_there_at_once(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "new" / "journal.jsonl")
    journal.write("begin", kind="cut", targets=["链"])
    journal.write("healed", s=1.5)
    first, second = map(json.loads, (tmp_path / "new" / "journal.jsonl").read_text().splitlines())
    assert (first["what"], first["targets"]) == ("begin", ["链"])
    assert (second["what"], second["s"]) == ("healed", 1.5)
