"""Sets that are drafted together give the bytes that each row gives by itself."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.base.crypto import Hmac, Vault
from gateway.base.schema_folder import SchemaFolder
from gateway.base.who import WhoFiles, WhoPaths
from gateway.chain.interfaces import MemberFacts
from gateway.files.reading import Reading
from gateway.intake import alike
from gateway.intake.calendar_file import CalendarFile
from gateway.intake.draft import Drafter
from gateway.intake.drafts import Draft, Terms
from gateway.intake.interfaces import RowAnswer, RowInput
from gateway.intake.texts import remark
from ledger.records.alike import Alike
from ledger.records.schema import load
from tests.gateway.intake.conftest import NOW
from tests.gateway.intake.material import row
from tests.records import hostile, twin
from tests.records.test_second_set import GO_LIVE, SCHEMAS, good, rows
from tests.support.node import LOG_ID, make_facts, make_keys

KEYS = make_keys("alike")
FACTS = make_facts(KEYS, block_time=int(NOW.timestamp()))
NEVER = 1 << 20
IDS = [f"{tree['name']}@{tree['version']}" for tree in SCHEMAS]
EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*_*.*"))

fuzz = settings(max_examples=10, deadline=None, derandomize=True, database=None)


def drafted(
    rows: Sequence[RowInput], few: int, facts: MemberFacts = FACTS
) -> list[Draft | RowAnswer]:
    """What becomes of the rows where all that is random is always the same. few: how many of a type
    are not judged together."""
    drafter = Drafter(
        Vault(KEYS.content),
        Hmac(KEYS.index),
        CalendarFile(None),
        SchemaFolder(None),
        WhoFiles(WhoPaths()),
        few=few,
        random=random.Random(7).randbytes,
    )
    terms = Terms(facts=facts, log_id=LOG_ID, at=int(NOW.timestamp()), go_live=GO_LIVE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.urandom", random.Random(77).randbytes)
        return drafter.draft(rows, terms)


def same(rows: Sequence[RowInput], facts: MemberFacts = FACTS) -> list[Draft | RowAnswer]:
    """The drafts of a set, held against those of its rows one by one."""
    together, alone = drafted(rows, 1, facts), drafted(rows, NEVER, facts)
    assert together == alone
    return together


def of_type(tree: twin.Schema, fields: dict[str, Any], at: int, **more: Any) -> RowInput:
    return RowInput(row=at, type=tree["name"], schema=str(tree["version"]), fields=fields, **more)


def tree_of(name: str) -> twin.Schema:
    return next(tree for tree in SCHEMAS if f"{tree['name']}@{tree['version']}" == name)


@pytest.mark.parametrize("name", IDS)
def test_every_row_of_the_second_set(name: str) -> None:
    tree = tree_of(name)
    found = same([of_type(tree, fields, at) for at, fields in enumerate(rows(tree))])
    kinds = {RowAnswer} if tree.get("naturalPerson") else {Draft, RowAnswer}
    assert {type(one) for one in found} == kinds


@pytest.mark.parametrize("name", IDS)
@fuzz
@given(data=st.data())
def test_hostile_rows(name: str, data: st.DataObject) -> None:
    tree = tree_of(name)
    bases = [good(tree), good(tree, bare=True)]
    drawn = st.builds(
        of_type,
        st.just(tree),
        st.sampled_from(bases).flatmap(lambda base: hostile.rows(tree, base)),
        st.integers(1, 9),
        class_=st.sampled_from([None, None, "minor", "general", "worst"]),
        corrects=st.sampled_from([None, None, "", " ", "ab" * 32, "x"]),
        cell_errors=st.sampled_from([{}, {}, {tree["document"]: "formula-cell"}]),
    )
    same(data.draw(st.lists(drawn, min_size=2, max_size=10)))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_files_of_departments(path: Path) -> None:
    read = [one.input for one in Reading(path.read_bytes(), name=path.name, type_=None).rows()]
    found = same(read)
    assert sum(isinstance(one, Draft) for one in found) >= len(read) // 2


def test_types_and_classes_of_one_set_mixed() -> None:
    every = [
        of_type(tree, good(tree), at, class_=class_)
        for at, (class_, tree) in enumerate(
            (class_, tree) for class_ in (None, "minor", "severe") for tree in SCHEMAS
        )
    ]
    random.Random(5).shuffle(every)
    found = same([*every, *every])
    assert sum(isinstance(one, Draft) for one in found) > len(SCHEMAS)


def test_what_was_noted_before_comes_first() -> None:
    before = remark("late", load("penalty"), "CF_JDRQ")
    rows = [replace(row(n, at=n), notes=(before,)) for n in range(4)]
    for one in same(rows):
        assert isinstance(one, Draft)
        assert one.notes[0] == before
        assert [note.code for note in one.notes[1:]] == ["late"]


@pytest.mark.parametrize(
    "facts",
    [
        replace(FACTS, roles=0),
        replace(FACTS, region=""),
        replace(FACTS, region="140000"),
        replace(FACTS, record_types=()),
        replace(
            FACTS,
            record_types=tuple(replace(one, granularity=2) for one in FACTS.record_types),
        ),
    ],
    ids=["no province", "national", "elsewhere", "nothing in the catalogue", "by year"],
)
def test_terms(facts: MemberFacts) -> None:
    rows = [row(n, at=n, CF_JDRQ=f"2026-05-{n + 1:02}") for n in range(20)]
    same([*rows, row(21, CF_XDR_MC=""), row(22, CF_JDRQ="2023-05-01")], facts)


def test_more_rows_than_are_made_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read of the first is known to the next, with and without gaps."""
    monkeypatch.setattr(alike, "BLOCK", 7)
    rows = [
        row(
            n,
            at=n,
            CF_NR_ZKDX="某证" if n % 3 else None,
            CF_XDR_GSZC="1" if n > 40 else "",
            CF_JDRQ=str(date(2026, 5, 1 + n % 5)),
        )
        for n in range(60)
    ]
    assert all(isinstance(one, Draft) for one in same(rows))


def test_where_most_rows_are_out_of_the_ordinary_no_more_are_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = counted(monkeypatch)
    monkeypatch.setattr(alike, "BLOCK", 10)
    half = [row(n, CF_SY=None if n % 2 else "事实") for n in range(40)]
    fewer = [row(n, CF_SY="事实" if n % 3 else None, CF_XDR_MC=None) for n in range(40)]
    drafted(half, alike.FEW)
    assert asked == [10] * 4
    asked.clear()
    drafted(fewer, alike.FEW)
    assert asked == [10]


def test_few_rows_are_judged_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = counted(monkeypatch)
    for count in (alike.FEW - 1, alike.FEW):
        drafted([row(n) for n in range(count)], alike.FEW)
    mixed = [replace(row(n), schema="1" if n % 2 else None) for n in range(2 * alike.FEW - 2)]
    drafted(mixed, alike.FEW)
    assert asked == [alike.FEW]


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many records are read together, each time."""
    asked: list[int] = []

    class Counted(Alike):
        def read(self, raws: Any, class_: str | None) -> Any:
            asked.append(len(raws))
            return super().read(raws, class_)

    monkeypatch.setattr(alike, "Alike", Counted)
    return asked
