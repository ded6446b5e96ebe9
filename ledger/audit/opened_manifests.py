"""Manifests that users of products hand to an auditor, and the records that they name.

Nobody signs a manifest: it is that of a version where it gives the root on the chain. What gives
another root proves nothing against the maker, since anybody can write such a file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ledger.audit.findings import Findings
from ledger.audit.opened import Opened
from ledger.audit.opening_files import Paper, read_file
from ledger.audit.written import Made, Version, Written
from ledger.core.errors import EvidenceError, VersionUnknown
from ledger.core.ids import RecordId, sha256
from ledger.core.manifest import MAX_MANIFEST, Manifest, parse_manifest

__all__ = ["HeldManifest", "Manifests"]

_TABLES = """
CREATE TABLE manifest (n INTEGER PRIMARY KEY, member TEXT, product BLOB, version INTEGER,
  UNIQUE (member, product, version));
CREATE TABLE input (manifest INTEGER, record BLOB, PRIMARY KEY (manifest, record)) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class HeldManifest:
    """A manifest that gives the root of a version."""

    number: int
    made: Made
    version: Version


class Manifests:
    """The tables of them, beside those of the openings."""

    def __init__(self, opened: Opened, written: Written, findings: Findings) -> None:
        self._opened = opened
        self._db = opened.database
        self._db.executescript(_TABLES)
        self._written = written
        self._findings = findings

    def take(self, paper: Paper) -> None:
        """Read one. Raises NotOpenings where it cannot be read."""
        data = read_file(paper.path, MAX_MANIFEST)
        where = f"manifest/{sha256(data).hex()}"
        try:
            manifest = parse_manifest(data)
        except VersionUnknown as error:
            self._findings.unchecked("paper-version-unknown", where, why=error.message)
            return
        except EvidenceError as error:
            self._false(where, str(error))
            return
        known = [
            (made, made.versions[manifest.version])
            for made in self._written.of_id(manifest.product)
            if manifest.version in made.versions
        ]
        alike = [one for one in known if one[1].inputs_root == manifest.inputs_root]
        if not alike:
            why = "root" if known else "not-published"
            self._false(where, why, product=manifest.product.hex(), version=manifest.version)
        for made, version in alike:  # the same under the same id of two members is of both
            self._keep(manifest, made, version)

    def _keep(self, manifest: Manifest, made: Made, version: Version) -> None:
        known = self._db.execute(
            "INSERT OR IGNORE INTO manifest (member, product, version) VALUES (?, ?, ?)"
            " RETURNING n",
            (made.member, made.product_id, version.number),
        ).fetchone()
        if known is None:  # the same file twice
            return
        self._db.executemany(
            "INSERT INTO input VALUES (?, ?)", ((known[0], one) for one in manifest.record_ids)
        )
        self._opened.want(manifest.record_ids)
        if version.inputs != len(manifest.record_ids):
            self._findings.add(
                "product-miscounted",
                log=made.product_id,
                member=made.member,
                where=version.writing.where,
                said=version.inputs,
                inputs=len(manifest.record_ids),
            )

    def count(self) -> int:
        """How many there are."""
        return int(self._db.execute("SELECT count(*) FROM manifest").fetchone()[0])

    def each(self) -> Iterator[HeldManifest]:
        """All, as they came."""
        rows = self._db.execute("SELECT n, member, product, version FROM manifest ORDER BY n")
        for number, member, product, version in rows.fetchall():
            made = self._written.products[member, product]
            yield HeldManifest(number, made, made.versions[version])

    def inputs(self, held: HeldManifest) -> Iterator[RecordId]:
        """The records of one, ascending."""
        rows = self._db.execute(
            "SELECT record FROM input WHERE manifest = ? ORDER BY record", (held.number,)
        )
        yield from (RecordId(row[0]) for row in rows)

    def _false(self, where: str, why: str, **evidence: str | int) -> None:
        self._findings.add("manifest-differs", log=b"", member="", where=where, why=why, **evidence)
