"""The file of what was read: it goes on behind its last mark, whatever became of its end."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.audit import disk
from ledger.audit.commitments import REPLACES, STATEMENT
from ledger.audit.entries import Bad, Naming
from ledger.audit.journal import Journal
from ledger.audit.noted import Noted, NotedRecord

SEED = bytes(32)
WORK = [b"one", b"", b"three" * 100]
"""Between two marks each."""
ANEW = settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])


def written(path: Path, seed: bytes = SEED) -> list[int]:
    """A journal with a mark behind each piece of work; where each mark ends."""
    ends, journal = [], Journal(path, seed)
    for number, work in enumerate(WORK):
        journal.note(work)
        journal.mark(b"position %d" % number)
        ends.append(path.stat().st_size)
    journal.close()
    return ends


def told(path: Path, seed: bytes = SEED) -> tuple[bytes | None, list[bytes], bool]:
    """Position, notes, and whether it is damaged."""
    journal = Journal(path, seed)
    try:
        return journal.position, list(journal.notes()), journal.damaged
    finally:
        journal.close()


def up_to(marks: int) -> tuple[bytes | None, list[bytes]]:
    return (b"position %d" % (marks - 1) if marks else None), WORK[:marks]


def test_it_tells_what_was_written(tmp_path: Path) -> None:
    assert told(tmp_path / "none") == (None, [], False)
    written(tmp_path / "one")
    assert told(tmp_path / "one") == (*up_to(3), False)
    assert (tmp_path / "one").stat().st_mode & 0o777 == 0o600


def test_what_was_not_marked_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "one"
    written(path)
    journal = Journal(path, SEED)
    journal.note(b"more" * (1 << 19))  # so much that it is written at once
    journal.close()
    assert path.stat().st_size > 1 << 20
    assert told(path) == (*up_to(3), False)
    assert path.stat().st_size < 1 << 20
    journal = Journal(path, SEED)
    journal.note(b"four")
    journal.mark(b"position 3")
    journal.close()
    assert told(path) == (b"position 3", [*WORK, b"four"], False)


@given(data=st.data())
@ANEW
def test_wherever_it_ends_it_goes_on_from_a_mark(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "one"
    path.unlink(missing_ok=True)
    ends = written(path)
    size = data.draw(st.integers(0, ends[-1]))
    path.write_bytes(path.read_bytes()[:size])
    marks = sum(end <= size for end in ends)
    assert told(path) == (*up_to(marks), False)
    assert path.stat().st_size == (ends[marks - 1] if marks else 0)


@given(data=st.data())
@ANEW
def test_whatever_byte_has_changed_it_says_nothing_else(
    tmp_path: Path, data: st.DataObject
) -> None:
    path = tmp_path / "one"
    path.unlink(missing_ok=True)
    ends = written(path)
    raw = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, ends[-1] - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(raw)
    position, notes, _ = told(path)
    assert (position, notes) == up_to(sum(end <= at for end in ends))


def test_what_is_not_as_it_was_written_is_told(tmp_path: Path) -> None:
    path = tmp_path / "one"
    ends = written(path)
    raw = bytearray(path.read_bytes())
    raw[ends[1] + 6] ^= 1
    path.write_bytes(raw)
    assert told(path) == (*up_to(2), True)


def test_that_of_another_question_or_log_is_nothing(tmp_path: Path) -> None:
    written(tmp_path / "one", bytes(31) + b"1")
    assert told(tmp_path / "one") == (None, [], True)


def test_it_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"somebody's")
    (tmp_path / "one").symlink_to("other")
    with pytest.raises(OSError):
        Journal(tmp_path / "one", SEED)
    assert (tmp_path / "other").read_bytes() == b"somebody's"


def test_a_position_is_written_behind_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And all of it is brought to the disk before the work goes on."""
    steps = []
    monkeypatch.setattr(disk, "write", lambda handle, data: steps.append(bytes(data)))
    monkeypatch.setattr(disk, "sync", lambda handle: steps.append(b"sync"))
    journal = Journal(tmp_path / "one", SEED)
    journal.note(b"work")
    journal.mark(b"position")
    journal.close()
    data, synced = steps
    assert 0 < data.index(b"work") < data.index(b"position")
    assert synced == b"sync"


# ---- what is noted

HEX = st.binary(min_size=32, max_size=32).map(lambda data: data.hex().encode())
DIGEST = st.binary(min_size=32, max_size=32)
ABOUT = st.tuples(*(st.sampled_from([b"2026-10", b"yes"]) for _ in range(3)))
FLAGS = st.sampled_from([0, STATEMENT, REPLACES, STATEMENT | REPLACES])


@st.composite
def noted(draw: st.DrawFn) -> Noted:
    commitments = draw(st.lists(st.just(b"") | HEX, max_size=5))
    names = st.builds(Naming, st.integers(0, 1 << 40), FLAGS, DIGEST, st.booleans())
    records = st.builds(
        NotedRecord, DIGEST, st.just("2026-10"), st.just("penalty@1"), st.none() | DIGEST
    )
    bad = st.builds(Bad, st.integers(0, 1 << 40), st.text(), st.text())
    return Noted(
        first=draw(st.integers(0, 1 << 40)),
        commitments=commitments,
        flags=bytes(draw(FLAGS) for _ in commitments),
        names=draw(st.lists(names, max_size=3)),
        records=draw(st.lists(records, max_size=3)),
        listed=draw(st.dictionaries(st.just("penalty"), st.integers(1, 256))),
        said=draw(st.dictionaries(ABOUT, st.integers(1, 256), max_size=3)),
        again=draw(st.dictionaries(ABOUT, st.integers(1, 256), max_size=3)),
        bad=draw(st.lists(bad, max_size=3)),
        proven=draw(st.integers(0, 1 << 40)),
    )


@given(noted())
def test_what_is_noted_is_read_as_it_was(made: Noted) -> None:
    assert Noted.decode(made.encode()) == made
