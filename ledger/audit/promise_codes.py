"""What can come of a promise that is held against chain and log: codes (append-only), texts and
remedies for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from ledger.core.texts import Text

__all__ = ["PROMISES", "Outcome", "PromiseCode"]

Outcome = Literal["met", "broken", "unchecked"]
"""Only what the member's own signature and its own anchors prove is `broken`. What is no promise of
that member, or cannot be told yet, is `unchecked`: nobody is accused by it."""


@dataclass(frozen=True, slots=True)
class PromiseCode:
    """What a code means for whoever holds the promise: what is so, and what to do."""

    outcome: Outcome
    message: Text
    remedy: Text


_ASK: Final[Text] = {
    "zh": "向该成员索取原来的答复文件，再核对一次。",
    "en": "Ask the member for the answer as it was given, and check again.",
}
_READ: Final[Text] = {
    "zh": "稍后重试，或用 --mirror 指定保存该日志的成员。",
    "en": "Try again later, or name with --mirror whoever keeps a copy of the log.",
}
_NOTHING: Final[Text] = {"zh": "无须处理。", "en": "Nothing is to be done."}
_TELL: Final[Text] = {
    "zh": "把承诺文件和本结果交给该成员与其他省：承诺的签名和链上的存证足以证明。",
    "en": "Hand promise and result to the member and to the other provinces: the signature and "
    "the anchors on the chain prove it.",
}

PROMISES: Final[Mapping[str, PromiseCode]] = {
    "promise-met": PromiseCode(
        "met",
        {
            "zh": "所承诺的条目在期限内已存证。",
            "en": "What was promised was anchored in time.",
        },
        _NOTHING,
    ),
    "promise-late": PromiseCode(
        "broken",
        {
            "zh": "所承诺的条目已存证，但晚于期限。",
            "en": "What was promised was anchored, but after it was due.",
        },
        _TELL,
    ),
    "promise-broken": PromiseCode(
        "broken",
        {
            "zh": "期限已过，所承诺的条目不在日志中。",
            "en": "What was promised is due and stands in no anchor of the log.",
        },
        _TELL,
    ),
    "promise-not-due": PromiseCode(
        "unchecked",
        {
            "zh": "期限未到，尚未存证。",
            "en": "It is not due yet, and not anchored.",
        },
        {
            "zh": "期限过后再核对。",
            "en": "Check again when it is due.",
        },
    ),
    "promise-log-closed": PromiseCode(
        "unchecked",
        {
            "zh": "日志在期限之前经表决关闭：其后的条目须在后继日志中重新登记。",
            "en": "The log was closed by vote before it was due: what came behind is to be logged "
            "again in its successor.",
        },
        {
            "zh": "向该成员索取后继日志中的新承诺或回执。",
            "en": "Ask the member for a new promise, or the receipt, of the successor.",
        },
    ),
    "promise-mismatch": PromiseCode(
        "unchecked",
        {
            "zh": "文件中的条目与承诺所覆盖的不符：文件已被改动或不完整。",
            "en": "What the file names is not what the promise covers: it was altered, or is not "
            "whole.",
        },
        _ASK,
    ),
    "promise-leaves-unknown": PromiseCode(
        "unchecked",
        {
            "zh": "承诺覆盖多个条目，而文件没有说明是哪些。",
            "en": "The promise covers several entries, and the file does not say which.",
        },
        {
            "zh": "请给出含各行结果的完整答复。",
            "en": "Give the whole answer, with its rows.",
        },
    ),
    "promise-other-network": PromiseCode(
        "unchecked",
        {
            "zh": "承诺所指的日志不在此网络登记。",
            "en": "The log that the promise names is not registered in this network.",
        },
        {
            "zh": "改用该网络的 network.json。",
            "en": "Check it with the network.json of its own network.",
        },
    ),
    "promise-not-signed": PromiseCode(
        "unchecked",
        {
            "zh": "承诺不是由日志所有者登记的存证密钥签名的，或内容已被改动：不是该成员的承诺。",
            "en": "The promise is not signed with an ANCHOR key of the log's owner, or it was "
            "altered: it is not that member's.",
        },
        _ASK,
    ),
    "promise-key-not-valid": PromiseCode(
        "unchecked",
        {
            "zh": "签名密钥在承诺签发时不在有效期内。",
            "en": "The key that signed was not in force when the promise was issued.",
        },
        _ASK,
    ),
    "promise-key-disputed": PromiseCode(
        "unchecked",
        {
            "zh": "签名密钥在承诺签发时可能已泄露：可能不是该成员所签。",
            "en": "The key is held to be stolen by the time the promise was issued: it may not "
            "have been the member that signed.",
        },
        {
            "zh": "请该成员确认此承诺。",
            "en": "Ask the member whether the promise is its own.",
        },
    ),
    "key-not-final": PromiseCode(
        "unchecked",
        {
            "zh": "签名密钥的登记尚未最终确认。",
            "en": "The registration of the key that signed is not final yet.",
        },
        {
            "zh": "稍后重试。",
            "en": "Try again later.",
        },
    ),
    "promise-in-future": PromiseCode(
        "unchecked",
        {
            "zh": "承诺的签发时间在未来。",
            "en": "The promise is issued at a time that is yet to come.",
        },
        {
            "zh": "校准时钟，或稍后重试。",
            "en": "Set the clock right, or try again later.",
        },
    ),
    "promise-newer-than-head": PromiseCode(
        "unchecked",
        {
            "zh": "承诺晚于所读到的区块，其日志或密钥可能在此之后才登记。",
            "en": "The promise is newer than the block that was read; its log or key may have been "
            "registered since.",
        },
        {
            "zh": "稍后重试。",
            "en": "Try again later.",
        },
    ),
    "promise-in-rebuilt": PromiseCode(
        "unchecked",
        {
            "zh": "期限或存证落在链重建期间，链上的时间不足以判断是否按期。",
            "en": "It was due, or anchored, while a lost chain was filled anew: the times of its "
            "blocks do not tell whether it was kept.",
        },
        {
            "zh": "以他省在检查点上的见证时间为准。",
            "en": "Go by the times at which other provinces cosigned the checkpoint.",
        },
    ),
    "tiles-missing": PromiseCode(
        "unchecked",
        {
            "zh": "成员不提供日志的这一部分，其他省的镜像中也没有。",
            "en": "The member does not serve this part of its log, nor does any mirror.",
        },
        _READ,
    ),
    "tiles-unreachable": PromiseCode(
        "unchecked",
        {
            "zh": "暂时无法读取日志，成员处和镜像处都不行。",
            "en": "The log could not be reached for now, at its member nor at any mirror.",
        },
        _READ,
    ),
    "root-mismatch": PromiseCode(
        "unchecked",
        {
            "zh": "所提供的瓦片算不出链上存证的根：出示的不是所存证的日志。",
            "en": "The tiles that are served do not give the root on the chain: what is shown is "
            "not the log that was anchored.",
        },
        {
            "zh": "要求该成员提供原日志；运行 audit replay 查明是谁的问题。",
            "en": "Demand the original; `audit replay` tells whose fault it is.",
        },
    ),
}
