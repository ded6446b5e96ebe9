"""Quality files of members: verified by the chain's keys, held against the log, ranked."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import pytest

from ledger.audit import quality
from ledger.audit.quality import EXIT_EQUAL, EXIT_UNKNOWN, EXIT_WRONG, Told, collect, rank
from ledger.audit.quality_log import compare
from ledger.audit.tiles import Fetch
from ledger.chain.errors import RpcFailure
from ledger.chain.keys.signers import LocalSigner
from ledger.chain.nodes.quorum import QuorumReader, View
from ledger.core.jws import sign_statement
from ledger.core.keys import Purpose
from ledger.core.verdict.facts import date_of
from ledger.records.quality import TYP, Counts, Period, Quality
from tests.audit.conftest import Ledger
from tests.support.chain import PROVINCES, TestNetwork
from tests.support.ledger import make_record

UNIT, OTHER = "11110105MA700000XC", "11110106MA700000XC"
DAY = 86_400


def penalties(count: int, unit: str = UNIT, **changes: object) -> Counts:
    made = Counts(unit=unit, type="penalty", conforming=count, timely={"yes": count})
    return replace(made, **changes)  # type: ignore[arg-type]


@dataclass
class Members:
    """What every province answers; `served` has other answers, by member."""

    network: TestNetwork
    period: Period
    rows: dict[str, tuple[Counts, ...]] = field(default_factory=dict)
    served: dict[str, Callable[[], tuple[int, bytes]]] = field(default_factory=dict)
    provisional: bool = False

    def file(self, member: str, *, signer: LocalSigner | None = None, **changes: object) -> bytes:
        at = self.network.anvil.head_time()
        made = Quality(
            member=member,
            network=self.network.file.reference,
            period=self.period,
            at=at,
            provisional=self.provisional,
            rows=self.rows.get(member, ()),
        )
        made = replace(made, **changes)  # type: ignore[arg-type]
        key = signer or self.network.keys[member, Purpose.PRESENT]
        signed = sign_statement(
            TYP, made.encode(), sign=key.sign, kid=key.key_id, alg=key.alg, iat=made.at
        )
        return signed.encode()

    def fetch(self, endpoint: str, path: str) -> tuple[int, bytes]:
        assert path == f"/v1/quality/{self.period.name}"
        member = endpoint.removeprefix("http://").removesuffix(".test")
        if member in self.served:
            return self.served[member]()
        return 200, self.file(member)

    @contextmanager
    def view(self) -> Iterator[View]:
        reader = QuorumReader(self.network.file, now=self.network.anvil.head_time)
        try:
            yield reader.head()
        finally:
            reader.close()

    def collect(self) -> list[Told]:
        with self.view() as view:
            return collect(self.network.file, view, self.period, self.fetch)


def month_after(network: TestNetwork) -> Period:
    """The month after that of the chain's head, in China, in whose middle the head now stands."""
    now = date.fromisoformat(date_of(network.anvil.head_time()))
    first = (now.replace(day=1) + timedelta(days=32)).replace(day=1)
    middle = datetime(first.year, first.month, 15, tzinfo=UTC)
    network.anvil.mine(seconds=int(middle.timestamp()) - network.anvil.head_time())
    return Period.month_of(first)


def pass_by(network: TestNetwork, period: Period) -> None:
    """The chain goes on until the last promise of the period must have been kept."""
    end = quality.end_of(period) + 4 * DAY
    network.anvil.mine(seconds=end - network.anvil.head_time())


@pytest.fixture
def members(ledger: Ledger) -> Members:
    """Seven entries of Beijing in the month, two of them late; the month is over."""
    period = month_after(ledger.network)
    for _ in range(5):
        ledger.beijing.put(make_record(ledger.beijing, decided=date(2025, 10, 12), timely="yes"))
    for _ in range(2):
        late = make_record(ledger.beijing, decided=date(2025, 10, 12), timely="no")
        ledger.beijing.put_raw(late.entry)
    ledger.beijing.anchor()
    pass_by(ledger.network, period)
    return Members(ledger.network, period)


