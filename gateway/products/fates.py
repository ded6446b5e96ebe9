"""What becomes of what the chain did not take: at once anew, later anew, or never."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from ledger.core.texts import Text

FIRST_SECONDS: Final = 5
"""Until something is tried again that was refused once; twice as long for each further time."""
MOST_SECONDS: Final = 600
EARLIER_REFUSED: Final = "earlier-refused"
TAKEN: Final = "product-taken"
VERSION_TAKEN: Final = "version-taken"
RETIRED: Final = "product-retired"
LOST: Final = "not-on-the-chain"


class Fate(Enum):
    """ANEW: the world moved, the next step sees how. LATER: signed again after a while. NEVER: it
    is refused for good."""

    ANEW = "anew"
    LATER = "later"
    NEVER = "never"


_ANEW: Final = frozenset(
    {
        *("AlreadyRegistered", "VersionInvalid", "IsRetired", "Unknown"),
        *("DeadlinePassed", "NotCurrent"),
    }
)
_LATER: Final = frozenset(
    {
        *("KeyNotValid", "MemberNotActive", "MemberUnknown", "RoleMissing"),
        # Of a signature that no key made, and where a node gives no reason.
        *("ECDSAInvalidSignature", "ECDSAInvalidSignatureS", "reverted"),
    }
)


def code_of(name: str) -> str:
    """The code of a contract's error: its name without that of the contract."""
    return (name.partition("_")[2] or name)[:40]


def fate_of(name: str) -> Fate:
    """What becomes of what was refused with this error of the contracts."""
    code = code_of(name)
    if code in _ANEW:
        return Fate.ANEW
    return Fate.LATER if code in _LATER else Fate.NEVER


def delay(failures: int) -> int:
    """Seconds until the next try behind so many that failed, at least one."""
    return min(MOST_SECONDS, FIRST_SECONDS << min(failures - 1, 16))


REMEDIES: Final[Mapping[str, Text]] = {
    "product-key-missing": {
        "zh": "本节点不保管 PRODUCT 密钥：请运维放入密钥并登记（keys rotate product）",
        "en": "This node holds no PRODUCT key: the operator adds and registers one (`keys rotate"
        " product`)",
    },
    "product-key-not-valid": {
        "zh": "PRODUCT 密钥现已失效：请登记并启用新密钥（keys rotate product），届时自动重新签名",
        "en": "The PRODUCT key is not valid now: rotate it (`keys rotate product`); then it is"
        " signed again",
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
        "zh": "本成员已被中止：恢复资格后自动重新发送",
        "en": "This member is suspended: it is sent again once the member is reinstated",
    },
    "MemberUnknown": {
        "zh": "链上尚无本成员：接纳后自动重新发送",
        "en": "The chain does not know this member yet: sent again once it is admitted",
    },
    "RoleMissing": {
        "zh": "本成员不是省级成员或征信机构，不能发布产品；取得角色后自动重新发送",
        "en": "This member is neither a province nor a bureau, and only these make products: sent"
        " again once it is",
    },
    "reverted": {
        "zh": "链未说明理由而拒绝；将自动重试，请查看节点日志",
        "en": "The chain refused it without a reason; it is tried again, see the log of the node",
    },
    EARLIER_REFUSED: {
        "zh": "此前的一步未被链采纳，本步随之作废：请解决前一步后重新办理",
        "en": "What went before it was refused, and this with it: settle that, then ask again",
    },
    TAKEN: {
        "zh": "链上已有此编号的产品，种类或方法不同：请改用其他编号登记",
        "en": "The chain has a product of this id with another kind or method: register under"
        " another id",
    },
    VERSION_TAKEN: {
        "zh": "链上此版本号的内容不同（可能由本成员的另一节点发布）：请重新发布，将用下一个版本号",
        "en": "The chain has another version of this number, perhaps from another node of this"
        " member: publish again, which takes the next number",
    },
    RETIRED: {
        "zh": "产品已停用，不再有新版本：请登记新产品",
        "en": "The product is retired and has no more versions: register a new one",
    },
    LOST: {
        "zh": "链上尚无此产品的前一步：恢复后自动继续",
        "en": "The chain does not have what goes before it: goes on once it does",
    },
}
_OTHERS: Final[Text] = {
    "zh": "链不采纳：请按代码查明原因后重新办理",
    "en": "The chain does not take it: find out why by the code, and ask again",
}


def remedy_of(state: str, code: str | None) -> Text | None:
    """What is to be done about what was refused or waits; None: nothing."""
    if code is None or state not in ("waiting", "refused"):
        return None
    return REMEDIES.get(code, _OTHERS)
