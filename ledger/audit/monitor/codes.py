"""What a monitor tells beside the findings of a replay: codes (append-only), severities, texts and
remedies for people. Of the severity `note`: news, nothing is wrong."""

from __future__ import annotations

from typing import Final

from ledger.audit.finding_code import FindingCode
from ledger.core.texts import Text

__all__ = ["MONITOR_CODES"]

_LOOK: Final[Text] = {
    "zh": "核对是否为各省所知和所愿。",
    "en": "See whether the provinces know of it, and want it.",
}
_NONE: Final[Text] = {"zh": "无须处理。", "en": "Nothing is to be done."}
_NODE: Final[Text] = {
    "zh": "检查该节点及其网络；必要时在 network.json 中改用其他节点。",
    "en": "Look after the node and the line to it; name another in network.json if need be.",
}
_MEMBER: Final[Text] = {
    "zh": "请该成员检查其网关。",
    "en": "Ask the member to look after its gateway.",
}
_MIRROR: Final[Text] = {
    "zh": "请保存副本的成员检查其网关和磁盘。",
    "en": "Ask the member that keeps the copy to look after its gateway and disk.",
}


def _news(zh: str, en: str, remedy: Text = _LOOK) -> FindingCode:
    return FindingCode("note", {"zh": zh, "en": en}, remedy)


