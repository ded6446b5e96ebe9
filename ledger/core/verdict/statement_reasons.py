"""Why a check of a statement did not pass: the part of `reasons.CODES` that no record has.

Code -> verdict, zh, en. Append-only as those.
"""

__all__ = ["STATEMENT_CODES"]

STATEMENT_CODES = {
    "statement-mismatch": (
        "proof-mismatch",
        "声明与条目不符（{problem}）：不是这一份声明，或者内容已被改动。",
        "Statement and entry disagree ({problem}): it is another statement, or it was altered.",
    ),
    "statement-malformed": (
        "malformed",
        "声明文件不是第 1 版声明的原样字节，或者已被改动（{problem}）。请重新索取原件，"
        "不要用编辑器另存。",
        "The file of the statement does not hold a statement of version 1 byte for byte, or it was "
        "altered ({problem}). Ask for the original, and do not re-save it in an editor.",
    ),
    "only-of-records": (
        "other-subject",
        "这是声明而不是信用记录：{asked} 只能对记录提出。",
        "This is a statement and no credit record: {asked} can be asked of records only.",
    ),
    "statement-issuer-not-asked": (
        "other-subject",
        "声明由 {actual} 作出，不是所要求的 {expected}。",
        "The statement was made by {actual}, not by {expected}, which was asked for.",
    ),
    "promise-mismatch": (
        "proof-mismatch",
        "声明的条目不在承诺所覆盖的条目之中（{problem}）：文件已被改动。",
        "The entry is none of those that the promise covers ({problem}): the file was altered.",
    ),
    "promise-not-signed": (
        "proof-mismatch",
        "承诺不是由日志所有者登记的存证密钥签名的，或者内容已被改动。",
        "The promise is not signed with an ANCHOR key of the log's owner, or it was altered.",
    ),
    "promise-key-not-valid": (
        "key-not-valid-at",
        "承诺的签名密钥在 {time} 无效。",
        "The key that signed the promise was not valid at {time}.",
    ),
    "promise-key-disputed": (
        "key-disputed",
        "承诺的签名密钥自 {since} 起可能已泄露，签名时间为 {time}。请索取带回执的开启件。",
        "The key that signed the promise is held to be stolen since {since}; it signed at {time}. "
        "Ask for an opening with a receipt.",
    ),
    "promise-in-future": (
        "undetermined",
        "承诺的签名时间 {time} 在未来。请校准时钟或稍后重试。",
        "The promise is signed at {time}, which is yet to come. Set the clock right, or try again "
        "later.",
    ),
    "promise-newer-than-head": (
        "undetermined",
        "承诺晚于所读到的区块（{head}），其日志或密钥可能在此之后才登记。请稍后重试。",
        "The promise is newer than the block that was read ({head}); its log or key may have been "
        "registered since. Try again later.",
    ),
    "promise-log-closed": (
        "undetermined",
        "承诺所指的日志已经关闭，不会再按此承诺存证。请向 {issuer} 索取新的开启件。",
        "The log that the promise names was closed: it will not be anchored by this promise any "
        "more. Ask {issuer} for a new opening.",
    ),
    "promised-only": (
        "undetermined",
        "{issuer} 已签字承诺在 {due} 之前把它上链存证，目前还没有存证的证明。承诺到那时为止有效："
        "在此之前可以作为凭据，之后请换取带回执的开启件。",
        "{issuer} has signed to anchor it by {due}; there is no proof yet that this was done. The "
        "promise counts until then; afterwards ask for an opening with a receipt.",
    ),
    "promise-overdue": (
        "undetermined",
        "承诺的期限 {due} 已过，承诺不再算数。请向 {issuer} 索取带回执的开启件；"
        "拿不到的，即违背了承诺。",
        "The promise was due by {due} and counts no more. Ask {issuer} for an opening with a "
        "receipt; if there is none, the promise was broken.",
    ),
}  # fmt: skip
