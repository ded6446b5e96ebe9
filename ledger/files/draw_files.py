"""Draws as auditors keep them: a folder with `draw.json` and the receipts that were given; and the
answers that are held against them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ledger.audit.draws import FetchFor, draw
from ledger.audit.findings import Findings
from ledger.audit.listed import Replayed
from ledger.audit.opened_answers import answers_in
from ledger.audit.opening_files import OpeningFiles, read_file
from ledger.chain.nodes.quorum import QuorumReader
from ledger.core.answer import Answer
from ledger.core.bundle import MAX_FILE as MAX_BUNDLE
from ledger.core.draw import MAX_FILE, Draw, parse_draw
from ledger.core.errors import CouldNotCheck, EvidenceError, Malformed, VersionUnknown
from ledger.core.ids import Digest, sha256
from ledger.core.jws import Jws
from ledger.core.opening import parse_opening
from ledger.core.query import query_from_members
from ledger.core.receipt import MAX_RECEIPT
from ledger.files.draw_audit import DrawJudge, differs
from ledger.verify import Verifier

__all__ = ["DRAW", "RECEIPTS", "DrawAudit", "Papers", "read_receipts"]

DRAW, RECEIPTS = "draw.json", "receipts"
"""Names in the folder."""


def read_receipts(paths: Iterable[Path]) -> Mapping[Digest, bytes]:
    """Files of receipts, and all in folders, by their SHA-256. Raises NotOpenings where one cannot
    be read."""
    found: dict[Digest, bytes] = {}
    for path in paths:
        for each in sorted(path.rglob("[!.]*.json")) if path.is_dir() else [path]:
            data = read_file(each, MAX_RECEIPT)
            found[sha256(data)] = data
    return found


class Papers:
    """Answers and openings of queries in files and folders, read one after the other."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths

    def answers(self) -> Iterator[tuple[Answer, Jws]]:
        """Every answer that is one; none is verified yet. Raises NotOpenings."""
        files = OpeningFiles(self._paths)
        for _ in files:
            pass
        for paper in files.papers:
            if paper.kind not in ("answer", "bundle"):
                continue
            try:
                for answer, jws, _ in answers_in(paper, read_file(paper.path, MAX_BUNDLE)):
                    yield answer, jws
            except (EvidenceError, VersionUnknown):
                continue  # what is none contradicts nothing; replay tells of it

    def queries(self) -> Iterator[tuple[str, str, Digest]]:
        """Who answered, about which code, and the answer, by the openings. Raises NotOpenings."""
        for data in OpeningFiles(self._paths):
            try:
                made = parse_opening(data).statement
            except (EvidenceError, VersionUnknown):
                continue
            if made.sort == "query":
                query = query_from_members(made.members)
                yield made.iss, query.subject, query.answer


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawAudit:
    """Folders of draws, drawn anew and judged (`ledger.audit.listed.Beside`). papers: answers that
    members were given. fetch_for: how logs are read."""

    verifier: Verifier
    reader: QuorumReader
    folders: Sequence[Path]
    papers: Papers
    fetch_for: FetchFor

    @property
    def names(self) -> frozenset[str]:
        """See `Beside`: none."""
        return frozenset()

    def run(self, replayed: Replayed) -> None:
        """See `Beside`. Raises NotOpenings where a file cannot be read."""
        judge = DrawJudge(verifier=self.verifier, findings=replayed.findings)
        for folder in self.folders:
            self._folder(folder, judge, replayed.findings)
        judge.answers(self.papers.answers())

    def _folder(self, folder: Path, judge: DrawJudge, findings: Findings) -> None:
        data = read_file(folder / DRAW, MAX_FILE)
        where = f"draw/{sha256(data).hex()}"
        try:
            made = parse_draw(data)
            if (why := self._problem(made)) is not None:
                raise Malformed("draw", why)
        except VersionUnknown as error:
            findings.unchecked("paper-version-unknown", where, why=error.message)
        except EvidenceError as error:
            findings.add("draw-false", log=b"", member="", where=where, why=str(error))
        except CouldNotCheck as error:
            findings.unchecked("draw-unchecked", where, why=error.code)
        else:
            held = folder / RECEIPTS
            judge.draw(made, read_receipts([held] if held.is_dir() else []))

    def _problem(self, made: Draw) -> str | None:
        """In a word why nobody can have drawn this; None: it is what everybody draws. Raises
        CouldNotCheck."""
        again, unread = draw(
            self.reader,
            self.reader.head(),
            auditor=made.auditor,
            day=made.day,
            members=sorted({log.member for log in made.logs}),
            count=made.count,
            fetch_for=self.fetch_for,
        )
        if unread:
            raise CouldNotCheck("log-unread", str(unread[0]))
        return differs(made, again)
