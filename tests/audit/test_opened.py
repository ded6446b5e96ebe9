"""The table of openings: what it costs does not grow with the log."""

import hashlib

from ledger.audit.entries import EntryReader
from ledger.audit.noted import Wants, note
from ledger.audit.opened import Opened
from ledger.core.ids import LogId
from ledger.core.query import query_from_members
from ledger.core.statement import Statement, dummy
from tests.core.statements import promised, query_of

LOG = LogId(bytes([4]) * 32)


def made(number: int) -> Statement:
    salt = hashlib.sha256(b"%d" % number).digest()
    return dummy(at=1_800_000_000, iss="130000", log=LOG, salt=salt)


def work(count: int) -> float:
    """Thousands of steps of SQLite for each of so many statements of one log."""
    opened, done = Opened(), 0
    statements = [made(number) for number in range(count)]

    def step() -> int:
        nonlocal done
        done += 1
        return 0

    try:
        for one in statements:
            opened.add(promised(one))
        entries = [one.entry() for one in statements]
        read = EntryReader(LOG).read(entries)
        opened.seen(
            LOG, note(LOG, 0, entries, read, wants=Wants(opened.wanted), proven=0), 1_800_000_100
        )
        opened.end()
        opened._db.set_progress_handler(step, 10)
        for held in opened.each():
            assert held.anchored == 1_800_000_100
            opened.accept(held.opening.statement.commitment)
        assert list(opened.unopened()) == []
        assert opened.counts() == (count, count)
        assert [(run.first, run.last) for run in opened.runs()] == [(0, count - 1)]
    finally:
        opened.close()
    return done / count


def test_a_statement_costs_the_same_in_a_log_of_any_size() -> None:
    assert work(1200) < 2 * work(120)


def asked(number: int) -> Statement:
    """A query about an answer of its own."""
    digest = hashlib.sha256(b"answer %d" % number).digest()
    members = query_of() | {"answer": digest.hex()}
    salt = hashlib.sha256(b"%d" % number).digest()
    return Statement(
        sort="query", at=1_800_000_000, iss="130000", log=LOG, salt=salt, members=members
    )


def looking(count: int) -> float:
    """The same for each of so many queries, found by its answer and by its commitment."""
    opened, done = Opened(), 0
    statements = [asked(number) for number in range(count)]

    def step() -> int:
        nonlocal done
        done += 1
        return 0

    try:
        for one in statements:
            opened.add(promised(one))
        opened.end()
        for one in statements:
            opened.accept(one.commitment)
        opened._db.set_progress_handler(step, 10)
        for said in opened.said("query"):
            made = said.statement
            answer = query_from_members(made.members).answer
            assert [one.statement for one in opened.queries(answer)] == [made]
            assert opened.statement(made.commitment) == said
        assert opened.sorts() == {"query": count}
    finally:
        opened.close()
    return done / count


def test_a_query_is_found_as_fast_among_many() -> None:
    assert looking(1200) < 2 * looking(120)