def told(found: list[Told], member: str = "110000") -> Told:
    return next(one for one in found if one.member == member)


def codes(found: list[Told], member: str = "110000") -> list[str]:
    return [finding.code for finding in told(found, member).findings]


def test_files_of_all_provinces(members: Members) -> None:
    members.rows["110000"] = (penalties(7),)
    found = members.collect()
    assert [one.member for one in found] == list(PROVINCES)
    assert all(one.quality is not None and not one.findings for one in found)
    assert quality.exit_of(found) == EXIT_EQUAL
    again = {one.member: one.digest for one in members.collect()}
    assert set(again) == set(PROVINCES)
    assert all(digest and len(digest) == 64 for digest in again.values())


def gone() -> tuple[int, bytes]:
    raise RpcFailure("http://110000.test", "connect")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (lambda: (404, b"{}"), "no-such-period"),
        (lambda: (503, b"{}"), "unreachable"),
        (gone, "unreachable"),
    ],
)
def test_what_cannot_be_had_is_no_wrong(
    members: Members, answer: Callable[[], tuple[int, bytes]], code: str
) -> None:
    members.served["110000"] = answer
    found = members.collect()
    assert codes(found) == [code]
    assert quality.exit_of(found) == EXIT_UNKNOWN


def test_nobody_to_ask_is_no_result() -> None:
    assert quality.exit_of([]) == EXIT_UNKNOWN


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda m: b"no.jws.here", "malformed"),
        (lambda m: "é".encode(), "malformed"),
        (lambda m: m.file("110000")[:-4] + b"AAAA", "signature-invalid"),
        (
            lambda m: m.file("110000", signer=m.network.keys["120000", Purpose.PRESENT]),
            "key-unknown",
        ),
        (
            lambda m: m.file("110000", signer=m.network.keys["110000", Purpose.REQUEST]),
            "key-unknown",
        ),
        (lambda m: m.file("110000", at=1_400_000_000), "key-not-valid"),
        (
            lambda m: m.file("120000", signer=m.network.keys["110000", Purpose.PRESENT]),
            "other-file",
        ),
        (lambda m: m.file("110000", network="eip155:1:0x" + "c0" * 20), "other-file"),
        (lambda m: m.file("110000", period=Period.parse("2026-01")), "other-file"),
        (lambda m: m.file("110000", at=quality.end_of(m.period) - 1), "closed-early"),
        (lambda m: m.file("110000", at=m.network.anvil.head_time() + 9000), "closed-early"),
    ],
)
def test_files_that_are_not_to_be_believed(
    members: Members, make: Callable[[Members], bytes], code: str
) -> None:
    data = make(members)
    members.served["110000"] = lambda: (200, data)
    found = members.collect()
    assert codes(found) == [code]
    assert told(found).quality is None
    assert quality.exit_of(found) == EXIT_WRONG


def compared(members: Members, ledger: Ledger) -> list[Told]:
    by_id = {log.log_id: log for log in (ledger.beijing, ledger.tianjin)}

    def fetch_for(endpoint: str, log: bytes) -> Fetch | None:
        found = by_id.get(log)  # type: ignore[call-overload]
        return None if found is None else found.fetch

    with members.view() as view:
        found = collect(members.network.file, view, members.period, members.fetch)
        for one in found:
            compare(members.network.file, view, one, fetch_for)
    return found


def test_what_agrees_with_the_log(members: Members, ledger: Ledger) -> None:
    members.rows["110000"] = (
        penalties(4, timely={"yes": 3, "no": 1}),
        penalties(3, OTHER, timely={"yes": 2, "no": 1}),
    )
    found = compared(members, ledger)
    assert codes(found) == []
    assert quality.exit_of(found) == EXIT_EQUAL


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        (penalties(8, timely={"yes": 5, "no": 2}), [("more-than-its-log", "conforming")]),
        (
            penalties(7, timely={"yes": 7}),
            [("more-than-its-log", "yes"), ("less-than-its-log", "no")],
        ),
        (
            penalties(6, timely={"yes": 5, "no": 1}),
            [("less-than-its-log", "conforming"), ("less-than-its-log", "no")],
        ),
    ],
)
def test_claims_that_its_log_gives_the_lie(
    members: Members, ledger: Ledger, row: Counts, wrong: list[tuple[str, str]]
) -> None:
    members.rows["110000"] = (row,)
    found = compared(members, ledger)
    assert [(one.code, one.evidence["what"]) for one in told(found).findings] == wrong
    assert quality.exit_of(found) == EXIT_WRONG


