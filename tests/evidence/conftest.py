"""Archives of evidence, made on the chain of tests/verify and checked where no node is left."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import date

from ledger.chain.network import NetworkFile
from ledger.chain.nodes.quorum import QuorumReader
from ledger.evidence import archive
from ledger.evidence.check import EvidenceVerdict, Given, check
from ledger.evidence.making import Made, final_view, make
from ledger.evidence.manifest import Manifest, files_of, parse_manifest
from tests.cli.conftest import cli, network_file
from tests.support.chain import TestNetwork
from tests.verify.conftest import Ledger, founded, ledger

__all__ = ["Ledger", "cli", "founded", "ledger", "network_file"]

NO_NODE = "http://127.0.0.1:1"


def made(network: TestNetwork, *receipts: bytes, days: Sequence[date] = ()) -> Made:
    """The archive of these receipts as of the newest final block."""
    clock = network.anvil.head_time()
    with closing(QuorumReader(network.file, now=lambda: clock)) as reader:
        return make(final_view(reader), network.file, receipts, days=days)


def alone(network: TestNetwork) -> NetworkFile:
    """The network file where every node is down."""
    return network.with_rpc([NO_NODE], 1)


def checked(network: TestNetwork, data: bytes, header: bytes | None) -> EvidenceVerdict:
    """What a stranger makes of an archive, with nothing but a hash."""
    return check(data, alone(network), Given() if header is None else Given(header))


def code_of(network: TestNetwork, data: bytes, header: bytes) -> str:
    """Why it does not hold."""
    problem = checked(network, data, header).problem
    assert problem is not None, "it holds"
    return problem.code


Forge = Callable[[dict[str, bytes]], None]


def forged(data: bytes, change: Forge) -> bytes:
    """The archive with other members, and a manifest that names them: what a forger makes, who
    knows the format as well as we do."""
    members = archive.read(data)
    told = parse_manifest(members.pop(archive.FIRST))
    change(members)
    return archive.write({archive.FIRST: of(told, members).encode(), **members})


def of(told: Manifest, members: Mapping[str, bytes]) -> Manifest:
    """The manifest of other members."""
    return Manifest(
        network=told.network,
        header=told.header,
        number=told.number,
        time=told.time,
        days=told.days,
        files=files_of(members),
    )
