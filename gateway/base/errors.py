"""What any domain may answer where it cannot serve now."""

from __future__ import annotations

from collections.abc import Mapping

from ledger.core.errors import LedgerError

_TEXTS: Mapping[str, tuple[str, str]] = {
    "chain-unknown": (
        "尚未从链上读到登记信息，请稍后再报送",
        "The chain has not been read yet; send again later",
    ),
    "no-open-log": (
        "本成员没有开放的日志，请联系联盟",
        "This member has no open log; turn to the consortium",
    ),
    "member-suspended": (
        "本成员已被暂停，暂不接收记录",
        "This member is suspended and takes no records",
    ),
    "anchor-key-not-valid": (
        "存证密钥未登记或不在有效期内，请联系运维",
        "The anchor key is not registered or not valid now; turn to the operator",
    ),
    "witness-key-not-valid": (
        "见证密钥未登记、已吊销或不在有效期内，请运维登记新的 WITNESS 密钥",
        "The key of the cosignatures is not registered, was revoked or is not valid now; the"
        " operator must register a new WITNESS key",
    ),
    "note-key-not-valid": (
        "检查点密钥未登记、已吊销或不在有效期内，请运维登记新的 NOTE 密钥",
        "The key of the checkpoints is not registered, was revoked or is not valid now; the"
        " operator must register a new NOTE key",
    ),
    "present-key-not-valid": (
        "出示密钥未登记、已吊销或不在有效期内，请运维登记新的 PRESENT 密钥",
        "The key of the presentations is not registered, was revoked or is not valid now; the"
        " operator must register a new PRESENT key",
    ),
    "request-key-not-valid": (
        "请求密钥未登记、已吊销或不在有效期内，请运维登记新的 REQUEST 密钥",
        "The key of the exchange is not registered, was revoked or is not valid now; the operator"
        " must register a new REQUEST key",
    ),
    "request-key-missing": (
        "本节点没有 REQUEST 密钥，不参加成员之间的交换；请运维生成并登记（keys rotate REQUEST）",
        "This node has no REQUEST key and takes no part in the exchange; the operator must make and"
        " register one (`keys rotate REQUEST`)",
    ),
    "members-unknown": (
        "尚未从链上读到成员及其密钥，请稍后再试",
        "Members and their keys could not be read from the chain; try later",
    ),
    "head-behind": (
        "本节点读到的链尚未到达该文件所依据的位置，请稍后再发送",
        "What this rests on may lie beyond the block up to which this node has read the chain; send"
        " again later",
    ),
    "case-key-not-valid": (
        "异议标注密钥未登记、已吊销或不在有效期内，请运维登记新的 CASE 密钥",
        "The key of the marks of objections is not registered, was revoked or is not valid now; the"
        " operator must register a new CASE key",
    ),
    "decide-key-not-valid": (
        "决定密钥未登记、已吊销或不在有效期内，请运维登记新的 DECIDE 密钥",
        "The key of decisions is not registered, was revoked or is not valid now; the operator must"
        " register a new DECIDE key",
    ),
    "consent-key-not-valid": (
        "授权密钥未登记、已吊销或不在有效期内，请运维登记新的 CONSENT 密钥（keys rotate CONSENT）",
        "The key that takes authorisations back is not registered, was revoked or is not valid now;"
        " the operator must register a new CONSENT key (`keys rotate CONSENT`)",
    ),
    "product-key-not-valid": (
        "数据产品密钥未登记、已吊销或不在有效期内，请运维登记新的 PRODUCT 密钥",
        "The key of data products is not registered, was revoked or is not valid now; the operator"
        " must register a new PRODUCT key",
    ),
    "authorisation-unread": (
        "尚未能从链上读到该授权是否成立、是否已撤回，在此之前不予提供；请稍后再试",
        "Whether this authorisation holds, or was taken back, could not be read from the chain, and"
        " nothing is given until then; try later",
    ),
    "rules-not-in-force": (
        "目录中没有现行的公示规则，或本节点没有其文件，请联盟登记规则，或由运维把文件放入 schemas"
        " 所指的文件夹",
        "No rules of publicity are in force in the catalogue, or this node does not hold their"
        " file; the consortium must put them, or the operator the file into the folder `schemas`",
    ),
    "schema-missing": (
        "本节点已没有该记录的数据标准文件，请运维把它放回 schemas 所指的文件夹",
        "The schema file of this record is not here any more; the operator must put it back into"
        " the folder `schemas`",
    ),
    "log-fault": (
        "日志与链不一致，须由运维处理后才能接收记录",
        "The log disagrees with the chain; an operator must act before records are taken",
    ),
    "log-unproven": (
        "数据库刚恢复，日志尚未与链核对，请稍后再报送；核对后自动继续",
        "The log was not compared with the chain since the database was restored; send again"
        " later, it goes on by itself once the chain was read",
    ),
    "too-many-unanchored": (
        "待存证的记录过多，请稍后再报送；没有任何记录丢失",
        "Too many records wait for their anchor; send again later, nothing is lost",
    ),
    "database-unavailable": (
        "数据库暂时无法访问，请稍后再试；没有任何记录丢失",
        "The database cannot be reached at this moment; try later, nothing is lost",
    ),
    "signer-unavailable": (
        "签名服务暂时没有应答，请稍后再试；没有任何记录丢失",
        "The signing service does not answer at this moment; try later, nothing is lost",
    ),
    "content-key-missing": (
        "内容密钥不在密钥目录中，请运维放回该密钥文件，内容并未删除",
        "A content key is not in the key folder; the operator must put its file back, nothing is"
        " erased",
    ),
    "content-key-retired": (
        "密钥目录中最新的内容密钥已停用，请运维运行 gateway rewrap --new，内容并未删除",
        "The newest content key in the key folder is retired; the operator must run `gateway rewrap"
        " --new`, nothing is erased",
    ),
    "content-key-overtaken": (
        "另有更新或同一编号的内容密钥在用；请把全部密钥文件放入密钥目录（编号相同的，把其中一个改为"
        "更大的编号），再重新运行 gateway rewrap，内容并未删除",
        "Another content key is in use that is newer, or has the same number; put the files of all"
        " into the key folder (of two with one number, give one a higher number) and run `gateway"
        " rewrap` again, nothing is erased",
    ),
    "schema-not-read": (
        "该类记录的文件刚刚放入目录，本进程尚未读入，请稍后重试",
        "The file of this type of record is new in its folder, and was not read here yet; send"
        " again",
    ),
    "busy-tables": (
        "正在核对的表格过多，或本令牌已有一份表格在处理，请稍后重试",
        "Too many tables are being compared at this moment, or one of this token; send it again",
    ),
    "closing": (
        "有记录刚被停止提供，正在剔除，请稍后重试",
        "A record was closed just now, and what was being made held it; ask again",
    ),
    "statuses-unknown": (
        "尚未从链上读到记录的状态，请稍后再试",
        "The status of records has not been read from the chain yet; try later",
    ),
    "busy-papers": (
        "正在打印的回执过多，请稍后重试",
        "Too many papers are being printed at this moment; ask again",
    ),
    "owner-not-found": (
        "尚不知记录属于哪个成员：有成员未答复，请稍后再试，或用 owner 指明所属成员。未答复的成员",
        "It is not known yet whose the record is, for some members gave no answer: try later, or"
        " name its owner (`owner`). No answer came from",
    ),
    "step-too-early": (
        "此前的步骤或记录的存证尚未收到，收到后再办理",
        "The step before this one, or the anchor of its record, has not come yet; it is taken then",
    ),
    "statuses-old": (
        "链上记录状态的最新区块已超过一小时，请稍后再试；如持续出现请联系运维",
        "The newest block that says how records stand is over an hour old; try later, and turn to"
        " the operator where it stays so",
    ),
    "busy-lists": (
        "正在制作的名单过多，请稍后重试",
        "Too many lists are being made at this moment; ask again",
    ),
    "busy-documents": (
        "正在接收的材料过多，请稍后重试",
        "Documents of too many others are being taken in at this moment; send again",
    ),
    "busy-verifying": (
        "正在核验的文件过多，或本令牌已有多份文件在核验，请稍后重试",
        "Too many files are being verified at this moment, or of this token; send it again",
    ),
    "too-few-nodes": (
        "网络文件所要求的一致节点数不足其节点数的一半以上，不能核验；请运维更正网络文件或 rpc",
        "The quorum of the network file is no majority of its nodes, so nothing can be verified;"
        " the operator must correct the network file or `rpc`",
    ),
    "busy": (
        "同时报送的相同记录过多，请稍后重试",
        "Too many others send the same records at this moment; send again",
    ),
}


class NotReady(LedgerError):
    """What was asked for cannot be signed now, and nothing of a set was taken.

    code: a key of `_TEXTS`. retry_after: seconds after which asking again makes sense. more: what
    is said beyond the code's own text, zh and en.
    """

    def __init__(
        self, code: str, retry_after: int = 5, *, more: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(code)
        zh, en = _TEXTS[code]
        self.code = code
        self.message: Mapping[str, str] = (
            {"zh": f"{zh}：{more['zh']}", "en": f"{en}: {more['en']}"}
            if more
            else {"zh": zh, "en": en}
        )
        self.retry_after = retry_after
