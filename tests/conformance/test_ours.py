"""Our own verifier agrees on every case, and no verdict is without one."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.conformance.answers import Answer
from ledger.conformance.judges import JUDGES, Ours
from ledger.conformance.runner import run
from ledger.conformance.suite import Suite, packaged
from ledger.core.verdict.reasons import CODES
from ledger.core.verdict.verdicts import VERDICTS
from ledger.files.problems import CODES as PROBLEMS

SUITE = packaged()
LEAST = 150
LARGEST = 5_400_000
"""Bytes of all files."""
SINGLE = {"receipt", "statement", "opening", "request"}
"""Kinds that are about one record, statement or request."""
OF_FILES = {
    *("malformed", "version-unknown", "parts-differ", "key-unknown", "key-not-valid"),
    *("key-disputed", "signature-invalid", "not-a-province", "time-wrong", "query-false"),
    *("query-unchecked", "query-late", "block-not-final", "covers-wrong", "other-record"),
    *("receipt-false", "other-subject", "receipt-unchecked", "not-for-the-asker"),
    *("other-asker", "answer-replayed", "other-question", "authorisation-missing"),
    *("authorisation-unknown", "authorisation-other-subject", "authorisation-other-purpose"),
    *("authorisation-out-of-scope", "authorisation-expired", "authorisation-revoked"),
    *("authorisation-unchecked", "recomputed-differs", "province-unspoken", "chain-unread"),
}
"""Codes of answers and bundles."""
GENERAL = {
    *("malformed", "not-canonical-bytes", "presentation-mismatch", "statement-mismatch"),
    "verifier-error",
}
"""Codes that several cases lead to without naming them, and the one of a verifier's own error."""
REFUSALS = {
    *("accepted", "signature-missing", "signature-several", "signature-form", "other-member"),
    *("signature-early", "signature-lifetime", "signature-expired", "request-key-unknown"),
    *("signature-invalid", "request-key-not-valid", "member-not-active", "digest-differs"),
    "signature-replayed",
}


@pytest.fixture(scope="module")
def ours() -> Ours:
    return Ours(SUITE)


@pytest.mark.parametrize("group", SUITE.groups)
def test_we_agree(ours: Ours, group: str) -> None:
    found = run(SUITE.of([group]), ours)
    assert [finding.as_dict() for finding in found.findings] == []


def test_there_are_enough_cases_of_every_verdict_and_reason() -> None:
    assert len(SUITE.cases) >= LEAST
    told = {case.verdict for case in SUITE.cases} | {case.now for case in SUITE.cases}
    assert set(VERDICTS) <= told
    single = [case for case in SUITE.cases if case.kind in SINGLE]
    assert set(CODES) - {case.code for case in single} == GENERAL
    of_files = {case.code for case in SUITE.cases if case.kind not in SINGLE}
    assert of_files - {None} == OF_FILES <= set(PROBLEMS)
    assert len(SUITE.cases) - len(single) >= LEAST
    assert {case.verdict for case in SUITE.cases if case.kind == "request"} == REFUSALS
    assert {case.kind for case in SUITE.cases} == set(JUDGES)


def test_each_case_says_why_in_both_languages() -> None:
    for case in SUITE.cases:
        assert re.fullmatch(r"[a-z0-9-]+/[a-z0-9-]+", case.name)
        assert set(case.reason) == {"zh", "en"}
        for text in case.reason.values():
            assert text.strip() == text != ""
            assert "\n" not in text
        assert re.search("[\u4e00-\u9fff]", case.reason["zh"]), case.name


def test_what_a_case_is_about_is_what_we_find(ours: Ours) -> None:
    """`code` and `check` are compared by nobody, and must be right all the same."""
    for case in SUITE.cases:
        if case.kind == "request" or case.verdict == "valid":
            continue
        said = ours.answer(case)
        assert isinstance(said, Answer)
        if case.kind not in SINGLE and case.code is None:
            assert said.why == "", case.name
            continue
        checks, codes = zip(*(one.split(": ") for one in said.why.split(", ")), strict=True)
        assert case.check is None or case.check in checks, case.name
        assert case.code is None or case.code in codes, case.name


def test_no_file_is_there_for_nothing() -> None:
    used = {
        path
        for case in SUITE.cases
        for path in (case.file, case.facts, case.statement, case.authorisation)
    }
    facts = [json.loads(case.facts.read_bytes()) for case in SUITE.cases]
    used |= {SUITE.folder / found["base"] for found in facts if "base" in found}
    used |= {SUITE.folder / name for name in ("README.md", "cases.json")}
    there = {SUITE.folder / path for path in SUITE.files() if path.parts[0] != "library"}
    assert there == used - {None}
    assert sum((SUITE.folder / path).stat().st_size for path in SUITE.files()) < LARGEST


def test_the_readme_tells_of_every_kind_and_member() -> None:
    text = (SUITE.folder / "README.md").read_text("utf-8")
    for kind in JUDGES:
        assert f"| `{kind}` |" in text
    members = {name for case in SUITE.cases for name in json.loads(case.facts.read_bytes())}
    assert [name for name in members - {"base"} if f"| `{name}` |" not in text] == []
    asked = {name for case in SUITE.cases for name in case.question}
    assert [name for name in asked if f"`{name}`" not in text] == []


@pytest.mark.parametrize("kind", sorted(JUDGES))
def test_a_verdict_that_is_another_is_found(ours: Ours, kind: str) -> None:
    """The flipped case: what must be said is changed, and nothing else."""
    case = next(case for case in SUITE.cases if case.kind == kind)
    assert run([case], ours).findings == ()
    other = replace(case, verdict="valid" if case.verdict != "valid" else "expired")
    assert [one.case for one in run([other], ours).findings] == [other]


def test_a_verdict_at_the_head_that_is_another_is_found(ours: Ours) -> None:
    case = next(case for case in SUITE.cases if case.now not in (None, case.verdict))
    assert run([case], ours).findings == ()
    assert run([replace(case, now=case.verdict)], ours).findings


@pytest.mark.parametrize(("old", "new"), [(b"", b""), (b"yes", b"no")])
def test_evidence_that_is_mutated_is_found(tmp_path: Path, old: bytes, new: bytes) -> None:
    """One word of the entry, and nothing else; and where nothing is changed, nothing is found."""
    case = next(case for case in SUITE.cases if case.name == "receipt/whole")
    path = tmp_path / "mutated.receipt"
    path.write_bytes(case.file.read_bytes().replace(old, new, 1))
    found = run([replace(case, file=path)], Ours(SUITE)).findings
    said = [one.said.verdict for one in found if isinstance(one.said, Answer)]
    assert said == ([] if old == new else ["proof-mismatch"])


def test_a_kind_that_nobody_knows_has_no_verdict(ours: Ours) -> None:
    case = replace(SUITE.cases[0], kind="rumour")
    assert ours.answer(case) == Answer(None)
    assert run([case], ours).findings


def test_an_empty_selection_is_everything() -> None:
    assert Suite.of(SUITE, []) == SUITE.cases
    assert {case.group for case in SUITE.of(["role", "void"])} == {"role", "void"}
