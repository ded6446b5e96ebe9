"""The life of records across four provinces, from the desk to the bank. One of them is away
for all of it, comes back a day later and catches up."""

import json
import time
from collections import Counter
from datetime import timedelta
from typing import Any

from ledger.cli.action_words import plain
from ledger.core.ids import Digest
from ledger.core.status import ANY_VERSION, Action, Basis, act_values
from scripts.demo_parts.today import PLACES, complete
from tests.e2e.member import until
from tests.e2e.provinces import (
    BEIJING,
    HEBEI,
    SHANXI,
    TIANJIN,
    Kept,
    Provinces,
    act_on,
    midnight,
    penal,
    today,
)

VALID = ("valid", 0, True)
ACTS = 16
"""Of all chapters."""
CASES = Counter(granted=1, upheld=1, dismissed=1, unconfirmed=1, decided=7)
"""Four that were filed, and what owners decided without a filing: also by a file, not by vote."""
CATCH_UP = 60.0
"""Seconds within which a province that was away shall have caught up: told, demanded tenfold."""


class Story:
    """Records of yesterday, and what becomes of them today."""

    def __init__(self, provinces: Provinces) -> None:
        self.p = provinces
        kept = dict[str, Kept]()
        for owner, rows in _records().items():
            kept |= provinces.submit(owner, rows)
        self.kept = kept

    def all_valid(self) -> None:
        """Before anything is decided."""
        for name, kept in self.kept.items():
            expected = ("expired", 3, False) if name == "expired" else VALID
            assert self.p.word(kept) == expected, name

    def ended_as(self, kept: Kept, word: str) -> None:
        """What a bank learns today, and what it learnt as of yesterday."""
        assert self.p.word(kept) == (word, 3, False)
        yesterday = (today() - timedelta(days=1)).isoformat()
        before = self.p.verdict(kept, "--as-of", yesterday)
        assert (before["verdict"], before["exit"], before["usable"]) == VALID, before
        assert before["now"] == {"verdict": word, "usable": False}

    def objection(self, home: str, kept: Kept) -> str:
        """It marks the record at its receipt: it stands, and whoever reads it weighs that."""
        case = self.p.file_case(home, kept, "objection")
        self.p.becomes(kept, "disputed")
        assert self.p.word(kept) == ("disputed", 3, None)
        return case

    def answered(self, home: str, case: str, state: str) -> None:
        """The decision arrives where the case was filed."""
        until(lambda: self.p.state(home, case) == state, f"{state} at {home}")

    # ---- chapters

    def repair_in_another_province(self) -> None:
        kept, owner = self.kept["repaired"], self.p.at(TIANJIN)
        number = ("--national-no", "XYXF-2026-1")
        case = self.p.file_case(HEBEI, kept, "repair", *number)
        self.p.run("case", "accept", case, *owner)
        self.p.decide(kept, case, "grant", "--basis", 2, "--class", "general")
        self.ended_as(kept, "repaired")
        self.answered(HEBEI, case, "granted")

    def objection_upheld(self) -> None:
        case = self.objection(HEBEI, self.kept["wrong"])
        correction = ("--basis", 7, "--correct-to", self.kept["right"].record)
        self.p.decide(self.kept["wrong"], case, "uphold", *correction)
        self.ended_as(self.kept["wrong"], "corrected")
        self.answered(HEBEI, case, "upheld")
        assert self.p.verdict(self.kept["wrong"])["correctedBy"] == self.kept["right"].record
        assert self.p.word(self.kept["right"]) == VALID

    def objection_dismissed(self) -> None:
        case = self.objection(BEIJING, self.kept["contested"])
        self.p.decide(self.kept["contested"], case, "dismiss")
        assert self.p.word(self.kept["contested"]) == VALID
        self.answered(BEIJING, case, "dismissed")

    def objection_not_to_be_confirmed(self) -> None:
        case = self.objection(TIANJIN, self.kept["doubtful"])
        self.p.decide(self.kept["doubtful"], case, "unconfirmed")
        assert self.p.word(self.kept["doubtful"]) == VALID
        self.answered(TIANJIN, case, "unconfirmed")

    def shield_and_lift(self) -> None:
        self.p.own(self.kept["shielded"], "shield", Basis.COURT)
        self.ended_as(self.kept["shielded"], "shielded")
        self.p.own(self.kept["shielded"], "lift", Basis.COURT)
        assert self.p.word(self.kept["shielded"]) == VALID

    def withdrawal(self) -> None:
        self.p.own(self.kept["withdrawn"], "withdraw", Basis.ISSUER_CHECK)
        self.ended_as(self.kept["withdrawn"], "withdrawn")

    def list_exit(self) -> None:
        """The exit is filed as a record of its own; it proposes the end of the entry."""
        self.p.submit(TIANJIN, {"exit": _exit()})

        def proposed() -> str:
            told = self.p.json("files", "decisions", *self.p.at(TIANJIN))
            waiting = [one for one in told["files"] if one["state"] == "proposed"]
            return str(waiting[0]["id"]) if waiting else ""

        self.p.release_file(TIANJIN, until(proposed, "what the exit proposes"))
        self.ended_as(self.kept["listed"], "ended")

    def national_result_by_file(self) -> None:
        fields = self.p.verdict(self.kept["by_file"])["record"]
        path = self.p.folder / "results.csv"
        row = (fields["CF_WSH"], fields["CF_CFJGDM"], "准予修复", today().isoformat())
        path.write_text(f"文书号,认定单位代码,结果,日期\n{','.join(row)}\n", "utf-8")
        told = self.p.json("case", "import-national", path, *self.p.at(TIANJIN, "decide"))
        self.p.release_file(TIANJIN, told["id"])
        self.ended_as(self.kept["by_file"], "repaired")

    def national_result_by_vote(self) -> None:
        """The owner has not recorded it; three others do, one of them without its gateway."""
        act = act_on(
            self.kept["by_vote"],
            action=Action.REPAIR,
            expected_version=ANY_VERSION,
            basis=Basis.NATIONAL_RESULT,
            doc=Digest(b"\x04" * 32),
            effective_at=midnight(),
        )
        self.p.vote([plain(act_values(act))], (BEIJING, HEBEI, SHANXI))
        self.p.becomes(self.kept["by_vote"], "repaired")
        self.ended_as(self.kept["by_vote"], "repaired")

    def rescission(self) -> None:
        """The repair was obtained with false materials: it is taken back."""
        self.p.own(self.kept["repaired"], "rescind", Basis.OTHER_LAW)
        assert self.p.word(self.kept["repaired"]) == VALID

    def erasure(self) -> None:
        self.p.own(self.kept["erased"], "erase", Basis.OTHER_LAW)
        self.ended_as(self.kept["erased"], "erased")
        out, there = self.p.folder / "erased.jws", self.p.at(HEBEI)
        get = ("record", "certificate", self.kept["erased"].record, "-o", out, *there)
        until(lambda: self.p.run(*get, expect=(0, 1)) is not None and out.exists(), "certificate")
        self.p.run("audit", "erasure", out, "--network", self.p.file)

    def expiry(self) -> None:
        assert self.p.word(self.kept["expired"]) == ("expired", 3, False)


