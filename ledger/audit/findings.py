"""What an audit can find: codes, severities and remedies (append-only), and a bounded list."""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["error", "warning"]
Text = dict[str, str]

# Of one code and one log so many findings are listed; `counts` tells how many there were. A log of
# nothing but bad entries must not make a report that nobody can open.
MOST = 100
TILES_MISSING = "tiles-missing"
# What ends in exit code 4 unless there are errors: something could not be looked at.
OPEN = frozenset({TILES_MISSING, "checkpoint-version-unknown", "entry-version-unknown"})


@dataclass(frozen=True, slots=True)
class Code:
    """What a code means for whoever reads the report."""

    severity: Severity
    remedy: Text


def _code(severity: Severity, zh: str, en: str) -> Code:
    return Code(severity, {"zh": zh, "en": en})


CODES = {
    "anchor-unknown-log": _code(
        "error",
        "锚定了未登记的日志：核查 LogAnchor 合约。",
        "A log that nobody registered was anchored: look into the LogAnchor contract.",
    ),
    "anchor-out-of-turn": _code(
        "error",
        "合约在未担任该角色时接受了锚定：不采信，核查该合约。",
        "A contract took an anchor while it did not hold the role: not counted, look into it.",
    ),
    "anchor-discontinuous": _code(
        "error",
        "锚定没有从上一个大小继续：核查 LogAnchor 合约。",
        "An anchor does not go on from the one before: look into the LogAnchor contract.",
    ),
    "anchor-key-not-valid": _code(
        "error",
        "锚定的签名密钥当时无效：该区间的回执无效，由成员重新锚定或开立后继日志。",
        "The anchor's key was not valid at its block: receipts of that range do not hold; vote a "
        "successor of the log.",
    ),
    "anchor-key-disputed": _code(
        "error",
        "锚定的签名密钥当时可能已泄露：表决开立后继日志，并写明可信大小。",
        "The anchor's key is held to be stolen at its block: vote a successor that names the last "
        "size to be trusted.",
    ),
    "anchor-while-suspended": _code(
        "error",
        "成员被暂停期间仍有锚定：核查 LogAnchor 合约。",
        "A suspended member anchored: look into the LogAnchor contract.",
    ),
    "anchor-after-close": _code(
        "error",
        "日志关闭后仍有锚定：核查 LogAnchor 合约。",
        "A closed log was anchored: look into the LogAnchor contract.",
    ),
    "anchor-beyond-trusted": _code(
        "warning",
        "锚定超出可信大小：其中的记录应由后继日志重新登记（replaces）。",
        "The anchor lies beyond the last trusted size: log its records again in the successor.",
    ),
    "root-mismatch": _code(
        "error",
        "公开的条目算不出链上的根：成员出示的日志与锚定的不同，要求其恢复原日志。",
        "The public entries do not give the root on the chain: the member shows another log than "
        "it anchored; demand the original.",
    ),
    "tile-mismatch": _code(
        "error",
        "哈希瓦片与条目不符：由成员重建瓦片。",
        "A hash tile is not that of the entries: the member must rebuild its tiles.",
    ),
    "bundle-malformed": _code(
        "error",
        "条目包格式错误，其后无法重放：由成员修复。",
        "An entry bundle cannot be read, nor what follows it: the member must mend it.",
    ),
    TILES_MISSING: _code(
        "error",
        "成员未提供瓦片，无法核对：稍后重试，或用 --mirror 指定镜像，仍无则视为隐瞒。",
        "The member does not serve its tiles, nothing can be checked: try again, name a mirror "
        "with --mirror; if none has them, they are withheld.",
    ),
    "checkpoint-invalid": _code(
        "error",
        "公开的检查点不是日志所有者签的，或不属于该日志：由成员更正。",
        "The public checkpoint is not of this log, or not signed by its owner: the member must "
        "mend it.",
    ),
    "checkpoint-behind": _code(
        "error",
        "公开的检查点小于已锚定的大小：成员可能丢失了数据。",
        "The public checkpoint is smaller than what was anchored: the member may have lost data.",
    ),
    "checkpoint-differs": _code(
        "error",
        "公开的检查点与链上的根不同：成员出示了另一个日志。",
        "The public checkpoint has another root than the chain: the member shows another log.",
    ),
    "checkpoint-version-unknown": _code(
        "warning",
        "公开的检查点带有本程序不认识的签名类型：请更新本程序后重新审计。",
        "The public checkpoint has a signature of a type that this program does not know: update "
        "it and audit again.",
    ),
    "entry-version-unknown": _code(
        "warning",
        "条目的版本或算法是本程序不认识的：请更新本程序后重新审计。",
        "An entry is of a version or suite that this program does not know: update it and audit "
        "again.",
    ),
    "entry-malformed": _code(
        "error",
        "条目不是规范格式或过长：由成员用更正记录取代。",
        "An entry is not canonical or too long: the member must log it anew.",
    ),
    "entry-foreign-log": _code(
        "error",
        "条目属于别的日志：不能作为本日志的记录使用。",
        "An entry names another log: it counts for nothing here.",
    ),
    "entry-duplicate": _code(
        "error",
        "同一承诺登记了两次：成员核查其受理流程，撤销其中一条。",
        "The same commitment stands in a log twice: the member must look into its intake and "
        "withdraw one.",
    ),
    "type-not-in-catalogue": _code(
        "error",
        "记录类型锚定时不在目录中：目录外的信息不得记录，应撤销。",
        "The type was not in the catalogue when it was anchored: what is outside the list may not "
        "be recorded; withdraw it.",
    ),
    "period-granularity": _code(
        "warning",
        "期间的精度与目录规定不同：成员核查设置。",
        "The period is not as exact or coarse as the catalogue says: the member must look at it.",
    ),
    "period-in-future": _code(
        "error",
        "认定日期晚于锚定时间：成员核查记录。",
        "The period lies after the anchor: the member must look into the record.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found. member: code, "" where it is nobody's. where: what it is about.

    evidence: texts and numbers of the chain and the tiles, nothing of this machine.
    """

    code: str
    member: str
    where: str
    evidence: dict[str, str | int]

    def as_dict(self) -> dict[str, Any]:
        """As the report shows it."""
        about = CODES[self.code]
        return {
            "code": self.code,
            "severity": about.severity,
            "member": self.member,
            "where": self.where,
            "evidence": self.evidence,
            "remedy": about.remedy,
        }


class Findings:
    """Findings as they come; `listed` puts them in one order."""

    def __init__(self) -> None:
        self._found: list[Finding] = []
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(
        self, code: str, *, log: bytes = b"", member: str, where: str, **evidence: str | int
    ) -> None:
        """One more. Beyond `MOST` of a code and a log it is only counted."""
        self._counts[code, log.hex()] += 1
        if self._counts[code, log.hex()] <= MOST:
            self._found.append(Finding(code=code, member=member, where=where, evidence=evidence))

    def counts(self) -> dict[str, int]:
        """By code, those that are not listed as well."""
        totals: Counter[str] = Counter()
        for (code, _), count in self._counts.items():
            totals[code] += count
        return dict(totals)

    def listed(self) -> list[Finding]:
        """By member, place and code."""
        return sorted(
            self._found,
            key=lambda f: (f.member, f.where, f.code, sorted(f.evidence.items()).__repr__()),
        )
