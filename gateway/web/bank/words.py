"""Words of the pages of banks: provinces, purposes, families, why a member is missing, what may be
done with a record. One table for each subject; those that the command line has too are its own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from gateway.http.titles import TITLES
from gateway.web.purposes import OF_GOVERNMENT, PURPOSES_SHOWN
from ledger.cli.auth_words import DECISIONS, REVOCATIONS, ROLES, STATES
from ledger.cli.case_words import CLASSES
from ledger.core.texts import Text
from ledger.core.verdict.verdicts import VERDICTS
from ledger.files.bundles import ENDED
from ledger.records.schema import all_schemas

__all__ = [
    "CLASSES",
    "DECISIONS",
    "EVENTS",
    "FOLLOWED",
    "KINDS",
    "MISSING",
    "NOT_DELIVERED",
    "OF_GOVERNMENT",
    "OUTCOMES",
    "OVERALL",
    "PURPOSES_SHOWN",
    "REGIONS",
    "REVOCATIONS",
    "ROLES",
    "STALE",
    "STATES",
    "Said",
    "families",
    "member_name",
    "not_delivered",
    "refused",
    "use_of",
    "verdict_text",
    "word",
]

Said = tuple[str, Text]
"""A kind of badge (good, bad, open, plain) and its text."""

REGIONS: Final[Mapping[str, Text]] = {
    "110000": {"zh": "北京", "en": "Beijing"},
    "120000": {"zh": "天津", "en": "Tianjin"},
    "130000": {"zh": "河北", "en": "Hebei"},
    "140000": {"zh": "山西", "en": "Shanxi"},
}
"""Provinces of this network by their codes (GB/T 2260)."""
OVERALL: Final[Mapping[str, Said]] = {
    "clear": ("good", {"zh": "无不利记录", "en": "clear"}),
    "adverse": ("bad", {"zh": "有不利记录", "en": "adverse"}),
    "open": ("open", {"zh": "未决", "en": "open"}),
    "undetermined": ("open", {"zh": "暂未能核对", "en": "could not be checked"}),
    "false": ("bad", {"zh": "不成立", "en": "does not hold"}),
}
MISSING: Final[Mapping[str, Text]] = {
    "out-of-region": {
        "zh": "不在授权的地区之内",
        "en": "outside of the regions of the authorisation",
    },
    "answer-false": {"zh": "答复不实", "en": "what it answered is not so"},
    "answer-malformed": {"zh": "答复格式有误", "en": "what it answered is malformed"},
    "answer-unchecked": {"zh": "答复暂时无法核对", "en": "what it answered could not be checked"},
    "answer-overtaken": {"zh": "答复期间记录正在变化", "en": "a record changed while it was asked"},
    "answer-old": {"zh": "答复的时间与提问不符", "en": "what it answered is of another time"},
    "answer-replayed": {"zh": "答复的是另一次提问", "en": "it sent the answer to another question"},
    "other-question": {"zh": "答非所问", "en": "it answered another question"},
    "not-granted": {"zh": "不予提供", "en": "it does not give this"},
    "unreachable": {"zh": "无法连接", "en": "it could not be reached"},
    "too-slow": {"zh": "答复超时", "en": "it took too long"},
    "peer-busy": {"zh": "对方繁忙", "en": "it is busy"},
}
"""Why a member is missing; another reason is shown as its code."""
EVENTS: Final[Mapping[str, Text]] = {
    "status": {"zh": "记录状态变化", "en": "a record has another status"},
    "subject.followed": {"zh": "已开始关注主体", "en": "a subject is followed"},
    "subject.refused": {"zh": "主体不再可查询", "en": "a subject may not be asked about any more"},
    "record.new": {"zh": "新增记录", "en": "a new record"},
    "record.changed": {
        "zh": "记录不再列出或重新列出",
        "en": "a record is listed no more, or again",
    },
    "product.input-changed": {"zh": "产品所用记录变化", "en": "a record behind a product changed"},
}
OUTCOMES: Final[Mapping[str, Text]] = {
    "none": {"zh": "有效", "en": "in force"},
    "repaired": {"zh": "已修复", "en": "repaired"},
    "corrected": {"zh": "已更正", "en": "corrected"},
    "withdrawn": {"zh": "已撤销", "en": "withdrawn"},
    "ended": {"zh": "已终止", "en": "ended"},
}
KINDS: Final[Mapping[str, Text]] = {
    "dataset": {"zh": "数据集", "en": "data set"},
    "model": {"zh": "模型", "en": "model"},
    "portrait": {"zh": "画像", "en": "portrait"},
    "report": {"zh": "报告", "en": "report"},
}
STALE: Final[Mapping[str, Text]] = {
    **OUTCOMES,
    "disputed": {"zh": "有异议", "en": "disputed"},
    "shielded": {"zh": "暂时屏蔽", "en": "shielded"},
    "erased": {"zh": "已删除或待删除", "en": "erased or to be erased"},
    "closed": {"zh": "正在变更", "en": "another status is on its way"},
}
"""Why a version is stale."""

NOT_DELIVERED: Final[Mapping[str, Text]] = {
    "redirected": {
        "zh": "接收地址转向了别处；请填写最终地址",
        "en": "it redirects elsewhere: name the last address itself",
    },
    "gone": {"zh": "接收程序答复 410，不再接收", "en": "it answers 410: it wants nothing more"},
    "too-slow": {"zh": "15 秒内没有答复", "en": "it did not answer within 15 seconds"},
    "unreachable": {
        "zh": "无法连接：程序未运行、端口不通，或证书不被信任",
        "en": "no connection: nothing runs there, the port is closed, or its certificate is not"
        " trusted",
    },
    "name-unknown": {"zh": "域名无法解析", "en": "its name is not known"},
    "address-private": {
        "zh": "该地址在专网内，节点不予访问；请运维人员在 gateway.toml 的 [webhooks] 之下"
        "用 private_networks 写明该网段",
        "en": "it leads to a private network, which this node does not call unless the operator"
        " names it: private_networks under [webhooks] in gateway.toml",
    },
    "target-refused": {
        "zh": "该地址不可用作接收地址（须为 https 的公网地址）",
        "en": "it is no address to send to: it has to be https and public",
    },
    "failing": {"zh": "连续五天未能送达", "en": "nothing came there for five days"},
    "token-ended": {
        "zh": "所属令牌均已吊销",
        "en": "no token of whoever added it is in force any more",
    },
    "content-lost": {
        "zh": "其密钥已无法打开，请移除后重新添加",
        "en": "its secret cannot be opened any more: remove it and add it anew",
    },
}
"""Why a message did not come to a program, or nothing is sent there any more."""

FOLLOWED: Final[Mapping[str, Text]] = {
    "new": {"zh": "即将查询", "en": "to be asked about now"},
    "followed": {"zh": "关注中", "en": "followed"},
    "refused": {"zh": "被拒绝", "en": "refused"},
    "ended": {"zh": "已停止", "en": "ended"},
}

_USABLE: Final[Said] = ("good", {"zh": "可以使用", "en": "may be relied on"})
_AGAINST: Final[Said] = (
    "bad",
    {"zh": "不利记录，可作为决定依据", "en": "speaks against the firm, and may be relied on"},
)
_SILENT: Final[Said] = (
    "open",
    {"zh": "出示的内容未说明是否不利", "en": "what is shown does not say whether it is adverse"},
)
_DISPUTED: Final[Said] = (
    "open",
    {"zh": "异议处理中：请自行权衡", "en": "under objection: weigh it yourself"},
)
_OVER: Final[Said] = (
    "plain",
    {"zh": "不得再作为决定依据", "en": "must not be relied on any more"},
)
_UNSETTLED: Final[Said] = (
    "open",
    {"zh": "暂不作结论，稍后再查", "en": "not settled: ask again later"},
)


def use_of(verdict: str, *, adverse: bool | None) -> Said:
    """What may be done with a record."""
    if verdict == "valid":
        return _SILENT if adverse is None else _AGAINST if adverse else _USABLE
    if verdict == "disputed":
        return _DISPUTED
    return _OVER if verdict in ENDED else _UNSETTLED


def verdict_text(verdict: str) -> Text:
    """What a verdict says."""
    found = VERDICTS.get(verdict)
    return {"zh": verdict, "en": verdict} if found is None else found.text


def member_name(code: str) -> Text:
    """A member as people call it, with its code."""
    name = REGIONS.get(code)
    if name is None:
        return {"zh": code, "en": code}
    return {"zh": f"{name['zh']}（{code}）", "en": f"{name['en']} ({code})"}


@cache
def families() -> Mapping[str, Text]:
    """Titles of the families of record types, those that anybody may be shown."""
    return {one.family: dict(one.title) for one in all_schemas() if one.visibility != "government"}


def refused(code: str) -> Text:
    """Why a subject is not asked about any more, as the interface entitles it."""
    return dict(TITLES[code][1]) if code in TITLES else word({}, code)


def not_delivered(code: str) -> Text:
    """Why a message did not come there."""
    status = code.removeprefix("http-")
    if status != code:
        return {"zh": f"接收程序答复 HTTP {status}", "en": f"it answers HTTP {status}"}
    found: Text = word(NOT_DELIVERED, code)
    return found


def word(table: Mapping[str, Any], name: str) -> Any:
    """A word of a table, or the name itself where it has none."""
    return table.get(name) or {"zh": name, "en": name}