def test_four_provinces(provinces: Provinces) -> None:
    started, figures = time.monotonic(), list[str]()
    story = Story(provinces)
    story.all_valid()
    provinces.stop(SHANXI)
    there = (BEIJING, TIANJIN, HEBEI)
    provinces.next_day(*there)
    for chapter in (
        story.repair_in_another_province,
        story.objection_upheld,
        story.objection_dismissed,
        story.objection_not_to_be_confirmed,
        story.shield_and_lift,
        story.withdrawal,
        story.list_exit,
        story.national_result_by_file,
        story.national_result_by_vote,
        story.rescission,
        story.erasure,
        story.expiry,
    ):
        before = time.monotonic()
        chapter()
        figures.append(f"{chapter.__name__}: {time.monotonic() - before:.1f} s")
    count, said = provinces.acknowledged()
    assert (count, said[SHANXI]) == (ACTS, 0), "away for all of it"
    figures.append(f"caught up after {_comes_back(provinces):.1f} s (wanted: {CATCH_UP:.0f})")
    provinces.next_day(*PLACES)
    until(lambda: audited(provinces) == CASES, "all cases in the logs")
    figures.append(f"all of it: {time.monotonic() - started:.0f} s")
    print(*figures, sep="\n")


def _comes_back(provinces: Provinces) -> float:
    """Seconds from the start of the gateway that was away until it has carried out all acts."""
    back = time.monotonic()
    provinces.up(*PLACES)

    def level() -> bool:
        count, said = provinces.acknowledged()
        return set(said.values()) == {count}

    until(level, "acknowledgements of all four")
    return time.monotonic() - back


