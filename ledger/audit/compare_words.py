"""What a comparison of two reports says, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ledger.core.texts import Text

__all__ = ["BESIDE", "COMPARED", "FIGURES", "RELATIONS"]

RELATIONS: Final[Mapping[str, Text]] = {
    "same-bytes": {
        "zh": "两份报告逐字节相同。",
        "en": "The two reports are the same, byte for byte.",
    },
    "same-block": {
        "zh": "两份报告是同一网络、同一区块的，但不相同。",
        "en": "The two reports are of one network and one block, and not the same.",
    },
    "other-hash": {
        "zh": "两份报告高度相同而区块不同：两方看到的是不同的链。",
        "en": "The two reports are of one height and two blocks: there are two chains.",
    },
    "later": {
        "zh": "两份报告是同一网络的，B 晚于 A。",
        "en": "The two reports are of one network; B is later than A.",
    },
}
BESIDE: Final[Mapping[str, Text]] = {
    "cases": {"zh": "开启件（--openings）", "en": "openings (--openings)"},
    "mirrors": {"zh": "镜像（--check-mirrors）", "en": "mirrors (--check-mirrors)"},
    "gas": {"zh": "用量（--gas）", "en": "gas (--gas)"},
    "sums": {"zh": "汇总（audit sums）", "en": "sums (audit sums)"},
}
FIGURES: Final[Mapping[str, Text]] = {
    "ack-longest": {"zh": "最久才确认（秒）", "en": "longest until acknowledged (s)"},
    "acts": {"zh": "状态行为", "en": "acts"},
    "anchor-gap": {"zh": "两次存证最长间隔（秒）", "en": "longest between anchors (s)"},
    "anchors": {"zh": "存证次数", "en": "anchors"},
    "behind": {"zh": "尚未确认的行为", "en": "acts not acknowledged"},
    "cases": {"zh": "案件", "en": "cases"},
    "entries": {"zh": "日志条目", "en": "log entries"},
    "finding": {"zh": "问题", "en": "findings"},
    "flag": {"zh": "带标注的记录", "en": "records marked"},
    "gas": {"zh": "用量（gas）", "en": "gas"},
    "kind": {"zh": "条目种类", "en": "entries of a kind"},
    "late": {"zh": "超期共享的记录", "en": "records shared late"},
    "logs": {"zh": "日志", "en": "logs"},
    "opened": {"zh": "已打开的声明", "en": "statements opened"},
    "outcome": {"zh": "有结果的记录", "en": "records with an outcome"},
    "promise-late": {"zh": "未按期兑现的承诺", "en": "promises not kept in time"},
    "stage-late": {"zh": "超期的环节", "en": "stages that were late"},
    "statements": {"zh": "声明", "en": "statements"},
    "timely": {"zh": "共享是否及时", "en": "shared in time"},
    "type": {"zh": "记录类型", "en": "records of a type"},
    "unread": {"zh": "未读取的条目", "en": "entries not read"},
    "untrue": {"zh": "及时与否所言不实的记录", "en": "records untrue about being in time"},
}
COMPARED: Final[Mapping[str, Text]] = {
    "title": {"zh": "两份审计报告的比对", "en": "Two audit reports compared"},
    "swapped": {
        "zh": "先给出的一份较晚，列为 B。",
        "en": "The one that was given first is the later one, so it is B.",
    },
    "uncertain": {
        "zh": "其中一份不完整：所列新增或消失的，可能只是未能读取。",
        "en": "One of them is incomplete: what is new or gone may only not have been read.",
    },
    "only": {"zh": "只有 {side} 查看了：{what}", "en": "Only {side} looked at: {what}"},
    "divergences": {"zh": "分歧", "en": "Divergences"},
    "divergences-none": {
        "zh": "链上内容没有分歧。",
        "en": "They do not diverge in what everybody sees alike.",
    },
    "new": {"zh": "B 中新增的问题", "en": "Findings that are new in B"},
    "gone": {"zh": "B 中不再有的问题", "en": "Findings that are gone in B"},
    "changed": {"zh": "证据有变化的问题", "en": "Findings with other evidence"},
    "same": {"zh": "两份都有的问题：{count}", "en": "Findings in both: {count}"},
    "gaps": {"zh": "未查看之处", "en": "Not looked at"},
    "none": {"zh": "无", "en": "none"},
    "figures": {"zh": "变化的数字", "en": "Figures that changed"},
    "figure": {"zh": "数字", "en": "Figure"},
    "report": {"zh": "报告", "en": "Report"},
    "of-all": {"zh": "合计", "en": "all"},
    "more": {"zh": "另有 {count} 项", "en": "{count} more"},
    "other-network": {
        "zh": "两份报告属于不同的网络，无法比对",
        "en": "the two reports are of two networks; there is nothing to compare",
    },
}
