"""Figures of the demo, read from the chain and the public logs."""

from collections import Counter
from pathlib import Path
from typing import Any

from gateway.devnet import plain
from ledger.chain.contracts.events import Anchored, topic
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.blocks import Reader
from ledger.chain.nodes.rpc import Rpc
from ledger.core.canonical import hex0x
from ledger.core.entry import parse_entry
from ledger.core.tiles import WIDTH, entries_path, parse_bundle


def anchor_figures(file: Path) -> tuple[int, int]:
    """(anchors on the chain, gas of their transactions)."""
    node = Reader(Rpc(NetworkFile.load(file).rpc[0]))
    wanted = {"fromBlock": "0x0", "toBlock": "latest", "topics": [hex0x(topic(Anchored))]}
    mined = {entry["transactionHash"] for entry in node.ask("eth_getLogs", wanted)}
    receipts = [receipt for receipt in map(node.receipt, sorted(mined)) if receipt]
    return len(receipts), sum(receipt.gas_used for receipt in receipts)


def timeliness(urls: dict[str, str]) -> dict[str, int]:
    """How many entries of all logs say `timely` yes, no, unknown."""
    found: Counter[str] = Counter({"yes": 0, "no": 0, "unknown": 0})
    for url in urls.values():
        node: dict[str, Any] = plain.get(f"{url}/v1/node").json()
        for log in node["logs"]:
            found.update(log_timeliness(log["url"], log["size"]))
    return dict(found)


def log_timeliness(url: str, size: int) -> Counter[str]:
    """The same of one log."""
    found: Counter[str] = Counter()
    for n in range(-(-size // WIDTH)):
        width = min(WIDTH, size - n * WIDTH)
        answer = plain.get(f"{url}/{entries_path(n, width)}").raise_for_status()
        found.update(
            parse_entry(entry).timely or "unknown" for entry in parse_bundle(answer.content, width)
        )
    return found
