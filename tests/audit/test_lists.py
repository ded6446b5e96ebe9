"""Lists of a day held against a replay: a true one beside those that are wrong in one thing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from ledger.audit.replay import Report
from ledger.cli.main import run
from ledger.core.day_list import Part
from ledger.core.keys import Purpose
from ledger.core.status import Action
from ledger.core.verdict.facts import date_of
from ledger.files.list_audit import ListAudit, NotLists
from ledger.verify import Verifier
from tests.audit.conftest import Ledger
from tests.support.cases import acknowledge, act, make_act
from tests.support.chain import PROVINCES
from tests.support.day_lists import file_of, left, listed, make_list, part_of, sign_part

BEIJING, TIANJIN = "110000", "120000"
MISSING = (("130000", "unreachable"), ("140000", "unreachable"))


@dataclass
class Listing:
    """Two entries of Beijing and one of Tianjin. receipts: of each, by member."""

    ledger: Ledger
    day: date
    receipts: Mapping[str, Sequence[bytes]]
    indices: Sequence[int]

    @property
    def now(self) -> int:
        return self.ledger.network.anvil.head_time()

    def part(self, *kept: int, **changes: Any) -> Part:
        """What Beijing says, with these of its entries."""
        texts = [self.receipts[BEIJING][n] for n in kept]
        return replace(part_of(self.ledger.beijing, texts, self.day), **changes)

    def file(self, part: Part, *kept: int, purpose: Purpose = Purpose.PRESENT) -> bytes:
        """By Beijing, of that part and a true one of Tianjin."""
        beijing, tianjin = self.ledger.beijing, self.ledger.tianjin
        others = self.receipts[TIANJIN]
        parts = [
            sign_part(beijing, part, purpose),
            sign_part(tianjin, part_of(tianjin, others, self.day)),
        ]
        texts = [*(self.receipts[BEIJING][n] for n in kept), *others]
        return file_of(beijing, make_list(beijing, parts, self.day, MISSING), parts, texts)

    def act(self, action: Action, n: int = 0) -> None:
        log = self.ledger.beijing
        commitment = log.records[self.indices[n]].commitment.digest
        done = make_act(self.ledger.network, action, log.log_id, commitment)
        act(self.ledger.network, BEIJING, done)
        acknowledge(self.ledger.network, *PROVINCES)
        self.ledger.network.anvil.mine()

    def report(self, *files: bytes) -> Report:
        network = self.ledger.network
        verifier = Verifier(network.file, now=lambda: float(network.anvil.head_time()), wait=0)
        try:
            named = {f"file-{n}": data for n, data in enumerate(files)}
            return self.ledger.replay(beside=ListAudit(verifier, named))
        finally:
            verifier.close()

    def found(self, *files: bytes) -> list[tuple[str, str]]:
        """(code, member) of the findings."""
        return [(one["code"], one["member"]) for one in self.report(*files).document["findings"]]


def today(ledger: Ledger) -> date:
    """By the chain, in Beijing."""
    return date.fromisoformat(date_of(ledger.network.anvil.head_time()))


@pytest.fixture
def listing(ledger: Ledger) -> Listing:
    first = {log.member: len(log.entries) for log in (ledger.beijing, ledger.tianjin)}
    for log, count in ((ledger.beijing, 2), (ledger.tianjin, 1)):
        for n in range(count):
            listed(log, n + 1)
        log.anchor()
    ledger.network.anvil.mine()
    receipts = {
        log.member: [log.receipt(n) for n in range(first[log.member], len(log.entries))]
        for log in (ledger.beijing, ledger.tianjin)
    }
    day = today(ledger)
    indices = range(first[BEIJING], len(ledger.beijing.entries))
    return Listing(ledger, day, receipts, indices)


def test_a_true_list_and_its_receipts(listing: Listing) -> None:
    data = listing.file(listing.part(0, 1), 0, 1)
    report = listing.report(data, *listing.receipts[BEIJING], *listing.receipts[TIANJIN])
    assert (report.document["findings"], report.document["incomplete"]) == ([], [])
    assert report.exit == 0


def test_an_entry_that_an_act_had_ended(listing: Listing) -> None:
    true = listing.file(listing.part(0, 1), 0, 1)
    listing.ledger.network.anvil.mine(2, seconds=3600)
    listing.act(Action.REPAIR)
    listing.day = today(listing.ledger)  # another one where it was late in the evening
    assert listing.found(listing.file(listing.part(0, 1), 0, 1)) == [("list-differs", BEIJING)]
    assert listing.found(true) == [], "it was made before"
    ended = listing.part(1, until=2, left=(left("ended", 1),))
    assert listing.found(listing.file(ended, 1), listing.receipts[BEIJING][0]) == []


def test_an_entry_left_out_that_a_receipt_proves(listing: Listing) -> None:
    """A reason that the chain refutes; one that nobody outside can look at accuses nobody."""
    kept, gone = listing.receipts[BEIJING][1], listing.receipts[BEIJING][0]
    expired = listing.file(listing.part(1, until=2, left=(left("expired", 1),)), 1)
    assert listing.found(expired, gone, kept) == [("list-left-out", BEIJING)]
    assert listing.found(expired) == [], "nobody has shown anything"
    exited = listing.file(listing.part(1, until=2, left=(left("exited", 1),)), 1)
    assert listing.found(exited, gone, kept) == []


def test_counts_that_the_log_gives_the_lie(listing: Listing) -> None:
    too_few = listing.file(listing.part(1), 1)
    assert listing.found(too_few) == [("list-count-differs", BEIJING)]
    never_ended = listing.file(listing.part(1, until=2, left=(left("ended", 1),)), 1)
    assert listing.found(never_ended) == [("list-count-differs", BEIJING)]
    too_many = listing.file(listing.part(0, 1, until=3, left=(left("not-yet", 1),)), 0, 1)
    assert listing.found(too_many) == [], "it may be promised and not anchored yet"
    anvil = listing.ledger.network.anvil
    anvil.call("evm_increaseTime", 4 * 86_400)
    anvil.mine(2)
    assert listing.found(too_many) == [("list-count-differs", BEIJING)]


def test_what_is_no_list_of_theirs(listing: Listing) -> None:
    other_key = listing.file(listing.part(0, 1), 0, 1, purpose=Purpose.ANCHOR)
    assert listing.found(other_key) == [("list-false", "")]
    cut = listing.file(listing.part(0, 1), 0, 1)[:-1]
    assert listing.found(cut) == [("list-false", "")]
    with pytest.raises(NotLists):
        listing.report(b"{}")


def test_a_list_of_a_newer_format(listing: Listing) -> None:
    """Nobody is accused of what this software cannot read."""
    newer = listing.file(listing.part(0, 1), 0, 1).replace(b"list@1", b"list@2", 1)
    report = listing.report(newer)
    assert report.document["findings"] == []
    (untold,) = report.document["incomplete"]
    assert (untold["code"], untold["where"]) == ("list-unchecked", "list")
    assert untold["evidence"]["why"] == "version-unknown"


def test_from_the_command_line(
    listing: Listing, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody serves the logs here, so it ends as incomplete; the list is judged all the same."""
    network, data, other = (tmp_path / name for name in ("network.json", "list.json", "{}.json"))
    network.write_bytes(listing.ledger.network.file.encode())
    listing.act(Action.REPAIR)
    data.write_bytes(listing.file(listing.part(0, 1), 0, 1))
    asked = ["audit", "replay", "--network", str(network)]
    assert run([*asked, "--lists", str(data), "--json"]) == 1
    found = orjson.loads(capsys.readouterr().out)["findings"]
    assert "list-differs" in {one["code"] for one in found}
    other.write_text("{}")
    assert run([*asked, "--lists", str(other)]) == 2
    assert "{}.json" in capsys.readouterr().err
