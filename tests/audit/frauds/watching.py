"""What a monitor sees that a replay does not: nodes, clocks, gateways, and what was there
yesterday."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from ledger.audit.monitor.codes import MONITOR_CODES
from ledger.chain.network import NetworkFile
from tests.audit.frauds.entries import fresh
from tests.audit.frauds.fraud import Audit, Fraud
from tests.audit.frauds.scene import HEBEI, Scene, Told
from tests.audit.monitor.watched import Watched, watch
from tests.support.doors import nobody
from tests.support.ledger import MemberLog
from tests.support.proxy import error, lie, start_proxy


@dataclass
class Watch:
    """A network that was watched for a round, in which all was well. file: of the nodes that are
    asked; none: its own."""

    scene: Scene
    watched: Watched
    stack: ExitStack
    file: NetworkFile | None = field(default=None)

    @property
    def log(self) -> MemberLog:
        return self.scene.tianjin

    def told(self) -> Told:
        """What `audit monitor` tells in its next round."""
        self.watched.round(network=self.file)
        return Told(Counter(self.watched.codes()))

    # ---- what is wrong

    def shrunk(self) -> None:
        """Tianjin takes back what it had shown and not anchored."""
        self.log.put_raw(fresh(self.log), fresh(self.log, timely="no"))
        assert self.told() == Told(Counter())
        self.log.entries.pop()

    def stopped(self) -> None:
        self.log.put_raw(fresh(self.log))
        assert self.told() == Told(Counter())
        self.scene.network.anvil.mine(2, seconds=7 * 3600)

    def gap(self) -> None:
        copy = self.watched.gateways[HEBEI].copies[self.log.log_id.hex()]
        path = f"tile/entries/000.p/{len(copy.entries)}"
        copy.served = {path: None, "tile/entries/000": None}

    def stranger(self) -> None:
        """Somebody else answers at the address of Hebei."""
        self.watched.gateways[HEBEI].node = {"network": "eip155:1:0x00"}

    def door(self) -> None:
        """Of Hebei, which keeps no log of its own."""
        self.watched.doors[HEBEI].answer = nobody

    def ahead(self) -> None:
        self.watched.ahead = -3600

    def halted(self) -> None:
        self.watched.ahead = self.scene.network.file.max_head_age + 1

    def third(self, method: str, fault: Any) -> None:
        """One of three nodes is wrong."""
        url = self.scene.network.anvil.url
        good, bad = (self.stack.enter_context(start_proxy(url)) for _ in range(2))
        bad.on(method, fault)
        self.file = self.scene.network.with_rpc([url, good.url, bad.url], 2)

    def elsewhere(self) -> None:
        self.third("eth_chainId", lie(lambda params, result: "0x1"))

    def pruned(self) -> None:
        self.third("eth_getLogs", error(4444, "pruned history unavailable"))

    def liar(self) -> None:
        """What it says is the newest block is another one than the others have."""
        deployed = hex(self.scene.network.file.deploy_block)

        def change(params: Any, result: Any) -> Any:
            return result if params[0] == deployed else {**result, "hash": "0x" + "ab" * 32}

        self.third("eth_getBlockByNumber", lie(change))

    def down(self) -> None:
        self.third("eth_getBlockByNumber", error(-32000, "no"))


@contextmanager
def watching(scene: Scene) -> Iterator[Watch]:
    with ExitStack() as stack:
        watched = stack.enter_context(watch(scene.ledger, scene.desk.folder / "watch"))
        assert watched.round() == 0, watched.told
        yield Watch(scene, watched, stack)


MONITOR: Final = Audit("audit monitor", MONITOR_CODES.keys(), watching)
"""Its own codes; those of a replay it tells as a replay does."""


def _f(name: str, code: str, plant: Callable[[Watch], Any], en: str, zh: str, **more: Any) -> Fraud:
    return Fraud(
        name=name, family="watching", code=code, plant=plant, en=en, zh=zh, by=MONITOR, **more
    )


FRAUDS: Final = (
    _f(
        "taken-back",
        "checkpoint-shrank",
        Watch.shrunk,
        "A member takes back entries that it had shown and not yet anchored.",
        "成员收回已公布而尚未存证的条目。",
    ),
    _f(
        "log-left-standing",
        "log-stopped",
        Watch.stopped,
        "A member leaves entries of its log without an anchor for hours.",
        "成员日志中的条目数小时未存证。",
    ),
    _f(
        "copy-with-a-hole",
        "mirror-gap",
        Watch.gap,
        "A copy of a log lacks pieces of it.",
        "日志副本缺少其中的部分。",
    ),
    _f(
        "gateway-of-another",
        "endpoint-of-another",
        Watch.stranger,
        "Somebody else answers at the address that a member registered.",
        "在成员登记的地址应答的是他人。",
    ),
    _f(
        "node-of-another-chain",
        "node-other-chain",
        Watch.elsewhere,
        "A node serves another chain.",
        "节点提供的是另一条链。",
    ),
    _f(
        "node-that-lies",
        "node-disagrees",
        Watch.liar,
        "A node has another block than the others.",
        "节点的区块与其他节点不同。",
    ),
    _f(
        "node-that-forgot",
        "node-pruned",
        Watch.pruned,
        "A node has thrown old data away.",
        "节点已丢弃旧数据。",
    ),
    _f(
        "node-that-is-down",
        "node-down",
        Watch.down,
        "A node does not answer.",
        "节点没有应答。",
    ),
    _f(
        "chain-that-halts",
        "head-too-old",
        Watch.halted,
        "The chain makes no blocks any more.",
        "链不再产生新区块。",
    ),
    _f(
        "chain-ahead-of-the-clock",
        "head-in-future",
        Watch.ahead,
        "The blocks of the chain are of a time that is yet to come.",
        "链上区块的时间尚未到来。",
    ),
)
