"""Manifests of products held against chain and logs: each fault beside what is right without
it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ledger.audit.opening_files import OpeningFiles
from ledger.audit.replay import Report
from ledger.audit.wanted import Wanted
from ledger.core.entry import parse_entry
from ledger.core.ids import ProductId, RecordId, record_id, sha256
from ledger.core.manifest import Manifest, of_records
from ledger.core.status import Action, Basis
from tests.audit.banker import BEIJING, HOUR, TIANJIN, Banker
from tests.audit.conftest import Ledger
from tests.audit.desk import Desk, record_of
from tests.audit.test_judgements import SuccessorLog, anchor_of
from tests.audit.test_queries import told
from tests.audit.test_replay import entry
from tests.support.cases import act, make_act
from tests.support.ledger import make_record
from tests.support.products import Maker
from tests.support.votes import close_log, compromise

LATER = 73 * HOUR
MODEL = ProductId(sha256(b"a model"))


@pytest.fixture
def bank(ledger: Ledger, tmp_path: Path) -> Banker:
    return Banker(Desk(ledger, tmp_path))


def publish(
    bank: Banker, records: Iterable[bytes], *, version: int = 1, **changes: Any
) -> Manifest:
    """A version of Beijing's, and its manifest among the papers."""
    made = of_records(
        product=MODEL, version=version, record_ids=records, salt=sha256(b"%d" % version)
    )
    maker = Maker(bank.desk.ledger.network, BEIJING)
    if version == 1:
        maker.register(MODEL)
    values: dict[str, Any] = {
        "inputs": len(made.record_ids),
        "inputs_root": made.inputs_root,
    } | changes
    maker.publish(MODEL, version, **values)
    return made


def reported(bank: Banker, *made: Manifest, after: int = LATER) -> Report:
    paths = [bank.put(f"manifest-{one.version}.json", one.encode()) for one in made]
    return bank.desk.report(*paths, after=after)


def records(bank: Banker) -> list[RecordId]:
    """All of Tianjin, and one of Beijing."""
    desk = bank.desk
    of_tianjin = [record_of(desk.ledger.tianjin, index) for index in range(3)]
    return [*of_tianjin, record_of(desk.ledger.beijing, 7)]


def do(bank: Banker, index: int, *actions: Action) -> None:
    """Acts on a record of Tianjin."""
    log = bank.desk.ledger.tianjin
    for action in actions:
        made = make_act(
            log.network,
            action,
            log.log_id,
            log.records[index].commitment.digest,
            basis=Basis.COURT,
        )
        act(log.network, TIANJIN, made)


def test_versions_of_records_in_force(bank: Banker) -> None:
    """What becomes of a record afterwards makes a version stale, and is no fault."""
    one = publish(bank, records(bank))
    two = publish(bank, records(bank)[:2], version=2)
    do(bank, 0, Action.WITHDRAW)
    report = reported(bank, one, two)
    assert (told(report), report.exit) == ([], 0)
    finance = report.document["finance"]
    assert (finance["manifests"], finance["products"][0]["versions"]) == (2, 2)


def test_a_manifest_twice_is_one(bank: Banker) -> None:
    made = publish(bank, records(bank))
    path = bank.put("again.json", made.encode())
    report = bank.desk.report(path, bank.put("manifest.json", made.encode()))
    assert (told(report), report.document["finance"]["manifests"]) == ([], 1)


def test_a_record_that_was_never_anchored(bank: Banker) -> None:
    """It may be promised; after 72 hours it is nobody's."""
    made = publish(bank, [*records(bank), sha256(b"nothing")])
    assert told(reported(bank, made, after=0)) == []
    report = reported(bank, made)
    assert told(report) == [("product-input-not-anchored", BEIJING, "")]
    [found] = report.document["findings"]
    assert found["where"] == f"product/{BEIJING}/{MODEL.hex()}/1"
    assert found["evidence"]["record"] == sha256(b"nothing").hex()


def test_nothing_is_missing_where_a_log_was_not_read(bank: Banker) -> None:
    made = publish(bank, [sha256(b"nothing")])
    bank.desk.ledger.beijing.served["tile/entries/000"] = None
    report = reported(bank, made)
    assert [code for code, _, _ in told(report)] == ["tiles-missing"]


@pytest.mark.parametrize(
    ("actions", "causes"),
    [
        ([Action.DISPUTE], "disputed"),
        ([Action.SHIELD], "shielded"),
        ([Action.ERASE], "erased"),
        ([Action.REPAIR], "repaired"),
        ([Action.DISPUTE, Action.WITHDRAW], "disputed, withdrawn"),
        ([Action.DISPUTE, Action.SETTLE], ""),
        ([Action.REPAIR, Action.RESCIND], ""),
    ],
)
def test_a_record_that_was_closed(bank: Banker, actions: list[Action], causes: str) -> None:
    do(bank, 1, *actions)
    bank.desk.wait(HOUR)
    report = reported(bank, publish(bank, records(bank)), after=0)
    expected = [("product-over-closed", BEIJING, "")] if causes else []
    assert told(report) == expected
    if causes:
        [found] = report.document["findings"]
        assert found["evidence"]["causes"] == causes
        assert found["evidence"]["record"] == records(bank)[1].hex()


