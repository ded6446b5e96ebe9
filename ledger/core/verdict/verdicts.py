"""Every verdict: its place among the others, its exit code, and what it means to a person.

`VERDICTS` is the one table of them (design 6, interfaces "verify --json"); names are append-only.
"""

from dataclasses import dataclass

from ledger.core.texts import Text

__all__ = [
    "EXITS",
    "EXIT_DO_NOT_USE",
    "EXIT_NOT_AUTHENTIC",
    "EXIT_ORDER",
    "EXIT_UNKNOWN",
    "EXIT_VALID",
    "PRECEDENCE",
    "VERDICTS",
    "Meaning",
]

# Exit codes of `credit-ledger verify` (interfaces "Commands and exit codes").
EXIT_VALID, EXIT_NOT_AUTHENTIC, EXIT_DO_NOT_USE, EXIT_UNKNOWN = 0, 1, 3, 4
# Several receipts in one run end with the worst of theirs.
EXIT_ORDER = (EXIT_NOT_AUTHENTIC, EXIT_DO_NOT_USE, EXIT_UNKNOWN, EXIT_VALID)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a verdict leads to. usable: true, false, or None where that is open."""

    exit: int
    usable: bool | None
    text: Text


def _meaning(exit_: int, zh: str, en: str, *, open_: bool = False) -> Meaning:
    usable = None if open_ or exit_ == EXIT_UNKNOWN else exit_ == EXIT_VALID
    return Meaning(exit_, usable, {"zh": zh, "en": en})


# Worst first: the verdict is the first of these that any check leads to.
VERDICTS = {
    "malformed": _meaning(1, "文件不是完好的回执。", "The file is no intact receipt."),
    "other-network": _meaning(
        1, "回执属于另一个网络。", "The receipt belongs to another network."
    ),
    "proof-mismatch": _meaning(
        1, "证明、签名或重复出现的数据不成立。",
        "A proof, a signature or a value that is said twice does not hold.",
    ),
    "unknown-issuer": _meaning(
        1, "签发者不是有权签发记录的登记成员。",
        "Whoever issued this is no registered member that may issue records.",
    ),
    "other-subject": _meaning(
        3, "内容真实，但不是所要求的那一份。", "It is genuine, but not what was asked for."
    ),
    "undetermined": _meaning(
        4, "暂时无法核对；这不表示记录有假。",
        "It could not be checked; this says nothing against the record.",
    ),
    "not-anchored": _meaning(1, "区块链上没有这个根。", "The chain has no such root."),
    "anchor-moved": _meaning(
        4, "存证已在别处，请索取新的回执。", "The anchor is elsewhere now: ask for a new receipt."
    ),
    "log-closed": _meaning(
        3, "条目在已关闭日志的可信范围之外。",
        "The entry lies beyond what is trusted of a closed log.",
    ),
    "key-not-valid-at": _meaning(
        1, "签名密钥当时无效。", "A key that signed was not valid at that time."
    ),
    "key-disputed": _meaning(
        3, "签名密钥当时可能已泄露。", "A key that signed may have been stolen by then."
    ),
    "record-invalid": _meaning(
        3, "签发的内容不符合该类记录的规则。", "What was issued breaks the rules of its type."
    ),
    "out-of-catalogue": _meaning(
        3, "存证时目录中没有该类型或规则。",
        "Its type or its rules were not in the catalogue when it was anchored.",
    ),
    "erased": _meaning(3, "内容已依法删除。", "Its content was erased by law."),
    "withdrawn": _meaning(3, "记录已被撤销。", "The record was withdrawn."),
    "corrected": _meaning(3, "记录已被更正。", "The record was corrected."),
    "repaired": _meaning(3, "已完成信用修复。", "The credit was repaired."),
    "ended": _meaning(
        3, "记录所述的事项已经终止。", "What the record says has come to its end."
    ),
    "shielded": _meaning(3, "记录暂时屏蔽。", "The record is shielded for the time being."),
    "disputed": _meaning(
        3, "记录正处于异议处理中：裁定之前仍然有效，请自行权衡。",
        "The record is under dispute: it stands until that is decided, so weigh it yourself.",
        open_=True,
    ),
    "expired": _meaning(3, "记录已过期。", "The record has expired."),
    "not-yet-anchored": _meaning(
        3, "在所问的日期还没有存证。", "It was not anchored yet on the day asked about."
    ),
    "not-final": _meaning(
        4, "链上的登记尚未最终确认。", "What the chain has of it is not final yet."
    ),
    "anchored": _meaning(
        4, "条目真实，但没有出示是关于谁的。", "It is genuine, but not shown about whom."
    ),
    "valid": _meaning(0, "真实，且可以使用。", "It is genuine and may be used."),
}  # fmt: skip

PRECEDENCE = tuple(VERDICTS)
EXITS = {name: meaning.exit for name, meaning in VERDICTS.items()}
