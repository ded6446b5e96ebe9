"""Periods, rates and the document of a quality file: one spelling, and sums that agree."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core import canonical
from ledger.core.errors import Malformed
from ledger.core.jws import Jws, parse_statement, sign_statement
from ledger.core.keys import Alg
from ledger.records.quality import TYP, Counts, Period, Quality, parse, rate, total
from tests.core.material import refuses

NETWORK = "eip155:31337:0x" + "c0" * 20
UNIT = "11110105MA700000XC"


def made(*rows: Counts, provisional: bool = False) -> Quality:
    return Quality(
        member="110000",
        network=NETWORK,
        period=Period.parse("2026-11"),
        at=1_795_000_000,
        provisional=provisional,
        rows=rows,
    )


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("2026-11", date(2026, 11, 1), date(2026, 11, 30)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2026-12", date(2026, 12, 1), date(2026, 12, 31)),
        ("2026-W01", date(2025, 12, 29), date(2026, 1, 4)),
        ("2026-W53", date(2026, 12, 28), date(2027, 1, 3)),
    ],
)
def test_periods(name: str, first: date, last: date) -> None:
    period = Period.parse(name)
    assert (period.first, period.last, period.name) == (first, last, name)


@pytest.mark.parametrize(
    "name",
    ["", "2026", "2026-0", "2026-00", "2026-13", "2025-W53", "2026-W00", "1999-12", "2026-11 ",
     "２０２６-11", "2026-w48", "9999-W53", "2026-11-01"],
)  # fmt: skip
def test_what_is_no_period(name: str) -> None:
    assert refuses(Malformed, Period.parse, name)


@given(st.dates(date(2000, 1, 3), date(2100, 1, 1)))
def test_every_day_is_in_its_month_and_week(day: date) -> None:
    for period in (Period.month_of(day), Period.week_of(day)):
        assert period.first <= day <= period.last
        assert Period.parse(period.name) == period


def test_rates() -> None:
    assert rate(0, 0) is None
    assert (rate(0, 7), rate(7, 7), rate(2, 3)) == ("0.00", "100.00", "66.67")
    assert (rate(59, 110), rate(1, 800), rate(1249, 10**6)) == ("53.64", "0.13", "0.12")
    assert (rate(19_999, 20_000), rate(19_998, 20_000)) == ("100.00", "99.99")


counts = st.integers(0, 50)


@st.composite
def some_rows(draw: st.DrawFn) -> tuple[Counts, ...]:
    keys = draw(st.sets(st.tuples(st.sampled_from(["", UNIT]), st.sampled_from(["licence", "x"]))))
    return tuple(
        Counts(
            unit=unit,
            type=type_,
            conforming=30 + draw(counts),
            corrected=draw(st.integers(0, 30)),
            duplicates=draw(counts),
            wrong_codes=draw(st.integers(0, 5)),
            rejected={"required": 5 + draw(counts)}
            | ({"late-x": 1} if draw(st.booleans()) else {}),
            timely={"yes": draw(st.integers(0, 9)), "no": draw(st.integers(0, 9)), "unknown": 2},
        )
        for unit, type_ in sorted(keys)
    )


@given(some_rows(), st.booleans())
def test_what_is_written_is_read_back(rows: tuple[Counts, ...], provisional: bool) -> None:
    quality = made(*rows, provisional=provisional)
    assert parse(quality.encode()) == quality
    assert total(rows).received == sum(row.received for row in rows)


def test_rows_twice_or_out_of_order() -> None:
    one, other = Counts(unit="", type="x"), Counts(unit=UNIT, type="x")
    for rows in ((one, one), (other, one)):
        assert refuses(Malformed, parse, made(*rows).encode())


@given(st.data())
def test_nothing_but_malformed_is_raised(data: st.DataObject) -> None:
    """Whatever a member sends in place of a document, or of a statement."""
    quality = made(Counts(unit=UNIT, type="x", conforming=1, timely={"yes": 1, "no": 0}))
    document = bytearray(quality.encode())
    at = data.draw(st.integers(0, len(document) - 1))
    document[at] = data.draw(st.integers(0, 255))
    try:
        parse(bytes(document))
    except Malformed:
        pass
    text = sign_statement(
        TYP, quality.encode(), sign=lambda _: bytes(63) + b"\1", kid=bytes(32), alg=Alg.P256, iat=1
    )
    where = data.draw(st.integers(0, len(text) - 1))
    changed = text[:where] + data.draw(st.characters()) + text[where + 1 :]
    try:
        assert isinstance(parse_statement(changed, TYP, max_chars=len(text)), Jws)
    except Malformed:
        pass


def test_a_statement_is_of_its_type_and_bounded() -> None:
    text = sign_statement(
        TYP, b"{}", sign=lambda _: bytes(63) + b"\1", kid=bytes(32), alg=Alg.P256, iat=1
    )
    assert parse_statement(text, TYP, max_chars=len(text)).payload == b"{}"
    assert refuses(Malformed, lambda: parse_statement(text, "kb+jwt", max_chars=len(text)))
    assert refuses(Malformed, lambda: parse_statement(text, TYP, max_chars=len(text) - 1))


@pytest.mark.parametrize("name", ["from", "member", "network", "period", "rows", "until", "at"])
def test_every_member_is_needed(name: str) -> None:
    document = canonical.parse(made().encode())
    assert isinstance(document, dict)
    del document[name]
    assert refuses(Malformed, parse, canonical.encode(document))
