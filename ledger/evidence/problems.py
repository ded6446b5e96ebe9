"""Why an archive does not hold, or could not be checked: codes, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ledger.core.errors import CouldNotCheck, EvidenceError, LedgerError, VersionUnknown

__all__ = ["CODES", "UNKNOWN", "Problem", "of_error"]

CODES: Final[Mapping[str, tuple[str, str]]] = {
    "archive-malformed": (
        "这不是证据档案，或者已被改动（重新压缩也算）；请向提供方索取原文件",
        "this is no archive of evidence, or it was altered (packing it anew does that too); ask"
        " whoever gave it for the original",
    ),
    "version-unknown": (
        "档案的格式比本程序新，请更新程序后再核验",
        "the archive is of a format newer than this program; update it and check again",
    ),
    "members-differ": (
        "档案的成员与清单不一致：缺少、多出或被改动",
        "the members of the archive are not those of its manifest: one lacks, is too many, or was"
        " changed",
    ),
    "other-network": (
        "档案属于另一个网络",
        "the archive is of another network than the one that you trust",
    ),
    "header-differs": (
        "档案的区块首部不是您给出的那一个",
        "the header of the archive is not the one whose hash you gave",
    ),
    "header-not-given": (
        "没有给出区块首部的哈希：其余全部成立，但不知道这个区块首部是否真实。"
        "请从可信来源核对后用 --header 给出",
        "no hash of a header was given: all else holds, but nobody knows whether this header is"
        " real. Compare it with a source that you trust, and give it by --header",
    ),
    "proof-malformed": (
        "证明不是规定的格式",
        "a proof is not of its one form",
    ),
    "proof-broken": (
        "证明的节点与上一节点所指的哈希不符",
        "a node of a proof is not the one that the node above it names",
    ),
    "proof-incomplete": (
        "证明不完整：缺少通向键的节点",
        "a proof ends before its key does: a node is missing",
    ),
    "proof-superfluous": (
        "档案中有结论用不到的内容",
        "there is something in the archive that no verdict asks for",
    ),
    "proof-differs": (
        "证明所得的值与所写的值不符",
        "what a proof shows is not what is written beside it",
    ),
    "proof-missing": (
        "结论所需的内容没有证明",
        "something that a verdict needs is not proven",
    ),
    "code-differs": (
        "合约代码与其哈希不符",
        "the code of a contract is not that of its hash",
    ),
    "contract-not-ours": (
        "合约的代码不是本软件随附的代码，不知道其存储的含义，因此不能核验",
        "the code of a contract is not what ships with this software, so nobody knows what its"
        " storage means: it could not be checked",
    ),
    "anchor-not-signed": (
        "没有看到存证的签名（可能由其他合约转发），因此不能证明它是哪个密钥所作",
        "the signature of an anchor is not seen (another contract may have sent it), so it is not"
        " proven by which key it was made",
    ),
    "anchor-time-open": (
        "存证所用的密钥后来被认定失窃，存证的时间因此重要，但未由该区块首部证明；"
        "请另以 --header 给出存证所在区块的哈希",
        "the key of an anchor was later said to be stolen, so its time matters, which this header"
        " does not prove: give the hash of its block by another --header",
    ),
    "blocks-differ": (
        "档案中的区块不可能属于同一条链",
        "the blocks of the archive cannot be of one chain",
    ),
    "verdicts-differ": (
        "档案所写的结论不是其内容所证明的结论",
        "the verdicts that the archive tells are not those that it proves",
    ),
    "histories-differ": (
        "档案所写的密钥、表决或行为不是其内容所证明的",
        "the keys, votes or acts that the archive tells are not those that it proves",
    ),
    "texts-unknown": (
        "档案附带的说明不是本软件的说明",
        "the texts that come with the archive are none of this software",
    ),
    "storage-unreadable": (
        "合约存储中的值超出本软件所能读取的范围",
        "the storage of a contract holds what this software cannot read",
    ),
    "unchecked": (
        "未能核验",
        "it could not be checked",
    ),
    "evidence-bad": (
        "内容不成立",
        "something in it does not hold",
    ),
}
"""By code. Append-only."""
UNKNOWN: Final = frozenset(
    {
        *("version-unknown", "header-not-given", "contract-not-ours", "storage-unreadable"),
        *("unchecked", "anchor-not-signed", "anchor-time-open"),
    }
)
"""Codes of what could not be checked; every other one speaks against the archive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One of them. evidence: what was seen where; never content of a record."""

    code: str
    evidence: Mapping[str, str] = field(default_factory=dict)

    @property
    def wrong(self) -> bool:
        """False: it could not be looked at."""
        return self.code not in UNKNOWN

    def as_dict(self) -> dict[str, Any]:
        """As `--json` has it."""
        zh, en = CODES[self.code]
        return {
            "code": self.code,
            "evidence": dict(self.evidence),
            "message": {"zh": zh, "en": en},
        }


def of_error(error: LedgerError) -> Problem:
    """The problem behind an error: the evidence is bad, or it could not be checked."""
    code = getattr(error, "code", None)
    if isinstance(error, VersionUnknown):
        return Problem(code="version-unknown", evidence={"format": error.message})
    if isinstance(error, CouldNotCheck):
        known = code if code in UNKNOWN else "unchecked"
        return Problem(code=str(known), evidence={"problem": error.message})
    assert isinstance(error, EvidenceError)  # noqa: S101 - nothing else is raised here
    bad = code if code in CODES and code not in UNKNOWN else "evidence-bad"
    return Problem(code=str(bad), evidence={"problem": str(error)})
