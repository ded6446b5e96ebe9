"""`audit replay`: the whole ledger from chain and tiles, and the report of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from ledger.audit.codes import CODES
from ledger.audit.incomplete_codes import EVENTS_MISSING, TILES_MISSING
from ledger.audit.judge_mirrors import MirrorFor
from ledger.audit.judge_sums import SumsAsked
from ledger.audit.kept import CannotResume, Kept
from ledger.audit.listed import Beside
from ledger.audit.log_reading import Progress
from ledger.audit.opening_files import OpeningFiles
from ledger.audit.replay_block import NoSuchBlock, last_block
from ledger.audit.replay_job import Asked, ReplayJob
from ledger.audit.rows import pieces, plain
from ledger.audit.sources import FetchFor, mirror_over_http
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.addresses import Network
from ledger.chain.nodes.blocks import Block
from ledger.chain.nodes.http import Http
from ledger.chain.nodes.quorum import QuorumReader, View
from ledger.records.calendar import Calendar

__all__ = ["EXIT_CLEAN", "EXIT_FINDINGS", "EXIT_INCOMPLETE", "Report", "replay"]

EXIT_CLEAN, EXIT_FINDINGS, EXIT_INCOMPLETE = 0, 1, 4


@dataclass(frozen=True, slots=True)
class Report:
    """The report as an object of canonical JSON. told: the same, with what may be longer than a
    memory as `Rows` in place of lists."""

    told: Mapping[str, Any]

    @property
    def document(self) -> dict[str, Any]:
        """All of it, at once."""
        return {name: plain(value) for name, value in self.told.items()}

    def pieces(self) -> Iterator[bytes]:
        """RFC 8785 bytes, the same for every auditor, piece by piece."""
        return pieces(dict(self.told))

    def encode(self) -> bytes:
        """The same at once."""
        return b"".join(self.pieces())

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes, hex."""
        found = sha256()
        for piece in self.pieces():
            found.update(piece)
        return found.hexdigest()

    @property
    def exit(self) -> int:
        """1: something is wrong; 4: not all could be looked at; 0: all is in order, whatever is
        noted. Where events are missing nothing else is certain."""
        found = {
            finding["code"]
            for finding in self.told["findings"]
            if CODES[finding["code"]].severity != "note"
        }
        unchecked = {item["code"] for item in self.told["incomplete"]}
        if EVENTS_MISSING in unchecked:
            return EXIT_INCOMPLETE
        if any(CODES[code].severity == "error" for code in found - {TILES_MISSING}):
            return EXIT_FINDINGS
        if TILES_MISSING in found or unchecked:
            return EXIT_INCOMPLETE
        return EXIT_FINDINGS if found else EXIT_CLEAN


def replay(
    network: NetworkFile,
    *,
    reader: QuorumReader | None = None,
    mirrors: Mapping[str, str] | None = None,
    to_block: int | date | None = None,
    fetch_for: FetchFor | None = None,
    progress: Progress = lambda log, done, size: None,
    told: Callable[[str, str], None] = lambda log, member: None,
    openings: OpeningFiles | None = None,
    calendar: Calendar | None = None,
    check_mirrors: bool = False,
    mirror_for: MirrorFor | None = None,
    beside: Beside | None = None,
    sums: SumsAsked | None = None,
    gas: bool = False,
    kept: Kept | None = None,
    processes: int = 1,
    private: Sequence[Network] | None = None,
) -> Report:
    """Replay up to the newest final block, or to `to_block`: of a day in China, to its last one.

    mirrors: by member code, where to read its logs in place of its own endpoint. Where a member
    that is not named there does not serve a log, the copies of the other provinces are read; told:
    of each log (hex) and the member whose copy was read, since the report is the same. openings:
    with them every case is rebuilt and held against the chain; calendar: of the working days that
    its stages take (None: the packaged one). check_mirrors: look at the copies that provinces keep,
    too; mirror_for: how, instead of over HTTP. beside: files to be held against all of it. sums: to
    be made of the outcomes in the openings. gas: count what transactions cost, by member. kept:
    where what is read of logs is kept; a replay that was begun there goes on, up to its block.
    processes: in which logs are read, side by side. private: members are asked at public addresses
    and in these networks alone; None: wherever they say.

    Raises CouldNotCheck where the chain cannot be read, NotOpenings where openings cannot,
    CannotResume where nothing can be kept; a log that cannot be is told in the report.
    """
    own = reader or QuorumReader(network)
    https = Http(public=private is not None, private_networks=private or ())
    asked = Asked(
        mirrors=mirrors or {},
        fetch_for=fetch_for,
        processes=processes,
        openings=openings,
        calendar=calendar,
        sums=sums,
        beside=beside,
        mirror_for=(mirror_for or mirror_over_http(https)) if check_mirrors else None,
        gas=gas,
        private=private,
    )
    try:
        view = own.head()
        last = _last(own, view, to_block, kept)
        job = ReplayJob(view, network, last, asked, https, kept, progress, told)
        return Report(job.run())
    finally:
        https.close()
        if reader is None:
            own.close()


def _last(reader: QuorumReader, view: View, to: int | date | None, kept: Kept | None) -> Block:
    """The last block, which is that of the replay that goes on, where there is one."""
    begun = None if kept is None or to is not None else kept.asked
    try:
        last = last_block(reader, view, begun.number if begun else to)
    except NoSuchBlock as error:
        if begun is None:
            raise
        raise CannotResume("other-chain", str(begun.number)) from error
    if begun is not None and last.hash != begun.hash:
        raise CannotResume("other-chain", str(begun.number))
    if kept is not None:
        kept.begin(reader.network, last)
    return last
