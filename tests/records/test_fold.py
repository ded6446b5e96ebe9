"""The matching form, and the keys."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core import canonical
from ledger.records import uscc
from ledger.records.fold import fold
from ledger.records.keys import keys, record_key, subject_keys
from ledger.records.schema import load
from tests.records.examples import judge, old_penalty, penalty


@pytest.mark.parametrize(
    "text",
    [
        "样罚〔2024〕1号",
        "样罚（2024）1号",
        "样罚(2024)1号",
        "样罚【2024】1号",
        "样罚［2024］1号",
        "样罚[2024] 1 号",
        "样罚\u3000〔２０２４〕\u00a01号\ufeff",
    ],
)
def test_spellings_of_one_number(text: str) -> None:
    assert fold(text) == "样罚(2024)1号"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("样罚〔2024〕1号", "样罚〔2024〕11号"),
        ("样罚〔2024〕1号", "样罚2024 1号"),
        ("《食品安全法》", "食品安全法"),
        ("AB", "ab"),
        ("1-2", "12"),
        ("没收、罚款", "没收罚款"),
    ],
)
def test_what_is_content_stays(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(st.text())
@settings(deadline=None)
def test_folding_twice_changes_nothing(text: str) -> None:
    form = fold(text)
    assert fold(form) == form
    assert not any(char.isspace() for char in form)


@given(st.text(st.characters(codec="ascii", exclude_characters="()[]{}<>")))
@settings(deadline=None)
def test_width_does_not_matter(text: str) -> None:
    wide = "".join(chr(ord(c) + 0xFEE0) if 0x21 <= ord(c) <= 0x7E else c for c in text)
    assert fold(wide) == fold(text)


def key(**changes: object) -> bytes:
    return record_key(load("penalty"), judge(penalty(**changes)).fields)


def test_a_record_key_spelled_out() -> None:
    assert canonical.parse(key()) == {
        "authority": {"code": "11120101MA0E6ABXXJ"},
        "document": "样市监罚(2026)1号",
        "family": "penalty",
        "subject": {"code": "91110000600037341L"},
    }


def test_what_a_record_key_depends_on() -> None:
    assert key(CF_WSH="样市监罚（2026） 1号") == key()
    assert key(CF_NR="罚款贰万元整", CF_XDR_MC="别名", CF_CFJG="别名") == key()
    assert key(CF_WSH="样市监罚〔2026〕2号") != key()
    assert key(CF_XDR_SHXYM="91110108551385082Q") != key()
    assert key(CF_CFJGDM="11120116MA7YB3HFXN") != key()


def test_the_filler_identifies_nobody() -> None:
    trader = {
        "CF_XDR_LB": "个体工商户",
        "CF_XDR_SHXYM": uscc.FILLER,
        "CF_XDR_GSZC": "921200000090000",
    }
    one = key(**trader)
    assert canonical.parse(one)["subject"] == {
        "name": "合成样例有限公司",
        "registration": "921200000090000",
    }
    assert key(**trader | {"CF_XDR_GSZC": "９２１２０００００００９００００"}) != one
    assert key(**trader | {"CF_XDR_GSZC": "９２１２０００００ ０９００００"}) == one
    assert key(**trader | {"CF_XDR_GSZC": "921200000090001"}) != one
    assert key(**trader | {"CF_XDR_MC": "别名"}) != one


def test_the_document_key_has_no_subject() -> None:
    schema = load("penalty")
    one = judge(penalty()).fields
    two = judge(penalty(CF_XDR_SHXYM="91110108551385082Q")).fields
    assert keys(schema, one).document == keys(schema, two).document
    assert keys(schema, one).authority == keys(schema, two).authority
    assert keys(schema, one).record != keys(schema, two).record
    assert canonical.parse(keys(schema, one).authority) == {"code": "11120101MA0E6ABXXJ"}


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60))
def test_keys_are_canonical(name: str) -> None:
    """Spelled by a plain writer; the strict one would give the same bytes."""
    raw = penalty(CF_XDR_MC=name, CF_XDR_LB="个体工商户", CF_XDR_SHXYM=uscc.FILLER)
    checked = judge(raw | {"CF_XDR_GSZC": "921200000090000", "CF_WSH": name})
    if not checked.errors:
        found = keys(load("penalty"), checked.fields)
        about = subject_keys("92110000600037341L", name)
        for key in (found.record, found.document, found.authority, *about):
            assert canonical.encode(canonical.parse(key)) == key
        assert found.subject is None


def test_the_2015_template_has_the_authority_by_name() -> None:
    schema = load("penalty-2015")
    fields = judge(old_penalty(CF_XZJG="山西省（样例）局"), "penalty-2015").fields
    tree = canonical.parse(record_key(schema, fields))
    assert tree["authority"] == {"name": "山西省(样例)局"}
    assert tree["family"] == "penalty"
