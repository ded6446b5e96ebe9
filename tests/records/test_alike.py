"""Records judged together get the answer that each gets by itself."""

import itertools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core import canonical
from ledger.core.commitment import tail
from ledger.records import alike
from ledger.records.alike import Alike, Plain
from ledger.records.judging import Run
from ledger.records.schema import Schema, load, parse
from ledger.records.setting import Setting
from ledger.records.shared import NotShared, Shared
from ledger.records.validate import check
from tests.records import hostile, samples, twin
from tests.records.examples import AUTHORITY, SUBJECT, TODAY, old_penalty, penalty
from tests.records.test_second_set import GO_LIVE, LISTS, MEASURES, SCHEMAS, good, rows

SETTING = Setting(
    today=TODAY,
    go_live=GO_LIVE,
    lists=LISTS,
    measures=MEASURES,
    exceptions=frozenset({"91350203M0001QKT19"}),
)
CLASSES = (None, "minor", "general", "severe", "worst", "")
IDS = [f"{tree['name']}@{tree['version']}" for tree in SCHEMAS]

CHOICE = {"field": "CF_CFLB", "values": ["通报批评"], "vocabulary": ["个体工商户", "通报批评"]}

fuzz = settings(max_examples=25, deadline=None, derandomize=True, database=None)


def same(
    schema: Schema, raws: Sequence[Mapping[str, object]], class_: str | None = None
) -> list[Plain | None]:
    """What comes of the records, held against `check`."""
    found = Alike(schema, SETTING).read(raws, class_)
    assert len(found) == len(raws)
    for raw, plain in zip(raws, found, strict=True):
        if plain is None:
            continue
        alone, frame = check(schema, raw, SETTING, class_=class_), plain.frame
        days = plain.days.checked
        assert alone.errors == days.errors == ()
        assert list(plain.fields.items()) == list(alone.fields.items())
        assert (*frame.notes, *days.notes) == alone.notes
        assert (days.class_, days.decided, days.until) == (
            alone.class_,
            alone.decided,
            alone.until,
        )
        assert frame.codes == tuple(alone.fields)
        assert [schema.slots[place] for place in frame.places] == list(alone.fields)
        assert plain.tails == tuple(tail(code, value) for code, value in alone.fields.items())
    return found


def tree_of(name: str) -> twin.Schema:
    return next(tree for tree in SCHEMAS if f"{tree['name']}@{tree['version']}" == name)


@pytest.mark.parametrize("name", IDS)
def test_every_row_of_the_second_set(name: str) -> None:
    tree, schema = tree_of(name), load(*split(name))
    every = list(rows(tree))
    found = same(schema, every)
    right = [not check(schema, row, SETTING).errors for row in every]
    taken = sum(plain is not None for plain in found)
    assert all(right for right, plain in zip(right, found, strict=True) if plain is not None)
    # What is good is taken, but for values that earn a note of their own.
    assert taken >= 0.8 * sum(right)


def split(name: str) -> tuple[str, int]:
    kind, _, version = name.partition("@")
    return kind, int(version)


@pytest.mark.parametrize("name", IDS)
@fuzz
@given(data=st.data())
def test_hostile_rows(name: str, data: st.DataObject) -> None:
    tree, schema = tree_of(name), load(*split(name))
    bases = [good(tree), good(tree, bare=True)]
    drawn = st.sampled_from(bases).flatmap(lambda base: hostile.rows(tree, base))
    same(
        schema,
        data.draw(st.lists(drawn, min_size=1, max_size=12)),
        data.draw(st.sampled_from(CLASSES)),
    )


SAMPLES = samples.read(Path(__file__).parents[2] / "examples")


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_samples(sample: samples.Sample) -> None:
    read = [row for row in sample.rows if not row.cell_errors]
    found = same(sample.schema, [row.raw for row in read])
    accepted = [row for row in read if row.verdict != "rejected"]
    # The others have amounts that are unusual, or an end that may be too early for their area.
    assert sum(plain is not None for plain in found) >= 0.65 * len(accepted)


def read(*raws: dict[str, object], class_: str | None = None) -> list[Plain | None]:
    return same(load("penalty"), raws, class_)


