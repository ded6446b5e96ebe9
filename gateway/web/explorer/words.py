"""Words of the explorer for what the chain has as numbers and names, in both languages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from ledger.cli.act_words import ACTIONS, BASES
from ledger.core.status import Action, Basis
from ledger.core.texts import Text

_CODE: Final = re.compile("[0-9A-Za-z][0-9A-Za-z._:@-]{0,31}|0x[0-9a-f]{64}")


def is_code(text: str) -> bool:
    """Whether it has the form of a code of a member or of an item."""
    return _CODE.fullmatch(text) is not None


def _text(zh: str, en: str) -> Text:
    return {"zh": zh, "en": en}


ROLES: Final[Mapping[str, Text]] = {
    "province": _text("省级信用主管部门", "provincial credit authority"),
    "bureau": _text("征信机构", "credit bureau"),
    "institution": _text("金融机构", "financial institution"),
    "auditor": _text("审计方", "auditor"),
}
STATUSES: Final[Mapping[str, Text]] = {
    "active": _text("有效", "active"),
    "suspended": _text("中止", "suspended"),
    "retired": _text("已退出", "retired"),
}
PURPOSES: Final[Mapping[str, Text]] = {
    "ANCHOR": _text("存证与承诺", "anchors and promises"),
    "CASE": _text("异议标注", "marks of objections"),
    "CONSENT": _text("收回授权", "taking authorisations back"),
    "PRODUCT": _text("数据产品", "data products"),
    "GOVERN": _text("表决与密钥管理", "votes and keys"),
    "PRESENT": _text("出示记录", "presenting records"),
    "REQUEST": _text("成员间请求", "requests between members"),
    "NOTE": _text("检查点", "checkpoints"),
    "WITNESS": _text("见证", "cosignatures"),
    "DECIDE": _text("决定", "decisions"),
}
KEY_STATES: Final[Mapping[str, tuple[str, Text]]] = {
    "valid": ("good", _text("有效", "valid")),
    "to-come": ("open", _text("尚未生效", "not valid yet")),
    "ended": ("plain", _text("已失效", "ended")),
    "stolen": ("bad", _text("认定失窃", "held to be stolen")),
}
"""Kind of badge, and word."""
VOTES: Final[Mapping[str, tuple[str, Text]]] = {
    "open": ("open", _text("可表决", "open for votes")),
    "passed": ("good", _text("已通过，待执行", "passed, to be carried out")),
    "executed": ("plain", _text("已执行", "carried out")),
    "expired": ("plain", _text("已过期", "expired")),
}
KINDS: Final[Mapping[str, Text]] = {
    "record-type": _text("记录类型", "record type"),
    "list": _text("名单", "list"),
    "measures": _text("措施清单", "measures"),
    "agreement": _text("协议", "agreement"),
    "rules": _text("规则", "rules"),
}
VISIBILITIES: Final[Mapping[str, Text]] = {
    "public": _text("依法公示", "public"),
    "on-authorisation": _text("授权查询", "on authorisation"),
    "government": _text("政务共享", "government only"),
}
OUTCOMES: Final[Mapping[str, Text]] = {
    "none": _text("有效", "in force"),
    "repaired": _text("已修复", "repaired"),
    "corrected": _text("已更正", "corrected"),
    "withdrawn": _text("已撤销", "withdrawn"),
    "ended": _text("已终止", "ended"),
}
FLAGS: Final[Mapping[str, Text]] = {
    "disputed": _text("有异议", "disputed"),
    "shielded": _text("暂时屏蔽", "shielded"),
    "erased": _text("已删除", "erased"),
}
ANCHOR_STATES: Final[Mapping[str, tuple[str, Text]]] = {
    "final": ("good", _text("已最终确认", "final")),
    "mined": ("open", _text("已上链", "on the chain")),
}
MATCHES: Final[Mapping[str, Text]] = {
    "log": _text("日志", "log"),
    "record": _text("记录", "record"),
    "vote": _text("提案", "proposal"),
    "transaction": _text("含此交易的区块", "block of this transaction"),
    "member": _text("成员", "member"),
    "item": _text("目录项", "item of the catalogue"),
    "block": _text("区块", "block"),
    "day": _text("当日名单", "lists of this day"),
    "report": _text("报告", "report"),
}
ITEMS: Final[Mapping[str, Text]] = {
    "publicity": _text("公示期和修复规则", "rules of publicity and repair"),
    "measures": _text("失信惩戒措施清单", "list of measures against breaches"),
}
"""Names of items that say of themselves what they are in no file."""
EVENTS: Final[Mapping[str, Text]] = {
    "ThresholdSet": _text("设定表决门槛", "threshold of votes set"),
    "MemberAdded": _text("接纳成员", "member admitted"),
    "MemberStatusChanged": _text("成员资格变更", "standing of a member changed"),
    "MemberRolesChanged": _text("成员角色变更", "roles of a member changed"),
    "EndpointSet": _text("节点地址变更", "address of a node changed"),
    "KeyAdded": _text("登记密钥", "key registered"),
    "KeyRevoked": _text("终止密钥", "key revoked"),
    "KeyCompromised": _text("认定密钥失窃", "key held to be stolen"),
    "LogOpened": _text("开设日志", "log opened"),
    "LogClosed": _text("关闭日志", "log closed"),
    "ContractRegistered": _text("登记合约", "contract registered"),
    "Proposed": _text("提出提案", "proposal made"),
    "Voted": _text("投票", "vote cast"),
    "Executed": _text("执行提案", "proposal carried out"),
    "ChairSet": _text("设定轮值", "chair set"),
    "Anchored": _text("存证", "anchor"),
    "ItemPut": _text("写入目录", "put into the catalogue"),
    "Acted": _text("处置记录", "act on a record"),
    "Acknowledged": _text("确认执行", "acts acknowledged"),
    "Revoked": _text("收回授权", "authorisation taken back"),
    "ProductRegistered": _text("登记数据产品", "data product registered"),
    "VersionPublished": _text("发布数据产品版本", "version of a data product published"),
    "ProductRetired": _text("停用数据产品", "data product retired"),
}


def action(number: int) -> Text:
    """What is done to a record."""
    known = number in set(Action)
    return ACTIONS[Action(number)] if known else _text(str(number), str(number))


def basis(number: int) -> Text:
    """On what ground."""
    known = number in set(Basis) and number != Basis.NONE
    return BASES[Basis(number)] if known else _text("—", "—")


def word(table: Mapping[str, Text], name: str) -> Text:
    """The word for a name; the name itself where it is of later times."""
    return table.get(name, _text(name, name))
