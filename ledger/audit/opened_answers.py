"""Answers that members were given and hand to an auditor: alone, with the opening of their query,
or in bundles.

What counts is what its member signed. What lies beside it, the opening and the receipts, may have
been put there by anybody: an opening goes to the others and is judged like them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson

from ledger.audit.findings import Findings
from ledger.audit.opened import Opened
from ledger.audit.opening_files import NotOpenings, Paper, read_file
from ledger.audit.state import Key, State
from ledger.core.answer import MAX_JWS, Answer, Given, given_from_json, parse_answer
from ledger.core.bundle import MAX_FILE, parse_bundle
from ledger.core.errors import EvidenceError, VersionUnknown
from ledger.core.ids import Digest, sha256
from ledger.core.jws import Jws
from ledger.core.jws import verify as verify_jws
from ledger.core.keys import Purpose
from ledger.core.opening import check

__all__ = ["Answers", "HeldAnswer"]

_TABLES = """
CREATE TABLE answer (digest BLOB PRIMARY KEY, code TEXT, query BLOB, jws TEXT) WITHOUT ROWID;
CREATE INDEX answer_about ON answer (code);
"""
_PAGE = 64  # answers read at once: each may have half a megabyte


@dataclass(frozen=True, slots=True)
class HeldAnswer:
    """An answer that its member signed. digest: SHA-256 of its characters. query: commitment of the
    query whose opening lay beside it; None: none did."""

    digest: Digest
    answer: Answer
    query: Digest | None


class Answers:
    """The table of them, beside those of the openings."""

    def __init__(self, opened: Opened, state: State, findings: Findings) -> None:
        self._opened = opened
        self._db = opened.database
        self._db.executescript(_TABLES)
        self._state = state
        self._findings = findings

    def take(self, paper: Paper) -> None:
        """Read a bundle or an answer. Raises NotOpenings where it cannot be read."""
        data = read_file(paper.path, MAX_FILE)
        where = f"answer/{sha256(data).hex()}"
        try:
            for answer, jws, given in _parsed(paper, data):
                self._one(answer, jws, given)
        except VersionUnknown as error:
            self._findings.unchecked("paper-version-unknown", where, why=error.message)
        except EvidenceError as error:
            self._false(where, str(error))

    def count(self) -> int:
        """How many there are."""
        return int(self._db.execute("SELECT count(*) FROM answer").fetchone()[0])

    def each(self) -> Iterator[HeldAnswer]:
        """All, by digest."""
        last = b""
        while rows := self._db.execute(
            "SELECT digest, query, jws FROM answer WHERE digest > ? ORDER BY digest LIMIT ?",
            (last, _PAGE),
        ).fetchall():
            yield from (_held(*row) for row in rows)
            last = rows[-1][0]

    def of(self, digest: bytes) -> HeldAnswer | None:
        """One; None: it is not here."""
        row = self._db.execute(
            "SELECT digest, query, jws FROM answer WHERE digest = ?", (digest,)
        ).fetchone()
        return None if row is None else _held(*row)

    # ---- one answer

    def _one(self, answer: Answer, jws: Jws, given: Given | None) -> None:
        digest = sha256(jws.text.encode())
        why = _signer_problem(self._state, answer, jws)
        if why is not None:
            self._false(f"answer/{digest.hex()}", why)
            return
        query = None if given is None else self._opening(given)
        self._db.execute(
            "INSERT INTO answer VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " query = coalesce(query, excluded.query)",
            (digest, answer.question.code, query, jws.text),
        )

    def _opening(self, given: Given) -> Digest | None:
        """The query beside it, where it is one in itself; else it is nobody's and says nothing."""
        with contextlib.suppress(EvidenceError):
            check(given.opening)
            given.query  # noqa: B018 - Malformed where it is of another sort
            self._opened.add(given.opening)
            return given.opening.statement.commitment
        self._false(f"answer/{sha256(given.jws.text.encode()).hex()}", "opening")
        return None

    def _false(self, where: str, why: str) -> None:
        self._findings.add("answer-false", log=b"", member="", where=where, why=why)


def _parsed(paper: Paper, data: bytes) -> Iterator[tuple[Answer, Jws, Given | None]]:
    """What is in a file. Raises EvidenceError, VersionUnknown."""
    if paper.kind == "bundle":
        for given in parse_bundle(data).answers:
            yield given.answer, given.jws, given
        return
    text = data.strip()
    if not text.startswith(b"{"):
        yield (*parse_answer(text[: MAX_JWS + 1].decode("ascii", "replace")), None)
        return
    given = given_from_json(_json(paper.path, text))
    yield given.answer, given.jws, given


def _json(path: Path, text: bytes) -> object:
    try:
        return orjson.loads(text)
    except ValueError as error:
        raise NotOpenings(path.name, "not JSON") from error


def _held(digest: bytes, query: bytes | None, jws: str) -> HeldAnswer:
    answer, _ = parse_answer(jws)
    return HeldAnswer(Digest(digest), answer, None if query is None else Digest(query))


def _signer_problem(state: State, answer: Answer, jws: Jws) -> str | None:
    """Say in a word why an answer is not its member's; None: it is."""
    key: Key | None = state.keys.get((answer.iss, jws.kid))
    if key is None or key.purpose != Purpose.PRESENT:
        return "key-unknown"
    try:
        verify_jws(jws, key.alg, key.public_key)
    except EvidenceError:
        return "signature-invalid"
    if not key.not_before <= answer.at <= key.not_after:
        return "key-not-valid"
    return "key-disputed" if 0 < key.compromised_since <= answer.at else None