def test_what_many_say_is_judged_once() -> None:
    one, other, later = read(
        penalty(),
        penalty(CF_WSH="样市监罚〔2026〕2号", CF_XDR_SHXYM="91110108551385082Q", CF_SY="别的事实"),
        penalty(CF_JDRQ="2026-05-02", CF_YXQ="2027-05-02"),
    )
    assert one and other and later
    assert one.frame is other.frame is later.frame
    assert one.days is other.days is not later.days


def test_all_spellings_of_a_value_are_one() -> None:
    one, other = read(penalty(), penalty(CF_JDRQ=" 2026年5月1日", CF_CFLB=["警告"]))
    assert one and other
    assert one.days is other.days
    assert one.frame is other.frame


@pytest.mark.parametrize(
    "changes",
    [
        {"CF_XDR_LB": "自然人"},
        {"CF_JDRQ": "2026-11-24"},
        {"CF_YXQ": "2026-04-30"},
        {"CF_CFLB": "罚款"},
        {"CF_CFLB": "罚款", "CF_NR_FK": "5000000"},
        {"CF_SY": "经办人身份证110101199003074514"},
        {"CF_CFJGDM": twin.FILLER},
        {"CF_XDR_SHXYM": "91350203M0001QKT19"},
        {"CF_SY": None},
        {"CF_SY": 1},
        {"无此列": "x"},
        {"文书号": "x"},
        # Whether the end is too early depends on what the law is that was broken.
        {"CF_JDRQ": "2025-05-01", "CF_YXQ": "2026-05-01", "CF_GSJZQ": "2025-09-01"},
    ],
    ids=str,
)
def test_what_is_out_of_the_ordinary_is_left_alone(changes: dict[str, object]) -> None:
    one, odd, other = read(penalty(), penalty(**changes), penalty())
    assert odd is None
    assert one and other and one.frame is other.frame


def test_a_subject_without_a_code_is_taken_where_it_may_be() -> None:
    trader = {"CF_XDR_LB": "个体工商户", "CF_XDR_SHXYM": twin.FILLER}
    lawful, unlawful, numberless = read(
        penalty(**trader, CF_XDR_GSZC="1"),
        penalty(CF_XDR_SHXYM=twin.FILLER, CF_XDR_GSZC="1"),
        penalty(**trader),
    )
    assert lawful and lawful.fields["CF_XDR_SHXYM"] == twin.FILLER
    assert unlawful is numberless is None


def test_what_is_dropped_is_noted_in_the_place_of_its_field() -> None:
    about = {"CF_FR_ZJLX": "身份证", "CF_FR_ZJHM": "110101199003074514"}
    bare, one, other, half, blank = read(
        penalty(),
        penalty(**about),
        penalty(**about | {"CF_FR_ZJHM": ["1"]}),
        penalty(CF_FR_ZJHM="1", CF_XDR_ZJLX=1),
        penalty(**dict.fromkeys(about, " ")),
    )
    assert bare and one and other and half and blank
    assert [note.field for note in one.frame.notes] == [*about]
    assert [note.field for note in half.frame.notes] == ["CF_FR_ZJHM", "CF_XDR_ZJLX"]
    assert one.frame is other.frame is not bare.frame
    assert bare.frame.notes == blank.frame.notes == ()
    assert bare.fields.keys() == one.fields.keys()
    person = {"CF_XDR_SFZ": "110101199003074514"}
    assert same(load("penalty-2015"), [old_penalty(), old_penalty(**person)])[1] is None


def test_classes() -> None:
    assert [plain is not None for plain in read(penalty(), class_="minor")] == [True]
    assert read(penalty(), class_="worst") == [None]
    assert same(load("honour"), [good(tree_of("honour@1"))], "minor") == [None]


