"""The table of rules against a plain twin, written from what is meant and not from the table."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.base.policy import (
    ALWAYS,
    CONTENT_CLOSED,
    OF_MEMBERS,
    RULES,
    VERSION,
    Caller,
    Days,
    Decision,
    NotAllowed,
    Purpose,
    Record,
    Status,
    decide,
)
from gateway.http.problems import problem_of
from gateway.http.titles import TITLES

OWN, FOREIGN = b"own mark", b"foreign mark"
THEN = Days(date(2020, 1, 1), date(2020, 12, 31))
WITHIN, ACROSS = Days(date(2020, 5, 5), date(2020, 5, 5)), Days(date(2020, 12, 1), date(2021, 1, 1))
BEFORE = Days(date(2019, 12, 31), date(2019, 12, 31))
callers = st.builds(
    Caller,
    id=st.just(1),
    name=st.just("x"),
    scopes=st.frozensets(
        st.sampled_from(["submit", "read", "decide", "release", "consent", "admin"])
    ),
    department=st.sampled_from([None, "甲", "乙"]),
    authorities=st.sampled_from([frozenset(), frozenset({"code"})]),
).map(
    lambda caller: Caller(
        id=1,
        name="x",
        scopes=caller.scopes,
        department=caller.department,
        authorities=caller.authorities,
        marks={OWN: [THEN]} if caller.authorities else {},
    )
)
some_records = st.builds(
    Record,
    department=st.sampled_from([None, "甲", "乙"]),
    authority=st.sampled_from([None, OWN, FOREIGN]),
    visibility=st.sampled_from([1, 2, 3]),
    decided=st.sampled_from([WITHIN, ACROSS, BEFORE, ALWAYS]),
)


def of_many(caller: Caller, purpose: Purpose, record: Record, status: Status) -> str | None:
    """Why one with the scope does not take it with a list of a day, or in a history."""
    if purpose in (Purpose.HISTORY, Purpose.QUERIES, *OF_REPORTS):
        centre = caller.department is None and not caller.authorities
        return None if centre or "admin" in caller.scopes else "centre-only"
    told = {Status.CLOSED: "content-closed", Status.ERASED: "content-erased"}
    return told.get(status) if record.visibility == 1 else "not-found"


def of_tokens(caller: Caller, purpose: Purpose, record: Record) -> str | None:
    """Why one does not see, issue or revoke a token of that department."""
    if "admin" not in caller.scopes:
        return "scope-missing"
    if caller.department is None:
        theirs = not caller.authorities
    else:
        theirs = caller.department == record.department
    refusal = "department-not-yours" if purpose is Purpose.ISSUE_TOKENS else "not-found"
    return None if theirs else refusal


OF_TOKENS = (Purpose.SEE_TOKENS, Purpose.ISSUE_TOKENS, Purpose.REVOKE_TOKENS)
OF_REPORTS = [each for each in Purpose if each.value.endswith("credit-report")]


def twin(caller: Caller, purpose: Purpose, record: Record, status: Status) -> str | None:
    """The code of the refusal, None where the caller may."""
    reading = purpose in (Purpose.SHOW, Purpose.DISCLOSE, Purpose.CHECK)
    apart = purpose in (Purpose.LIST, Purpose.HISTORY, Purpose.QUERIES, *OF_REPORTS)
    operating = purpose in (Purpose.RELOG, Purpose.REQUEUE)
    whole = purpose is Purpose.RECONCILE
    scope = "read" if reading or whole or apart else "admin" if operating else "submit"
    scope = {
        Purpose.SEE_CASE: "read",
        Purpose.SEE_ABROAD: "read",
        Purpose.DUE: "read",
        Purpose.SEE_CASE_FILE: "read",
        Purpose.RELEASE_CASE_FILE: "release",
        Purpose.READ_CASE: "read",
        Purpose.FOLLOW: "read",
        Purpose.USE: "read",
        Purpose.PRODUCT: "product",
        Purpose.SEE_PRODUCT: "product",
        Purpose.OUTCOMES: "product",
        Purpose.SUMS: "product",
        Purpose.DECIDE: "decide",
        Purpose.RELEASE: "release",
        Purpose.GRANT_AUTHORISATION: "consent",
        Purpose.HOLD_AUTHORISATION: "consent",
        Purpose.SEE_AUTHORISATION: "consent",
        Purpose.READ_AUTHORISATION: "consent",
        Purpose.REVOKE_AUTHORISATION: "consent",
    }.get(purpose, scope)
    admin = "admin" in caller.scopes
    if apart or (not admin and scope not in caller.scopes):
        may = admin or scope in caller.scopes
        return of_many(caller, purpose, record, status) if may else "scope-missing"
    mine = bool(caller.authorities) and record.authority == OWN and record.decided != BEFORE
    deciding = purpose in (Purpose.HANDLE_CASE, Purpose.DECIDE, Purpose.RELEASE)
    centre = admin or (caller.department is None and not caller.authorities)
    if purpose is Purpose.SUBMIT or deciding:
        any_desk = centre if deciding else not caller.authorities
        return None if mine or any_desk else "authority-not-yours"
    closed = None if status is not Status.CLOSED or mine else "content-closed"
    if whole:
        return closed if mine or centre else "authority-not-yours"
    filed = caller.department is not None and caller.department == record.department
    of_cases = purpose in (Purpose.FILE_CASE, Purpose.SEE_CASE, Purpose.READ_CASE)
    handed_in = {Purpose.FILES, Purpose.ANSWER, Purpose.REPORT}
    handed_in |= {Purpose.FILE_ABROAD, Purpose.SEE_ABROAD, Purpose.FOLLOW}
    handed_in |= {Purpose.SEE_CASE_FILE, Purpose.RELEASE_CASE_FILE}
    handed_in |= {each for each in Purpose if each.value.endswith("-authorisation")}
    handed_in |= {Purpose.USE, Purpose.PRODUCT, Purpose.SEE_PRODUCT, Purpose.OUTCOMES, Purpose.SUMS}
    if of_cases or purpose in handed_in:
        any_desk = purpose is Purpose.FILE_CASE and not caller.authorities
        seen = centre or filed or any_desk or (of_cases and mine)
        unseen = "record-unknown" if purpose is Purpose.FILE_CASE else "not-found"
        reads = purpose is Purpose.READ_CASE
        seen = mine if reads and status is Status.ERASED else seen
        return (closed if reads else None) if seen else unseen
    public = reading and record.visibility == 1 and status in (Status.IN_FORCE, Status.CLOSED)
    if not (centre or filed or mine or public):
        return "not-found"
    gone = "content-erased" if (reading or operating) and status is Status.ERASED else None
    return gone if operating else closed or gone


@given(callers, st.sampled_from(list(RULES)), some_records, st.sampled_from(Status))
def test_as_the_twin_decides(
    caller: Caller, purpose: Purpose, record: Record, status: Status
) -> None:
    found = decide(caller, purpose, record, status)
    if purpose in OF_TOKENS:
        assert found.code == of_tokens(caller, purpose, record)
    else:
        assert found.code == twin(caller, purpose, record, status)
    assert found.allowed is (found.code is None)
    assert found.version == VERSION


@given(callers, st.sampled_from(list(RULES)), some_records, st.sampled_from(Status))
def test_what_may_not_be_asked_is_never_allowed(
    caller: Caller, purpose: Purpose, record: Record, status: Status
) -> None:
    asked = decide(caller, purpose)
    assert asked.code in (None, "scope-missing")
    assert asked.allowed or decide(caller, purpose, record, status) == asked


def test_the_table_is_whole() -> None:
    """Every purpose has a row, every row says something of each status."""
    assert set(RULES) | OF_MEMBERS == set(Purpose)
    assert not set(RULES) & OF_MEMBERS
    assert all(set(rule.grounds) == set(Status) for rule in RULES.values())


def test_every_refusal_can_be_answered() -> None:
    """By the one table from errors to answers, with its own code and both languages."""
    codes = {"scope-missing"} | {rule.refusal for rule in RULES.values()}
    codes |= {CONTENT_CLOSED}
    codes |= {rule.erased for rule in RULES.values() if rule.erased is not None}
    assert len(codes) > 3
    for code in codes:
        with pytest.raises(NotAllowed) as caught:
            Decision(code).demand()
        told = problem_of(caught.value).as_dict()
        assert (told["code"], TITLES[code][0]) == (code, told["status"])
        assert told["text"]["zh"] and told["text"]["en"]


@given(callers, st.sampled_from(list(RULES)), some_records, st.sampled_from(Status))
def test_no_other_code_is_given(
    caller: Caller, purpose: Purpose, record: Record, status: Status
) -> None:
    code = decide(caller, purpose, record, status).code
    assert code is None or code in TITLES