def audited(provinces: Provinces) -> Counter[str]:
    """Whoever replays it all, with the openings, finds nothing wrong; the states of the cases that
    he rebuilds. What is said on a day reaches the logs in the night."""
    keys = provinces.folder / "members" / "demo-auditor" / "keys"
    network, openings = ("--network", provinces.file), provinces.folder / "openings"
    asks = ("--member", "demo-auditor", "--key", keys / "request.json")
    word = ("--password-file", keys / "password")
    provinces.run("audit", "openings", *asks, *word, "-o", openings, *network)
    out = provinces.folder / "audit.json"
    replay = ("audit", "replay", *network, "--openings", openings, "--out", out)
    provinces.run(*replay, expect=(0, 1))
    report = json.loads(out.read_bytes())
    assert [one for one in report["findings"] if one["severity"] == "error"] == []
    assert report["incomplete"] == []
    assert report["counts"]["acts"] == ACTS
    assert {one["count"] for one in report["status"]["acknowledged"]} == {ACTS}
    assert {one["broken"] for one in report["cases"]} <= {""}
    return Counter(one["state"] for one in report["cases"])


def _records() -> dict[str, dict[str, dict[str, Any]]]:
    """What was decided before the story begins, by owner and by what becomes of it."""
    return {
        TIANJIN: {
            "repaired": penal(TIANJIN, HEBEI, 1),
            "wrong": penal(TIANJIN, HEBEI, 2),
            "right": penal(TIANJIN, HEBEI, 2, CF_NR_FK="0.1", CF_WSH="样四罚〔2026〕2号更正"),
            "by_file": penal(TIANJIN, TIANJIN, 3),
            "by_vote": penal(TIANJIN, SHANXI, 4),
            "listed": entry_of_a_list(),
        },
        HEBEI: {
            "contested": penal(HEBEI, BEIJING, 5),
            "shielded": penal(HEBEI, HEBEI, 6),
            "erased": penal(HEBEI, HEBEI, 7),
        },
        BEIJING: {
            "doubtful": penal(BEIJING, TIANJIN, 8),
            "withdrawn": penal(BEIJING, BEIJING, 9),
            "expired": penal(BEIJING, HEBEI, 10, age=400),
        },
    }


def entry_of_a_list() -> dict[str, Any]:
    """Of a list of abnormal operations."""
    return _listing("abnormal-list", "YC", today() - timedelta(days=100), {})


def _exit() -> dict[str, Any]:
    """From it, today; it names the entry by number and day."""
    since = (today() - timedelta(days=101)).isoformat()  # it was filed yesterday
    names = {"YM_LRWSH": "样四列〔2026〕YC号", "YM_LRRQ": since}
    return _listing("abnormal-list-exit", "YM", today(), names)


def _listing(type_: str, p: str, day: Any, more: dict[str, str]) -> dict[str, Any]:
    authority = complete(f"11{PLACES[TIANJIN]}", "MADEMA01")
    fields = {
        f"{p}_XDR_MC": "合成样例四省名录有限公司",
        f"{p}_XDR_LB": "法人及非法人组织",
        f"{p}_XDR_SHXYM": complete(f"91{PLACES[HEBEI]}", "MAFRENTR"),
        f"{p}_WSH": f"样四列〔2026〕{p}号",
        f"{p}_MC": "经营异常名录",
        f"{p}_SY": "通过登记的住所无法联系（合成样例）",
        f"{p}_JDRQ": day.isoformat(),
        f"{p}_JG": "合成样例市场监督管理局",
        f"{p}_JGDM": authority,
        f"{p}_LYDW": "合成样例市场监督管理局",
        f"{p}_LYDWDM": authority,
    }
    return {"type": type_, "fields": fields | more}
