"""How far each node of a chain is, by its own word: for whoever looks after nodes.

What is so on the chain a quorum says (`quorum`). This only tells which node is away, behind the
others, or of another chain, before too few are left.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.chain.errors import OtherChain, RpcNonsense
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.blocks import Block, Reader
from ledger.chain.nodes.http import TIMEOUT, place
from ledger.chain.nodes.parallel import Terms, ask_all
from ledger.chain.nodes.rpc import Rpc
from ledger.core.errors import CouldNotCheck, LedgerError


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeState:
    """What one node says. name: as in messages, without what is secret in its URL. block: its
    latest; None where it gave none of this chain. error: the code of why."""

    name: str
    block: Block | None = None
    error: str | None = None


def look(network: NetworkFile, *, timeout: float = TIMEOUT) -> list[NodeState]:
    """Ask every node of the file once, all at the same time, each for `timeout` seconds at most."""
    names = node_names(network.rpc)
    rpcs = [
        Rpc(url, name=name, timeout=timeout) for url, name in zip(network.rpc, names, strict=True)
    ]
    nodes = [Reader(rpc) for rpc in rpcs]
    terms = Terms(enough=len(nodes), grace=timeout, patience=0.0)
    try:
        answers = ask_all(nodes, lambda node: latest_block(node, network), terms)
    finally:
        for rpc in rpcs:
            rpc.close()
    return [
        NodeState(
            name=node.name, block=answers.values.get(node), error=_code(answers.failures.get(node))
        )
        for node in nodes
    ]


def latest_block(node: Reader, network: NetworkFile) -> Block:
    """The latest block of a node that serves the pinned chain. Raises OtherChain, RpcFailure."""
    pinned = network.deploy_block
    chain_id, (block, latest) = node.chain_and_blocks(pinned, "latest")
    if chain_id != network.chain_id:
        raise OtherChain(node.name, f"chain {chain_id}, not {network.chain_id}")
    if block is None or block.hash != network.deploy_block_hash:
        found = "nothing" if block is None else block.hash
        raise OtherChain(node.name, f"at the deployment block {pinned}: {found}")
    if latest is None:
        raise RpcNonsense(node.name, "no latest block")
    if latest.number < pinned:
        raise RpcNonsense(node.name, "a latest block below one it has")
    return latest


def node_names(urls: Sequence[str]) -> list[str]:
    """Host and port, numbered where several nodes share them."""
    places = [place(url) for url in urls]
    return [
        f"{where}#{number}" if places.count(where) > 1 else where
        for number, where in enumerate(places, 1)
    ]


def _code(failure: LedgerError | None) -> str | None:
    return failure.code if isinstance(failure, CouldNotCheck) else None
