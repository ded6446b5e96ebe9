"""What two reports may not differ in: codes (append-only), texts and remedies for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ledger.core.texts import Text

__all__ = ["DIVERGENCES", "DivergenceCode"]


@dataclass(frozen=True, slots=True)
class DivergenceCode:
    """What a code means for whoever compares: what is so, and what to do."""

    message: Text
    remedy: Text


_NODES: Final[Text] = {
    "zh": "两方各用更多节点重放同一区块；仍不一致的，保存两份报告和节点地址，提请各省核查。",
    "en": "Let both replay the same block with more nodes; where they still differ, keep both "
    "reports and the addresses of the nodes, and tell the provinces.",
}
DIVERGENCES: Final[Mapping[str, DivergenceCode]] = {
    "block-differs": DivergenceCode(
        {
            "zh": "同一高度的区块不同：两方看到的是不同的链。",
            "en": "The block at one height is not the same: the two were shown different chains.",
        },
        _NODES,
    ),
    "chain-differs": DivergenceCode(
        {
            "zh": "同一区块上，链的内容（成员、密钥、表决、目录等）却不相同。",
            "en": "At one block the chain says different things (members, keys, votes, catalogue).",
        },
        _NODES,
    ),
    "log-differs": DivergenceCode(
        {
            "zh": "同一日志在同一大小上有两个根：日志被改写，或一方受骗。",
            "en": "One log has two roots at one size: it was rewritten, or one of them was "
            "deceived.",
        },
        {
            "zh": "要求该成员说明；与链上的存证和各省的镜像核对。",
            "en": "Ask the member; hold both against the anchors on the chain and the mirrors.",
        },
    ),
    "log-shrank": DivergenceCode(
        {
            "zh": "较晚的报告中，日志反而变小；已存证的日志不会变小。",
            "en": "A log is smaller in the later report; an anchored log never shrinks.",
        },
        {
            "zh": "要求该成员说明；与链上的存证和各省的镜像核对。",
            "en": "Ask the member; hold both against the anchors on the chain and the mirrors.",
        },
    ),
    "acts-differ": DivergenceCode(
        {
            "zh": "链上的状态行为少了，或同样数量却有不同的链头；状态行为只增不减。",
            "en": "There are fewer acts on the chain, or as many with another head; acts are only "
            "added.",
        },
        _NODES,
    ),
    "record-differs": DivergenceCode(
        {
            "zh": "一条记录的行为历史变短或被改动。",
            "en": "The history of acts of a record became shorter, or another one.",
        },
        _NODES,
    ),
    "part-gone": DivergenceCode(
        {
            "zh": "较早报告中的成员、密钥、日志、提案或目录项，在较晚的报告中没有了；这些从不删除"
            "。",
            "en": "A member, key, log, proposal or item of the earlier report is not in the later "
            "one; none of them is ever deleted.",
        },
        _NODES,
    ),
    "findings-differ": DivergenceCode(
        {
            "zh": "同一区块、同样完整、无附加文件的两份报告，发现的问题却不同。",
            "en": "Two reports of one block, both complete and without files beside, find "
            "different "
            "things.",
        },
        {
            "zh": "核对两方的软件版本，以及成员的服务器是否对两方提供了不同内容；都相同的，把两份"
            "报告交给维护方。",
            "en": "Compare the versions of the software, and whether the server of a member served "
            "them different things; where neither is so, hand both reports to the maintainers.",
        },
    ),
}
