"""Why a check of a receipt did not pass: stable codes, each with the verdict it leads to and what a
person should know and do, in zh and en. Codes are append-only.
"""

from dataclasses import dataclass

from ledger.core.texts import Text
from ledger.core.verdict.statement_reasons import STATEMENT_CODES

__all__ = ["CODES", "NOTES", "Reason"]


@dataclass(frozen=True, slots=True)
class Reason:
    """A code that is not a pass: the verdict it leads to, and its text."""

    verdict: str
    text: Text


def _code(verdict: str, zh: str, en: str) -> Reason:
    return Reason(verdict, {"zh": zh, "en": en})


def _broken_rule() -> Reason:
    """A code of `RecordProblem`, which says in both languages what is wrong."""
    return _code(
        "record-invalid",
        "{zh}该记录不得使用，请向签发成员查询。",
        "{en} Do not use the record, and ask its issuer.",
    )


CODES = {
    "malformed": _code(
        "malformed",
        "这不是第 1 版回执，或者文件已被改动（{problem}）。请向提供方重新索取原始文件。",
        "This is no receipt of version 1, or it was altered ({problem}). Ask for the original.",
    ),
    "not-canonical-bytes": _code(
        "malformed",
        "文件内容没有问题，但另存时被改动了空白、换行或字节顺序标记，因此不能核验（{problem}）。"
        "请重新获取原始文件，不要用编辑器打开后另存。",
        "The file was saved anew with other white space, line ends or a byte order mark "
        "({problem}), so it cannot be checked. Fetch it again, and do not re-save it in an editor.",
    ),
    "version-unknown": _code(
        "undetermined",
        "文件用到了本程序不认识的版本、算法或签名类型（{problem}）。这不表示记录有假，请更新本程序。",
        "The file uses a version, algorithm or signature type that this program does not know "
        "({problem}). This says nothing against the record: update the program.",
    ),
    "other-network": _code(
        "other-network",
        "回执属于网络 {actual}，而不是您指定的 {expected}。",
        "The receipt belongs to network {actual}, not to {expected}, which you trust.",
    ),
    "entry-mismatch": _code(
        "proof-mismatch",
        "条目与回执不一致（{problem}）：文件已被改动。",
        "Entry and receipt disagree ({problem}): the file was altered.",
    ),
    "inclusion-mismatch": _code(
        "proof-mismatch",
        "证明路径不通向检查点的根（{problem}）：文件已被改动。",
        "The proof does not lead to the checkpoint's root ({problem}): the file was altered.",
    ),
    "checkpoint-mismatch": _code(
        "proof-mismatch",
        "检查点与回执不一致（{problem}）：文件已被改动。",
        "Checkpoint and receipt disagree ({problem}): the file was altered.",
    ),
    "presentation-mismatch": _code(
        "proof-mismatch",
        "所披露的字段与承诺不符（{problem}）：内容已被改动。",
        "The fields shown are not what was committed to ({problem}): they were altered.",
    ),
    "slot-mismatch": _code(
        "proof-mismatch",
        "所披露的字段不在承诺中自己的位置上（{problem}）：一个承诺只能对应一条记录，不得采信。",
        "A field shown does not stand at its own place of what was committed to ({problem}): a "
        "commitment opens to one record only. Do not rely on it.",
    ),
    "values-disagree": _code(
        "proof-mismatch",
        "同一数据前后不一致：{problem}。",
        "A value that is said twice disagrees: {problem}.",
    ),
    "chain-unreadable": _code(
        "undetermined",
        "暂时无法核对区块链（{problem}）。这不表示记录有假，请稍后重试或检查节点。",
        "The chain could not be read ({problem}). This says nothing against the record: "
        "try again later, or check the nodes.",
    ),
    "no-node": _code(
        "undetermined",
        "回答的节点不够（{problem}）。这不表示记录有假，请稍后重试，或用 --rpc 指定其他节点。",
        "Too few nodes answered ({problem}). This says nothing against the record: try again "
        "later, or name other nodes with --rpc.",
    ),
    "nodes-disagree": _code(
        "undetermined",
        "节点之间说法不一（{problem}），其中有节点不可信。请换用其他节点。",
        "The nodes contradict each other ({problem}): one of them is not to be "
        "trusted. Use others.",
    ),
    "act-unconfirmed": _code(
        "undetermined",
        "有节点显示尚未得到足够节点确认的新情况（{problem}）。请稍后重试。",
        "A node shows something newer that not enough nodes confirm yet ({problem}). Try again "
        "in a minute.",
    ),
    "node-pruned": _code(
        "undetermined",
        "保留旧事件的节点不够（{problem}）。请换用保留全部事件的节点。",
        "Too few nodes still hold what is that old ({problem}). Use nodes that keep all events.",
    ),
    "network-moved": _code(
        "anchor-moved",
        "回执属于网络 {actual}，该网络已迁至 {expected}。请索取新的回执。",
        "The receipt belongs to network {actual}, which has since moved to {expected}. Ask for a "
        "new receipt.",
    ),
    "other-chain": _code(
        "undetermined",
        "节点上不是网络文件所指的链（{problem}）。链若已重建，请向运营方索取新的网络文件。",
        "The nodes serve another chain than the network file names ({problem}). If the chain was "
        "rebuilt, ask its operator for the new network file.",
    ),
    "no-code": _code(
        "undetermined",
        "登记的地址上没有合约（{problem}），无法核对。",
        "There is no contract at a registered address ({problem}): nothing can be checked.",
    ),
    "head-too-old": _code(
        "undetermined",
        "区块链最新区块过旧（{problem}），无法判断。请检查节点或稍后重试。",
        "The newest block is too old to judge by ({problem}). Check the nodes or try again later.",
    ),
    "head-in-future": _code(
        "undetermined",
        "区块链最新区块的时间晚于本机时间（{problem}）。请校准本机时钟。",
        "The newest block is ahead of this computer's clock ({problem}). Set the clock right.",
    ),
    "as-of-in-future": _code(
        "undetermined",
        "所问日期 {day} 尚未结束到链上，无法判断。",
        "The day asked about, {day}, lies beyond the newest block of the chain.",
    ),
    "verifier-error": _code(
        "undetermined",
        "核验程序自身出错（{problem}）。这不表示记录有假，请报告此错误。",
        "The verifier itself failed ({problem}). This says nothing against the record: "
        "please report it.",
    ),
    "log-unknown": _code(
        "unknown-issuer",
        "联盟中没有登记这个日志：签发者不明。",
        "The consortium knows no such log: nobody registered has issued this.",
    ),
    "issuer-differs": _code(
        "proof-mismatch",
        "记录自称由 {claimed} 签发，而日志属于 {owner}。",
        "The record says {claimed} issued it, but the log belongs to {owner}.",
    ),
    "note-key-unknown": _code(
        "unknown-issuer",
        "检查点的签名密钥不是日志所有者登记的检查点密钥。",
        "The checkpoint is signed with a key that is no NOTE key of the log's owner.",
    ),
    "note-signature-invalid": _code(
        "proof-mismatch",
        "检查点的签名不成立：文件已被改动。",
        "The signature of the checkpoint does not hold: the file was altered.",
    ),
    "witness-not-verified": _code(
        "undetermined",
        "检查点上 {member} 的见证签名不能用其登记的见证密钥核验。请索取不带此签名的回执。",
        "The cosignature of {member} on the checkpoint is not of a registered WITNESS key, valid "
        "at its time, of another active member. Ask for a receipt without it.",
    ),
    "witnesses-too-few": _code(
        "undetermined",
        "要求 {wanted} 个成员见证，而检查点只有 {found} 个。请稍后索取新的回执。",
        "{wanted} members must have cosigned the checkpoint, and {found} have. Ask for a new "
        "receipt later.",
    ),
    "note-key-early": _code(
        "key-not-valid-at",
        "检查点的签名密钥尚未生效。",
        "The key that signed the checkpoint is not valid yet.",
    ),
    "present-key-unknown": _code(
        "unknown-issuer",
        "披露的签名密钥不是日志所有者登记的披露密钥。",
        "The fields shown are signed with a key that is no PRESENT key of the log's owner.",
    ),
    "present-signature-invalid": _code(
        "proof-mismatch",
        "披露的签名不成立：内容已被改动。",
        "The signature of the fields shown does not hold: they were altered.",
    ),
    "present-key-not-valid": _code(
        "key-not-valid-at",
        "披露的签名密钥在 {time} 无效。",
        "The key that signed the fields shown was not valid at {time}.",
    ),
    "present-key-disputed": _code(
        "key-disputed",
        "披露的签名密钥自 {since} 起可能已泄露，签名时间为 {time}。请索取新的披露。",
        "The key that signed the fields shown is held to be stolen since {since}; it signed at "
        "{time}. Ask for a new one.",
    ),
    "present-in-future": _code(
        "undetermined",
        "披露的签名时间 {time} 在未来。请校准时钟或稍后重试。",
        "The fields shown are signed at {time}, which is yet to come. Set the clock right, or try "
        "again later.",
    ),
    "binding-mismatch": _code(
        "proof-mismatch",
        "绑定与披露不符（{problem}）。",
        "The binding is not of these fields ({problem}).",
    ),
    "audience-not-given": _code(
        "undetermined",
        "披露是专为 {audience} 的一次请求作出的，而没有人核对是不是您。请用 --audience 和 --nonce "
        "给出您的成员代码和请求中的随机数。",
        "The fields are shown to {audience} alone, in answer to one request, and nobody has "
        "compared whether that is yours. Name your member code and the nonce of your request with "
        "--audience and --nonce.",
    ),
    "audience-differs": _code(
        "other-subject",
        "披露是给 {actual} 的，不是给 {expected} 的：不得依据转交的披露。",
        "The fields are shown to {actual}, not to {expected}: do not rely on what was passed on.",
    ),
    "nonce-differs": _code(
        "other-subject",
        "披露回答的是另一次请求（随机数 {actual}，不是 {expected}）：可能是重放的旧回答。",
        "The fields are shown in answer to another request (nonce {actual}, not {expected}): this "
        "may be an old answer, sent again.",
    ),
    "binding-missing": _code(
        "other-subject",
        "要求专为 {expected} 作出的披露，而这份披露不针对任何人。",
        "The fields must be shown to {expected}, and these are bound to nobody.",
    ),
    "subject-differs": _code(
        "other-subject",
        "记录的主体是 {actual}，不是所查询的 {expected}。",
        "The record is about {actual}, not about {expected}, which was asked for.",
    ),
    "subject-undisclosed": _code(
        "anchored",
        "没有出示主体的代码，不能证明是关于谁的。请索取带披露的回执。",
        "Nothing shows whom the record is about. Ask for a receipt that discloses the subject's "
        "code.",
    ),
    "schema-unknown": _code(
        "undetermined",
        "没有此记录类型的模式文件（{schema}），不能读出所披露的字段。"
        "请更新本程序，或用 --schemas 给出模式文件。",
        "The schema file of this type ({schema}) is not at hand, so the fields shown cannot be "
        "read. Update this program, or name a folder that has it with --schemas.",
    ),
    "rules-unknown": _code(
        "undetermined",
        "没有记录所依的规则文件（{rules}），不能核对使用期限。"
        "请更新本程序，或用 --schemas 给出规则文件。",
        "The rules file that the record names ({rules}) is not at hand, so how long it may be used "
        "cannot be checked. Update this program, or name a folder that has it with --schemas.",
    ),
    "not-a-record": _code(
        "anchored",
        "这不是信用记录（{kind}），没有可以出示的主体。",
        "This is no credit record ({kind}) and has no subject to show.",
    ),
    "type-differs": _code(
        "other-subject",
        "记录类型是 {actual}，不是所要求的 {expected}。",
        "The record is of type {actual}, not {expected}, which was asked for.",
    ),
    "issuer-not-asked": _code(
        "other-subject",
        "记录由 {actual} 签发，不是所要求的 {expected}。",
        "The record was issued by {actual}, not {expected}, which was asked for.",
    ),
    "issuer-not-a-province": _code(
        "unknown-issuer",
        "{time} 存证时，日志的所有者 {issuer} 不是省级成员，无权签发记录。",
        "{issuer}, who owns the log, was no province when this was anchored at {time}, and may "
        "issue no records.",
    ),
    "type-not-in-force": _code(
        "out-of-catalogue",
        "{time} 存证时，类型 {type}（该模式文件）不在该地区的目录中，之前 72 小时内也不在。",
        "Type {type} (with this schema) was not in the catalogue of the region when the record was "
        "anchored at {time}, nor within 72 hours before.",
    ),
    "rules-not-in-force": _code(
        "out-of-catalogue",
        "{time} 存证时，记录所依的规则 {rules} 不在目录中，之前 72 小时内也不在。",
        "The rules {rules} that the record names were not in the catalogue when it was anchored at "
        "{time}, nor within 72 hours before.",
    ),
    "value-kind": _broken_rule(),
    "value-form": _broken_rule(),
    "value-too-long": _broken_rule(),
    "value-unknown": _broken_rule(),
    "value-order": _broken_rule(),
    "natural-person": _broken_rule(),
    "class-not-adverse": _broken_rule(),
    "until-beyond-rules": _broken_rule(),
    "until-before-minimum": _broken_rule(),
    "decided-after-anchor": _code(
        "record-invalid",
        "认定日期 {decided} 晚于存证的日期 {anchored}。该记录不得使用，请向签发成员查询。",
        "It says that it was decided on {decided}, after the day of its anchor, {anchored}. Do not "
        "use the record, and ask its issuer.",
    ),
    "root-not-anchored": _code(
        "not-anchored",
        "区块链上没有这个根：该回执不能证明任何内容。",
        "The chain has no such root: this receipt proves nothing.",
    ),
    "head-behind-receipt": _code(
        "undetermined",
        "回执的存证在区块 {block}，而节点只到 {head}。请稍后重试。",
        "The receipt's anchor is in block {block}, the nodes have only reached {head}. "
        "Try again later.",
    ),
    "anchor-event-missing": _code(
        "undetermined",
        "区块链的状态与事件不一致，无法找到首次存证。请换用完整节点。",
        "State and events of the chain disagree: the first anchor cannot be found. Use nodes "
        "that keep all events.",
    ),
    "not-first-anchor": _code(
        "anchor-moved",
        "该条目已由更早的存证（大小 {size}）覆盖。请索取新的回执。",
        "An earlier anchor (of size {size}) covers the entry already. Ask for a new receipt.",
    ),
    "anchor-differs": _code(
        "anchor-moved",
        "根在链上，但区块或交易与回执不符（{problem}）。请索取新的回执。",
        "The root is there, but in another block or transaction ({problem}). Ask for a new "
        "receipt.",
    ),
    "log-closed": _code(
        "log-closed",
        "该日志已关闭，只可信到大小 {trusted}，此条目在其后。",
        "The log was closed and is trusted up to size {trusted} only; this entry comes later.",
    ),
    "anchor-key-not-valid": _code(
        "key-not-valid-at",
        "存证签名的密钥在 {time} 不是日志所有者的有效存证密钥。",
        "The key that signed the anchor was no valid ANCHOR key of the log's owner at {time}.",
    ),
    "anchor-key-disputed": _code(
        "key-disputed",
        "存证密钥自 {since} 起可能已泄露，存证时间为 {time}：真伪待定。",
        "The key that signed the anchor is held to be stolen since {since}; it signed at {time}: "
        "whether this is genuine is in dispute.",
    ),
    "key-not-final": _code(
        "not-final",
        "签名密钥的登记尚未最终确认，请稍后重试。",
        "The registration of the signing key is not final yet: try again in a while.",
    ),
    "status-unreadable": _code(
        "undetermined",
        "记录的状态无法读取（{problem}），不能判断可否使用。",
        "The record's status could not be read ({problem}): whether it may be used is unknown.",
    ),
    "erased": _code(
        "erased", "内容已依法删除，不得使用。",
        "Its content was erased by law. Do not use it.",
    ),
    "withdrawn": _code(
        "withdrawn", "记录已被认定单位撤销，不得使用。",
        "The authority has withdrawn the record. Do not use it.",
    ),
    "corrected": _code(
        "corrected", "记录已被更正，请使用更正后的记录。",
        "The record has been corrected. Use the newer one.",
    ),
    "repaired": _code(
        "repaired", "已完成信用修复，不得使用。",
        "The credit has been repaired. Do not use the record.",
    ),
    "ended": _code(
        "ended", "记录所述的事项已经终止（如已移出名单、许可已注销），不得使用。",
        "What the record says has come to its end (left a list, licence cancelled). Do not use it.",
    ),
    "shielded": _code(
        "shielded", "记录目前暂时屏蔽，不得使用。",
        "The record is shielded for the time being. Do not use it.",
    ),
    "disputed": _code(
        "disputed", "记录正处于异议处理中：裁定之前仍然有效，请自行权衡。",
        "The record is under dispute. It stands until that is decided: weigh it yourself.",
    ),
    "expired": _code(
        "expired", "记录自 {since} 起已过期，不得使用。",
        "The record is expired since {since}. Do not use it.",
    ),
    "not-in-force": _code(
        "expired", "{field} 表明该记录认定的事项不在有效状态，不得使用。",
        "{field} says that what was decided is not in force. Do not use the record.",
    ),
    "window-unknown": _code(
        "undetermined",
        "记录未注明类别和截止期：{to} 之前可用，{since} 起过期，{day} 无法判断。",
        "The record names neither class nor end: usable to {to}, expired from {since}; on {day} "
        "it cannot be told.",
    ),
    "anchored-later": _code(
        "not-yet-anchored",
        "该记录在 {day} 还没有存证（存证于 {time}）。",
        "On {day} the record was not anchored yet (it was at {time}).",
    ),
    "anchor-not-final": _code(
        "not-final",
        "存证尚未最终确认，请稍后重试。",
        "The anchor is not final yet: try again in a while.",
    ),
    **{name: _code(*told) for name, told in STATEMENT_CODES.items()},
}  # fmt: skip

# What is said of single nodes beside the verdict, which it does not change.
NOTES: dict[str, Text] = {
    "node-disagrees": {
        "zh": "节点 {node} 的回答与足够多的其他节点不同（{what}），已不采用。请检查或更换它。",
        "en": "Node {node} answered otherwise than enough of the others ({what}) and was left out. "
        "Check it, or use another.",
    },
    "node-pruned": {
        "zh": "节点 {node} 已不保留旧数据（{what}），未向其读取旧事件。请换用保留全部事件的节点。",
        "en": "Node {node} no longer holds old data ({what}) and was not asked for old events. Use "
        "one that keeps them.",
    },
}
