"""The nodes of the chain, each for itself: is it there, on this chain, and as far as the others?"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from ledger.audit.monitor.items import Condition
from ledger.chain.errors import RpcFailure
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.blocks import Block, Reader
from ledger.chain.nodes.deadlines import until
from ledger.chain.nodes.http import place
from ledger.chain.nodes.quorum import View
from ledger.chain.nodes.rpc import Rpc
from ledger.core.errors import CouldNotCheck

__all__ = ["BEHIND", "LOOK_SECONDS", "TIMEOUT", "Looked", "Nodes", "conditions"]

TIMEOUT: Final = 5.0
"""Seconds for one call."""
LOOK_SECONDS: Final = 15.0
"""For all that one node is asked in a round."""
BEHIND: Final = 60
"""Seconds by which the newest block of a node may be older than that of another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """One node. latest: its newest block, None: it gave none. code: what is wrong, "": nothing."""

    name: str
    latest: Block | None = None
    code: str = ""
    problem: str = ""


class Nodes:
    """All of a network file. Close it."""

    def __init__(self, network: NetworkFile) -> None:
        self._network = network
        self._rpcs = [
            Rpc(url, name=name, timeout=TIMEOUT)
            for url, name in zip(network.rpc, _names(network.rpc), strict=True)
        ]
        self._readers = [Reader(rpc) for rpc in self._rpcs]

    def close(self) -> None:
        """Drop the connections."""
        for rpc in self._rpcs:
            rpc.close()

    def look(self, view: View | None) -> list[Looked]:
        """Ask each. view: what a quorum says; None: it says nothing."""
        with ThreadPoolExecutor(len(self._readers), thread_name_prefix="nodes") as pool:
            found = list(pool.map(lambda reader: self._one(reader, view), self._readers))
        newest = max((one.latest.time for one in found if one.latest), default=0)
        return [_behind(one, newest) for one in found]

    def _one(self, reader: Reader, view: View | None) -> Looked:
        with until(time.monotonic() + LOOK_SECONDS):
            try:
                return self._asked(reader, view)
            except CouldNotCheck as error:
                return Looked(name=reader.name, code="node-down", problem=_short(error))

    def _asked(self, reader: Reader, view: View | None) -> Looked:
        network, name = self._network, reader.name
        try:
            chain_id, (first, latest) = reader.chain_and_blocks(network.deploy_block, "latest")
        except RpcFailure as error:
            return Looked(name=name, code="node-down", problem=_short(error))
        other = Looked(name=name, latest=latest, code="node-other-chain")
        if chain_id != network.chain_id:
            return Looked(name=name, code=other.code, problem=f"chain {chain_id}")
        if first is None or first.hash != network.deploy_block_hash:
            problem = f"block {network.deploy_block}: {'none' if first is None else first.hash}"
            return Looked(name=name, code=other.code, problem=problem)
        if latest is None:
            return Looked(name=name, code="node-down", problem="no latest block")
        if view is not None and latest.number >= view.block.number:
            same = reader.block(view.block.number)
            if same is None or same.hash != view.block.hash:
                return Looked(
                    name=name,
                    latest=latest,
                    code="node-disagrees",
                    problem=f"block {view.block.number}: {'none' if same is None else same.hash}",
                )
        return Looked(name=name, latest=latest)


def conditions(looked: Sequence[Looked]) -> Iterator[Condition]:
    """What is so of nodes."""
    for one in looked:
        if one.code:
            yield Condition(
                code=one.code,
                member="",
                where=f"node/{one.name}",
                evidence={"problem": one.problem},
            )


def _behind(one: Looked, newest: int) -> Looked:
    if one.code or one.latest is None or newest - one.latest.time <= BEHIND:
        return one
    seconds = newest - one.latest.time
    problem = f"block {one.latest.number} is {seconds} s older than that of another node"
    return Looked(name=one.name, latest=one.latest, code="node-behind", problem=problem)


def _short(error: Exception) -> str:
    return str(error)[:200]


def _names(urls: Sequence[str]) -> list[str]:
    """Host and port, numbered where several nodes share them. What else a URL holds may be a
    secret."""
    places = [place(url) for url in urls]
    return [
        f"{where}#{number}" if places.count(where) > 1 else where
        for number, where in enumerate(places, 1)
    ]
