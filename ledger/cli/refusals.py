"""Why a contract refuses a write, in words where we have some."""

from __future__ import annotations

from typing import Any

from ledger.chain.contracts.contract_abi import NAMES, load
from ledger.chain.contracts.structs import code_text
from ledger.chain.errors import TxRefused
from ledger.cli.language import pick
from ledger.core.canonical import hex0x

_WORDS = {
    "Consortium_AlreadyVoted": {
        "zh": "该省市已对此提案投票",
        "en": "this province has voted on it already",
    },
    "Consortium_CompromiseInvalid": {
        "zh": "失窃时刻不可用：本人只能提前，且不早于七天前；更早须表决（compromise-key）",
        "en": "the time of the theft cannot be set: an owner may only move it back, seven days at "
        "most; anything else takes a vote (compromise-key)",
    },
    "Consortium_DeadlinePassed": {
        "zh": "签名已过期，请重新制作",
        "en": "the signature has run out; make it again",
    },
    "Consortium_KeyEnded": {"zh": "该密钥已终止", "en": "the key has ended already"},
    "Consortium_KeyExists": {"zh": "该密钥已登记", "en": "the key is registered already"},
    "Consortium_KeyNotValid": {
        "zh": "签名者不是该成员现行有效的 GOVERN 密钥",
        "en": "the signer is no GOVERN key of this member that is in force now",
    },
    "Consortium_KeyUnknown": {"zh": "该成员没有此密钥", "en": "the member has no such key"},
    "Consortium_MemberNotActive": {
        "zh": "该成员已中止或退出",
        "en": "the member is suspended or retired",
    },
    "Consortium_ProposalExists": {"zh": "提案已存在", "en": "the proposal is there already"},
    "Consortium_ProposalNotOpen": {
        "zh": "提案未知、已过期或已执行",
        "en": "the proposal is unknown, has run out or was carried out",
    },
    "Consortium_ProposalNotPassed": {
        "zh": "赞成票不足",
        "en": "not enough provinces have voted yes",
    },
    "Consortium_RecoveryPending": {
        "zh": "有恢复的密钥尚未生效且未被否决，其间不能以表决单独认定该成员的 GOVERN 密钥失窃",
        "en": "a recovered key has neither begun nor been vetoed; until then no vote takes a "
        "single GOVERN key of the member",
    },
    "Consortium_RoleMissing": {
        "zh": "该成员不具备所需的角色（须为省市）",
        "en": "the member has not the role that this needs (a province)",
    },
    "Consortium_SeqMismatch": {
        "zh": "其间另有该成员的写入，请重新制作",
        "en": "another write of this member came first; make it again",
    },
    "RoleContract_NotPassed": {
        "zh": "赞成票不足或提案已过期",
        "en": "not enough provinces have voted yes, or the proposal has run out",
    },
    "RoleContract_ProposalUsed": {
        "zh": "该提案已执行",
        "en": "the proposal was carried out already",
    },
    "Consortium_ThresholdInvalid": {
        "zh": "表决门槛须超过省市数的一半且不多于省市数；请先表决 set-threshold",
        "en": "the threshold must be more than half of the provinces and at most all of them: vote "
        "on set-threshold first",
    },
}


def refusal_text(error: TxRefused) -> str:
    """The words, and the contract's own error with its values."""
    for name in NAMES:
        found = load(name).refusal(error.payload)
        if found is not None:
            values = ", ".join(f"{key}={_plain(key, value)}" for key, value in found[1].items())
            words = pick(_WORDS[found[0]]) + " " if found[0] in _WORDS else ""
            return f"{words}[{found[0]}({values})]"
    return str(error)


def _plain(name: str, value: Any) -> Any:
    if not isinstance(value, bytes):
        return value
    return code_text(value) if name in ("code", "member", "role", "region") else hex0x(value)
