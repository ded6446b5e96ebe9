"""Hold the tables of section 17: which verdict a code leads to, and which is worse."""

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
# Behind all verdicts with exit code 1 or 3: nobody is to be harmed by a line that anybody appends.
_BEHIND = ORDER.index("not-yet-anchored") + 0.5


class Findings:
    """Collect why checks did not pass, and give the worst of it."""

    def __init__(self) -> None:
        """Begin with nothing found."""
        self.codes: list[str] = []
        self.behind = False

    def add(self, code: str | None) -> None:
        """Take a code, or nothing where a check passed."""
        if code is not None:
            self.codes.append(code)

    def add_line(self, code: str | None) -> None:
        """Take what follows from a signature line that anybody could have appended or cut off."""
        if code is not None:
            self.behind = True

    def worst(self, complete: bool) -> str:
        """Give the verdict; `complete` tells whether every check that is needed was made."""
        ranks = [float(ORDER.index(VERDICT_OF[code])) for code in self.codes]
        if self.behind:
            ranks.append(_BEHIND)
        if not ranks:
            return "valid" if complete else "undetermined"
        rank = min(ranks)
        return "undetermined" if rank == _BEHIND else ORDER[int(rank)]


def worse(first: str | None, second: str | None) -> str | None:
    """Give the code of two that leads to the worse verdict."""
    codes = [code for code in (first, second) if code is not None]
    return min(codes, key=lambda code: ORDER.index(VERDICT_OF[code])) if codes else None
