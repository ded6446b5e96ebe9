"""Every row code (interfaces "Codes") has a text in both languages, and only those have one."""

import pytest

from ledger.records import texts
from ledger.records.schema import load

ERRORS = """
    required too-long not-in-vocabulary uscc-format uscc-check uscc-organisation-check date-invalid
    year-invalid list-unknown measure-unknown
    date-in-future date-order money-format money-too-precise number-lost-digits formula-cell
    natural-person registration-number-required date-cell type-not-in-catalogue schema-invalid
    document-number-in-use authority-not-yours correction-not-available encoding too-large
    text-formula value-scaled cell-broken
""".split()
NOTES = """
    column-unknown publicity-too-long publicity-too-short timeliness-unknown late person-id-dropped
    document-number-shared amount-unusual authority-elsewhere authority-not-in-force uscc-excepted
    status-not-in-force missing-before-go-live subject-kind-unusual origin-missing
    person-id-in-text header-guessed footer-skipped row-hidden
""".split()
PARTS = {
    name: {"zh": f"中{name}", "en": f"en-{name}"}
    for name in ("condition", "max", "unit", "values", "other")
}


def test_the_codes_are_those_of_the_interface() -> None:
    assert texts.ERROR_CODES == set(ERRORS)
    assert texts.NOTE_CODES == set(NOTES)


@pytest.mark.parametrize("code", [*ERRORS, *NOTES])
def test_every_text_names_its_field(code: str) -> None:
    text = texts.message(code, load("penalty").by_code["CF_WSH"], **PARTS)
    assert set(text) == {"zh", "en"}
    assert "行政处罚决定书文号[CF_WSH]" in text["zh"]
    assert "umber of the decision [CF_WSH]" in text["en"]
    assert text["zh"].endswith("。") and text["en"].endswith(".")
    assert not set("{}") & set(text["zh"] + text["en"])


WITH_PARTS = set("too-long not-in-vocabulary date-order list-unknown measure-unknown".split())


@pytest.mark.parametrize(
    "code",
    [
        *sorted(set(ERRORS) - WITH_PARTS),
        *sorted(set(NOTES) - {"header-guessed"}),
    ],
)
def test_most_texts_need_no_more_than_a_name(code: str) -> None:
    assert "“备用列”" in texts.message(code, "备用列")["zh"]
    assert "the record" in texts.message(code)["en"].lower()


def test_an_unknown_code_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        texts.message("no-such-code")