def test_what_may_differ_is_refused_to_rules() -> None:
    shared = Shared({"A": "a"}, own=frozenset({"B"}), unknown=frozenset({"C"}))
    assert (shared["A"], shared.get("A"), "A" in shared) == ("a", "a", True)
    assert (shared.get("D"), shared.get("D", "d"), "D" in shared, "B" in shared) == (
        None,
        "d",
        False,
        True,
    )
    for asked in (
        lambda: shared["B"],
        lambda: shared.get("B"),
        lambda: shared.get("C", "c"),
        lambda: "C" in shared,
        lambda: [*shared],
        shared.items,
        shared.values,
        shared.keys,
        shared.copy,
        shared.popitem,
        lambda: shared.pop("B", None),
        lambda: shared.setdefault("B", "b"),
        lambda: len(shared),
        lambda: bool(shared),
        lambda: shared == {"A": "a"},
        lambda: shared != {"A": "a"},
        lambda: shared | {},
        lambda: {**shared},
        lambda: [*reversed(shared)],
    ):
        with pytest.raises(NotShared):
            asked()
    hidden = Shared({"A": "a", "B": "b", "C": "c"}, own=frozenset("B"), unknown=frozenset("C"))
    assert orjson.dumps(hidden) == b'{"A":"a"}'


def changed(**changes: object) -> Schema:
    """Penalties as an operator might have them. changes: members of a field, or of the file."""
    tree = json.loads(json.dumps(tree_of("penalty@1")))
    for field in tree["fields"]:
        field.update(changes.get(field["code"], {}))
    return parse(canonical.encode(tree | {k: v for k, v in changes.items() if k in tree}))


def test_a_code_that_says_more_than_who_it_is_about_is_shared_whole() -> None:
    """Whoever reports of himself is authority and subject."""
    own = changed(authority={"name": "CF_CFJG", "code": "CF_XDR_SHXYM"})
    one, other, again = same(own, [penalty(), penalty(CF_XDR_SHXYM=AUTHORITY), penalty()])
    assert one and other and again
    assert (one.frame.fields["CF_XDR_SHXYM"], other.frame.fields["CF_XDR_SHXYM"]) == (
        SUBJECT,
        AUTHORITY,
    )
    assert one.frame is again.frame
    assert one.days is again.days


@pytest.mark.parametrize(
    "changes",
    [
        {"CF_NR_ZKDX": {"requiredIf": {"field": "CF_JDRQ", "any": ["2026-05-01"]}}},
        {"CF_YXQ": {"requiredIf": {"field": "CF_CFLB", "any": ["警告"]}}},
        {"CF_XDR_LB": {"vocabularyIf": CHOICE}, "CF_NR": {"vocabularyIf": CHOICE}},
        {"CF_GSJZQ": {"notBefore": "CF_YXQ"}},
        {"visibilityIf": [{"fields": ["CF_SY"], "values": ["事实"], "visibility": "government"}]},
    ],
    ids=str,
)
def test_rules_of_an_operator(changes: dict[str, object]) -> None:
    """Whatever fields they tie together."""
    some: dict[str, list[object]] = {
        "CF_JDRQ": ["2026-05-01", "2026-05-02", "2025-05-01", None],
        "CF_YXQ": ["2027-05-01", "2026-05-01", None],
        "CF_GSJZQ": [None, "2026-12-31", "2027-05-01"],
        "CF_CFLB": ["警告", ["警告", "通报批评"]],
        "CF_XDR_LB": ["法人及非法人组织", "个体工商户"],
        "CF_NR_ZKDX": [None, "某证"],
        "CF_SY": ["事实", "别的"],
    }
    values = itertools.product(*some.values())
    raws = [penalty(**dict(zip(some, each, strict=True))) for each in values]
    same(changed(**changes), raws)


@pytest.mark.parametrize("name", ["take", "ended"])
def test_a_rule_that_looks_elsewhere_makes_records_slow_and_not_wrong(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if a rule were added that looks at a text of which each record has its own."""
    rule = getattr(alike, name)

    def nosy(run: Run, *args: object, **more: object) -> object:
        run.fields.get("CF_SY")
        return rule(run, *args, **more)

    assert None not in Alike(load("penalty"), SETTING).read([penalty()], None)
    monkeypatch.setattr(alike, name, nosy)
    assert Alike(load("penalty"), SETTING).read([penalty()], None) == [None]
