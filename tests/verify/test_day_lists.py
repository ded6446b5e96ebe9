"""Lists of a day on a real chain: a true one beside those that are wrong in one thing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest

from ledger.core.day_list import Part, parse_file
from ledger.core.keys import Purpose
from ledger.core.status import Action
from ledger.core.verdict.facts import date_of
from ledger.files.lists import ListVerdict, verify_list
from ledger.verify import Verifier
from tests.support.cases import act, make_act
from tests.support.day_lists import (
    file_of,
    left,
    listed,
    make_list,
    part_of,
    sign_part,
)
from tests.support.ledger import MemberLog
from tests.support.votes import compromise
from tests.verify.conftest import Ledger

MISSING = (("130000", "unreachable"), ("140000", "unreachable"))
BEIJING, TIANJIN = "110000", "120000"


@dataclass
class Told:
    """A list under way: what tests change before it is made."""

    ledger: Ledger
    day: date
    texts: dict[str, list[bytes]]
    missing: tuple[tuple[str, str], ...] = MISSING

    def log(self, member: str) -> MemberLog:
        return self.ledger.beijing if member == BEIJING else self.ledger.tianjin

    def part(self, member: str, **changes: Any) -> Part:
        return replace(part_of(self.log(member), self.texts[member], self.day), **changes)

    def file(self, *parts: str, texts: Sequence[bytes] | None = None, **changes: Any) -> bytes:
        """By Beijing, of these parts, by default one of each province."""
        made = parts or tuple(
            sign_part(self.log(member), self.part(member)) for member in sorted(self.texts)
        )
        held = [text for member in sorted(self.texts) for text in self.texts[member]]
        told = make_list(self.ledger.beijing, made, self.day, self.missing, **changes)
        return file_of(self.ledger.beijing, told, made, held if texts is None else texts)


def today(ledger: Ledger) -> date:
    """By the chain, in Beijing."""
    return date.fromisoformat(date_of(ledger.network.anvil.head_time()))


@pytest.fixture
def told(ledger: Ledger) -> Told:
    """Two entries of Beijing and one of Tianjin, of today."""
    for log, count in ((ledger.beijing, 2), (ledger.tianjin, 1)):
        for n in range(count):
            listed(log, n + 1)
        log.anchor()
    ledger.network.anvil.mine()
    day = today(ledger)
    texts = {
        log.member: [log.receipt(index) for index in sorted(log.records)[first:]]
        for log, first in ((ledger.beijing, 2), (ledger.tianjin, 1))
    }
    return Told(ledger, day, texts)


def check(told: Told, data: bytes) -> ListVerdict:
    network = told.ledger.network
    verifier = Verifier(network.file, now=lambda: float(network.anvil.head_time()), wait=0)
    try:
        return verify_list(verifier, data)
    finally:
        verifier.close()


def codes(found: ListVerdict) -> list[str]:
    return [one.code for one in found.problems if one.code != "missing"]


def do(told: Told, action: Action, index: int = 2) -> None:
    log = told.ledger.beijing
    commitment = log.records[index].commitment.digest
    act(told.ledger.network, BEIJING, make_act(told.ledger.network, action, log.log_id, commitment))
    told.ledger.network.anvil.mine()


def test_a_true_list(told: Told) -> None:
    found = check(told, told.file())
    assert (found.verdict, found.exit, codes(found)) == ("incomplete", 4, [])
    value = found.as_dict()
    assert [one["member"] for one in value["missing"]] == ["130000", "140000"]
    assert [(one["member"], one["entries"]) for one in value["members"]] == [
        (BEIJING, 2),
        (TIANJIN, 1),
    ]
    assert [row["document"] for row in value["entries"]] == [
        "异列〔2026〕1号",
        "异列〔2026〕2号",
        "异列〔2026〕1号",
    ]


def test_a_whole_list(told: Told) -> None:
    """The provinces without entries say so."""
    told.missing = ()
    logs = [MemberLog(told.ledger.network, code) for code in ("130000", "140000")]
    parts = [sign_part(told.log(member), told.part(member)) for member in (BEIJING, TIANJIN)]
    parts += [sign_part(log, part_of(log, [], told.day)) for log in logs]
    found = check(told, told.file(*parts))
    assert (found.verdict, found.exit, codes(found)) == ("valid", 0, [])


def test_what_is_said_later_counts_from_then(told: Told) -> None:
    """The list of a day stays true, whatever is done afterwards."""
    data = told.file()
    told.ledger.network.anvil.mine(2, seconds=3600)
    do(told, Action.REPAIR)
    assert codes(check(told, data)) == []
    told.day = today(told.ledger)  # another one where it was late in the evening
    assert codes(check(told, told.file())) == ["not-in-force"]


def test_a_disputed_entry_stands(told: Told) -> None:
    do(told, Action.DISPUTE)
    assert codes(check(told, told.file())) == []


@pytest.mark.parametrize(
    "action", [Action.REPAIR, Action.WITHDRAW, Action.END, Action.SHIELD, Action.ERASE]
)
def test_an_entry_that_acts_have_ended(told: Told, action: Action) -> None:
    do(told, action)
    found = check(told, told.file())
    assert (found.exit, codes(found)) == (1, ["not-in-force"])
    assert found.as_dict()["entries"] == []


def test_an_old_status(told: Told) -> None:
    """A part that goes by a block of hours ago, so as not to see what was done since."""
    known = told.ledger.network.anvil.head_time()
    told.ledger.network.anvil.mine(2, seconds=7200)
    do(told, Action.END)
    told.day = today(told.ledger)
    part = sign_part(told.log(BEIJING), told.part(BEIJING, known=known))
    other = sign_part(told.log(TIANJIN), told.part(TIANJIN))
    assert "time-wrong" in codes(check(told, told.file(part, other)))


def test_an_entry_dropped(told: Told) -> None:
    """By who merges: the part of Beijing names it. By Beijing: its sums do not agree."""
    kept = [*told.texts[BEIJING][1:], *told.texts[TIANJIN]]
    assert codes(check(told, told.file(texts=kept))) == ["parts-differ"]
    part = told.part(BEIJING)
    parts = [
        sign_part(told.log(BEIJING), replace(part, items=part.items[1:])),
        sign_part(told.log(TIANJIN), told.part(TIANJIN)),
    ]
    assert codes(check(told, told.file(*parts, texts=kept))) == ["malformed"]
    counted = replace(part, items=part.items[1:], left=(left("ended", 1),))
    parts[0] = sign_part(told.log(BEIJING), counted)
    assert codes(check(told, told.file(*parts, texts=kept))) == []


def test_a_part_dropped(told: Told) -> None:
    beijing = sign_part(told.log(BEIJING), told.part(BEIJING))
    found = check(told, told.file(beijing, texts=told.texts[BEIJING]))
    assert codes(found) == ["province-unspoken"]
    told.missing = ((TIANJIN, "unreachable"), *MISSING)
    assert codes(check(told, told.file(beijing, texts=told.texts[BEIJING]))) == []
    both = [beijing, sign_part(told.log(TIANJIN), told.part(TIANJIN))]
    assert codes(check(told, told.file(*both))) == ["parts-differ"]


def test_the_last_page_is_missing(told: Told) -> None:
    part = told.part(BEIJING, last=False)
    parts = [
        sign_part(told.log(BEIJING), part),
        sign_part(told.log(TIANJIN), told.part(TIANJIN)),
    ]
    assert codes(check(told, told.file(*parts))) == ["parts-differ"]


def _other_log(told: Told) -> None:
    """Beijing lists what stands in the log of Tianjin."""
    told.texts = {BEIJING: [*told.texts[BEIJING], *told.texts[TIANJIN]], TIANJIN: []}


def _other_type(told: Told) -> None:
    told.texts[BEIJING] = [*told.texts[BEIJING], told.log(BEIJING).receipt(0)]


def _bare(told: Told) -> None:
    told.texts[BEIJING] = [told.log(BEIJING).receipt(2, bare=True)]


def _forged(told: Told) -> None:
    text = told.texts[BEIJING][0]
    told.texts[BEIJING] = [text.replace(b'"path":["', b'"path":["' + b"00" * 32 + b'","', 1)]


def _expired(told: Told) -> None:
    log = told.log(BEIJING)
    index = listed(log, 9, YC_GSJZQ="2026-06-01")
    log.anchor()
    told.ledger.network.anvil.mine()
    told.texts[BEIJING] = [log.receipt(index)]


def _day_before(told: Told) -> None:
    told.day -= timedelta(days=1)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_other_log, "other-record"),
        (_other_type, "other-record"),
        (_bare, "receipt-bare"),
        (_forged, "receipt-false"),
        (_expired, "not-in-force"),
        (_day_before, "not-in-force"),
    ],
)
def test_a_receipt_that_does_not_belong(
    told: Told, change: Callable[[Told], None], code: str
) -> None:
    change(told)
    found = check(told, told.file())
    assert found.exit == 1
    assert set(codes(found)) == {code}


def test_another_leaf_than_listed(told: Told) -> None:
    part = told.part(BEIJING)
    first, second = part.items
    swapped = (replace(first, leaf=second.leaf), replace(second, leaf=first.leaf))
    parts = [
        sign_part(told.log(BEIJING), replace(part, items=swapped)),
        sign_part(told.log(TIANJIN), told.part(TIANJIN)),
    ]
    assert codes(check(told, told.file(*parts))) == ["other-record", "other-record"]


def test_a_part_signed_by_another(told: Told) -> None:
    tianjin = sign_part(told.log(TIANJIN), told.part(TIANJIN))
    for log, purpose, code in (
        (told.log(TIANJIN), Purpose.PRESENT, "key-unknown"),
        (told.log(BEIJING), Purpose.NOTE, "key-unknown"),
    ):
        beijing = sign_part(log, told.part(BEIJING), purpose)
        assert codes(check(told, told.file(beijing, tianjin))) == [code]
    said = sign_part(told.log(BEIJING), told.part(BEIJING))
    head, payload, signature = said.split(".")
    flipped = "A" if signature[5] != "A" else "B"
    bad = f"{head}.{payload}.{signature[:5]}{flipped}{signature[6:]}"
    assert codes(check(told, told.file(bad, tianjin))) == ["signature-invalid"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"list": "severe-list-entry"}, "parts-differ"),
        ({"day": date(2026, 6, 1)}, "parts-differ"),
        ({"network": "eip155:1:0x" + "11" * 20}, "parts-differ"),
        ({"at": 4_000_000_000}, "time-wrong"),
    ],
)
def test_a_part_of_another_list(told: Told, changes: dict[str, Any], code: str) -> None:
    parts = [
        sign_part(told.log(BEIJING), told.part(BEIJING, **changes)),
        sign_part(told.log(TIANJIN), told.part(TIANJIN)),
    ]
    assert code in codes(check(told, told.file(*parts)))


def test_another_network(told: Told) -> None:
    told.texts, other = {}, "eip155:1:0x" + "11" * 20
    found = check(told, told.file(network=other))
    assert "other-network" in codes(found)


def test_a_day_to_come(told: Told) -> None:
    told.day += timedelta(days=1)
    assert set(codes(check(told, told.file()))) == {"time-wrong"}


def test_a_stolen_key(told: Told) -> None:
    network = told.ledger.network
    data = told.file()
    stolen = network.keys[TIANJIN, Purpose.PRESENT].key_id
    compromise(network, stolen, network.anvil.head_time() - 3600)
    assert "key-disputed" in codes(check(told, data))


def test_a_member_that_is_no_province(told: Told) -> None:
    bank = MemberLog(told.ledger.network, "demo-bank")
    part = sign_part(bank, part_of(bank, [], told.day))
    parts = [
        sign_part(told.log(BEIJING), told.part(BEIJING)),
        sign_part(told.log(TIANJIN), told.part(TIANJIN)),
        part,
    ]
    assert codes(check(told, told.file(*parts))) == ["not-a-province"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data + b"\n",
        lambda data: data.replace(b'"receipts"', b'"receiptz"', 1),
        lambda data: data[:-1],
        lambda data: b"{}",
    ],
)
def test_a_file_of_another_form(told: Told, spoil: Callable[[bytes], bytes]) -> None:
    found = check(told, spoil(told.file()))
    assert (found.verdict, codes(found), found.as_dict()["list"]) == ("false", ["malformed"], None)


def test_a_newer_file(told: Told) -> None:
    found = check(told, told.file().replace(b"list@1", b"list@2", 1))
    assert (found.verdict, found.exit, codes(found)) == ("undetermined", 4, ["version-unknown"])


def test_nobody_there_to_ask(told: Told) -> None:
    """Nothing is said against a list that cannot be looked at."""
    network = told.ledger.network
    data = told.file()
    away = Verifier(network.file.with_rpc(("http://127.0.0.1:1",)), wait=0, deadline=1)
    try:
        found = verify_list(away, data)
    finally:
        away.close()
    assert (found.verdict, found.exit) == ("undetermined", 4)
    assert {"chain-unread", "receipt-unchecked"} == set(codes(found))


def test_what_is_written_is_read_again(told: Told) -> None:
    data = told.file()
    assert parse_file(data).encode() == data
