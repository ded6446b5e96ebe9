"""What the page of a report says, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ledger.core.texts import Text

__all__ = ["COPIES", "REGIONS", "SEVERITIES", "SORTS", "STAGES", "TERMS", "WORDS"]

REGIONS: Final[Mapping[str, Text]] = {
    "110000": {"zh": "北京", "en": "Beijing"},
    "120000": {"zh": "天津", "en": "Tianjin"},
    "130000": {"zh": "河北", "en": "Hebei"},
    "140000": {"zh": "山西", "en": "Shanxi"},
}
SEVERITIES: Final[Mapping[str, Text]] = {
    "error": {"zh": "错误", "en": "Error"},
    "warning": {"zh": "警示", "en": "Warning"},
    "note": {"zh": "待核实", "en": "To be asked"},
}
STAGES: Final[Mapping[str, Text]] = {
    "repair-accept": {"zh": "受理修复申请", "en": "accept a repair"},
    "repair-decide": {"zh": "作出修复决定", "en": "decide a repair"},
    "objection-answer": {"zh": "答复异议", "en": "answer an objection"},
}
COPIES: Final[Mapping[str, Text]] = {
    "same": {"zh": "完整一致", "en": "whole and the same"},
    "behind": {"zh": "落后", "en": "behind"},
    "gap": {"zh": "有缺失", "en": "with gaps"},
    "differs": {"zh": "不一致", "en": "another tree"},
    "untold": {"zh": "尚无法判断", "en": "cannot be told yet"},
    "none": {"zh": "未提供", "en": "not served"},
}
SORTS: Final[Mapping[str, Text]] = {
    "anchors": {"zh": "存证", "en": "Anchors"},
    "acts": {"zh": "状态行为", "en": "Acts"},
    "acknowledgements": {"zh": "执行确认", "en": "Acknowledgements"},
    "products": {"zh": "产品与撤回授权", "en": "Products, revocations"},
    "votes": {"zh": "提案与表决", "en": "Proposals, votes"},
}
WORDS: Final[Mapping[str, Text]] = {
    "title": {"zh": "账本审计报告", "en": "Audit report of the ledger"},
    "lead": {
        "zh": "本报告由区块链和公开日志重新计算得出，不依赖任何成员的说法。任何人重放同一区块，"
        "得到逐字节相同的报告。",
        "en": "This report was computed anew from the chain and the public logs; it rests on no "
        "member's word. Whoever replays the same block gets the same report, byte for byte.",
    },
    "language": {"zh": "语言", "en": "Language"},
    "network": {"zh": "网络（链号、合约）", "en": "Network (chain, contract)"},
    "block": {"zh": "截至区块", "en": "Up to block"},
    "time": {"zh": "区块时间", "en": "Time of the block"},
    "digest": {"zh": "报告的 SHA-256", "en": "SHA-256 of the report"},
    "signed": {"zh": "签名", "en": "Signature"},
    "not-signed": {
        "zh": "报告不带签名：与另一审计方的 SHA-256 相同，即为同一报告",
        "en": "A report carries none: another auditor with the same SHA-256 has the same report",
    },
    "incomplete": {"zh": "未能全部查看", "en": "Not all could be looked at"},
    "incomplete-lead": {
        "zh": "以下内容未能读取，因此不能得出“全部无误”的结论。没有列为问题的，不等于没有问题。",
        "en": "What follows could not be read, so nobody can conclude that all is in order. What "
        "is "
        "not listed as a finding may still be one.",
    },
    "places": {"zh": "涉及之处", "en": "Places"},
    "result": {"zh": "结论", "en": "Result"},
    "clean": {
        "zh": "全部无误。及时率、执行确认和镜像缺口不列为问题，见下面各表。",
        "en": "All is in order. What is late, behind or not copied is no finding: see the tables.",
    },
    "clean-incomplete": {
        "zh": "在已查看的范围内没有发现问题。",
        "en": "Nothing was found in what could be looked at.",
    },
    "found": {
        "zh": "错误 {error} 个，警示 {warning} 个，待核实 {note} 处。",
        "en": "{error} errors, {warning} warnings, {note} things to be asked for.",
    },
    "findings": {"zh": "发现的问题", "en": "Findings"},
    "whose": {"zh": "涉及成员", "en": "Whose"},
    "nobody": {"zh": "不属于任何一个成员", "en": "no single member's"},
    "todo": {"zh": "如何处理", "en": "What to do"},
    "evidence": {"zh": "证据", "en": "Evidence"},
    "where": {"zh": "位置", "en": "Where"},
    "details": {"zh": "内容", "en": "What is there"},
    "code": {"zh": "代码", "en": "Code"},
    "unknown-code": {
        "zh": "本软件不认识此代码，以下文字出自报告本身。",
        "en": "This software does not know the code; the words are those of the report itself.",
    },
    "more": {
        "zh": "另有 {count} 处，见报告文件",
        "en": "{count} more are in the file of the report",
    },
    "counted": {
        "zh": "报告只列出其中 {listed} 处，共 {count} 处",
        "en": "The report lists {listed} of {count}",
    },
    "member": {"zh": "成员", "en": "Member"},
    "timely": {"zh": "七个工作日内共享的及时率", "en": "Share in time, within 7 working days"},
    "timely-lead": {
        "zh": "按各成员日志中的记录条目计算；“未知”是节点上线前认定、或日历缺该年份的记录，不计入"
        "比率。",
        "en": "Of the records in the logs of each member. Unknown: decided before its node went "
        "live, "
        "or in a year that the calendar lacks; those are not in the share.",
    },
    "yes": {"zh": "及时", "en": "In time"},
    "no": {"zh": "超期", "en": "Late"},
    "unknown": {"zh": "未知", "en": "Unknown"},
    "share": {"zh": "及时率", "en": "Share"},
    "all": {"zh": "合计", "en": "All"},
    "stages": {"zh": "修复与异议办理天数", "en": "Days of repair and objection against limits"},
    "stages-lead": {
        "zh": "审计方看不到材料到达之日和办理机关的类别，按最宽的期限计算；列为超期的，按任何读法"
        "都已超期。条形为最长的一件，竖线为其期限（日历日）。",
        "en": "An auditor sees neither the day of arrival nor the kind of authority, so the widest "
        "limit counts: what is late is late by any reading. The bar is the longest one, the line "
        "its "
        "limit, in calendar days.",
    },
    "stages-none": {
        "zh": "本报告没有案件内容。成员的审计方用 audit openings 取得开启件，再以 --openings 重"
        "放。",
        "en": "This report has no cases. An auditor member asks for openings with `audit openings` "
        "and replays with --openings.",
    },
    "stage": {"zh": "环节", "en": "Stage"},
    "ended": {"zh": "已办结", "en": "Ended"},
    "running": {"zh": "办理中", "en": "Running"},
    "late": {"zh": "超期", "en": "Late"},
    "untold": {"zh": "期限未知", "en": "Limit unknown"},
    "mean": {"zh": "平均天数", "en": "Mean days"},
    "longest": {"zh": "最长", "en": "Longest"},
    "days-of": {"zh": "{days} 天（期限 {limit} 天）", "en": "{days} days (limit {limit})"},
    "days": {"zh": "{days} 天（期限未知）", "en": "{days} days (limit unknown)"},
    "acks": {"zh": "执行确认", "en": "Acknowledgements"},
    "acks-lead": {
        "zh": "链上共有 {count} 个状态行为（修复、更正、异议标注等）；各省须在一日内执行并确认。",
        "en": "Acts on the chain (repairs, corrections, marks and others): {count}. Every province "
        "carries them out and says so within a day.",
    },
    "done": {"zh": "已确认", "en": "Acknowledged"},
    "behind": {"zh": "尚未确认", "en": "Behind"},
    "since": {"zh": "最早未确认", "en": "Oldest, recorded"},
    "service": {"zh": "各成员的服务记录", "en": "Service record of each member"},
    "service-lead": {
        "zh": "两次存证之间的最长间隔；从状态行为上链到确认的最长时间；随开启件交来的承诺是否"
        "兑现；自称及时或超期、而存证时间证明不实的记录。",
        "en": "The longest time between two anchors; the longest from an act to its "
        "acknowledgement; whether promises that came with openings were kept; records that say "
        "they were shared in time, or late, which the time of their anchor belies.",
    },
    "service-none": {
        "zh": "本报告由较早的软件写出，没有服务记录。",
        "en": "An earlier version wrote this report: it has no service records.",
    },
    "gap": {"zh": "最长间隔", "en": "Longest gap"},
    "last": {"zh": "最近存证", "en": "Last anchor"},
    "ack-longest": {"zh": "最久才确认", "en": "Longest until acknowledged"},
    "promises": {"zh": "承诺：兑现／延迟／未兑现", "en": "Promises: met / late / broken"},
    "untrue": {"zh": "所言不实：及时／超期", "en": "Untrue: in time / late"},
    "span-days": {"zh": "{days} 天 {hours} 小时", "en": "{days} d {hours} h"},
    "span-hours": {"zh": "{hours} 小时 {minutes} 分", "en": "{hours} h {minutes} min"},
    "mirrors": {"zh": "镜像缺口", "en": "Mirror gaps"},
    "mirrors-lead": {
        "zh": "各省互存他省日志的副本；缺口意味着原节点损坏时可能无处可取。",
        "en": "Provinces keep copies of each other's logs. Where a copy has gaps, nobody may have "
        "the "
        "rest once the owner's machine is lost.",
    },
    "mirrors-none": {
        "zh": "本报告没有查看镜像。重放时加 --check-mirrors。",
        "en": "This report did not look at mirrors. Replay with --check-mirrors.",
    },
    "keeper": {"zh": "保存方", "en": "Kept by"},
    "log-of": {"zh": "日志所属成员", "en": "Log of"},
    "copy": {"zh": "副本", "en": "Copy"},
    "held": {"zh": "副本／日志条数", "en": "Copy / log entries"},
    "gas": {"zh": "各成员用量（gas）", "en": "Gas by member"},
    "gas-lead": {
        "zh": "gas 是交易占用区块容量的度量；本网络不收费，用量说明谁占用了多少容量。",
        "en": "Gas measures how much of the blocks transactions take. Nobody pays for it here; it "
        "tells who uses how much room.",
    },
    "gas-none": {
        "zh": "本报告没有统计用量。重放时加 --gas（每笔交易多一次查询）。",
        "en": "This report did not count gas. Replay with --gas (one more question a transaction).",
    },
    "transactions": {"zh": "交易数", "en": "Transactions"},
    "unread": {"zh": "未读到", "en": "Not read"},
    "sum": {"zh": "合计", "en": "Sum"},
    "by-vote": {"zh": "由表决", "en": "by vote"},
    "logs": {"zh": "日志", "en": "Logs"},
    "size": {"zh": "条目", "en": "Entries"},
    "read": {"zh": "已读取", "en": "Read"},
    "anchors": {"zh": "存证次数", "en": "Anchors"},
    "root": {"zh": "根", "en": "Root"},
    "scope": {"zh": "查看了什么", "en": "What was looked at"},
    "scope-members": {"zh": "成员", "en": "Members"},
    "scope-keys": {"zh": "密钥", "en": "Keys"},
    "scope-contracts": {"zh": "合约", "en": "Contracts"},
    "scope-votes": {"zh": "提案", "en": "Proposals"},
    "scope-entries": {"zh": "日志条目", "en": "Log entries"},
    "scope-acts": {"zh": "状态行为", "en": "Acts"},
    "scope-statements": {"zh": "已打开的声明", "en": "Statements opened"},
    "scope-cases": {"zh": "案件", "en": "Cases"},
    "of": {"zh": "{part}／{whole}", "en": "{part} of {whole}"},
    "not-asked": {"zh": "未查看", "en": "not looked at"},
    "terms": {"zh": "用语", "en": "Terms"},
    "again": {"zh": "如何重新得到本报告", "en": "How to make this report again"},
    "again-lead": {
        "zh": "在任何机器上，用同一 network.json 和同样的附加文件：",
        "en": "On any machine, with the same network.json and the same files beside it:",
    },
}
TERMS: Final[tuple[tuple[Text, Text], ...]] = (
    (
        {"zh": "重放", "en": "Replay"},
        {
            "zh": "由区块链事件和公开日志从头重新计算全部状态，并与各方所示逐一核对。",
            "en": "To compute all state anew from the events of the chain and the public logs, and "
            "to hold it against what everybody shows.",
        },
    ),
    (
        {"zh": "日志与条目", "en": "Log and entry"},
        {
            "zh": "每个成员只增不改的记录清单；一条条目只含记录的承诺值，不含企业或个人的信息。",
            "en": "The list of a member to which things are only added; an entry has a commitment "
            "to "
            "a record and nothing about a firm or a person.",
        },
    ),
    (
        {"zh": "存证", "en": "Anchor"},
        {
            "zh": "把日志到某一大小为止的根写到链上，此后任何改动都会被发现。",
            "en": "To write the root of a log up to a size on the chain: whatever is changed "
            "later is "
            "found.",
        },
    ),
    (
        {"zh": "根", "en": "Root"},
        {
            "zh": "由全部条目算出的 32 字节；改动任何一条，根就不同。",
            "en": "32 bytes computed from all entries; another entry gives another root.",
        },
    ),
    (
        {"zh": "状态行为", "en": "Act"},
        {
            "zh": "成员对一条记录在链上所做的：修复、更正、撤销、终止、异议标注、屏蔽、删除等。",
            "en": "What a member does to a record on the chain: repair, correct, withdraw, end, "
            "mark "
            "as disputed, shield, erase and others.",
        },
    ),
    (
        {"zh": "执行确认", "en": "Acknowledgement"},
        {
            "zh": "成员声明已在本省执行到某一状态行为为止。",
            "en": "A member says that it has carried out all acts up to one.",
        },
    ),
    (
        {"zh": "镜像", "en": "Mirror"},
        {
            "zh": "一省保存的他省日志的副本，可供核对和恢复。",
            "en": "The copy that a province keeps of another's log, to check and to restore it.",
        },
    ),
    (
        {"zh": "开启件", "en": "Opening"},
        {
            "zh": "成员应审计方要求交出的声明原文，可与日志中的承诺值核对。",
            "en": "The text of a statement that a member hands to an auditor; it can be held "
            "against "
            "the commitment in the log.",
        },
    ),
    (
        {"zh": "错误、警示、待核实", "en": "Error, warning, to be asked"},
        {
            "zh": "错误：有违规则或无法成立；警示：须由人判断；待核实：所见无误，但须向成员索取未"
            "见之物。",
            "en": "Error: against the rules, or it does not hold. Warning: people must judge. To "
            "be "
            "asked: what is seen is right, but something that is not seen must be asked for.",
        },
    ),
)
