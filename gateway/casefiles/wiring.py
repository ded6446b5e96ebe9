"""The parts of the files that decide, put together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from gateway.accesses.services import AccessLog
from gateway.base.crypto import Hmac
from gateway.base.lease import Lease
from gateway.base.threads import Step
from gateway.casefiles.deciding import Deciding
from gateway.casefiles.exits import Exits
from gateway.casefiles.finding import Finding
from gateway.casefiles.judging import Judging
from gateway.casefiles.services import CaseFiles
from gateway.casefiles.taking import take, take_single
from gateway.casefiles.tasks import worker
from gateway.cases.routes import CaseParts
from gateway.files.services import Files
from gateway.files.store import FileStore
from gateway.intake.services import Intake
from gateway.tokens.services import Holders
from gateway.worklists.services import Worklists


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFileParts:
    """What takes such files, looks their rows up and carries them out."""

    files: CaseFiles
    judging: Judging
    deciding: Deciding

    def follow(self, intake: Intake, files: Files, names: FileStore) -> None:
        """Be told of what is taken in, one by one or by file."""
        intake.tell(partial(take_single, self.files))
        files.tell(partial(take, self.files, names))

    def worker(self, lease: Lease) -> Step:
        """The step of their thread."""
        return worker(self.files.ctx, self.judging, self.deciding, lease)


def make_case_files(
    parts: CaseParts, hmac: Hmac, accesses: AccessLog, holders: Holders, tables: Worklists
) -> CaseFileParts:
    """All of it, over the cases of this member."""
    cases, registry = parts.cases, parts.views.registry
    ctx, vault = cases.ctx, cases.vault
    files = CaseFiles(ctx, vault=vault, hmac=hmac, holders=holders, tables=tables)
    finding, exits = Finding(vault, hmac), Exits(vault, hmac)
    return CaseFileParts(
        files=files,
        judging=Judging(files, registry, accesses, finding=finding, exits=exits),
        deciding=Deciding(files, cases, registry, accesses),
    )
