"""What may be wrong with such a file, or could not be looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ledger.core.errors import Malformed, VersionUnknown
from ledger.core.verdict.verdicts import EXIT_NOT_AUTHENTIC, EXIT_UNKNOWN, EXIT_VALID
from ledger.files.attachments import NOT_READ
from ledger.files.reports import NO_REPORT

__all__ = ["CODES", "MAX_TOLD", "PLAIN", "UNKNOWN", "Problem", "exit_of", "of_error", "verdict_of"]

CODES: Final[Mapping[str, tuple[str, str]]] = {
    "malformed": (
        "文件不是规定的格式，请向提供方索取原文件",
        "the file is not of its one form; ask whoever gave it for the original",
    ),
    "version-unknown": (
        "文件的格式比本程序新，请更新程序后再核验",
        "the file is of a format newer than this program; update it and check again",
    ),
    "parts-differ": (
        "文件的各部分互不一致：缺少、多出、次序不同，或属于另一天、另一名单",
        "the parts of the file do not agree: one lacks, is too many, out of order, or of another"
        " day or list",
    ),
    "other-network": ("文件属于另一个网络", "the file belongs to another network"),
    "key-unknown": (
        "签名所用密钥不是该成员登记的 PRESENT 密钥",
        "it is signed with a key that is no PRESENT key of this member on the chain",
    ),
    "key-not-valid": (
        "签名时该密钥不在有效期内",
        "the key was not valid at the time of the signature",
    ),
    "key-disputed": (
        "签名时该密钥可能已失窃",
        "the key may have been stolen by the time of the signature",
    ),
    "signature-invalid": ("签名不正确", "the signature is wrong"),
    "not-a-province": (
        "该成员当时不是省级成员，不能提供名单",
        "the member was no province then, and can say nothing of a list",
    ),
    "province-unspoken": (
        "该省既没有名单部分，也没有列为未答复",
        "this province has no part, and is not named as missing",
    ),
    "time-wrong": (
        "所称时间不可能：在将来、早于所问的日期，或所依据的区块过旧",
        "the times it states cannot be: they lie in the future, before the day asked about, or the"
        " block it goes by was too old",
    ),
    "other-record": (
        "回执不是所列的那条记录",
        "the receipt is not of the record that is listed",
    ),
    "receipt-false": ("回执不真实", "the receipt is not genuine"),
    "receipt-bare": (
        "回执没有出示内容，不能说明涉及谁",
        "the receipt shows no content, so it does not say whom it is about",
    ),
    "not-in-force": (
        "该记录当日并不有效",
        "the record was not in force on that day",
    ),
    "receipt-unchecked": (
        "暂时无法核验该回执，请稍后再试",
        "the receipt could not be checked; try later",
    ),
    "other-subject": (
        "该记录涉及另一主体",
        "the record is about another subject",
    ),
    "acts-differ": (
        "文件所载的链上行为与区块链不一致：缺少、过时或被改动",
        "the acts that the file holds are not those on the chain: one lacks, they are old, or one"
        " was changed",
    ),
    "opening-false": ("案件步骤的开启件不真实", "the opening of a step of a case is not genuine"),
    "opening-unchecked": (
        "暂时无法核验案件步骤的开启件，请稍后再试",
        "the opening of a step of a case could not be checked; try later",
    ),
    "query-false": (
        "答复所附的查询登记不真实",
        "the opening of the query that goes with the answer is not genuine",
    ),
    "query-unchecked": (
        "暂时无法核验答复所附的查询登记，请稍后再试",
        "the opening of the query could not be checked; try later",
    ),
    "query-missing": (
        "文件只有答复本身，没有查询登记的 opening 和回执，不能据以认定：请取 {answer, opening,"
        " receipts} 或证据包再核验",
        "it is the answer alone, without the opening of its query and its receipts, and counts for"
        " nothing: check {answer, opening, receipts}, or the bundle that it stands in",
    ),
    "query-late": (
        "答复所附的查询登记晚于答复",
        "the query that goes with the answer was stated later than the answer",
    ),
    "block-not-final": (
        "答复所依据的区块尚未最终确认，请稍后再试",
        "the block that the answer goes by is not final; try later",
    ),
    "covers-wrong": (
        "答复所称涵盖的日志范围与链上不符：缺少日志，或不是该区块上已存证的大小",
        "what the answer says that it covers is not what the chain had at that block: a log lacks,"
        " or its size is another",
    ),
    "not-covered": (
        "所列记录不在答复所涵盖的日志范围之内",
        "a record that is listed is not in the part of a log that the answer covers",
    ),
    "not-for-the-asker": (
        "所列记录不应提供给该查询方：没有授权，或只供行政机关使用",
        "a record is listed that the asker was not to be given: there is no authorisation, or it is"
        " for authorities alone",
    ),
    "other-asker": (
        "答复是给另一成员的",
        "the answer was made for another member",
    ),
    "answer-replayed": (
        "答复所对应的不是这次请求：随机数不同",
        "the answer is to another request: its nonce is not the one that was sent",
    ),
    "other-question": (
        "答复的主体、用途或类别不是所问的",
        "the answer is to another question: its subject, purpose or families are not those asked",
    ),
    "authorisation-missing": (
        "查询依授权提出，而答复未写明授权",
        "the question was asked under an authorisation, and the answer names none",
    ),
    "authorisation-unknown": (
        "所持授权不成立：不是答复所写明的，不真实，不是给该查询方的，或由无权者保管",
        "the authorisation does not count: it is not the one that the answer names, not genuine,"
        " for another member, made after the answer, or its custodian may not make one",
    ),
    "authorisation-other-subject": (
        "授权涉及另一主体",
        "the authorisation is about another subject",
    ),
    "authorisation-other-purpose": (
        "授权的用途不同",
        "the authorisation is for another purpose",
    ),
    "authorisation-out-of-scope": (
        "授权不包括所查类别或该省",
        "the authorisation is not for all families asked for, or not for this province",
    ),
    "authorisation-expired": (
        "答复当日授权不在有效期内",
        "the authorisation was not in force on the day of the answer",
    ),
    "authorisation-revoked": (
        "作出答复之前授权已撤销",
        "the authorisation was taken back before the answer was given",
    ),
    "authorisation-unchecked": (
        "暂时无法核验授权，请稍后再试",
        "the authorisation could not be checked; try later",
    ),
    "recomputed-differs": (
        "由答复和区块链重新得出的结论与文件所载不一致",
        "what follows from the answers and the chain is not what the file says",
    ),
    "not-published": (
        "该成员没有在链上发布这一版本",
        "the member has not published this version on the chain",
    ),
    "manifest-differs": (
        "文件与链上登记的版本不符：记录的数量或根哈希不同",
        "the file is not that of the version on the chain: other records, or another number",
    ),
    "product-key-disputed": (
        "发布该版本所用的密钥当时可能已失窃",
        "the key that published the version may have been stolen by then",
    ),
    "chain-unread": (
        "暂时无法读取区块链，请稍后再试",
        "the chain could not be read; try later",
    ),
    "report-false": (
        "报告的登记声明不真实",
        "the statement by which the report is in the log is not genuine",
    ),
    "report-unchecked": (
        "暂时无法核验报告的登记声明，请稍后再试",
        "the statement of the report could not be checked; try later",
    ),
    "report-overdue": (
        "报告只附有承诺且承诺已到期：请联网用 credit-ledger report check 取得其回执后再核验",
        "the report holds a promise alone, which is past its time: `credit-ledger report check`"
        " gets the receipt and checks again",
    ),
    "report-costly": (
        "读取该 PDF 所需的内存或时间超出一份报告应有的限度，未予核验",
        "reading the PDF takes more memory or time than a report may, so it was not checked",
    ),
    "report-not-a-province": (
        "出具报告的成员当时不是省级成员",
        "the member that made the report was no province then",
    ),
    "list-unknown": (
        "手边没有报告所依据的领域清单或规则文件，请用 --schemas 提供",
        "the list of fields or the rules that the report goes by are not at hand; bring them by"
        " --schemas",
    ),
    "field-unknown": (
        "报告所列领域不在其领域清单之中",
        "the report has a field that is not in its list",
    ),
    "field-wrong": (
        "记录列在了另一领域之下",
        "a record stands in a field that is not that of its authority",
    ),
    "not-reportable": (
        "记录不属于报告应当载入的类别或期间",
        "a record is of no family or day that the report speaks of",
    ),
    "missing": (
        "该省未能提供名单，名单不完整",
        "this province could not be asked, so the list is not whole",
    ),
}
"""By code, in Chinese and English. Append-only."""
UNKNOWN: Final = frozenset(
    {
        *("version-unknown", "receipt-unchecked", "opening-unchecked", "query-unchecked"),
        *("block-not-final", "chain-unread", "missing", "product-key-disputed"),
        *("report-unchecked", "report-overdue", "report-costly", "list-unknown"),
        *("authorisation-unchecked", "query-missing"),
    }
)
"""Codes of what could not be looked at; every other one speaks against the file."""
MAX_TOLD: Final = 1000
"""Problems that are told of one file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One of them. evidence: member, leaf and the like; never content."""

    code: str
    evidence: Mapping[str, str] = field(default_factory=dict)

    @property
    def wrong(self) -> bool:
        """False: it could not be looked at."""
        return self.code not in UNKNOWN

    def as_dict(self) -> dict[str, Any]:
        """As `--json` has it."""
        zh, en = PLAIN.get(self.evidence.get("problem", ""), CODES[self.code])
        message = {"zh": zh, "en": en}
        return {"code": self.code, "evidence": dict(self.evidence), "message": message}


PLAIN: Final[Mapping[str, tuple[str, str]]] = {
    str(Malformed("report", NOT_READ)): (
        "这份 PDF 已损坏或不完整，无法读取；请向出具方或提供方索取原文件（打印件、扫描件不能核验）",
        "This PDF is damaged or not whole and cannot be read. Ask for the original file: prints and"
        " scans cannot be checked",
    ),
    str(Malformed("report", NO_REPORT)): (
        "这份 PDF 里没有专项信用报告（可能是另存、打印或扫描的副本）；请向出具方或提供方索取原文件",
        "This PDF holds no special credit report; it may be a copy that was printed, scanned or"
        " saved anew. Ask for the original file",
    ),
}
"""What is said of files that people have often and that are no evidence, by what is wrong."""


def of_error(error: Malformed | VersionUnknown) -> Problem:
    """The problem of a file that cannot be read."""
    if isinstance(error, VersionUnknown):
        return Problem(code="version-unknown", evidence={"format": error.message})
    return Problem(code="malformed", evidence={"problem": str(error)})


def verdict_of(problems: Sequence[Problem]) -> str:
    """`false` where one speaks against the file, `undetermined` where one was not looked at,
    `incomplete` where all that is wrong is that somebody is missing, else `valid`."""
    if any(one.wrong for one in problems):
        return "false"
    if any(one.code != "missing" for one in problems):
        return "undetermined"
    return "incomplete" if problems else "valid"


def exit_of(problems: Iterable[Problem]) -> int:
    """The exit code that follows."""
    found = list(problems)
    if any(one.wrong for one in found):
        return EXIT_NOT_AUTHENTIC
    return EXIT_UNKNOWN if found else EXIT_VALID
