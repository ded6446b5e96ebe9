"""Answers about a firm with an adverse record and about one without, and bundles of them."""

from collections.abc import Mapping
from typing import Any

from scripts.conformance_parts import world as w
from scripts.conformance_parts.desk import (
    AT,
    CLEAN,
    FAMILIES,
    FIRM,
    Desk,
    Given,
    question,
)
from scripts.conformance_parts.evidence import jcs

MADE = AT + 60
"""When a bundle was put together."""
STATED, MISSING, CONTRADICTED = "stated", "missing", "contradicted"


class Shelf:
    """Answers about a firm with an adverse record, and about one without."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.of_firm: dict[str, Any] = {"question": question(FIRM, FAMILIES)}
        self.of_clean: dict[str, Any] = {
            "question": question(CLEAN, FAMILIES),
            "authorisation": desk.commitment("of the clean firm"),
        }
        self.firm = {
            w.OWNER: desk.given(w.OWNER, ("penalty", "permit", "unlisted"), **self.of_firm),
            w.OTHER: desk.given(w.OTHER, ("permit there",), **self.of_firm),
            w.THIRD: desk.given(w.THIRD, (), **self.of_firm),
        }
        self.clean = {
            w.OWNER: desk.given(w.OWNER, ("of another",), **self.of_clean),
            w.OTHER: desk.given(w.OTHER, ("clean there",), **self.of_clean),
            w.THIRD: desk.given(w.THIRD, ("clean third", "clean second"), **self.of_clean),
        }
        self.names = {_leaf(desk, name): name for name in desk.held}

    def told(self, given: Given, at: int, **changes: Any) -> dict[str, Any]:
        """The verdict on an item, as bundles hold it. changes: members in place of its own."""
        desk, item = self.desk, given.said["items"][at]
        record = desk.held[self.names[item["leaf"]]]
        is_penalty = record.entry.get("schema") == "sample-penalty@1"
        anchor = desk.b.anchor_of(record)
        return {
            "adverse": is_penalty,
            "anchoredAt": w.instant(anchor["time"]),
            "asOf": w.day(w.T),
            "authentic": True,
            "class": "general" if is_penalty else None,
            "correctedBy": None,
            "decided": "2026-10-12",
            "issuer": given.said["iss"],
            "leaf": item["leaf"],
            "receiptDigest": item["receipt"],
            "recordId": record.id,
            "status": {"flags": [], "outcome": "NONE", "version": 0},
            "type": record.entry.get("schema"),
            "until": "2027-10-12" if is_penalty else None,
            "usable": True,
            "verdict": "valid",
            **changes,
        }


def _leaf(desk: Desk, name: str) -> str:
    return desk.items([name], [""])[0]["leaf"]


class Made:
    """A bundle that is put together by the text; everything in it can be replaced."""

    def __init__(self, shelf: Shelf, answers: Mapping[str, Given], overall: str) -> None:
        self.shelf, self.answers, self.overall = shelf, dict(answers), overall
        self.missing: dict[str, str] = {}
        self.states: dict[tuple[str, str], str] = {}
        self.verdicts: dict[tuple[str, int], dict[str, Any]] = {}
        self.more: dict[str, list[str]] = {}
        self.changes: dict[str, Any] = {}

    def value(self) -> dict[str, Any]:
        """The object."""
        whole = {
            "_type": "credit-ledger/bundle@1",
            "answers": [self._answer(code) for code in sorted(self.answers)],
            "at": w.instant(MADE),
            "completeness": self._completeness(),
            "missing": [
                {"member": code, "reason": why} for code, why in sorted(self.missing.items())
            ],
            "overall": self.overall,
            "subject": next(iter(self.answers.values())).said["question"]["code"]
            if self.answers
            else FIRM,
            "verdicts": self._verdicts(),
            **self.changes,
        }
        return {name: one for name, one in whole.items() if one != "gone"}

    def file(self) -> bytes:
        """The same as a file."""
        return jcs(self.value())

    def _answer(self, code: str) -> dict[str, Any]:
        one = self.answers[code]
        return one.value(receipts=[*one.receipts, *self.more.get(code, [])])

    def _completeness(self) -> list[dict[str, str]]:
        return [
            {
                "family": family,
                "member": code,
                "state": self.states.get(
                    (code, family), STATED if code in self.answers else MISSING
                ),
            }
            for code in sorted({*self.answers, *self.missing})
            for family in FAMILIES
        ]

    def _verdicts(self) -> list[dict[str, Any]]:
        return [
            self.shelf.told(one, at, **self.verdicts.get((code, at), {}))
            for code, one in sorted(self.answers.items())
            for at in range(len(one.said["items"]))
        ]
