"""What keeps a node from going on, in words, with what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.explorer.errors import CHAIN_TEXTS, OTHER
from gateway.mirrors import errors as mirror
from ledger.core.texts import Text


def _text(zh: str, en: str) -> Text:
    return {"zh": zh, "en": en}


_ANCHOR: Final[Mapping[str, Text]] = {
    "payer-empty": _text(
        "支付账户余额不足，存证送不上链。请运维为 payer 账户充值，随后自动继续",
        "The account that pays is empty, so anchors do not get there. The operator must fund the"
        " payer; it goes on by itself",
    ),
    "node-refuses": _text(
        "区块链节点拒收存证交易。请运维检查区块链节点",
        "The nodes of the chain refuse the transaction of the anchor. The operator must look at"
        " the nodes",
    ),
    "fee-too-high": _text(
        "区块链手续费高于上限，存证暂缓；费用回落后自动继续，或由运维调高 log.max_tip_gwei",
        "The chain asks higher fees than the settings allow, so anchors wait; they go on once fees"
        " fall, or the operator raises log.max_tip_gwei",
    ),
    "nonce-taken": _text(
        "支付账户另有用途，交易序号被占用。请运维让 payer 账户只供本节点使用",
        "Somebody else sends from the account that pays. The operator must leave the payer to this"
        " node alone",
    ),
    "tx-pending": _text(
        "存证交易久未进入区块，将自动重试；如持续出现请运维检查区块链节点",
        "The transaction of the anchor waits long for a block and is sent again by itself; where it"
        " stays so, the operator must look at the nodes of the chain",
    ),
}
_OTHER_ANCHOR: Final = _text(
    "存证送不上链（{code}）。记录照常接收，不会丢失；请运维运行 credit-ledger gateway doctor",
    "Anchors do not get to the chain ({code}). Records are still taken and none is lost; the"
    " operator should run `credit-ledger gateway doctor`",
)
_STATUSES: Final = _text(
    "链上对记录的处置暂时无法拼合（{code}），已停止提供的仍停止提供；请运维检查区块链节点",
    "Acts on records do not fit together as the nodes of the chain give them ({code}); what is"
    " closed stays closed. The operator must look at the nodes",
)
_CHAIN: Final = _text("无法读取区块链：", "The chain cannot be read: ")
_MIRROR: Final[Mapping[str, Text]] = {
    mirror.UNREACHABLE: _text(
        "对方节点连不上，恢复后自动继续；如持续出现请与该成员联系",
        "its node cannot be reached; it goes on by itself once it can, else ask that member",
    ),
    mirror.ADDRESS_PRIVATE: _text(
        "对方登记的地址不是公网地址，本节点不访问；请运维在 [exchange] private_networks 中写明网段"
        '（试用时设 env = "development"）',
        "the address that it registered is no public one and is not called from here; the operator"
        " should name its network under [exchange] private_networks (to try things out on one"
        ' machine: env = "development")',
    ),
    mirror.NOT_SERVED: _text(
        "对方节点没有提供应有的数据，请与该成员联系",
        "its node does not give out what it must; ask that member",
    ),
    mirror.OTHER_TREE: _text(
        "对方给出的内容与链上的根不符，未采用；请与该成员联系并告知联盟",
        "what its node gives has another root than the chain, and was not taken; ask that member,"
        " and tell the consortium",
    ),
    mirror.NO_ENDPOINT: _text(
        "该成员未登记可用的节点地址，请其登记（govern endpoint）",
        "that member has registered no address that can be used; it must do so (`govern endpoint`)",
    ),
    mirror.NOTE_MISSING: _text(
        "对方没有提供该大小的检查点，请与该成员联系",
        "its node gives no checkpoint of this size; ask that member",
    ),
    mirror.DAMAGED: _text(
        "本节点的副本有损坏，正在重新读取；请运维检查磁盘",
        "the copy here was damaged and is read anew; the operator must look after the disk",
    ),
}
_FULL: Final = _text(
    "留存的数据已达上限，请运维查明原因，再增加磁盘或调高 [mirrors] 的上限",
    "as much of it is kept as may be; the operator must find out why it is so large, and then add"
    " disk or raise the bounds of [mirrors]",
)
_OTHER_MIRROR: Final = _text(
    "暂时无法继续留存（{code}），请运维运行 credit-ledger gateway doctor",
    "it cannot be followed further now ({code}); the operator should run `credit-ledger gateway"
    " doctor`",
)


def chain_words(code: str) -> Text:
    """Why the chain cannot be read."""
    told = CHAIN_TEXTS.get(code, CHAIN_TEXTS[OTHER])
    return {name: _CHAIN[name] + told[name] for name in _CHAIN}


def anchor_words(code: str) -> Text:
    """Why anchors do not get there."""
    return _ANCHOR.get(code) or _with(_OTHER_ANCHOR, code)


def statuses_words(code: str) -> Text:
    """Why acts on records are not followed."""
    return _with(_STATUSES, code)


def mirror_words(code: str) -> Text:
    """Why the log of another member is not followed further."""
    if code.startswith(mirror.FULL):
        return _FULL
    return _MIRROR.get(code) or _with(_OTHER_MIRROR, code)


def _with(text: Text, code: str) -> Text:
    return {name: one.format(code=code) for name, one in text.items()}
