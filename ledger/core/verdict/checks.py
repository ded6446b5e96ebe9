"""The checks of a receipt: numbered and named, with texts in zh and en.

`CHECKS` is the list in its order; `docs/protocol.md` uses the same numbers. Why a check did not
pass is in `codes`. Numbers and ids are append-only.
"""

from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Literal

from ledger.core.texts import Text
from ledger.core.verdict.reasons import CODES
from ledger.core.verdict.verdicts import EXIT_UNKNOWN, EXITS

__all__ = [
    "BESIDE_AUTHENTICITY",
    "CHECKS",
    "OF_STATEMENTS",
    "STATEMENT_CHECKS",
    "Check",
    "Info",
    "Result",
    "failed",
    "info_of",
    "not_run",
    "of_a_line",
    "passed",
]

Result = Literal["pass", "fail", "unknown", "not-run"]

# Codes that say nothing of whether a receipt is genuine, though their checks may.
BESIDE_AUTHENTICITY = frozenset(
    {
        "audience-differs",
        "audience-not-given",
        "binding-missing",
        "nonce-differs",
        "witnesses-too-few",
    }
)


@dataclass(frozen=True, slots=True)
class Info:
    """One check: number, id, and what it says when it passes.

    authenticity: whether it bears on "is this genuine", or only on "may it be used".
    optional: `valid` does not need it, since a receipt or a question may lack what it looks at.
    """

    n: int
    id: str
    passed: Text
    authenticity: bool = True
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """How a check went. `verdict` is what it leads to, None where it passed or was not run."""

    n: int
    id: str
    result: Result
    code: str
    message: Text
    verdict: str | None = None
    values: dict[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """As `verify --json` shows it."""
        return {
            "n": self.n,
            "id": self.id,
            "result": self.result,
            "code": self.code,
            "message": dict(self.message),
        }


def _info(n: int, id_: str, zh: str, en: str, *, use: bool = False, optional: bool = False) -> Info:
    return Info(n, id_, {"zh": zh, "en": en}, authenticity=not use, optional=optional)


CHECKS = (
    _info(1, "format", "文件是格式完整的第 1 版回执。",
          "The file is a well-formed receipt, format version 1."),
    _info(2, "network", "回执属于所指定的网络。",
          "The receipt belongs to the network you trust."),
    _info(3, "entry", "日志条目与回执所称的日志一致。",
          "The log entry names the same log as the receipt."),
    _info(4, "inclusion", "证明路径由条目通向检查点的根。",
          "The proof leads from the entry to the root of the checkpoint."),
    _info(5, "checkpoint", "检查点与回执的日志和大小一致。",
          "The checkpoint is of this log and this size."),
    _info(6, "presentation", "所披露的字段与承诺完全吻合。",
          "The fields shown are those the issuer committed to.", optional=True),
    _info(7, "agreement", "重复出现的各项数据彼此一致。",
          "Values that are said twice agree."),
    _info(8, "chain", "已由足够多的节点读取区块链，且数据是新的。",
          "Enough nodes of the chain answered alike, and the chain is up to date."),
    _info(9, "issuer", "日志属于联盟登记的成员 {issuer}。",
          "The log belongs to {issuer}, a registered member."),
    _info(10, "checkpoint-signature", "检查点由日志所有者登记的密钥签名。",
          "The checkpoint is signed with a registered key of the log's owner."),
    _info(11, "presentation-signature", "披露由日志所有者当时有效的密钥签名。",
          "The fields shown are signed with a key of the log's owner, valid at that time.",
          optional=True),
    _info(12, "binding", "披露正是针对您的请求作出的，并由日志所有者签名。",
          "The fields are shown to you, in answer to your request, signed by the log's owner.",
          optional=True),
    _info(13, "subject", "记录的主体已经出示。",
          "The record shows whom it is about.", use=True),
    _info(14, "asked", "记录类型和来源与要求一致。",
          "Type and issuer are those asked for.", use=True, optional=True),
    _info(15, "anchored", "该根已存证在区块链上。",
          "The root is anchored on the chain."),
    _info(16, "anchor", "回执所列的区块和交易就是首次覆盖该条目的存证。",
          "Block and transaction are those of the first anchor that covers the entry."),
    _info(17, "log", "该条目在日志的可信范围之内。",
          "The entry lies within the trusted part of the log."),
    _info(18, "anchor-key", "存证签名的密钥当时有效。",
          "The key that signed the anchor was valid at that time."),
    _info(19, "status", "链上没有针对该记录的更正、撤销、修复、终止、屏蔽、删除或异议。",
          "No dispute, correction, withdrawal, repair, end, shielding or erasure is recorded.",
          use=True),
    _info(20, "in-force", "记录仍在可以使用的期间内。",
          "The record may still be used on {day}.", use=True),
    _info(21, "as-of", "在所问的日期之前已经存证。",
          "The record was anchored by the day asked about.", use=True, optional=True),
    _info(22, "final", "存证所在的区块已经最终确认。",
          "The block of the anchor is final."),
    _info(23, "issuer-role", "存证时日志的所有者 {issuer} 是省级成员。",
          "When the record was anchored, {issuer} was a province.", optional=True),
    _info(24, "catalogue", "存证时记录的类型和所依规则在目录中有效。",
          "When the record was anchored, its type and its rules were in the catalogue.",
          use=True, optional=True),
    _info(25, "record", "所披露的内容符合该类记录的规则。",
          "What the record says is valid for its type and within its rules.",
          use=True, optional=True),
    _info(26, "witnesses", "检查点经以下成员见证：{witnesses}。",
          "The checkpoint is cosigned by {witnesses}.", optional=True),
)  # fmt: skip

# What only a statement has; the numbers go on.
OF_STATEMENTS = (
    _info(27, "statement", "声明的内容正是条目所承诺的。",
          "The statement is the one that the entry commits to."),
    _info(28, "promise", "日志所有者已签字承诺在期限前存证。",
          "The log's owner has signed to anchor it in time.", optional=True),
)  # fmt: skip
_ALSO = frozenset(
    "format network entry inclusion checkpoint agreement chain issuer checkpoint-signature asked"
    " anchored anchor log anchor-key final".split()
)
STATEMENT_CHECKS = (*(info for info in CHECKS if info.id in _ALSO), *OF_STATEMENTS)
"""Those that a statement must pass: whether it is genuine, and nothing of use."""

_BY_ID = {info.id: info for info in (*CHECKS, *OF_STATEMENTS)}


def info_of(check: "Check") -> Info:
    """What is said of a check beside how it went."""
    return _BY_ID[check.id]


_NOT_RUN: Text = {
    "zh": "未检查：回执或请求中没有此项，或之前的检查未通过。",
    "en": "Not checked: there is nothing to look at, or an earlier check did not pass.",
}
_MOVED = "anchor-moved"  # there all the same
_UNKNOWN_VERDICTS = {name for name, exit_ in EXITS.items() if exit_ == EXIT_UNKNOWN} - {_MOVED}


def passed(id_: str, **values: str) -> Check:
    """Check `id_` passed; `values` fill its text."""
    return _passed(id_, tuple(values.items())) if values else _plainly_passed(id_)


@cache
def _plainly_passed(id_: str) -> Check:
    return _passed(id_, ())


@lru_cache(maxsize=1024)  # most checks pass, and then nearly always say the same
def _passed(id_: str, pairs: tuple[tuple[str, str], ...]) -> Check:
    info, values = _BY_ID[id_], dict(pairs)
    return Check(info.n, id_, "pass", "ok", _fill(info.passed, values), values=values)


def failed(id_: str, code: str, **values: str) -> Check:
    """Check `id_` did not pass, for the reason `code`; `values` fill its text.

    The result is `unknown` where the code means that nothing is known against the record.
    """
    info, reason = _BY_ID[id_], CODES[code]
    result: Result = "unknown" if reason.verdict in _UNKNOWN_VERDICTS else "fail"
    return Check(
        info.n, id_, result, code, _fill(reason.text, values), reason.verdict, values=values
    )


@cache
def not_run(id_: str) -> Check:
    """Check `id_` had nothing to look at, or came after one that ended the matter."""
    return Check(_BY_ID[id_].n, id_, "not-run", "not-run", dict(_NOT_RUN))


def of_a_line(check: Check) -> bool:
    """Whether it did not pass for signature lines of the checkpoint alone, which whoever hands a
    receipt on can append or cut off: it takes away `valid` and hides nothing worse."""
    newer = check.code == "version-unknown" and check.id in ("format", "checkpoint-signature")
    return newer or (check.id == "witnesses" and check.verdict is not None)


def _fill(text: Text, values: dict[str, str]) -> Text:
    return {language: template.format(**values) for language, template in text.items()}
