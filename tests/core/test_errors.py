"""One tree of errors, each with its evidence as attributes."""

from datetime import date

from ledger.core.errors import (
    ConfigError,
    CouldNotCheck,
    EvidenceError,
    InputError,
    LedgerError,
    Malformed,
    ProofMismatch,
    SignatureInvalid,
    VersionUnknown,
)


def test_the_tree() -> None:
    bad: list[type] = [Malformed, ProofMismatch, SignatureInvalid]
    assert {kind.__base__ for kind in bad} == {EvidenceError}
    branches: list[type] = [EvidenceError, CouldNotCheck, InputError, ConfigError]
    assert {kind.__base__ for kind in branches} == {LedgerError}
    assert LedgerError.__base__ is Exception


def test_each_keeps_its_evidence() -> None:
    newer = VersionUnknown("entry", "entry@2")
    assert (newer.code, newer.what, newer.found) == ("version-unknown", "entry", "entry@2")
    assert isinstance(newer, CouldNotCheck)
    assert not isinstance(newer, EvidenceError)
    assert Malformed("file", "BOM", code="not-canonical-bytes").code == "not-canonical-bytes"
    assert ProofMismatch("x", expected=1, actual=2, code="slot-mismatch").code == "slot-mismatch"
    assert (Malformed("x", "y").code, SignatureInvalid("x", "y").code) == (None, None)
    malformed = Malformed("entry", "too long")
    assert (malformed.what, malformed.problem, str(malformed)) == (
        *("entry", "too long", "entry: too long"),
    )
    mismatch = ProofMismatch("root", expected=b"\x01", actual=2)
    assert (mismatch.what, mismatch.expected, mismatch.actual) == ("root", b"\x01", 2)
    assert str(mismatch) == "root: expected 01, got 2"
    days = ProofMismatch("day", expected=date(2026, 12, 1), actual=[b"\x01", b"\x02"])
    assert str(days) == "day: expected 2026-12-01, got [01, 02]", "nothing of this language"
    invalid = SignatureInvalid("note", "another key")
    assert (invalid.what, invalid.problem, str(invalid)) == (
        *("note", "another key", "note: another key"),
    )
    unknown = CouldNotCheck("head-too-old", "an hour", node="a")
    assert (unknown.code, unknown.message, unknown.evidence) == (
        *("head-too-old", "an hour", {"node": "a"}),
    )
    message = {"zh": "必填", "en": "required"}
    refused = InputError(None, "required", message)
    assert (refused.field, refused.code, refused.message) == (None, "required", message)
    assert str(InputError("BZ", "too-long", message)) == "BZ: too-long: required"
    config = ConfigError("[http] port", "taken")
    assert (config.setting, config.problem, str(config)) == (
        *("[http] port", "taken", "[http] port: taken"),
    )
