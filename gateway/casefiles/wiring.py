"""The parts of the files that decide, put together."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.accesses.services import AccessLog
from gateway.base.context import Context
from gateway.base.crypto import Hmac, Vault
from gateway.casefiles.deciding import Deciding
from gateway.casefiles.exits import Exits
from gateway.casefiles.finding import Finding
from gateway.casefiles.judging import Judging
from gateway.casefiles.services import CaseFiles
from gateway.cases.routes import CaseParts
from gateway.tokens.services import Holders


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFileParts:
    """What takes such files, looks their rows up and carries them out."""

    files: CaseFiles
    judging: Judging
    deciding: Deciding


def make_case_files(
    ctx: Context,
    parts: CaseParts,
    *,
    vault: Vault,
    hmac: Hmac,
    accesses: AccessLog,
    holders: Holders,
) -> CaseFileParts:
    """All of it, over the cases of this member."""
    files = CaseFiles(ctx, vault=vault, hmac=hmac, holders=holders)
    registry = parts.views.registry
    return CaseFileParts(
        files=files,
        judging=Judging(
            files,
            registry,
            accesses,
            finding=Finding(vault, hmac),
            exits=Exits(vault, hmac),
        ),
        deciding=Deciding(files, parts.cases, registry, accesses),
    )
