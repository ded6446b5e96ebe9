"""Making an archive of evidence: what nodes show about receipts, with the proofs of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from ledger.chain.network import NetworkFile
from ledger.chain.nodes.quorum import QuorumReader, View
from ledger.core.errors import CouldNotCheck
from ledger.core.ids import Digest
from ledger.core.verdict.verdict import Verdict
from ledger.evidence import archive, archived, papers
from ledger.evidence.header import Header
from ledger.evidence.judged import HISTORIES, VERDICTS, judge
from ledger.evidence.live import Live
from ledger.evidence.manifest import Manifest, files_of
from ledger.evidence.view import ProvenView
from ledger.records.store import Library

__all__ = ["Made", "final_view", "make"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """data: the archive. header: what it is proven against. told: hashes of the blocks below it
    that have events. verdicts: of each receipt by its member's name, as of the header and of each
    day."""

    data: bytes
    header: Header
    told: tuple[Digest, ...]
    verdicts: tuple[tuple[str, Verdict], ...]


def final_view(reader: QuorumReader) -> View:
    """The chain as of its newest final block, which is what evidence is made against: a header that
    may still be replaced proves nothing. Raises CouldNotCheck."""
    head = reader.head()
    final = reader.final_block(head)
    if final is None:
        raise CouldNotCheck("not-final", "no block is final yet")
    return head.at(final)


def make(
    view: View,
    network: NetworkFile,
    receipts: Sequence[bytes],
    *,
    days: Sequence[date] = (),
    library: Library | None = None,
) -> Made:
    """The archive of these receipts as of the block of a view, and of each day. The same bytes
    whoever makes it, of the same receipts at the same block. Raises CouldNotCheck."""
    library = library or Library()
    live = Live(view)
    named = {papers.receipt_name(n): data for n, data in enumerate(receipts, start=1)}
    asked = sorted(set(days))
    judged = judge(ProvenView(live, network.consortium), network, library, named, asked)
    members = {
        **papers.texts(),
        **papers.schema_files(library, receipts),
        **named,
        archived.HEADER: live.data,
        **{archived.state_name(address): data for address, data in live.accounts()},
        **{archived.code_name(digest): code for digest, code in live.codes().items()},
        **{archived.block_name(number): data for number, data in live.blocks()},
        HISTORIES: judged.histories,
        VERDICTS: judged.encode(),
    }
    header = live.header
    manifest = Manifest(
        network=network.reference,
        header=header.hash,
        number=header.number,
        time=header.time,
        days=tuple(asked),
        files=files_of(members),
    )
    return Made(
        data=archive.write({archive.FIRST: manifest.encode(), **members}),
        header=header,
        told=live.told(),
        verdicts=judged.verdicts,
    )
