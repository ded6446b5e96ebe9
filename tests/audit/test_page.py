"""The page of a report: what it says, in both languages, and that nothing in it is markup."""

from __future__ import annotations

import base64
import re
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import pytest

from ledger.audit.codes import CODES
from ledger.audit.html import MAX_SHOWN
from ledger.audit.incomplete_codes import INCOMPLETE
from ledger.audit.page import MAX_ALL, MAX_CODES, MAX_PLACES, body, page
from ledger.audit.page_figures import MAX_ROWS
from ledger.audit.page_speaker import LANGUAGES, Language
from ledger.audit.page_words import WORDS
from tests.audit.reports import document, finding, full, gap, report, setting

HOSTILE = "<script>alert(1)</script>\"'&lt;<img src=x onerror=alert(1)>\u202e\x00\x1b[2J"
TAGS = {
    *("html", "head", "meta", "title", "style", "body", "main", "div", "section", "article"),
    *("h1", "h2", "h3", "p", "span", "strong", "code", "dl", "dt", "dd", "details", "summary"),
    *("table", "caption", "thead", "tbody", "tr", "th", "td", "svg", "rect", "line"),
    *("input", "label"),
}


class Seen(HTMLParser):
    """Every element and its attributes; text by the element that it stands in."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._style = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._style = tag == "style"

    def handle_data(self, data: str) -> None:
        if not self._style:
            self.text += data


def hostile(value: Any) -> Any:
    """The same, with every text that is not a name replaced."""
    if isinstance(value, dict):
        kept = ("_type",)
        return {name: one if name in kept else hostile(one) for name, one in value.items()}
    if isinstance(value, list):
        return [hostile(one) for one in value]
    return HOSTILE if isinstance(value, str) else value


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", sorted(CODES))
def test_every_finding_in_words(code: str, language: Language) -> None:
    told = Seen(body(report(finding(code, tx="0x12")), language)).text
    assert CODES[code].message[language] in told
    assert CODES[code].remedy[language] in told
    assert code in told
    assert {"zh": "北京 110000 (1)", "en": "Beijing 110000 (1)"}[language] in told
    assert WORDS["unknown-code"][language] not in told


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", sorted(INCOMPLETE))
def test_every_gap_in_words(code: str, language: Language) -> None:
    told = Seen(body(report(gap(code)), language)).text
    assert INCOMPLETE[code][language] in told
    assert WORDS["clean-incomplete"][language] in told
    assert WORDS["clean"][language] not in told.replace(WORDS["incomplete-lead"][language], "")


def test_words_are_there_in_both_languages_and_differ() -> None:
    for name, text in WORDS.items():
        assert set(text) == {"zh", "en"}, name
        assert name == "of" or text["zh"] != text["en"], name
        assert re.findall(r"{\w+}", text["zh"]) == re.findall(r"{\w+}", text["en"]), name


def test_clean_only_where_all_was_looked_at() -> None:
    assert WORDS["clean"]["en"] in body(report(), "en")
    assert WORDS["clean"]["en"] not in body(report(gap("tiles-unreachable")), "en")
    assert WORDS["clean"]["en"] not in body(report(finding("same-person")), "en")


def test_what_is_incomplete_comes_first_then_findings() -> None:
    made = report(finding("ack-late"), finding("act-on-nothing"), gap("tiles-unreachable"))
    told = body(made, "en")
    places = [
        told.index(WORDS[name]["en"])
        for name in ("incomplete", "result", "findings", "timely", "gas", "terms", "again")
    ]
    assert places == sorted(places)


def test_errors_before_warnings_before_notes() -> None:
    codes = ("same-person", "key-recovered", "ack-late")
    told = body(report(*map(finding, codes)), "en")
    places = [told.index(CODES[code].message["en"]) for code in reversed(codes)]
    assert places == sorted(places)
    assert "1 errors, 1 warnings, 1 things" in told


def test_evidence_is_folded_and_whole() -> None:
    told = body(report(finding("ack-late", where="member/110000/x", behind=12345)), "en")
    folded = told[told.index("<details>") : told.index("</details>")]
    assert "member/110000/x" in folded and "12345" in folded
    assert "12345" not in told.replace(folded, "")


def test_figures() -> None:
    told = Seen(body(report(), "en")).text
    for figure in ("96.7%", "19 days (limit 14)", "60 / 100", "behind", "3,700,005", "40 of 40"):
        assert figure in told, figure
    bars = [attrs for tag, attrs in Seen(body(report(), "en")).tags if tag == "rect"]
    assert {"bad", "good", "plain", "ground"} <= {str(one["class"]) for one in bars}


def test_what_was_not_asked_for_is_said_with_how_to_ask() -> None:
    told = Seen(body(report(of=document), "en")).text
    for option in ("--openings", "--check-mirrors", "--gas"):
        assert option in told
    assert "--gas" not in Seen(body(report(of=full), "en")).text.replace("--gas --out", "")


def test_a_figure_of_nothing_divides_by_nothing() -> None:
    made = report(
        setting("counts.timely", {"yes": 0, "no": 0, "unknown": 0}),
        setting("status.count", 0),
        *(setting(f"{name}", []) for name in ("logs", "mirrors", "stages", "gas")),
    )
    assert "NaN" not in body(made, "en")


# ---- strangers


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_of_strangers_are_text(language: Language) -> None:
    changes = [finding(code, a="b") for code in ("ack-late", "same-person")]
    made = hostile(report(*changes, gap("tiles-missing", a="b")).document)
    made["findings"][0]["evidence"] = {"k<b>": HOSTILE}
    made["logs"] += [{**made["logs"][0], "size": 3}]
    told = report(of=lambda: made)
    for text in (body(told, language), page(told).decode()):
        seen = Seen(text)
        assert {tag for tag, _ in seen.tags} <= TAGS
        names = {name for _, attrs in seen.tags for name in attrs}
        assert not {name for name in names if name.startswith("on")}
        assert not names & {"src", "href", "style", "action", "srcdoc"}
        assert "<script>alert(1)</script>" in seen.text
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", text)


def test_known_codes_have_our_words_and_others_their_own() -> None:
    lying = report(finding("ack-late"), setting("findings.0.message.en", "All is well."))
    assert "All is well." not in body(lying, "en")
    newer = report(
        finding("ack-late"),
        setting("findings.0.code", "newer"),
        setting("findings.0.message.en", "Of tomorrow."),
    )
    assert "Of tomorrow." in body(newer, "en")
    assert WORDS["unknown-code"]["en"] in body(newer, "en")


def test_the_page_of_a_large_report_is_bounded() -> None:
    def many(made: dict[str, Any]) -> None:
        made["findings"] *= 5_000
        made["findings"] += [{**made["findings"][0], "code": f"x{n}"} for n in range(MAX_CODES)]
        made["logs"] *= 500
        made["findings"][0] = {**made["findings"][0], "evidence": {"long": "y" * 100_000}}

    told = body(report(finding("ack-late", where="w"), many), "en")
    assert "y" * (MAX_SHOWN + 1) not in told
    assert len(told) < 2_000_000
    assert Seen(told).text.count("Beijing 110000") <= MAX_PLACES + 2 * MAX_CODES + 3 * MAX_ROWS
    assert f"{5_000 - MAX_ALL // (MAX_CODES + 1)} more are in the file" in told


def test_what_the_report_leaves_out_is_told() -> None:
    made = report(finding("ack-late"), setting("counts.findings", {"ack-late": 250}))
    assert "The report lists 1 of 250" in body(made, "en")


# ---- the file


def test_a_file_loads_nothing_and_runs_nothing() -> None:
    text = page(report(finding("ack-late"))).decode()
    seen = Seen(text)
    style = text[text.index("<style>") + 7 : text.index("</style>")]
    policy = next(attrs["content"] for tag, attrs in seen.tags if "http-equiv" in attrs)
    digest = base64.b64encode(sha256(style.encode()).digest()).decode()
    assert policy is not None
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'")
    assert "@import" not in style and "url(" not in style
    assert "://" not in text
    assert "script" not in {tag for tag, _ in seen.tags}


@pytest.mark.parametrize("first", LANGUAGES)
def test_both_languages_in_one_file(first: Language) -> None:
    seen = Seen(page(report(), first=first).decode())
    checked = [attrs["id"] for tag, attrs in seen.tags if "checked" in attrs]
    assert checked == [f"show-{first}"]
    assert WORDS["lead"]["zh"] in seen.text and WORDS["lead"]["en"] in seen.text
    ids = [attrs["id"] for _, attrs in seen.tags if "id" in attrs]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(("language", "other"), [("zh", "en"), ("en", "zh")])
def test_one_language(language: Language, other: Language) -> None:
    text = page(report(), languages=[language], first=other).decode()
    assert WORDS["lead"][language] in text and WORDS["lead"][other] not in text
    assert "<input" not in text
    assert f'<html lang="{ {"zh": "zh-CN", "en": "en"}[language] }"' in text


def test_the_same_report_makes_the_same_page() -> None:
    assert page(report()) == page(report())
