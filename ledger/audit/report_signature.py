"""The signature of an auditor beside a report, whose own bytes are the same for everybody.

A compact JWS, its header exactly {alg, iat, kid, typ:"credit-ledger-audit+jws"}, a PRESENT key of a
member with the role AUDITOR, over

    {"_type":"credit-ledger/audit-signature@1","block":{"hash","number"},"member":CODE,
     "network":REFERENCE,"report":HEX}

`report` is the SHA-256 of the report. `iat` is the time of its block and not that of signing, which
nobody could check: so the same key over the same report gives the same signature.

Checks, each with its code: 1 it is one (`malformed`), of this report (`other-report`) and network
(`other-network`); 2 the member has the role AUDITOR, then or now (`not-an-auditor`); 3 the key is a
PRESENT key of it (`key-unknown`) and made the signature (`signature-invalid`); 4 it had not ended
before the block, and has begun (`key-not-valid`); 5 it was never held to be stolen (`key-disputed`:
since nobody knows when it was signed, it cannot be told).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ledger.audit.report_file import ReportFile
from ledger.chain.contracts.bindings import Consortium
from ledger.chain.contracts.structs import Key
from ledger.chain.keys.signers import MessageSigner
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.quorum import View
from ledger.core import canonical
from ledger.core.errors import EvidenceError, Malformed
from ledger.core.ids import CODE
from ledger.core.jws import Jws, sign_statement, verify
from ledger.core.keys import Purpose, Role
from ledger.core.signed import statement_of
from ledger.core.texts import Text

__all__ = [
    "CODES",
    "MAX_CHARS",
    "TYP",
    "UNCERTAIN",
    "CheckedSignature",
    "auditors_of",
    "check_signature",
    "sign_report",
]

TYP: Final = "credit-ledger-audit+jws"
_TYPE: Final = "credit-ledger/audit-signature@1"
MAX_CHARS: Final = 4096
"""Characters; ours have six hundred."""

CODES: Final[dict[str, Text]] = {
    "malformed": {
        "zh": "不是审计报告的签名",
        "en": "this is no signature of a report",
    },
    "other-report": {
        "zh": "签的是另一份报告，或报告在签名后改动过",
        "en": "it is of another report, or the report was changed afterwards",
    },
    "other-network": {
        "zh": "报告属于另一网络",
        "en": "the report is of another network",
    },
    "not-an-auditor": {
        "zh": "签名者不是审计成员（AUDITOR）",
        "en": "who signed is no member with the role AUDITOR",
    },
    "key-unknown": {
        "zh": "签名所用密钥不是该成员登记的 PRESENT 密钥",
        "en": "it is signed with a key that is no PRESENT key of this member on the chain",
    },
    "signature-invalid": {"zh": "签名无效", "en": "the signature does not hold"},
    "key-not-valid": {
        "zh": "密钥在报告的区块之前已失效，或尚未生效",
        "en": "the key had ended before the block of the report, or has not begun",
    },
    "key-disputed": {
        "zh": "密钥已被认定失窃，无法断定签名出自谁手",
        "en": "the key is held to be stolen, so nobody can tell who signed",
    },
}
"""What is told of a signature. Append-only."""
UNCERTAIN: Final = frozenset({"key-disputed"})
"""Codes of what cannot be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedSignature:
    """code: None where all holds. member: who is said to have signed, "" where nobody is. key_id:
    with which key, hex."""

    code: str | None
    member: str = ""
    key_id: str = ""


def sign_report(
    report: Mapping[str, Any],
    digest: str,
    *,
    network: NetworkFile,
    member: str,
    signer: MessageSigner,
) -> str:
    """The signature of a report. digest: SHA-256 of its bytes. May raise SignerUnavailable."""
    return sign_statement(
        TYP,
        _payload(report, digest, network, member),
        sign=signer.sign,
        kid=signer.key_id,
        alg=signer.alg,
        iat=report["blockTime"],
    )


def check_signature(
    network: NetworkFile, view: View, report: ReportFile, text: str
) -> CheckedSignature:
    """Judge a signature at this head. Raises CouldNotCheck where the chain cannot be read, or the
    signature is of a later version."""
    try:
        jws = statement_of(text.strip(), TYP, max_chars=MAX_CHARS)
        member = _member_of(jws)
    except EvidenceError:
        return CheckedSignature(code="malformed")
    code = _report_fault(network, report, jws, member) or _key_fault(network, view, jws, member)
    return CheckedSignature(code=code, member=member, key_id=jws.kid.hex())


def auditors_of(consortium: Consortium, key_id: bytes) -> list[str]:
    """The AUDITOR members that have registered this key as a PRESENT key. Raises CouldNotCheck."""
    return [
        member.code
        for member in consortium.members()
        if member.roles & Role.AUDITOR and _key(consortium, member.code, key_id) is not None
    ]


def _payload(report: Mapping[str, Any], digest: str, network: NetworkFile, member: str) -> bytes:
    return canonical.encode(
        {
            "_type": _TYPE,
            "block": report["block"],
            "member": member,
            "network": network.reference,
            "report": digest,
        }
    )


def _member_of(jws: Jws) -> str:
    """Who is said to have signed; Malformed where nobody is."""
    told = canonical.parse(jws.payload, max_bytes=MAX_CHARS, max_depth=2)
    member = told.get("member") if isinstance(told, dict) else None
    if not isinstance(member, str) or not CODE.fullmatch(member):
        raise Malformed("signature", "names no member")
    return member


def _report_fault(network: NetworkFile, report: ReportFile, jws: Jws, member: str) -> str | None:
    """What is wrong with what was signed."""
    if report.network != (network.chain_id, network.consortium):
        return "other-network"
    told = report.document
    same = jws.payload == _payload(told, report.digest, network, member)
    return None if same and jws.iat == told.get("blockTime") else "other-report"


def _key_fault(network: NetworkFile, view: View, jws: Jws, member: str) -> str | None:
    """What is wrong with who signed."""
    consortium, now = Consortium(network.consortium, view.call, view.calls), view.block.time
    roles = consortium.roles_at(member, jws.iat) | consortium.roles_at(member, now)
    if not roles & Role.AUDITOR:
        return "not-an-auditor"
    key = _key(consortium, member, jws.kid)
    if key is None:
        return "key-unknown"
    try:
        verify(jws, key.alg, key.public_key)
    except EvidenceError:
        return "signature-invalid"
    if key.not_after < jws.iat or key.not_before > now:
        return "key-not-valid"
    return "key-disputed" if key.compromised_since else None


def _key(consortium: Consortium, member: str, key_id: bytes) -> Key | None:
    key = consortium.key(member, key_id)
    return key if key is not None and key.purpose == Purpose.PRESENT else None
