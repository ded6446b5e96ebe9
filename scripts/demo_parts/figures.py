"""Figures of the demo, read from the chain and the public logs."""

from collections import Counter
from pathlib import Path
from typing import Any

import httpx
from web3 import HTTPProvider, Web3

from ledger.chain.network import NetworkFile
from ledger.core.entry import parse_entry
from ledger.core.tiles import WIDTH, entries_path, parse_bundle

ANCHORED = "Anchored(bytes32,uint64,uint64,bytes32,bytes32)"


def anchor_figures(file: Path) -> tuple[int, int]:
    """(anchors on the chain, gas of their transactions)."""
    web3 = Web3(HTTPProvider(NetworkFile.load(file).rpc[0]))
    topic = Web3.to_hex(Web3.keccak(text=ANCHORED))
    logs = web3.eth.get_logs({"fromBlock": 0, "toBlock": "latest", "topics": [topic]})
    used = [web3.eth.get_transaction_receipt(log["transactionHash"])["gasUsed"] for log in logs]
    return len(logs), sum(used)


def timeliness(urls: dict[str, str]) -> dict[str, int]:
    """How many entries of all logs say `timely` yes, no, unknown."""
    found: Counter[str] = Counter({"yes": 0, "no": 0, "unknown": 0})
    for url in urls.values():
        node: dict[str, Any] = httpx.get(f"{url}/v1/node").json()
        for log in node["logs"]:
            found.update(log_timeliness(log["url"], log["size"]))
    return dict(found)


def log_timeliness(url: str, size: int) -> Counter[str]:
    """The same of one log."""
    found: Counter[str] = Counter()
    for n in range(-(-size // WIDTH)):
        width = min(WIDTH, size - n * WIDTH)
        answer = httpx.get(f"{url}/{entries_path(n, width)}").raise_for_status()
        found.update(
            parse_entry(entry).timely or "unknown" for entry in parse_bundle(answer.content, width)
        )
    return found
