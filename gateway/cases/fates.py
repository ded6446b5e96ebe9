"""What becomes of an act that the chain did not take: at once anew, later anew, or never.

What may change by itself (a key, a standing, a registry, a clock) is tried again for as long as it
takes, for the decision stands. Only what no signature can mend ends an act.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from ledger.core.status import Act
from ledger.core.texts import Text

FIRST_SECONDS: Final = 5
"""Until an act is tried again that was refused once; twice as long for each further time."""
MOST_SECONDS: Final = 600
"""Longest time between two tries: whoever ends a suspension waits no longer than that."""
TO_BE_SIGNED: Final = "to-be-signed"
OUTCOME_REFUSED: Final = "outcome-refused"
UNSOUND: Final = "act-unsound"


class Fate(Enum):
    """ANEW: the world moved, the next step sees how. LATER: signed again after a while. NEVER: it
    is refused for good."""

    ANEW = "anew"
    LATER = "later"
    NEVER = "never"


_ANEW: Final = frozenset(
    {"VersionMismatch", "DeadlinePassed", "StatusUnfit", "SetByVote", "NotCurrent"}
)
_LATER: Final = frozenset(
    {
        *("KeyNotValid", "MemberNotActive", "MemberUnknown", "RoleMissing", "DeadlineTooFar"),
        # Of a signature that no key made, and where a node gives no reason.
        *("ECDSAInvalidSignature", "ECDSAInvalidSignatureS", "reverted"),
    }
)


def code_of(name: str) -> str:
    """The code of a contract's error: its name without that of the contract."""
    return (name.partition("_")[2] or name)[:40]


def fate_of(name: str, values: Mapping[str, Any], act: Act, time: int) -> Fate:
    """What becomes of an act that was refused with this error of the contracts. time: of the head,
    Unix seconds."""
    code = code_of(name)
    if code in _ANEW:
        return Fate.ANEW
    if code == "EffectiveAtInvalid":  # of a day that has not begun on the chain, or of none
        return Fate.LATER if act.effective_at > time else Fate.NEVER
    if code == "LogNotOwned":  # unknown: it is not opened yet, as behind a chain that was lost
        return Fate.NEVER if any(values.get("owner", b"\1")) else Fate.LATER
    return Fate.LATER if code in _LATER else Fate.NEVER


def delay(failures: int) -> int:
    """Seconds until the next try behind so many that failed, at least one."""
    return min(MOST_SECONDS, FIRST_SECONDS << min(failures - 1, 16))


REMEDIES: Final[Mapping[str, Text]] = {
    TO_BE_SIGNED: {
        "zh": "本节点不保管所需密钥：请用 case release --key 签名",
        "en": "This node does not hold the key: sign with `case release --key`",
    },
    "case-key-not-valid": {
        "zh": "CASE 密钥现已失效：请登记并启用新密钥（keys rotate），届时自动重新签名",
        "en": "The CASE key is not valid now: rotate it (`keys rotate`); then it is signed again",
    },
    "decide-key-not-valid": {
        "zh": "DECIDE 密钥现已失效：请登记并启用新密钥（keys rotate），届时自动重新签名",
        "en": "The DECIDE key is not valid now: rotate it (`keys rotate`); then it is signed again",
    },
    "KeyNotValid": {
        "zh": "签名所用密钥在链上已失效；将以现行密钥自动重新签名",
        "en": "The key is not valid on the chain; it is signed again with the one in force",
    },
    "MemberNotActive": {
        "zh": "本成员已被中止：恢复资格后自动重新发送",
        "en": "This member is suspended: it is sent again once the member is reinstated",
    },
    "RoleMissing": {
        "zh": "本成员现无省级角色：恢复后自动重新发送，或由各省市表决",
        "en": "This member is no province now: sent again once it is, or the provinces vote",
    },
    "MemberUnknown": {
        "zh": "链上尚无本成员：接纳后自动重新发送",
        "en": "The chain does not know this member yet: sent again once it is admitted",
    },
    "LogNotOwned": {
        "zh": "链上没有该日志或其属于其他成员：请核对网络文件；日志登记后自动重新发送",
        "en": "The log is unknown or another member's: check the network file; sent again once it"
        " is opened",
    },
    "EffectiveAtInvalid": {
        "zh": "生效日在链上尚未开始或不是一日之始：未到的到时自动发送，否则请另作决定",
        "en": "The day has not begun on the chain, or is none: sent when it has; else decide anew",
    },
    "signer-unavailable": {
        "zh": "签名服务不可用：恢复后自动重新签名",
        "en": "The signing service does not answer: signed again once it does",
    },
    "reverted": {
        "zh": "链未说明理由而拒绝；将自动重试，请查看节点日志",
        "en": "The chain refused it without a reason; it is tried again, see the log of the node",
    },
    "already-so": {
        "zh": "记录现状不容此举：请查看现状，必要时另作决定",
        "en": "The status does not allow it any more: look at it, and decide anew if need be",
    },
    "by-vote-only": {
        "zh": "现状由表决所定，只有表决可改",
        "en": "A vote made it so, and only a vote changes it",
    },
    OUTCOME_REFUSED: {
        "zh": "前一处置未被采纳，异议标注因此保留：请就异议另作决定",
        "en": "The outcome before it was refused, so the mark stays: decide anew",
    },
    UNSOUND: {
        "zh": "此处置无法编码上链（日期或编号超出范围）：请另作决定并检查数据",
        "en": "It cannot be written to the chain (a day or number out of range): decide anew",
    },
    "OtherInvalid": {
        "zh": "更正后的记录已被更正、撤销或删除，或属于他人：请另指一条",
        "en": "The record that corrects was itself corrected, withdrawn or erased, or is another"
        " member's: name another one",
    },
    "BasisInvalid": {
        "zh": "依据编号不适用于此处置：请以正确依据另作决定",
        "en": "The basis does not go with this act: decide anew with the right one",
    },
}
_OTHERS: Final[Text] = {
    "zh": "链不采纳此处置：请按代码查明原因后另作决定",
    "en": "The chain does not take it: find out why by the code, and decide anew",
}


def remedy_of(state: str, code: str | None) -> Text | None:
    """What is to be done about an act that was refused or waits; None: nothing."""
    if code is None or state not in ("waiting", "refused"):
        return None
    return REMEDIES.get(code, _OTHERS)
