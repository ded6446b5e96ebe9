"""docs/protocol.md says what the code does: its tables are written out of the code, and nothing of
the code is missing there."""

import re

import pytest

from ledger.core import eip712, keys, versions
from ledger.core.canonical import MAX_INSTANT
from ledger.core.promise import MAX_PROMISE
from ledger.core.verdict import checks, facts
from ledger.core.verdict.judging import CLOCK_SKEW
from ledger.core.verdict.reasons import CODES
from ledger.core.verdict.verdicts import EXITS
from ledger.verify import HEAD_READS
from scripts import protocol
from scripts.protocol_parts import bounds, examples, numbers, reasons
from scripts.protocol_parts.tables import ROOT

TEXT = protocol.PAGE.read_text("utf-8")
MODULES = [*bounds.modules("ledger/core", "ledger/records"), "ledger.chain.network"]


def section(number: int) -> str:
    """The text of one numbered section."""
    found = re.search(rf"^## {number}\. .*?(?=^## |\Z)", TEXT, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[0]


def paragraphs() -> dict[str, str]:
    """What section 16 says of each check, by its id; in order and with the right numbers."""
    text = section(16).partition("### ")[0]
    parts = re.split(r"^\*\*(\d+) ([\w-]+)\*?\*?", text, flags=re.MULTILINE)[1:]
    named = list(zip(parts[::3], parts[1::3], parts[2::3], strict=True))
    every = (*checks.CHECKS, *checks.OF_STATEMENTS)
    assert [(int(n), id_) for n, id_, _ in named] == [(c.n, c.id) for c in every]
    return {id_: words for _, id_, words in named}


def test_the_page_is_as_generated() -> None:
    assert protocol.render(TEXT) == TEXT, "run scripts/protocol.py"


def test_every_table_and_example_is_shown() -> None:
    assert protocol.missing(TEXT) == set()
    assert len(protocol.EXAMPLE.findall(TEXT)) == len(examples.examples()) == 27


@pytest.mark.parametrize(
    "mark", ["| receipt file |", "| 1 | SUSPEND |", "| `malformed` | 1 format"]
)
def test_a_table_that_drifted_is_seen(mark: str) -> None:
    assert mark in TEXT
    drifted = TEXT.replace(mark, mark.upper() + " ")
    assert protocol.render(drifted) == TEXT


# ---- reasons


def test_every_code_has_a_check() -> None:
    pairs = reasons.pairs()
    assert {code for _, code in pairs} == set(CODES)
    every = (*checks.CHECKS, *checks.OF_STATEMENTS)
    assert {check for check, _ in pairs} == {check.id for check in every}


@pytest.mark.parametrize(("check", "code"), sorted(reasons.pairs()))
def test_a_reason_is_what_the_verifier_gives(check: str, code: str) -> None:
    values = {name: "x" for name in re.findall(r"\{(\w+)\}", "".join(CODES[code].text.values()))}
    found = checks.failed(check, code, **values)
    row = next(row for row in reasons.reasons().splitlines() if row.startswith(f"| `{code}` |"))
    assert f"{found.n} {check}" in row
    assert row.endswith(f"| `{found.verdict}` | {EXITS[str(found.verdict)]} |")


@pytest.mark.parametrize(("check", "code"), sorted(reasons.pairs()))
def test_every_reason_is_in_an_algorithm(check: str, code: str) -> None:
    """In the paragraph of its check, or where that points to."""
    words = paragraphs()[check]
    beside = {
        "format": section(13) + paragraphs()["statement"],
        "chain": section(14) + section(15) + section(13),
        "binding": paragraphs()["presentation-signature"],
        "status": section(17),  # codes are the names of the verdicts
        "subject": section(5),
        "asked": paragraphs()["statement"],
    }
    assert f"`{code}`" in words + beside.get(check, "")


# ---- numbers


def test_numbers_are_those_of_python() -> None:
    found = {
        library: {name: number for name, (number, _) in constants.items()}
        for library, constants in numbers.libraries().items()
    }
    assert set(found) == set(numbers.TITLES)
    assert found["Purpose"] == {item.name: int(item) for item in keys.Purpose}
    assert found["Role"] == {item.name: int(item) for item in keys.Role} | {"ANY": 255}
    assert found["Alg"] | {"SM2": 4} == {item.name: int(item) for item in keys.Alg}


def test_acts_are_those_of_the_design() -> None:
    assert [number for number, _ in numbers.actions()] == list(range(1, 12))
    assert [number for number, _ in numbers.bases()] == list(range(1, 13))
    named = {name: number for name, (number, _) in numbers.libraries()["Action"].items()}
    assert named == {name: number for number, name in numbers.actions()} | {"ANNUL_STOLEN": 12}
    assert len(numbers.libraries()["Basis"]) == len(numbers.bases())


def test_every_signed_type_is_shown() -> None:
    assert set(examples.CONTRACT_OF) == set(eip712.STRUCTS) - {"EIP712Domain", "Act"}
    for contract in set(examples.CONTRACT_OF.values()):
        assert (ROOT / "contracts" / f"{contract}.sol").is_file()


# ---- bounds and forms


def test_every_bound_is_shown() -> None:
    shown = {(bound.module, bound.name) for bound in bounds.BOUNDS}
    there = {
        (module, name)
        for module in MODULES
        for name in bounds.defined(module)
        if re.match(r"_?MAX_", name)
    }
    assert there <= shown | set(bounds.BESIDE)


def test_every_pattern_is_shown() -> None:
    shown = {(module, name) for module, name, _ in bounds.PATTERNS}
    there = {
        (module, name)
        for module in MODULES
        for name in bounds.defined(module)
        if name.isidentifier() and isinstance(bounds.value(module, name), re.Pattern)
    }
    assert there == shown | set(bounds.LOOSE)


def test_every_bound_of_the_contracts_is_shown() -> None:
    shown = {(file, name) for file, name, _ in bounds.CONTRACTS}
    folder = ROOT / "contracts"
    ours = [path for path in folder.rglob("*.sol") if path.relative_to(folder).parts[0] != "test"]
    there = {
        (path.relative_to(folder).with_suffix("").as_posix(), name)
        for path in ours
        for name in bounds.solidity(path.relative_to(folder).with_suffix("").as_posix())
    }
    assert there <= shown | set(bounds.BESIDE)


def test_what_is_left_out_is_there() -> None:
    """No exception outlives what it is about."""
    for place in [*bounds.BESIDE, *bounds.LOOSE]:
        module, name = place
        path = f"contracts/{module}.sol" if "/" in module else f"{module.replace('.', '/')}.py"
        assert re.search(rf"\b{name}\b", (ROOT / path).read_text("utf-8")), place


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("at most 72 hours after it", MAX_PROMISE == 72 * 3600),
        ("the 72 hours before", facts.GRACE == 72 * 3600),
        ("more than a minute ahead", CLOCK_SKEW == 60),
        ("the first 256 bytes begin", versions._START_BYTES == 256),
        ("every quarter of `maxHeadAge`", HEAD_READS == 4),
        ("after 9999-12-31", MAX_INSTANT == 253402300799),
    ],
)
def test_numbers_in_words(words: str, value: bool) -> None:
    assert words in " ".join(TEXT.split())
    assert value


def test_key_words_are_those_of_bcp_14() -> None:
    assert "BCP 14" in TEXT
    assert set(re.findall(r"\b(?:MUST|SHALL|SHOULD|MAY)(?: NOT)?\b", TEXT)) <= {
        "MUST",
        "MUST NOT",
        "SHOULD",
        "SHOULD NOT",
        "MAY",
    }
