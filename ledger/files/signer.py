"""Who signed a statement of such a file, and whether that member could."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ledger.core.errors import CouldNotCheck, SignatureInvalid
from ledger.core.jws import Jws
from ledger.core.jws import verify as verify_jws
from ledger.core.keys import Purpose, Role
from ledger.core.verdict.judging import CLOCK_SKEW
from ledger.files.problems import Problem
from ledger.verify import Verifier

__all__ = ["Said", "check_said"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A statement as it is to be checked. province: whether only a province may say that. at: Unix
    seconds."""

    iss: str
    network: str
    at: int
    jws: Jws
    province: bool = False


def check_said(verifier: Verifier, said: Said) -> Iterator[Problem]:
    """What is wrong with it, or could not be looked at; nothing where it is its member's."""
    where = {"member": said.iss}
    if said.network != verifier.trust.reference:
        yield Problem(code="other-network", evidence=where)
        return
    if said.at > verifier.now() + CLOCK_SKEW:
        yield Problem(code="time-wrong", evidence=where)
    try:
        facts = verifier.member(said.iss)
    except CouldNotCheck as error:
        yield Problem(code="chain-unread", evidence=where | {"problem": error.code})
        return
    key = facts.keys.get(said.jws.kid)
    if key is None or not key.serves(said.iss, Purpose.PRESENT):
        yield Problem(code="key-unknown", evidence=where)
        return
    try:
        verify_jws(said.jws, key.alg, key.public_key)
    except SignatureInvalid:
        yield Problem(code="signature-invalid", evidence=where)
        return
    stolen = key.stolen_since()
    if not key.valid_at(said.at):
        yield Problem(code="key-not-valid", evidence=where)
    elif stolen is not None and stolen <= said.at:
        yield Problem(code="key-disputed", evidence=where)
    if said.province and not facts.owner.roles_at(said.at) & Role.PROVINCE:
        yield Problem(code="not-a-province", evidence=where)