MONITOR_CODES: Final[dict[str, FindingCode]] = {
    # ---- the chain and its nodes
    "chain-unreadable": FindingCode(
        "error",
        {
            "zh": "无法读取区块链：作答一致的节点不足法定数。",
            "en": "The chain cannot be read: fewer nodes than the quorum answer alike.",
        },
        _NODE,
    ),
    "head-too-old": FindingCode(
        "error",
        {
            "zh": "最新区块的时间已超过网络允许的上限：链可能已停止出块。",
            "en": "The newest block is older than the network allows: the chain may have halted.",
        },
        {
            "zh": "检查各省的验证节点；恢复后各网关自行继续。",
            "en": "Look after the validators of the provinces; gateways go on by themselves.",
        },
    ),
    "head-went-back": FindingCode(
        "error",
        {
            "zh": "链上已最终确认的区块现在没有了：作答的节点落后，或链已回退。"
            "在其恢复之前不再跟踪。",
            "en": "A block that was final is not there any more: the nodes that answer are behind, "
            "or the chain went back. Nothing is followed until it is there again.",
        },
        {
            "zh": "检查落后或没有应答的节点；若各节点都回退，按“丢失区块链”处理。",
            "en": "Look after the nodes that are behind or do not answer; where all of them went "
            "back, the chain was lost.",
        },
    ),
    "head-in-future": FindingCode(
        "error",
        {
            "zh": "最新区块的时间晚于本机时钟。",
            "en": "The newest block is ahead of this machine's clock.",
        },
        {
            "zh": "校准本机和各验证节点的时钟（NTP）。",
            "en": "Set the clocks of this machine and of the validators right (NTP).",
        },
    ),
    "node-down": FindingCode(
        "warning",
        {"zh": "区块链节点没有应答。", "en": "A node of the chain does not answer."},
        _NODE,
    ),
    "node-behind": FindingCode(
        "warning",
        {
            "zh": "区块链节点落后于其他节点。",
            "en": "A node of the chain is behind the others.",
        },
        _NODE,
    ),
    "node-other-chain": FindingCode(
        "error",
        {
            "zh": "节点服务于另一条链（链号或部署区块不同）。",
            "en": "A node serves another chain (chain id or deployment block differ).",
        },
        _NODE,
    ),
    "node-disagrees": FindingCode(
        "error",
        {
            "zh": "节点的回答与法定数的其他节点不同。",
            "en": "A node answered otherwise than a quorum of the others.",
        },
        _NODE,
    ),
    "node-pruned": FindingCode(
        "warning",
        {
            "zh": "节点已丢弃旧数据，不能用于审计。",
            "en": "A node has thrown old data away; it is of no use to an audit.",
        },
        _NODE,
    ),
    # ---- what the consortium decides, and its members do
    "member-added": _news("新成员加入。", "A member was admitted."),
    "member-status": _news(
        "成员的状态有变（中止、恢复或退出）。",
        "The status of a member changed (suspended, reinstated, retired).",
    ),
    "member-roles": _news("成员的角色有变。", "The roles of a member changed."),
    "endpoint-changed": _news("成员的地址有变。", "A member is reached at another endpoint."),
    "key-added": _news("登记了新密钥。", "A key was registered."),
    "key-ended": _news("密钥的有效期被提前终止。", "A key was ended."),
    "key-compromised": FindingCode(
        "warning",
        {
            "zh": "密钥被声明可能已泄露，或此前的声明有更正。",
            "en": "A key is said to be stolen, or what was said of that was corrected.",
        },
        {
            "zh": "自该时间起由它签名的存证、行为和答复须逐一核实。",
            "en": "Look at every anchor, act and answer that it signed since then.",
        },
    ),
    "log-opened": _news("开立了新日志。", "A log was opened."),
    "log-closed": FindingCode(
        "warning",
        {"zh": "日志经表决关闭。", "en": "A log was closed by vote."},
        {
            "zh": "可信大小之后的条目须在后继日志中重新登记。",
            "en": "What lies beyond its trusted size is to be logged again in its successor.",
        },
    ),
    "contract-registered": _news("某一角色由新合约担任。", "A contract was registered for a role."),
    "threshold-set": _news("表决门槛有变。", "The threshold of votes changed."),
    "chair-set": _news("轮值有变。", "The rotating chair changed.", _NONE),
    "proposal-made": _news("有新的提案。", "A proposal was made."),
    "vote-cast": _news("有成员表决。", "A member voted."),
    "proposal-carried-out": _news("提案已获通过并执行。", "A proposal was carried out."),
    "catalogue-changed": _news("目录有变。", "The catalogue changed."),
    "product-registered": _news("登记了新的数据产品。", "A product was registered.", _NONE),
    "product-retired": _news("数据产品已退役。", "A product was retired.", _NONE),
    "news-left-out": _news(
        "同一成员同类的事情太多，其余未逐一列出。",
        "There is more of the same sort by one member than is told one by one.",
        {
            "zh": "在链上或用 audit replay 查看全部；费用为零的链上，任何密钥持有者都能如此刷屏。",
            "en": "Look at all of it on the chain, or by `audit replay`. Where nothing has to be "
            "paid, whoever has a key can do so.",
        },
    ),
    # ---- logs, copies and gateways
    "checkpoint-shrank": FindingCode(
        "error",
        {
            "zh": "公开的检查点持续小于先前的：所有者收回了已公开的条目，"
            "或其前置代理给出旧的答复。",
            "en": "The public checkpoint stays smaller than one before: its owner took back "
            "entries that it had shown, or a proxy before it gives an old answer.",
        },
        {
            "zh": "成员可能从旧备份恢复；要求其说明，并核对未存证的承诺。",
            "en": "The member may have restored an old backup; ask it, and check promises that "
            "are not anchored.",
        },
    ),
    "log-stopped": FindingCode(
        "error",
        {
            "zh": "日志仍有新条目或新承诺，却已很久没有存证。",
            "en": "A log goes on with entries or promises, and was not anchored for long.",
        },
        {
            "zh": "请该成员查明原因（链、付款账户、密钥）；承诺可能逾期。",
            "en": "Ask the member why (chain, payer, keys); promises may become overdue.",
        },
    ),
    "endpoint-down": FindingCode(
        "warning",
        {"zh": "成员的网关没有应答。", "en": "The gateway of a member does not answer."},
        _MEMBER,
    ),
    "endpoint-of-another": FindingCode(
        "error",
        {
            "zh": "成员地址上的网关自称属于另一成员或另一网络。",
            "en": "The gateway at a member's endpoint says that it is another member's, or of "
            "another network.",
        },
        _MEMBER,
    ),
    "mirror-missing": _news(
        "省级成员没有提供某一日志的镜像。",
        "A province does not serve a copy of a log.",
        _MIRROR,
    ),
    "mirror-behind": FindingCode(
        "warning",
        {
            "zh": "镜像长时间落后于链上的存证。",
            "en": "A copy of a log has been behind the anchors for long.",
        },
        _MIRROR,
    ),
    "mirror-gap": FindingCode(
        "warning",
        {
            "zh": "镜像缺少日志的一部分。",
            "en": "A copy of a log lacks pieces of it.",
        },
        _MIRROR,
    ),
    # ---- the monitor itself
    "replay-failed": FindingCode(
        "warning",
        {
            "zh": "定期的完整重放没有得到报告，或到下一次开始时仍未完成。",
            "en": "The full replay, which is made from time to time, gave no report, or is not "
            "finished when the next one is due.",
        },
        {
            "zh": "手工运行 audit replay 查看原因。",
            "en": "Run `audit replay` by hand to see why.",
        },
    ),
}
