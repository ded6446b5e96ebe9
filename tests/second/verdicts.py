"""Hold the tables of section 17: which verdict a code leads to, and which is worse."""

from dataclasses import dataclass

ORDER = (
    "malformed",
    "other-network",
    "proof-mismatch",
    "unknown-issuer",
    "other-subject",
    "undetermined",
    "not-anchored",
    "anchor-moved",
    "log-closed",
    "key-not-valid-at",
    "key-disputed",
    "record-invalid",
    "out-of-catalogue",
    "erased",
    "withdrawn",
    "corrected",
    "repaired",
    "ended",
    "shielded",
    "disputed",
    "expired",
    "not-yet-anchored",
    "not-final",
    "anchored",
    "valid",
)

_CODES = {
    "malformed": "malformed not-canonical-bytes statement-malformed",
    "other-network": "other-network",
    "anchor-moved": "network-moved not-first-anchor anchor-differs",
    "proof-mismatch": "entry-mismatch inclusion-mismatch checkpoint-mismatch presentation-mismatch"
    " slot-mismatch values-disagree issuer-differs note-signature-invalid"
    " present-signature-invalid binding-mismatch statement-mismatch promise-mismatch"
    " promise-not-signed",
    "undetermined": "version-unknown chain-unreadable no-node nodes-disagree act-unconfirmed"
    " node-pruned other-chain no-code head-too-old head-in-future as-of-in-future verifier-error"
    " head-behind-receipt present-in-future audience-not-given schema-unknown"
    " anchor-event-missing status-unreadable window-unknown rules-unknown witness-not-verified"
    " witnesses-too-few promise-in-future promise-newer-than-head promise-log-closed"
    " promised-only promise-overdue",
    "unknown-issuer": "log-unknown note-key-unknown present-key-unknown issuer-not-a-province",
    "key-not-valid-at": "note-key-early present-key-not-valid anchor-key-not-valid"
    " promise-key-not-valid",
    "not-final": "key-not-final anchor-not-final",
    "key-disputed": "present-key-disputed anchor-key-disputed promise-key-disputed",
    "other-subject": "audience-differs nonce-differs binding-missing subject-differs type-differs"
    " issuer-not-asked only-of-records statement-issuer-not-asked",
    "anchored": "subject-undisclosed not-a-record",
    "not-anchored": "root-not-anchored",
    "log-closed": "log-closed",
    "erased": "erased",
    "withdrawn": "withdrawn",
    "corrected": "corrected",
    "repaired": "repaired",
    "ended": "ended",
    "shielded": "shielded",
    "disputed": "disputed",
    "expired": "expired not-in-force",
    "not-yet-anchored": "anchored-later",
    "out-of-catalogue": "type-not-in-force rules-not-in-force",
    "record-invalid": "value-kind value-form value-too-long value-unknown value-order"
    " natural-person class-not-adverse until-beyond-rules until-before-minimum"
    " decided-after-anchor",
}
VERDICT_OF = {code: verdict for verdict, codes in _CODES.items() for code in codes.split()}
_EXIT_1 = (
    "malformed other-network proof-mismatch unknown-issuer not-anchored key-not-valid-at".split()
)
_EXIT_4 = "undetermined anchor-moved not-final anchored".split()
# Codes of the checks that count for use, and those at which `authentic` does not look.
_OF_USE = set(
    "subject-differs subject-undisclosed schema-unknown not-a-record type-differs issuer-not-asked"
    " only-of-records statement-issuer-not-asked status-unreadable erased withdrawn corrected"
    " repaired ended shielded disputed expired not-in-force window-unknown anchored-later"
    " type-not-in-force rules-not-in-force rules-unknown".split()
) | set(_CODES["record-invalid"].split())
_ASIDE = set(
    "audience-differs audience-not-given binding-missing nonce-differs witnesses-too-few".split()
)
# Behind all verdicts with exit code 1 or 3: nobody is to be harmed by a line that anybody appends.
_BEHIND = ORDER.index("not-yet-anchored") + 0.5


@dataclass(frozen=True)
class Judged:
    """Hold a verdict with all codes that led to it, and whether all that is needed was run."""

    verdict: str
    codes: frozenset[str]
    complete: bool

    @property
    def exit_code(self) -> int:
        """Give the exit code of the verdict."""
        return exit_code(self.verdict)

    @property
    def usable(self) -> bool | None:
        """Tell whether the record may be used."""
        if self.exit_code == 4 or self.verdict == "disputed":
            return None
        return self.verdict == "valid"

    @property
    def authentic(self) -> bool | None:
        """Tell whether the evidence is authentic, whatever it may be used for."""
        verdicts = {VERDICT_OF[code] for code in self.codes - _OF_USE - _ASIDE}
        if any(exit_code(verdict) == 1 for verdict in verdicts):
            return False
        return True if self.complete and verdicts <= {"anchor-moved"} else None


def exit_code(verdict: str) -> int:
    """Give the exit code of a verdict."""
    if verdict == "valid":
        return 0
    return 1 if verdict in _EXIT_1 else 4 if verdict in _EXIT_4 else 3


class Findings:
    """Collect why checks did not pass, and give the worst of it."""

    def __init__(self) -> None:
        """Begin with nothing found."""
        self.codes: list[str] = []
        self.lines: list[str] = []

    def add(self, code: str | None) -> None:
        """Take a code, or nothing where a check passed."""
        if code is not None:
            self.codes.append(code)

    def add_line(self, code: str | None) -> None:
        """Take what follows from a signature line that anybody could have appended or cut off."""
        if code is not None:
            self.lines.append(code)

    def judged(self, complete: bool) -> Judged:
        """Give the verdict with all codes."""
        return Judged(self.worst(complete), frozenset([*self.codes, *self.lines]), complete)

    def worst(self, complete: bool) -> str:
        """Give the verdict; `complete` tells whether every check that is needed was made."""
        ranks = [float(ORDER.index(VERDICT_OF[code])) for code in self.codes]
        if self.lines:
            ranks.append(_BEHIND)
        if not ranks:
            return "valid" if complete else "undetermined"
        rank = min(ranks)
        return "undetermined" if rank == _BEHIND else ORDER[int(rank)]


def refused(code: str) -> Judged:
    """Judge what check 1 refuses, with its code."""
    return Judged(VERDICT_OF[code], frozenset({code}), False)


def worse(first: str | None, second: str | None) -> str | None:
    """Give the code of two that leads to the worse verdict."""
    codes = [code for code in (first, second) if code is not None]
    return min(codes, key=lambda code: ORDER.index(VERDICT_OF[code])) if codes else None
