"""Why something could not be read from the chain now, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ledger.core.errors import LedgerError
from ledger.core.texts import Text

BUSY, SLOW, OTHER = "busy", "slow", "chain-unreadable"

CHAIN_TEXTS: Final[Mapping[str, Text]] = {
    BUSY: {
        "zh": "正在读链的请求过多，请稍候重新载入",
        "en": "Too many others have the chain read at this moment; load the page again in a moment",
    },
    SLOW: {
        "zh": "区块链节点应答过慢，请稍候重新载入",
        "en": "The nodes of the chain take too long; load the page again in a moment",
    },
    "no-node": {
        "zh": "应答的区块链节点不够，请稍候重新载入；如持续出现，请本节点运维检查网络文件中的节点",
        "en": "Too few nodes of the chain answer; load the page again in a moment, and where it"
        " stays so, have the operator of this node look at the nodes of the network file",
    },
    "nodes-disagree": {
        "zh": "区块链节点之间说法不一，未采用任何一个的说法；请本节点运维换用其他节点",
        "en": "The nodes of the chain contradict each other, so none of them was believed; the"
        " operator of this node must use others",
    },
    "node-pruned": {
        "zh": "保留旧事件的区块链节点不够；请本节点运维换用保留全部事件的节点",
        "en": "Too few nodes of the chain still hold events that old; the operator of this node"
        " must use nodes that keep all",
    },
    "other-chain": {
        "zh": "区块链节点上不是网络文件所指的链；请本节点运维核对网络文件",
        "en": "The nodes serve another chain than the network file names; the operator of this"
        " node must look at the network file",
    },
    "no-code": {
        "zh": "登记的地址上没有可识别的合约；请向联盟查询",
        "en": "No contract that this program knows stands at a registered address; ask the"
        " consortium",
    },
    "head-too-old": {
        "zh": "区块链最新区块过旧；请本节点运维检查区块链节点",
        "en": "The newest block of the chain is too old; the operator of this node must look at"
        " the nodes of the chain",
    },
    "head-in-future": {
        "zh": "区块链最新区块晚于本机时间；请本节点运维校准时钟",
        "en": "The newest block is ahead of the clock of this node; its operator must set the"
        " clock right",
    },
    "status-unreadable": {
        "zh": "链上对该记录的处置过多或无法拼合，未采用；请向联盟查询",
        "en": "The acts on this record are too many, or do not fit together, and were not"
        " believed; ask the consortium",
    },
    OTHER: {
        "zh": "此刻无法读取区块链，请稍候重新载入",
        "en": "The chain cannot be read at this moment; load the page again in a moment",
    },
}
"""By code: what it means and what to do."""


class NotRead(LedgerError):
    """The chain could not be read for this now; nothing is said of what was asked."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code

    @property
    def message(self) -> Text:
        """What it means and what to do."""
        return CHAIN_TEXTS.get(self.code, CHAIN_TEXTS[OTHER])
