"""Why a revocation waits, and what is to be done. None is ever given up: the subject has taken its
word back, so it is signed again with the key and for the contract then in force, until it is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ledger.core.texts import Text

FIRST_SECONDS: Final = 2
"""Until a revocation is tried again that failed once; twice as long for each further time."""
MOST_SECONDS: Final = 60
"""Longest time between two tries: who has taken its word back does not wait for it to be seen that
a key is there again."""
NO_KEY: Final = "consent-key-missing"

ANEW: Final = frozenset({"AlreadyRevoked", "DeadlinePassed", "NotCurrent"})
"""Refusals after which the next look shows what is so now: it is not put off the first time."""


def code_of(name: str) -> str:
    """The code of a contract's error: its name without that of the contract."""
    return (name.partition("_")[2] or name)[:40]


def delay(failures: int) -> int:
    """Seconds until the next try behind so many that failed, at least one."""
    return min(MOST_SECONDS, FIRST_SECONDS << min(failures - 1, 16))


REMEDIES: Final[Mapping[str, Text]] = {
    NO_KEY: {
        "zh": "本节点没有 CONSENT 密钥：请生成并登记（keys rotate CONSENT），届时自动签名发送",
        "en": "This node has no CONSENT key: make and register one (`keys rotate CONSENT`); then it"
        " is signed and sent by itself",
    },
    "consent-key-not-valid": {
        "zh": "CONSENT 密钥现已失效：请登记新密钥（keys rotate CONSENT），届时自动重新签名",
        "en": "The CONSENT key is not valid now: rotate it (`keys rotate CONSENT`); then it is"
        " signed again",
    },
    "chain-unknown": {
        "zh": "尚未从链上读到登记信息；读到后自动签名发送",
        "en": "The chain has not been read yet; it is signed and sent once it has",
    },
    "signer-unavailable": {
        "zh": "签名服务不可用：恢复后自动重新签名",
        "en": "The signing service does not answer: signed again once it does",
    },
    "KeyNotValid": {
        "zh": "签名所用密钥在链上已失效；将以现行密钥自动重新签名",
        "en": "The key is not valid on the chain; it is signed again with the one in force",
    },
    "MemberNotActive": {
        "zh": "本成员已被中止：恢复资格后自动重新发送；在此之前其他成员不会得知撤回",
        "en": "This member is suspended: it is sent again once it is reinstated; until then no"
        " other member learns of it",
    },
    "RoleMissing": {
        "zh": "本成员现既非省级也非征信机构：恢复角色后自动重新发送",
        "en": "This member is neither a province nor a bureau now: sent again once it is",
    },
    "MemberUnknown": {
        "zh": "链上尚无本成员：接纳后自动重新发送",
        "en": "The chain does not know this member yet: sent again once it is admitted",
    },
    "reverted": {
        "zh": "链未说明理由而拒绝；将自动重试，请查看节点日志",
        "en": "The chain refused it without a reason; it is tried again, see the log of the node",
    },
}
_OTHERS: Final[Text] = {
    "zh": "链暂不采纳；将自动重试，如持续出现请按代码联系运维",
    "en": "The chain does not take it now; it is tried again. Turn to the operator where it stays",
}


def remedy_of(code: str | None) -> Text | None:
    """What is to be done about a revocation that waits; None: nothing."""
    return None if code is None else REMEDIES.get(code, _OTHERS)
