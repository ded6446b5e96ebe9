"""The Ethereum Attestation Service on the same anvil: what its calls cost and how fast they are.

Its contracts come as the bytecode in its own npm package, fetched by the user's npm and checked
against a pinned digest. Only the package itself is fetched: its one dependency is a build tool.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eth_typing import HexStr
from web3 import HTTPProvider, Web3
from web3.contract import Contract
from web3.types import Nonce, TxParams

from scripts.bench_parts.book import Book

PACKAGE = "@ethereum-attestation-service/eas-contracts@1.9.0"
SHA512 = "L60y1fgKlY3a45xxnPlgRbiGQY8RF/lF+AzF1iVoR7/aEzitS0Nuyyjq8+IXs1sSSU0dl2+yGSmELxVeB6FelA=="
PER_CALL = 100
GAS = 28_000_000
"""Below anvil's block limit of 30 million; 100 attestations take some 17 million."""
ATTEST, TIMESTAMP = "EAS multiAttest, 100 per call", "EAS multiTimestamp, 100 per call"
REVOKE = "EAS multiRevoke, 100 per call"
ZERO = "0x" + "00" * 20


class Unavailable(Exception):
    """The package cannot be had here; the peer is then not measured."""


def fetch(folder: Path) -> Path:
    """The package's archive in `folder`, fetched unless it is there. Raises Unavailable."""
    folder.mkdir(parents=True, exist_ok=True)
    held = list(folder.glob("*eas-contracts-*.tgz"))
    if not held:
        npm = shutil.which("npm", path=_path())
        if npm is None:
            raise Unavailable("no npm")
        command = [npm, "pack", PACKAGE, "--pack-destination", str(folder), "--ignore-scripts"]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PATH": _path()},
        )
        held = list(folder.glob("*eas-contracts-*.tgz"))
        if done.returncode or not held:
            raise Unavailable(f"npm pack: {done.stderr[-300:]}")
    digest = base64.b64encode(hashlib.sha512(held[0].read_bytes()).digest()).decode()
    if digest != SHA512:
        held[0].unlink()
        raise Unavailable("the package has another digest than the pinned one")
    return held[0]


def _path() -> str:
    return os.pathsep.join([os.environ.get("PATH", ""), str(Path(sys.executable).parent)])


def _artefact(archive: Path, name: str) -> dict[str, Any]:
    with tarfile.open(archive) as tar:
        member = tar.extractfile(f"package/artifacts/contracts/{name}.sol/{name}.json")
        if member is None:
            raise Unavailable(f"no {name} in the package")
        found: dict[str, Any] = json.load(member)
        return found


def measure_eas(book: Book, rpc: str, archive: Path, calls: int) -> None:
    """`calls` of each kind, and the revocation of all that was attested. Peers of throughput and of
    gas."""
    service = _Service(Web3(HTTPProvider(rpc, request_kwargs={"timeout": 120})), archive)
    for name, call in ((ATTEST, service.attest), (TIMESTAMP, service.timestamp)):
        seconds, gas = _run(book, service, name, [call(n) for n in range(calls)])
        book.peer("ndjson_records_per_s", name, calls * PER_CALL, calls * PER_CALL / seconds)
        book.peer("gas_per_record_4096", name, calls * PER_CALL, gas / (calls * PER_CALL))
    book.check("EAS: each attestation made", len(service.attested()) == calls * PER_CALL)
    made = service.attested()
    pages = [made[at : at + PER_CALL] for at in range(0, len(made), PER_CALL)]
    seconds, gas = _run(book, service, REVOKE, [service.revoke(page) for page in pages])
    book.check("EAS: each attestation revoked", service.revoked() == len(made))
    book.peer("chain_acts_per_s", REVOKE, len(made), len(made) / seconds)
    book.peer("gas_per_act", REVOKE, len(made), gas / len(made))


def _run(book: Book, service: _Service, name: str, calls: Sequence[str]) -> tuple[float, int]:
    """Seconds and gas of all calls."""
    receipts, seconds = service.run(calls)
    good = all(receipt["status"] == 1 for receipt in receipts)
    book.check(f"{name}: every call succeeded", good, times=len(calls))
    return seconds, sum(receipt["gasUsed"] for receipt in receipts)


class _Service:
    """EAS deployed by anvil's first account, with a schema of one `bytes32`."""

    def __init__(self, web3: Web3, archive: Path) -> None:
        self._web3 = web3
        self._from = web3.eth.accounts[0]
        registry = self._deploy(_artefact(archive, "SchemaRegistry"))
        self._eas = self._deploy(_artefact(archive, "EAS"), registry.address)
        call = registry.functions.register("bytes32 commitment", ZERO, True)
        receipt = self._wait(call.transact({"from": self._from}))
        self._schema = receipt["logs"][0]["topics"][1]
        self._first_block = receipt["blockNumber"]

    def _deploy(self, artefact: dict[str, Any], *arguments: Any) -> Contract:
        factory = self._web3.eth.contract(abi=artefact["abi"], bytecode=artefact["bytecode"])
        sent = factory.constructor(*arguments).transact({"from": self._from})
        address = self._wait(sent)["contractAddress"]
        made: Contract = self._web3.eth.contract(address=address, abi=artefact["abi"])
        return made

    def _wait(self, sent: Any) -> Any:
        return self._web3.eth.wait_for_transaction_receipt(sent, timeout=120, poll_latency=0.01)

    def attest(self, call: int) -> str:
        """Calldata of one multiAttest of `PER_CALL` digests."""
        data = [(ZERO, 0, True, bytes(32), digest, 0) for digest in _digests("attest", call)]
        return str(self._eas.encode_abi("multiAttest", args=[[(self._schema, data)]]))

    def timestamp(self, call: int) -> str:
        """Calldata of one multiTimestamp of `PER_CALL` digests."""
        return str(self._eas.encode_abi("multiTimestamp", args=[_digests("timestamp", call)]))

    def run(self, calls: Sequence[str]) -> tuple[list[Any], float]:
        """Send all, wait for all. Receipts, and seconds from the first to the last."""
        nonce = self._web3.eth.get_transaction_count(self._from)
        begun = time.monotonic()
        sent = [
            self._web3.eth.send_transaction(self._tx(n + nonce, data))
            for n, data in enumerate(calls)
        ]
        receipts = [self._wait(one) for one in sent]
        return receipts, time.monotonic() - begun

    def _tx(self, nonce: int, data: str) -> TxParams:
        return {
            "from": self._from,
            "to": self._eas.address,
            "data": HexStr(data),
            "gas": GAS,
            "nonce": Nonce(nonce),
        }

    def revoke(self, attestations: Sequence[bytes]) -> str:
        """Calldata of one multiRevoke."""
        data = [(uid, 0) for uid in attestations]
        return str(self._eas.encode_abi("multiRevoke", args=[[(self._schema, data)]]))

    def attested(self) -> list[bytes]:
        """Numbers of the attestations made."""
        logs = self._eas.events.Attested().get_logs(from_block=self._first_block)
        return [bytes(log["args"]["uid"]) for log in logs]

    def revoked(self) -> int:
        """Events of their revocations."""
        return len(list(self._eas.events.Revoked().get_logs(from_block=self._first_block)))


def _digests(kind: str, call: int) -> list[bytes]:
    return [hashlib.sha256(f"{kind}/{call}/{n}".encode()).digest() for n in range(PER_CALL)]