def test_a_type_that_is_left_out_altogether(members: Members, ledger: Ledger) -> None:
    assert "less-than-its-log" in codes(compared(members, ledger))


def test_a_provisional_file_is_not_compared_but_it_must_be_closed_some_day(ledger: Ledger) -> None:
    members = Members(ledger.network, month_after(ledger.network), provisional=True)
    assert codes(compared(members, ledger)) == []
    pass_by(ledger.network, members.period)
    found = compared(members, ledger)
    assert codes(found) == ["still-open"]
    assert quality.exit_of(found) == EXIT_WRONG


def test_a_log_that_cannot_be_read(members: Members, ledger: Ledger) -> None:
    members.rows["110000"] = (penalties(7, timely={"yes": 5, "no": 2}),)
    ledger.beijing.served["tile/entries/001.p/51"] = None
    ledger.beijing.served["tile/entries/001"] = None
    found = compared(members, ledger)
    assert codes(found) == ["log-unreadable"]
    assert quality.exit_of(found) == EXIT_UNKNOWN


def of(member: str, *rows: Counts) -> Told:
    made = Quality(
        member=member,
        network="eip155:1:0x" + "c0" * 20,
        period=Period.parse("2026-11"),
        at=0,
        provisional=False,
        rows=rows,
    )
    return Told(member=member, quality=made)


def test_the_table_ranks_by_conforming_then_in_time_then_wrong_codes() -> None:
    bad = {"required": 1}
    found = [
        of("110000", penalties(9, rejected=bad, timely={"yes": 9})),
        of("120000", penalties(10, timely={"yes": 5, "no": 5})),
        of("130000", penalties(10, timely={"yes": 10})),
        of("140000"),
    ]
    lines = rank(found, "member", {})
    assert [(line.rank, line.member) for line in lines] == [
        (1, "130000"),
        (2, "120000"),
        (3, "110000"),
        (None, "140000"),
    ]
    assert lines[1].rates == {
        "conforming": "100.00",
        "timely": "50.00",
        "wrongCodes": "0.00",
        "keptBack": None,
    }
    assert lines[3].rates["conforming"] is None


def test_units_of_all_members_in_one_table_with_what_they_kept_back() -> None:
    licences = Counts(unit=UNIT, type="licence", conforming=1, rejected={"required": 2})
    found = [of("110000", licences, penalties(1)), of("120000", penalties(5, OTHER))]
    kept = {("110000", UNIT): (1, 8)}
    lines = rank(found, "authority", kept)
    assert [(line.member, line.counts.unit, line.counts.received) for line in lines] == [
        ("120000", OTHER, 5),
        ("110000", UNIT, 4),
    ]
    assert lines[1].rates["keptBack"] == "12.50"
    assert rank(found, "member", kept)[1].rates["keptBack"] == "12.50"


def test_rows_without_unit_have_a_share_kept_back_of_their_own() -> None:
    found = [of("110000", penalties(3, ""), penalties(5))]
    kept = {("110000", UNIT): (1, 8), ("110000", ""): (1, 4)}
    shares = {line.counts.unit: line.rates["keptBack"] for line in rank(found, "authority", kept)}
    assert shares == {"": "25.00", UNIT: "12.50"}
    del kept["110000", ""]
    shares = {line.counts.unit: line.rates["keptBack"] for line in rank(found, "authority", kept)}
    assert shares == {"": None, UNIT: "12.50"}


def test_rates_are_rounded_as_spreadsheets_do() -> None:
    (line,) = rank([of("110000", penalties(59, rejected={"required": 51}))], "member", {})
    assert line.rates["conforming"] == "53.64"