@pytest.mark.parametrize("closed", [True, False])
def test_what_was_recorded_a_moment_before(bank: Banker, closed: bool) -> None:
    """The maker need not have known of it, and may have."""
    if not closed:
        do(bank, 1, Action.DISPUTE)
        bank.desk.wait(HOUR)
    do(bank, 1, Action.DISPUTE if closed else Action.SETTLE)
    assert told(reported(bank, publish(bank, records(bank)), after=0)) == []


def test_what_a_thief_did_is_held_against_no_maker(bank: Banker) -> None:
    """Whoever did not believe it was right."""
    network = bank.desk.ledger.network
    since = network.anvil.head_time()
    do(bank, 1, Action.SHIELD)
    bank.desk.wait(HOUR)
    made = publish(bank, records(bank))
    assert told(reported(bank, made, after=0)) == [("product-over-closed", BEIJING, "")]
    [keys] = [done["signedBy"] for done in _acts(reported(bank, made, after=0))]
    compromise(network, bytes.fromhex(keys), since)
    assert told(reported(bank, made, after=0)) == [("act-key-disputed", TIANJIN, "")]


def _acts(report: Report) -> list[dict[str, Any]]:
    return [done for one in report.document["status"]["records"] for done in one["acts"]]


def test_acts_are_on_the_first_of_what_was_logged_again(bank: Banker) -> None:
    """The record in the second log is that in the first, whose outcome counts for both."""
    desk, old = bank.desk, bank.desk.ledger.tianjin
    desk.put(TIANJIN, make_record(old, decided=date(2025, 10, 12)))
    first = record_of(old, 3)
    close_log(old.network, old.log_id, 3)
    new = SuccessorLog(old.network, TIANJIN)
    new.put_raw(entry(new, replaces=first, period="2025-10"))
    anchor_of(new)
    again = record_id(new.log_id, parse_entry(new.entries[0]).commitment)
    made = publish(bank, [again, record_of(old, 0)])
    desk.more[TIANJIN] = new
    logs = [desk.ledger.beijing, old, new]
    path = bank.put("manifest.json", made.encode())

    def found() -> list[tuple[str, str, str]]:
        desk.wait(HOUR)
        files = OpeningFiles([path])
        return told(desk.ledger.replay(openings=files, logs=logs))

    assert found() == [("anchor-beyond-trusted", TIANJIN, "")]
    do(bank, 3, Action.WITHDRAW)
    desk.wait(HOUR)
    made = publish(bank, [again], version=2)
    path = bank.put("manifest-2.json", made.encode())
    assert [one for one in found() if one[0].startswith("product")] == [
        ("product-over-closed", BEIJING, "")
    ]


def test_a_version_that_counts_otherwise(bank: Banker) -> None:
    made = publish(bank, records(bank), inputs=9)
    report = reported(bank, made)
    assert told(report) == [("product-miscounted", BEIJING, "")]
    assert report.document["findings"][0]["evidence"] == {"said": 9, "inputs": 4}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda made: made.encode().replace(b'"version":1', b'"version":2'), "not-published"),
        (lambda made: made.encode().replace(b'"version":1', b'"version":0'), None),
        (lambda made: of_records(
            product=MODEL, version=1, record_ids=made.record_ids[:3], salt=made.salt
        ).encode(), "root"),
        (lambda made: of_records(
            product=MODEL, version=1, record_ids=made.record_ids, salt=bytes(32)
        ).encode(), "root"),
        (lambda made: of_records(
            product=sha256(b"another"), version=1, record_ids=made.record_ids, salt=made.salt
        ).encode(), "not-published"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_manifest_of_any_version(
    bank: Banker, change: Any, why: str | None
) -> None:
    """Anybody may have written it."""
    path = bank.put("manifest.json", change(publish(bank, records(bank))))
    found = told(bank.desk.report(path))
    assert [(code, member) for code, member, _ in found] == [("manifest-differs", "")]
    assert why is None or found[0][2] == why


def test_a_manifest_of_a_later_version(bank: Banker) -> None:
    path = bank.put("manifest.json", b'{"_type":"credit-ledger/manifest@9"}')
    report = bank.desk.report(path)
    assert [gap["code"] for gap in report.document["incomplete"]] == ["paper-version-unknown"]


def test_what_is_wanted() -> None:
    wanted = Wanted()
    assert not wanted
    names = [sha256(b"%d" % number) for number in range(500)]
    wanted.add(names[:300])
    assert wanted
    assert [name in wanted for name in names] == [True] * 300 + [False] * 200
    wanted.add([names[400], names[400]])
    assert names[400] in wanted
    assert names[401] not in wanted
