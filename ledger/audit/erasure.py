"""A certificate of erasure, held against the chain: signed by its member, and the act is there.

Checks, each with its code: 1 the file is one, of this network (`malformed`, `other-network`);
2 a PRESENT key of the member made it (`key-unknown`, `signature-invalid`), valid then
(`key-not-valid`); 3 the record is ERASED at the head, by an act of this member with the document
and block that it names (`not-on-chain`), and nothing was destroyed before that act's block
(`destroyed-early`). That the content is gone nobody can prove from outside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.chain.acts import Acts
from ledger.chain.contracts.bindings import CASE_REGISTRY, Consortium
from ledger.chain.contracts.structs import Code, code_word
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.quorum import View
from ledger.core.errors import EvidenceError
from ledger.core.jws import Jws, parse_statement, verify
from ledger.core.keys import Purpose
from ledger.core.status import Action, Flag
from ledger.records.erasure import MAX_CHARS, TYP, Erasure, parse

SKEW: Final = 300
"""Seconds by which the clock of a member may be behind that of the chain."""
CODES: Final = {
    "malformed": ("不是删除证明", "this is no certificate of erasure"),
    "other-network": ("属于另一网络", "it is of another network"),
    "key-unknown": (
        "签名所用密钥不是该成员登记的 PRESENT 密钥",
        "it is signed with a key that is no PRESENT key of this member on the chain",
    ),
    "signature-invalid": ("签名无效", "its signature is not valid"),
    "key-not-valid": ("签名时密钥无效", "the key was not valid when it signed"),
    "not-on-chain": (
        "链上没有该成员对此记录的这次删除",
        "the chain has no such act of this member on the record",
    ),
    "destroyed-early": (
        "销毁早于链上登记",
        "it was destroyed before the act was on the chain",
    ),
}
"""What is told of a certificate, in Chinese and English. Append-only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """code: None where all holds. erasure: what it says, None where it is no certificate."""

    code: str | None
    erasure: Erasure | None


def check(network: NetworkFile, view: View, text: str) -> Checked:
    """Judge a certificate at this head. Raises CouldNotCheck where the chain cannot be read."""
    try:
        jws = parse_statement(text.strip(), TYP, max_chars=MAX_CHARS)
        found = parse(jws.payload)
    except EvidenceError:
        return Checked(code="malformed", erasure=None)
    if found.network != network.reference:
        return Checked(code="other-network", erasure=found)
    consortium = Consortium(network.consortium, view.call, view.calls)
    code = _key_fault(consortium, jws, found) or _act_fault(consortium, view, found)
    return Checked(code=code, erasure=found)


def _key_fault(consortium: Consortium, jws: Jws, found: Erasure) -> str | None:
    for key in consortium.keys(found.member):
        if key.key_id == jws.kid and key.purpose == Purpose.PRESENT:
            break
    else:
        return "key-unknown"
    try:
        verify(jws, key.alg, key.public_key)
    except EvidenceError:
        return "signature-invalid"
    return None if key.valid_at(jws.iat) else "key-not-valid"


def _act_fault(consortium: Consortium, view: View, found: Erasure) -> str | None:
    registries = [entry.account for entry in consortium.contract_history(CASE_REGISTRY)]
    acts = Acts(view, registries)
    if Flag.ERASED not in acts.states([found.record])[found.record].word.flags:
        return "not-on-chain"
    member = code_word(Code(found.member))
    wanted = (found.block, found.doc, member, found.basis, found.effective_at)
    for one in acts.history(found.record):
        act = one.act
        has = (one.block, act.doc, one.member, act.basis, act.effective_at)
        if act.action == Action.ERASE and has == wanted:
            early = found.destroyed_at + SKEW < one.recorded_at
            return "destroyed-early" if early else None
    return "not-on-chain"
