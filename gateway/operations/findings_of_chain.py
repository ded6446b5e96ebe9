"""What a doctor says of the chain: of its nodes, and of who pays for what is sent there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_Pair = tuple[str, str]  # zh, en

OF_CHAIN: Final[Mapping[str, tuple[_Pair, _Pair, _Pair]]] = {
    "chain": (
        ("链可读，区块 {block}", "The chain can be read, block {block}"),
        ("链不可读：{error}", "The chain cannot be read: {error}"),
        (
            "检查 rpc 所列的节点；先排除以上问题",
            "Look after the nodes of `rpc`; mend what is told above first",
        ),
    ),
    "chain-not-looked-at": (
        ("", ""),
        ("未查看链", "The chain was not looked at"),
        ("先排除以上问题", "Mend what is told above first"),
    ),
    "chain-nodes": (
        ("链的 {count} 个节点均有应答，高度一致", "All {count} chain nodes answer, none is behind"),
        (
            "链的 {count} 个节点中有异常者：{nodes}",
            "Of {count} chain nodes some are not well: {nodes}",
        ),
        (
            "no-node：检查该节点及其网络；behind：检查其对等连接、磁盘和时钟；other-chain："
            "rpc 所列的不是本网络的节点。不足法定数时链即不可读",
            "no-node: look after that node and the line to it; behind: look after its peers, disk"
            " and clock; other-chain: `rpc` names a node of another network. With fewer than the"
            " quorum the chain cannot be read",
        ),
    ),
    "payer": (
        (
            "付费账户余额约够 {anchors} 次存证",
            "The payer has enough for about {anchors} anchors",
        ),
        (
            "付费账户 {address} 的余额只够约 {anchors} 次存证",
            "The payer {address} has enough for about {anchors} anchors only",
        ),
        ("向该账户充值", "Fund that account"),
    ),
    "payer-free": (
        ("链不收费，付费账户无须余额", "The chain takes no fees, the payer needs no funds"),
        ("", ""),
        ("", ""),
    ),
}
"""As `gateway.operations.findings.TEXTS`."""
