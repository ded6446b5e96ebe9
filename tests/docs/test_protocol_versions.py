"""Section 13 of docs/protocol.md: a second implementation of its words tells the same vectors."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance import independent_versions as words

VECTORS = Path(__file__).resolve().parent.parent / "vectors"
KINDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "receipt/receipt": ("data", lambda text: words.file(text.encode())),
    "entry/entry": ("data", lambda text: words.entry(text.encode())),
    "checkpoint/checkpoint": ("text", words.checkpoint),
    "presentation/presentation": ("text", words.jws),
}
"""Where the text stands in a case, and how it is looked at."""


def told(path: str, kind: str) -> dict[str, bool]:
    member, look = KINDS[kind]
    cases = json.loads((VECTORS / f"{path}.json").read_text("utf-8"))["cases"]
    assert cases
    return {case["name"]: look(case[member]) for case in cases}


@pytest.mark.parametrize("kind", KINDS)
def test_newer_ones_are_unknown(kind: str) -> None:
    assert set(told(f"{kind}_newer", kind).values()) == {True}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("suffix", ["", "_fail"])
def test_no_other_is(kind: str, suffix: str) -> None:
    assert [name for name, newer in told(f"{kind}{suffix}", kind).items() if newer] == []


def test_bindings() -> None:
    cases = json.loads((VECTORS / "presentation/binding_fail.json").read_text("utf-8"))["cases"]
    assert {case["newer"] for case in cases} == {True, False}
    for case in cases:
        assert words.jws(case["text"]) is case["newer"], case["name"]


def test_files_saved_anew_are_not_newer() -> None:
    assert not any(told("receipt/receipt_respelled", "receipt/receipt").values())
