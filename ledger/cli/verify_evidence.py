"""Evidence among the files of `credit-ledger verify`: by its own time, its header by the nodes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.cli.output import read_file

if TYPE_CHECKING:
    from ledger.chain.network import NetworkFile
    from ledger.evidence.check import EvidenceVerdict

_BEGINNING = 64
"""Bytes that tell evidence from other archives."""


def is_evidence(path: Path) -> bool:
    """Whether a file begins as an archive of evidence does."""
    from ledger.evidence.archive import is_archive  # noqa: PLC0415 - `--help` need not wait for it

    try:
        with path.open("rb") as file:
            return is_archive(file.read(_BEGINNING))
    except OSError:
        return False  # its own verdict tells


def judge_evidence(path: Path, network: NetworkFile, now: Callable[[], float]) -> EvidenceVerdict:
    """The verdict on an archive. now: Unix seconds of the local clock."""
    from ledger.evidence.archive import MAX_FILE  # noqa: PLC0415 - as above
    from ledger.evidence.check import check  # noqa: PLC0415 - as above
    from ledger.evidence.confirmed import confirmed_by  # noqa: PLC0415 - as above

    with confirmed_by(network, now) as nodes:
        return check(read_file(path, MAX_FILE), network, nodes)
