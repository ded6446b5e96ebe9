"""Checking an archive of evidence: with the network file and the hash of one header, and no node.

 1 archive     it is the one spelling of such a file
 2 manifest    its members are those that it names; the texts are ours
 3 network     it is of the network that is pinned
 4 header      keccak256 of its bytes is the hash that was given
 5 proofs      every account, place of storage, receipt and transaction is proven
 6 code        is that of its hash, and what ships with this software
 7 blocks      can be of one chain
 8 verdicts    what is proven leads to the verdicts that it tells
 9 histories   and to the keys, votes and acts
10 anchors     are signed by keys of the owners (`anchors`)
11 nothing     is there that these did not ask for

The caller MUST still: get the hash of the header from somebody it trusts, look at the blocks that
are only told (`told`), and ask again for how things stand today. An engine whose validators sign
headers could take the place of the hash: `Trusted` is where their signatures would be compared with
keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from ledger.chain.network import NetworkFile
from ledger.core.canonical import hex0x, instant
from ledger.core.errors import CouldNotCheck, EvidenceError, ProofMismatch
from ledger.core.ids import Digest
from ledger.core.verdict.verdict import Verdict, worst_exit
from ledger.core.verdict.verdicts import EXIT_NOT_AUTHENTIC, EXIT_UNKNOWN
from ledger.evidence import archive, papers
from ledger.evidence.anchors import demand_anchors, demand_known
from ledger.evidence.archived import BLOCKS, CODE, HEADER, STATE, Archived
from ledger.evidence.header import Header
from ledger.evidence.judged import HISTORIES, VERDICTS, Judged, judge
from ledger.evidence.manifest import Manifest, parse_manifest
from ledger.evidence.problems import Problem, of_error
from ledger.evidence.view import ProvenView

__all__ = ["TYPE", "EvidenceVerdict", "Given", "Trusted", "check"]

TYPE: Final = "credit-ledger/evidence-verdict@1"


class Trusted(Protocol):
    """Who knows which blocks are of the chain."""

    def demand(self, header: Header) -> None:
        """Take the header of an archive. Raises ProofMismatch where it is none of the chain,
        CouldNotCheck where that is not known."""

    def knows(self, header: Header) -> bool:
        """Whether a block below it is known; False: it is not known at all. Raises as `demand`."""


_FILES = {HEADER, HISTORIES, VERDICTS, archive.FIRST, *papers.TEXTS}
_FOLDERS = (STATE, CODE, BLOCKS, papers.RECEIPTS, papers.SCHEMAS)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceVerdict:
    """Whether an archive holds. header: None where it could not be read that far. verdicts: of each
    receipt, as of the header and of each day; none unless all holds. told: the blocks of which
    nodes said that they are below the header. known: hashes of those that are known to be. problem:
    None: it holds."""

    problem: Problem | None
    header: Header | None = None
    verdicts: tuple[tuple[str, Verdict], ...] = ()
    told: tuple[Header, ...] = ()
    known: frozenset[Digest] = frozenset()

    @property
    def verdict(self) -> str:
        """`proven`, `false` or `undetermined`."""
        if self.problem is None:
            return "proven"
        return "false" if self.problem.wrong else "undetermined"

    @property
    def exit(self) -> int:
        """As of `credit-ledger verify`: 1 it does not hold, 4 it could not be checked, else the
        worst of its verdicts."""
        if self.problem is not None:
            return EXIT_NOT_AUTHENTIC if self.problem.wrong else EXIT_UNKNOWN
        return worst_exit([verdict.exit for _, verdict in self.verdicts])

    def as_dict(self) -> dict[str, Any]:
        """The document of `evidence check --json`."""
        return {
            "_type": TYPE,
            "verdict": self.verdict,
            "header": None if self.header is None else _header(self.header),
            "verdicts": [{"file": name, **verdict.as_dict()} for name, verdict in self.verdicts],
            "told": [{**_header(one), "known": one.hash in self.known} for one in self.told],
            "problems": [] if self.problem is None else [self.problem.as_dict()],
        }


class Given:
    """Trust in headers by their hashes: in that of an archive, and in as many blocks below it."""

    def __init__(self, *hashes: bytes) -> None:
        """None at all: nobody has named any."""
        self._hashes = frozenset(hashes)

    def demand(self, header: Header) -> None:
        """See `Trusted`."""
        if not self._hashes:
            raise CouldNotCheck("header-not-given", hex0x(header.hash))
        if header.hash not in self._hashes:
            given = ", ".join(sorted(hex0x(one) for one in self._hashes))
            raise ProofMismatch("header", expected=given, actual=header.hash, code="header-differs")

    def knows(self, header: Header) -> bool:
        """See `Trusted`."""
        return header.hash in self._hashes


def check(data: bytes, network: NetworkFile, trusted: Trusted) -> EvidenceVerdict:
    """The verdict on the bytes of an archive. Asks no node; whether its header is one of the chain,
    `trusted` says, which is asked once all that needs no trust holds."""
    header: Header | None = None
    told: tuple[Header, ...] = ()
    try:
        members = archive.read(data)
        manifest = parse_manifest(members[archive.FIRST])
        manifest.demand_files(members)
        _demand_names(members)
        papers.demand_texts(members)
        _demand_same("network", network.reference, manifest.network, "other-network")
        source = Archived(members)
        header, told = source.header, tuple(source.told())
        manifest.demand_header(header)
        judged = _judged(source, network, members, manifest)
        source.demand_all_read()
        verdicts = [verdict for _, verdict in judged.verdicts]
        timed = list(demand_anchors(source, network, verdicts))
        trusted.demand(header)
        known = frozenset(one.hash for one in told if trusted.knows(one))
        demand_known(timed, known)
    except (EvidenceError, CouldNotCheck) as error:
        return EvidenceVerdict(problem=of_error(error), header=header, told=told)
    return EvidenceVerdict(
        problem=None, header=header, verdicts=judged.verdicts, told=told, known=known
    )


def _judged(
    source: Archived, network: NetworkFile, members: Mapping[str, bytes], manifest: Manifest
) -> Judged:
    """What the members prove, which is what they tell."""
    receipts = papers.receipts_in(members)
    library = papers.library_in(members, list(receipts.values()))
    view = ProvenView(source, network.consortium)
    judged = judge(view, network, library, receipts, manifest.days)
    for name, made, code in (
        (VERDICTS, judged.encode(), "verdicts-differ"),
        (HISTORIES, judged.histories, "histories-differ"),
    ):
        _demand_same(name, made, members.get(name), code)
    return judged


def _demand_names(members: Mapping[str, bytes]) -> None:
    for name in members:
        if name not in _FILES and not name.startswith(_FOLDERS):
            raise ProofMismatch(name, expected="no member", actual="one", code="proof-superfluous")


def _demand_same(what: str, expected: object, actual: object, code: str) -> None:
    if expected != actual:
        raise ProofMismatch(what, expected=expected, actual=actual, code=code)


def _header(header: Header) -> dict[str, Any]:
    return {"hash": hex0x(header.hash), "number": header.number, "time": instant(header.time)}
