"""Every error of the program, one tree:

LedgerError
├─ EvidenceError        the evidence is bad: checking it again will not help
│  ├─ Malformed         not the one spelling of its format
│  ├─ ProofMismatch     a proof, or a value said twice, does not agree
│  └─ SignatureInvalid  a signature that its key did not make
├─ CouldNotCheck        nothing is known yet: no node, nodes disagree, too old …
│  └─ VersionUnknown    one of our formats in a version, suite or algorithm newer than we are
├─ InputError           what somebody sent breaks a rule; names field, code and remedy
└─ ConfigError          the operator's settings cannot work

"Evidence is bad" and "could not check" never mix: the first ends in exit code 1, the second in 4.
"""

from collections.abc import Mapping
from datetime import date

__all__ = [
    "ConfigError",
    "CouldNotCheck",
    "EvidenceError",
    "InputError",
    "LedgerError",
    "Malformed",
    "ProofMismatch",
    "SignatureInvalid",
    "VersionUnknown",
]


class LedgerError(Exception):
    """Root of the tree; catch it where errors become answers."""


class EvidenceError(LedgerError):
    """The evidence itself is bad. `code` is stable; None where the kind of error says it all."""

    code: str | None = None


class Malformed(EvidenceError):
    """`what` (the name of a format) has a `problem`; the bytes are not repeated, they may be
    personal data."""

    def __init__(self, what: str, problem: str, *, code: str | None = None) -> None:
        super().__init__(f"{what}: {problem}")
        self.what = what
        self.problem = problem
        self.code = code


class ProofMismatch(EvidenceError):
    """`what` should have been `expected` and was `actual`."""

    def __init__(
        self, what: str, *, expected: object, actual: object, code: str | None = None
    ) -> None:
        super().__init__(f"{what}: expected {_show(expected)}, got {_show(actual)}")
        self.what = what
        self.expected = expected
        self.actual = actual
        self.code = code


class SignatureInvalid(EvidenceError):
    """The signature on `what` does not hold, because of `problem`."""

    def __init__(self, what: str, problem: str) -> None:
        super().__init__(f"{what}: {problem}")
        self.what = what
        self.problem = problem


class CouldNotCheck(LedgerError):
    """The answer is unknown. `code` is stable, `evidence` says what was seen where."""

    def __init__(self, code: str, message: str, **evidence: object) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.evidence = evidence


class VersionUnknown(CouldNotCheck):
    """`what` is one of our formats, in the version, suite, algorithm or signature type `found`,
    which is newer than this program: it may well be good."""

    def __init__(self, what: str, found: str) -> None:
        super().__init__("version-unknown", f"{what}: {found}", what=what, found=found)
        self.what = what
        self.found = found


class InputError(LedgerError):
    """`field` (None: the whole) breaks the rule `code`; `message` is {"zh", "en"}."""

    def __init__(self, field: str | None, code: str, message: Mapping[str, str]) -> None:
        super().__init__(f"{field or '-'}: {code}: {message['en']}")
        self.field = field
        self.code = code
        self.message = dict(message)


class ConfigError(LedgerError):
    """`setting` cannot be used, because of `problem`."""

    def __init__(self, setting: str, problem: str) -> None:
        super().__init__(f"{setting}: {problem}")
        self.setting = setting
        self.problem = problem


def _show(value: object) -> str:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_show, value))}]"
    return repr(value)
