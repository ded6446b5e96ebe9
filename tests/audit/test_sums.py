"""Sums of outcomes made from openings, and published ones held against them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from ledger.audit.judge_sums import SumsAsked
from ledger.audit.opening_files import OpeningFiles
from ledger.audit.replay import Report
from ledger.audit.sums_file import parse_sums
from ledger.chain.governing.actions import set_roles
from ledger.core.canonical import instant
from ledger.core.errors import Malformed, VersionUnknown
from ledger.core.ids import ProductId, sha256
from ledger.core.keys import Role
from tests.audit.banker import BANK, BEIJING, BUREAU, DAY, HOUR, TIANJIN, Banker
from tests.audit.conftest import Ledger
from tests.audit.desk import WEEKDAYS, Desk
from tests.audit.test_queries import told
from tests.support.products import Maker

ALL = ("period", "region", "product", "version")
MODEL = ProductId(sha256(b"a model"))


@pytest.fixture
def bank(ledger: Ledger, tmp_path: Path) -> Banker:
    return Banker(Desk(ledger, tmp_path))


def close(bank: Banker) -> None:
    """Anchor what waits; the institution has another batch anchored three days later."""
    for member in list(bank.desk.waiting):
        bank.desk.batch(member)
    bank.desk.wait(3 * DAY)
    bank.desk.batch(BANK)


def report(bank: Banker, *papers: Path, by: tuple[str, ...] = ALL) -> Report:
    """The report with sums of two months."""
    desk = bank.desk
    desk.ledger.network.anvil.mine()  # what was written last is final
    logs = [desk.ledger.beijing, desk.ledger.tianjin, *desk.more.values()]
    return desk.ledger.replay(
        openings=OpeningFiles([desk.answers(), *papers]),
        calendar=WEEKDAYS,
        logs=logs,
        sums=SumsAsked("2026-09", "2026-10", by),
    )


def sums(bank: Banker, *by: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = report(bank, by=by).document["sums"]["items"]
    return items


def published(bank: Banker, *by: str, of: str = "", at: int | None = None, **changes: Any) -> Path:
    """What a custodian publishes that adds up right. changes: in the first item."""
    value = report(bank, by=by).document["sums"]
    if of:
        value["member"] = of
    value["at"] = instant(bank.desk.now - DAY - HOUR if at is None else at)
    value["items"][0] |= changes
    return bank.put(f"sums-{sha256(orjson.dumps(value)).hex()}.json", value)


def two_cells(bank: Banker) -> None:
    """Twelve households in Tianjin, three in Beijing."""
    bank.outcome(12)
    bank.outcome(3, region=BEIJING)
    close(bank)


# ---- what is made


def test_sums_of_what_institutions_stated(bank: Banker) -> None:
    two_cells(bank)
    assert sums(bank, "region") == [
        {
            "region": BEIJING,
            "households": None,
            "granted": None,
            "lent": None,
            "members": None,
            "hidden": 1,
        },
        {
            "region": TIANJIN,
            "households": 12,
            "granted": "120",
            "lent": "60",
            "members": 1,
            "hidden": 0,
        },
    ]
    [total] = sums(bank)
    assert (total["households"], total["hidden"]) == (12, 1)
    finance = report(bank).document["finance"]
    assert (finance["outcomes"], finance["sums"], finance["unseen"]) == (2, 0, {})


def test_the_highest_number_counts(bank: Banker) -> None:
    bank.outcome(12)
    bank.outcome(7, seq=3)
    bank.outcome(9, seq=2)
    close(bank)
    [total] = sums(bank)
    assert (total["households"], total["granted"]) == (7, "70")


def test_months_beyond_what_was_asked(bank: Banker) -> None:
    bank.outcome(12)
    bank.outcome(50, period="2026-08")
    close(bank)
    assert [one["households"] for one in sums(bank)] == [12]


def test_without_sums_the_report_has_none(bank: Banker) -> None:
    two_cells(bank)
    assert "sums" not in bank.desk.report().document


def test_who_is_no_institution_reports_nothing(bank: Banker) -> None:
    bank.outcome(12)
    bank.outcome(40, by=BUREAU)
    close(bank)
    found = report(bank, by=())
    assert told(found) == [("outcome-not-an-institution", BUREAU, "")]
    assert found.document["sums"]["items"][0]["households"] == 12
    bank.desk.ledger.network.decide(set_roles(BUREAU, Role.BUREAU | Role.INSTITUTION))
    bank.desk.wait(HOUR)
    bank.outcome(40, by=BUREAU, seq=2)
    close(bank)
    assert sums(bank)[0]["households"] == 52


@pytest.mark.parametrize("same", [True, False])
def test_two_outcomes_under_one_number(bank: Banker, same: bool) -> None:
    """What was logged again says the same."""
    bank.outcome(12)
    bank.outcome(12 if same else 11)
    close(bank)
    expected = [] if same else [("outcome-seq-twice", BANK, "")]
    assert told(report(bank)) == expected


# ---- what was published


@pytest.mark.parametrize("by", [ALL, ("region",), ("period", "product"), ()])
def test_sums_that_add_up(bank: Banker, by: tuple[str, ...]) -> None:
    two_cells(bank)
    found = report(bank, published(bank, *by))
    assert (told(found), found.document["finance"]["sums"]) == ([], 1)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"households": 13}, "households"),
        ({"granted": "121"}, "granted"),
        ({"lent": "60.0001"}, "lent"),
        ({"hidden": 0}, "hidden"),
        ({"households": None, "granted": None, "lent": None}, "households"),
    ],
)
def test_sums_that_do_not_add_up(bank: Banker, changes: dict[str, Any], what: str) -> None:
    """Nobody signs them: it is told of no member."""
    two_cells(bank)
    found = report(bank, published(bank, "period", **changes))
    assert told(found) == [("sums-differ", "", "")]
    evidence = found.document["findings"][0]["evidence"]
    assert (evidence["what"], evidence["cell"]) == (what, "period 2026-10")
    assert found.exit == 1


def test_a_cell_that_is_left_out_or_that_nobody_stated(bank: Banker) -> None:
    two_cells(bank)
    value = orjson.loads(published(bank, "region").read_bytes())
    less = {**value, "items": value["items"][1:]}
    more = {**value, "items": [*value["items"], {**value["items"][1], "region": "140000"}]}
    for number, one in enumerate((less, more)):
        path = bank.put(f"sums-{number}.json", one)
        assert told(report(bank, path)) == [("sums-differ", "", "")]


def test_what_was_reported_to_whom(bank: Banker) -> None:
    """A province has what is of its region, a maker what is of its products."""
    network = bank.desk.ledger.network
    Maker(network, BEIJING).register(MODEL)
    Maker(network, BEIJING).publish(MODEL, 1)
    bank.outcome(12)
    bank.outcome(20, region="140000")
    bank.outcome(30, region="140000", product=MODEL, version=1)
    close(bank)

    def of(member: str, households: int) -> list[tuple[str, str, str]]:
        value = orjson.loads(published(bank, of=member).read_bytes())
        [item] = value["items"]
        amounts = {"granted": str(10 * households), "lent": str(5 * households)}
        value["items"] = [item | {"households": households} | amounts]
        return told(report(bank, bank.put("sums.json", value)))

    assert of(TIANJIN, 12) == []
    assert of("140000", 50) == []
    assert of(BEIJING, 30) == []
    assert of(BEIJING, 62) == [("sums-differ", "", "")]


def test_what_came_a_moment_before(bank: Banker) -> None:
    """It may have been on its way: both sums are right. A day later only one is."""
    bank.outcome(12)
    close(bank)
    old = published(bank)
    value = orjson.loads(old.read_bytes())
    bank.outcome(20, seq=2)
    now = bank.desk.now
    close(bank)
    for at, right in ((now - 600, True), (now + 600, True), (now + 2 * DAY, False)):
        path = bank.put("sums.json", value | {"at": instant(at)})
        assert told(report(bank, path)) == ([] if right else [("sums-differ", "", "")])


def test_what_is_not_anchored_yet(bank: Banker) -> None:
    """Sums of a day have what is anchored in its night: until then nobody can tell. The night
    after, right ones are right and wrong ones are not."""
    bank.outcome(12)
    close(bank)
    value = orjson.loads(published(bank).read_bytes())
    [item] = value["items"]
    late = bank.outcome(20, seq=2)
    made = {
        households: bank.put(
            f"sums-{households}.json",
            value
            | {
                "at": instant(bank.desk.now + DAY + HOUR),
                "items": [
                    item
                    | {
                        "households": households,
                        "granted": str(10 * households),
                        "lent": str(5 * households),
                    }
                ],
            },
        )
        for households in (20, 21)
    }
    bank.desk.unanswered.add(late.commitment)  # in no log yet, so nobody asks for it
    bank.desk.wait(DAY + 2 * HOUR)
    for path in made.values():
        found = report(bank, path)
        assert told(found) == [("sums-not-anchored", "", "")]
        assert found.exit == 0
        [finding] = found.document["findings"]
        assert finding["severity"] == "note"
        assert (finding["evidence"]["members"], finding["evidence"]["cells"]) == (BANK, 1)
    bank.desk.unanswered.clear()
    close(bank)
    assert told(report(bank, made[20])) == []
    assert told(report(bank, made[21])) == [("sums-differ", "", "")]


def test_an_institution_that_anchors_nothing_excuses_nothing_for_good(bank: Banker) -> None:
    """What was promised is anchored within 72 hours."""
    bank.outcome(12)
    close(bank)
    path = published(bank, households=13, at=bank.desk.now)
    assert told(report(bank, path)) == [("sums-not-anchored", "", "")]
    bank.desk.wait(3 * DAY)
    assert told(report(bank, path)) == [("sums-differ", "", "")]


def test_nothing_is_said_of_sums_where_an_institution_did_not_open_all(bank: Banker) -> None:
    """Only that they show too small a cell can be seen then."""
    made = bank.outcome(12)
    bank.outcome(7, period="2026-09")
    close(bank)
    path = published(bank, "period")
    bank.desk.unanswered.add(made.commitment)
    found = report(bank, path)
    assert told(found) == [("statement-unopened", BANK, "")]
    assert found.document["finance"]["unseen"] == {"outcomes": 1}


# ---- small cells


def test_a_small_cell_that_is_shown(bank: Banker) -> None:
    two_cells(bank)
    path = published(bank, "region", households=3, granted="30", lent="15", hidden=0)
    assert told(report(bank, path)) == [("sums-reveal-hidden", "", "small")]


def test_a_small_cell_in_a_sum(bank: Banker) -> None:
    """Whoever has the cells that are shown subtracts them."""
    two_cells(bank)
    path = published(bank, households=15, granted="150", lent="75")
    assert told(report(bank, path)) == [("sums-reveal-hidden", "", "added-up")]


@pytest.mark.parametrize("apart", [0, DAY])
def test_sums_that_are_subtracted_from_each_other(bank: Banker, apart: int) -> None:
    """Known without any opening; of two that were made at other times nobody can tell."""
    two_cells(bank)
    one = published(bank, "region")
    at = bank.desk.now - DAY - HOUR + apart
    two = published(bank, households=15, granted="150", lent="75", hidden=0, at=at)
    bank.desk.unanswered.add(bank.desk.made[0].commitment)
    found = [one for one in told(report(bank, one, two)) if one[0].startswith("sums")]
    assert found == ([] if apart else [("sums-reveal-hidden", "", "subtraction")])


# ---- files


@pytest.mark.parametrize(
    "change",
    [
        {"items": 7},
        {"items": [7]},
        {"items": [{"households": 9}]},
        {"by": ["colour"]},
        {"by": ["region", "region"]},
        {"by": "region"},
        {"from": "2026"},
        {"until": "2026-13"},
        {"member": "no code!"},
        {"at": "yesterday"},
        {"_type": "credit-ledger/other@1"},
    ],
)
def test_what_is_no_file_of_sums(change: dict[str, Any]) -> None:
    good: dict[str, Any] = {
        "_type": "credit-ledger/outcome-sums@1",
        "from": "2026-09",
        "until": "2026-10",
        "by": [],
        "items": [{"households": 9, "granted": "1", "lent": None, "hidden": 0}],
    }
    assert parse_sums(orjson.dumps(good)).households == 9
    with pytest.raises(Malformed):
        parse_sums(orjson.dumps(good | change))


@pytest.mark.parametrize(
    "item",
    [
        {"households": -1},
        {"households": "9"},
        {"granted": 9},
        {"lent": "1" * 99},
        {"hidden": None},
        {"region": ["110000"]},
        {"region": "1" * 99},
    ],
)
def test_items_that_are_none(item: dict[str, Any]) -> None:
    value: dict[str, Any] = {
        "_type": "credit-ledger/outcome-sums@1",
        "from": "2026-09",
        "until": "2026-10",
        "by": ["region"],
    }
    good = {"region": BEIJING, "households": 9, "granted": "1", "lent": "1", "hidden": 0}
    assert parse_sums(orjson.dumps(value | {"items": [good]})).by == ("region",)
    with pytest.raises(Malformed):
        parse_sums(orjson.dumps(value | {"items": [good | item]}))
    with pytest.raises(Malformed):
        parse_sums(orjson.dumps(value | {"items": [good, good]}))


def test_files_that_are_not_read(bank: Banker) -> None:
    with pytest.raises(VersionUnknown):
        parse_sums(b'{"_type":"credit-ledger/outcome-sums@9","from":1,"until":1,"by":1,"items":1}')
    with pytest.raises(Malformed):
        parse_sums(b"no")
    path = bank.put("sums.json", b'{"_type":"credit-ledger/outcome-sums@1"}')
    assert [one[0] for one in told(bank.desk.report(path))] == ["sums-false"]
