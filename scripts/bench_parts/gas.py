"""Gas of anchors that take exactly 4,096 records."""

from __future__ import annotations

from typing import Any

from ledger.chain.contracts.events import Anchored, topic
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.rpc import Rpc
from ledger.core.canonical import hex0x
from scripts.bench_parts.book import Book
from scripts.bench_parts.load import check_answer
from scripts.bench_parts.material import lines
from scripts.bench_parts.site import Site

BATCH = 4096
TRIES = 5
"""A batch that the gateway cuts in two gives no figure; then another one is sent."""


def measure_gas(book: Book, site: Site, wanted: int) -> None:
    """Send batches of 4,096 alone until `wanted` anchors took exactly one each."""
    for _ in range(wanted):
        size = site.taken
        book.put("gas_per_record_4096", size, _one(book, site) / BATCH)


def _one(book: Book, site: Site) -> int:
    for _ in range(TRIES):
        first = site.take(BATCH)
        headers = {
            "Authorization": f"Bearer {site.token}",
            "Content-Type": "application/x-ndjson",
        }
        body = b"".join(lines(first, BATCH))
        answer = site.http.post(f"{site.url}/v1/records", content=body, headers=headers)
        check_answer(answer.status_code, answer.content, BATCH)
        site.wait_anchored(site.taken)
        for anchor in _anchors(site):
            if (anchor["prevSize"], anchor["size"]) == (first, first + BATCH):
                book.check("an anchor of exactly 4,096 records", True)
                return int(anchor["gas"])
    book.check("an anchor of exactly 4,096 records", False, f"none in {TRIES} tries")
    return 0


def _anchors(site: Site) -> list[dict[str, Any]]:
    """Sizes and gas of all anchors."""
    rpc = Rpc(site.rpc, timeout=30)
    try:
        file = NetworkFile.load(site.file)
        query = {"fromBlock": hex(file.deploy_block), "topics": [hex0x(topic(Anchored))]}
        logs = rpc.call("eth_getLogs", [query])
        assert isinstance(logs, list)  # noqa: S101 - for the type checker
        return [_anchor(rpc, log) for log in logs]
    finally:
        rpc.close()


def _anchor(rpc: Rpc, log: dict[str, Any]) -> dict[str, Any]:
    receipt = rpc.call("eth_getTransactionReceipt", [log["transactionHash"]])
    assert isinstance(receipt, dict)  # noqa: S101 - for the type checker
    return {
        "size": int(log["topics"][2], 16),
        "prevSize": int(log["data"][2:66], 16),
        "gas": int(receipt["gasUsed"], 16),
    }
