"""Verdicts on what only the formats forbid: two records in one commitment, cosignatures of nobody,
what is newer than we are, files saved anew."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from ledger.core import canonical
from ledger.core.canonical import b64u_encode
from ledger.core.commitment import Commitment
from ledger.core.entry import period, record_entry
from ledger.core.errors import Malformed, VersionUnknown
from ledger.core.ids import Digest, sha256
from ledger.core.keys import Alg
from ledger.core.presentation import present
from ledger.core.verdict.judge import malformed, newer
from ledger.core.verdict.verdict import Verdict
from tests.core.verdicts import (
    ANCHORED,
    FIELDS,
    LOG,
    OTHER,
    PRESENT_ID,
    SCHEMA,
    SLOTS,
    TRUST,
    World,
    _in_log,
    make_commitment,
    make_world,
    sign_p256,
)


def told(found: Verdict) -> tuple[str, int, list[tuple[str, str]]]:
    """Verdict, exit code, and what led to it."""
    failing = [(c.id, c.code) for c in found.standing.checks if c.verdict == found.verdict]
    return found.verdict, found.exit, failing


# ---- two records in one commitment


def made_of(made: Commitment, disclosures: Sequence[str]) -> World:
    """A record whose issuer signs and anchors whatever he likes."""
    raw = record_entry(
        commitment=made.digest,
        log=LOG,
        period=period(made_day()),
        schema=SCHEMA,
        timely="yes",
    )
    shown = present(
        made.payload,
        disclosures,
        sign=sign_p256,
        kid=PRESENT_ID,
        alg=Alg.P256,
        iat=ANCHORED + 60,
    )
    return _in_log(raw, shown, None)


def made_day() -> Any:
    return canonical.parse_day(str(FIELDS["DAY"]))


def with_digests(made: Commitment, digests: Sequence[str]) -> Commitment:
    value = canonical.parse(made.payload, allow_null=True)
    payload = canonical.encode({**value, "_sd": list(digests)}, allow_null=True)
    return Commitment(payload, sha256(payload), made.disclosures)


SLOT_MISMATCH = ("proof-mismatch", 1, [("presentation", "slot-mismatch")])


@pytest.mark.parametrize("place", ["REG", "NOTE", "behind", "swapped"])
def test_a_second_subject_hidden_in_a_commitment_is_never_shown(place: str) -> None:
    """The first one verifies; the other, though committed to, signed and anchored, does not."""
    made = make_commitment()
    second = make_commitment({**FIELDS, "CODE": OTHER}).disclosures["CODE"]
    hidden = b64u_encode(sha256(second.encode()))
    sd = list(canonical.parse(made.payload, allow_null=True)["_sd"])
    if place == "behind":
        sd.append(hidden)
    elif place == "swapped":
        at = SLOTS.index("CODE")
        sd[at], sd[at + 1] = hidden, sd[at]
    else:
        sd[SLOTS.index(place)] = hidden
    two = with_digests(made, sd)
    mine = [text for field, text in made.disclosures.items() if field in ("NAME", "CODE")]

    first = made_of(two, mine).verdict()
    other = made_of(two, [made.disclosures["NAME"], second]).verdict()

    if place in ("REG", "NOTE"):
        assert (first.verdict, told(other)) == ("valid", SLOT_MISMATCH)
    elif place == "behind":
        assert told(first) == told(other) == SLOT_MISMATCH
    else:  # the digest at the place of the slot is what was committed to, whatever stands beside
        assert (told(first), other.verdict) == (SLOT_MISMATCH, "valid")
        assert other.record is not None
        assert other.record["CODE"] == OTHER
    assert [first.record, other.record].count(None) >= 1


def test_an_unknown_schema_gives_the_disclosures_no_meaning() -> None:
    found = replace(make_world(), record=None).verdict()
    assert told(found) == ("undetermined", 4, [("subject", "schema-unknown")])
    assert found.record is None
    assert found.as_dict()["record"] is None


# ---- files


def test_what_is_newer_is_undetermined() -> None:
    world = make_world()
    error = VersionUnknown("format", "credit-ledger/receipt@2")
    found = newer(Digest(bytes(32)), error, world.question, TRUST)
    assert told(found) == ("undetermined", 4, [("format", "version-unknown")])
    assert (found.standing.authentic, found.standing.usable) == (None, None)
    (check,) = [c for c in found.standing.checks if c.id == "format"]
    assert check.result == "unknown"
    assert all("receipt@2" in text for text in check.message.values())


def test_a_file_saved_anew_says_so() -> None:
    world = make_world()
    error = Malformed("receipt", "white space", code="not-canonical-bytes")
    found = malformed(Digest(bytes(32)), error, world.question, TRUST)
    assert told(found) == ("malformed", 1, [("format", "not-canonical-bytes")])
    message = found.standing.checks[0].message
    assert "Fetch it again" in message["en"]
    assert "重新获取" in message["zh"]
