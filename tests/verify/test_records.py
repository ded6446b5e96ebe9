"""Records that a lying member signed and anchored for real: none is valid, each says why.

And beside each what is nearly the same and true.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.governing.actions import recover_key, set_roles
from ledger.chain.governing.requests import key_input
from ledger.chain.keys.keyfile import new_secret
from ledger.chain.keys.signers import LocalSigner
from ledger.core import canonical
from ledger.core.commitment import Commitment
from ledger.core.ids import Digest
from ledger.core.keys import Alg, Purpose, Role
from ledger.core.verdict.facts import GRACE, Question, date_of
from ledger.core.verdict.verdict import Verdict
from ledger.records import rules, schema
from ledger.records.rules import newest
from ledger.records.schema import load
from ledger.verify import Verifier, ask
from tests.support.chain import council
from tests.support.ledger import OTHER, SUBJECT, MemberLog, Record, make_record
from tests.support.votes import add_key, put_item, suspend
from tests.verify.conftest import Ledger

NOTHING = Question()
DAY = 86_400
FIRST = "CF_XDR_SHXYM"


def verify(
    ledger: Ledger, data: bytes, question: Question = NOTHING, schemas: Path | None = None
) -> Verdict:
    """The verdict, at the chain's own time."""
    at = ledger.network.anvil.head_time()
    verifier = Verifier(ledger.network.file, schemas=schemas, now=lambda: at)
    try:
        return verifier.verify(data, question)
    finally:
        verifier.close()


def told(found: Verdict) -> tuple[str, int, list[str]]:
    """Verdict, exit, and why."""
    codes = [check.code for check in found.standing.checks if check.verdict]
    return found.verdict, found.exit, codes


VALID: tuple[str, int, list[str]] = ("valid", 0, [])


def invalid(code: str) -> tuple[str, int, list[str]]:
    return ("record-invalid", 3, [code])


def anchored(log: MemberLog, record: Record) -> int:
    """Its index, once it is anchored for good."""
    index = log.put(record)
    log.anchor()
    log.network.anvil.mine()
    return index


def today(ledger: Ledger) -> date:
    return date.fromisoformat(date_of(ledger.network.anvil.head_time()))


# ---- 25: what the record says


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({FIRST: [SUBJECT]}, "value-kind"),
        ({"CF_CFLB": "罚款"}, "value-kind"),
        ({FIRST: SUBJECT.lower()}, "value-form"),
        ({"CF_NR_FK": "0.20"}, "value-form"),
        ({"CF_WSH": " 1 号"}, "value-form"),
        ({"CF_WSH": "号" * 200}, "value-too-long"),
        ({"CF_XDR_LB": "外星人"}, "value-unknown"),
        ({"CF_XDR_LB": "自然人"}, "natural-person"),
        ({"CF_YXQ": "2026-10-11"}, "value-order"),
    ],
)
def test_what_no_penalty_says(ledger: Ledger, changes: dict[str, Any], code: str) -> None:
    log = ledger.beijing
    index = anchored(log, make_record(log, **changes))
    found = verify(ledger, log.receipt(index))
    assert code in told(found)[2]
    assert (found.verdict, found.exit, found.standing.usable) == ("record-invalid", 3, False)
    assert found.standing.authentic is True
    if FIRST not in changes:  # not shown, not said
        assert told(verify(ledger, log.receipt(index, show=(FIRST,)))) == VALID


@pytest.mark.parametrize("show", [None, (FIRST,)], ids=["shown", "hidden"])
@pytest.mark.parametrize(
    ("until", "code"),
    [
        (date(2029, 10, 13), "until-beyond-rules"),
        (date(2099, 12, 31), "until-beyond-rules"),
        (None, "until-beyond-rules"),
    ],
)
def test_longer_than_any_rule_allows(
    ledger: Ledger, until: date | None, code: str, show: tuple[str, ...] | None
) -> None:
    log = ledger.beijing
    index = anchored(log, make_record(log, says={"until": until}))
    assert told(verify(ledger, log.receipt(index, show=show))) == invalid(code)


def test_shorter_than_any_rule_lets_it(ledger: Ledger) -> None:
    """Only a stated end may do that, and then it is shown."""
    log = ledger.beijing
    soon = today(ledger) + timedelta(days=2)
    decided = soon - timedelta(days=30)
    honest = anchored(log, make_record(log, decided=decided, end=soon))
    assert told(verify(ledger, log.receipt(honest))) == VALID
    shown = log.receipt(honest, show=(FIRST, "CF_GSJZQ"))
    assert told(verify(ledger, shown)) == VALID
    hidden = log.receipt(honest, show=(FIRST,))
    assert told(verify(ledger, hidden)) == invalid("until-before-minimum")
    false = anchored(log, make_record(log, decided=decided, end=None, says={"until": soon}))
    for show in (None, (FIRST,)):
        found = verify(ledger, log.receipt(false, show=show))
        assert told(found) == invalid("until-before-minimum")


@pytest.mark.parametrize("show", [None, (FIRST,)], ids=["shown", "hidden"])
def test_decided_after_its_anchor(ledger: Ledger, show: tuple[str, ...] | None) -> None:
    log, day = ledger.beijing, today(ledger)
    on_the_day = anchored(log, make_record(log, decided=day, end=None))
    assert told(verify(ledger, log.receipt(on_the_day, show=show))) == VALID
    tomorrow = date.fromisoformat(date_of(ledger.network.anvil.head_time() + 2 * DAY))
    index = anchored(log, make_record(log, decided=tomorrow, end=None))
    ledger.network.anvil.mine(2, seconds=3 * DAY)  # time does not heal it
    found = verify(ledger, log.receipt(index, show=show))
    assert told(found) == invalid("decided-after-anchor")


def test_two_records_in_one_commitment(ledger: Ledger) -> None:
    """The first one verifies; the one hidden among the decoys does not, though committed to."""
    log, secret = ledger.beijing, bytes([5]) * 32
    first = make_record(log, secret=secret)
    two = make_record(log, secret=secret, hidden={FIRST: OTHER})
    index = anchored(log, two)
    hidden = verify(ledger, log.receipt(index, show=(FIRST,)), ask(subject=OTHER))
    assert told(hidden) == ("proof-mismatch", 1, ["slot-mismatch"])
    assert hidden.fields is None
    made = two.commitment
    shown = Commitment(made.payload, made.digest, first.commitment.disclosures)
    log.records[index] = replace(two, commitment=shown)
    assert told(verify(ledger, log.receipt(index), ask(subject=SUBJECT))) == VALID


# ---- 23: who


@pytest.mark.parametrize("member", ["demo-bank", "demo-bureau", "demo-auditor"])
def test_a_record_in_the_log_of_no_province(ledger: Ledger, member: str) -> None:
    """Everything else is right: its own log, its own keys, its own anchor."""
    log = MemberLog(ledger.network, member)
    index = anchored(log, make_record(log))
    for data in (log.receipt(index), log.receipt(index, bare=True)):
        found = verify(ledger, data)
        assert (found.verdict, found.exit) == ("unknown-issuer", 1)
        assert "issuer-not-a-province" in told(found)[2]
        assert found.record is None


def test_a_province_that_is_none_any_more(ledger: Ledger) -> None:
    """Roles are those at the anchor: what it issued before stays."""
    network, log = ledger.network, ledger.tianjin
    network.anvil.mine(1, seconds=5)
    network.decide(set_roles("120000", int(Role.BUREAU)))
    network.anvil.mine(1, seconds=5)
    index = anchored(log, make_record(log))
    assert told(verify(ledger, log.receipt(0))) == VALID
    found = verify(ledger, log.receipt(index))
    assert told(found) == ("unknown-issuer", 1, ["issuer-not-a-province"])
    others = [voter for voter in network.voters() if voter.member != "120000"]
    council(network, others).decide(set_roles("120000", int(Role.BUREAU | Role.PROVINCE)))
    network.anvil.mine(1, seconds=5)
    again = anchored(log, make_record(log))
    assert told(verify(ledger, log.receipt(again))) == VALID
    assert verify(ledger, log.receipt(index)).verdict == "unknown-issuer"


# ---- 24: in force


def next_file(data: bytes, **changes: Any) -> bytes:
    """A schema or rules file, changed."""
    return canonical.encode(canonical.parse(data) | changes)


def packaged(files: Sequence[bytes], sha256: str) -> bytes:
    return next(data for data in files if hashlib.sha256(data).hexdigest() == sha256)


PENALTY_FILE = packaged(schema.packaged_files(), load("penalty").sha256)
RULES_FILE = packaged(rules.packaged_files(), newest().sha256)


def digest(data: bytes) -> Digest:
    return Digest(hashlib.sha256(data).digest())


def folder(path: Path, *files: bytes) -> Path:
    """As nodes serve them."""
    for data in files:
        (path / f"{hashlib.sha256(data).hexdigest()}.json").write_bytes(data)
    return path


def test_a_type_that_is_superseded(ledger: Ledger) -> None:
    """Within 72 hours it may still be anchored, and what was anchored before stays."""
    network, log = ledger.network, ledger.beijing
    put_item(network, "penalty", since=0, version=9, content_hash=Digest(bytes([9]) * 32))
    at = network.anvil.head_time()
    index = anchored(log, make_record(log))
    network.anvil.mine(1, seconds=at + GRACE + 60 - network.anvil.head_time())
    late = anchored(log, make_record(log))
    assert [told(verify(ledger, log.receipt(i))) for i in (0, 1, index)] == [VALID] * 3
    expected = ("out-of-catalogue", 3, ["type-not-in-force"])
    assert told(verify(ledger, log.receipt(late))) == expected
    bare = verify(ledger, log.receipt(late, bare=True))
    assert bare.verdict == "out-of-catalogue"
    assert bare.standing.authentic is True


def test_a_type_that_nobody_put_into_the_catalogue(ledger: Ledger, tmp_path: Path) -> None:
    """And once somebody did, only what was anchored from then on is of it."""
    network, log = ledger.network, ledger.beijing
    data = next_file(PENALTY_FILE, name="seal")
    own = schema.parse(data)
    index = anchored(log, make_record(log, schema=own))
    found = verify(ledger, log.receipt(index))
    assert told(found) == ("undetermined", 4, ["schema-unknown", "type-not-in-force"])
    at_hand = folder(tmp_path, data)
    found = verify(ledger, log.receipt(index), schemas=at_hand)
    assert told(found) == ("out-of-catalogue", 3, ["type-not-in-force"])
    put_item(network, "seal", since=0, content_hash=digest(data))
    network.anvil.mine(1, seconds=5)
    later = anchored(log, make_record(log, schema=own))
    assert told(verify(ledger, log.receipt(later), schemas=at_hand)) == VALID
    found = verify(ledger, log.receipt(index), schemas=at_hand)
    assert found.verdict == "out-of-catalogue", "what is put later changes nothing before"


def test_another_schema_under_the_name_of_a_type(ledger: Ledger, tmp_path: Path) -> None:
    """A member's own file, in which a natural person is no matter, calls itself penalty@1."""
    log = ledger.beijing
    title = {"en": "Penalty, as we see it", "zh": "处罚"}
    data = next_file(PENALTY_FILE, title=title)
    index = anchored(log, make_record(log, schema=schema.parse(data)))
    found = verify(ledger, log.receipt(index), schemas=folder(tmp_path, data))
    assert told(found) == ("out-of-catalogue", 3, ["type-not-in-force"])


def test_rules_of_one_s_own(ledger: Ledger, tmp_path: Path) -> None:
    """Not to be had: open. At hand but not in force: out. In force: they count."""
    network, log = ledger.network, ledger.beijing
    data = next_file(RULES_FILE, version=2)
    says = {"rules": f"publicity@2:{hashlib.sha256(data).hexdigest()}"}
    index = anchored(log, make_record(log, says=says))
    found = verify(ledger, log.receipt(index))
    assert told(found) == ("undetermined", 4, ["rules-not-in-force", "rules-unknown"])
    assert found.record is not None, "what the schema says is known"
    at_hand = folder(tmp_path, data)
    found = verify(ledger, log.receipt(index), schemas=at_hand)
    assert told(found) == ("out-of-catalogue", 3, ["rules-not-in-force"])
    put_item(network, "publicity", like="publicity", since=0, version=2, content_hash=digest(data))
    network.anvil.mine(1, seconds=5)
    later = anchored(log, make_record(log, says=says))
    assert told(verify(ledger, log.receipt(later), schemas=at_hand)) == VALID
    assert told(verify(ledger, log.receipt(0))) == VALID, "new rules change no old record"


def test_a_digest_and_the_name_beside_it(ledger: Ledger) -> None:
    """The rules are those of the digest, whatever version stands beside it."""
    log = ledger.beijing
    index = anchored(log, make_record(log, says={"rules": f"publicity@7:{newest().sha256}"}))
    found = verify(ledger, log.receipt(index))
    assert told(found) == ("out-of-catalogue", 3, ["rules-not-in-force"])


def test_no_catalogue_was_ever_registered(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then nothing was in force."""
    monkeypatch.setattr("ledger.chain.snapshot.CATALOGUE", "Elsewhere")
    found = verify(ledger, ledger.beijing.receipt(0))
    assert told(found) == ("out-of-catalogue", 3, ["type-not-in-force"])


def test_a_catalogue_without_code_is_not_a_forgery(ledger: Ledger) -> None:
    ledger.network.anvil.call("anvil_setCode", ledger.network.deployment.catalogue, "0x")
    ledger.network.anvil.mine()
    found = verify(ledger, ledger.beijing.receipt(0))
    assert told(found) == ("undetermined", 4, ["no-code"])


# ---- 12: for whom


def test_a_presentation_for_one_asker(ledger: Ledger) -> None:
    log = ledger.beijing
    data = log.receipt(0, bound_to=("demo-bank", "7cQ2"))
    assert told(verify(ledger, data)) == ("undetermined", 4, ["audience-not-given"])
    mine = ask(audience="demo-bank", nonce="7cQ2")
    assert told(verify(ledger, data, mine)) == VALID
    for question, code in (
        (ask(audience="demo-bureau", nonce="7cQ2"), "audience-differs"),
        (ask(audience="demo-bank", nonce="7cQ3"), "nonce-differs"),
    ):
        found = verify(ledger, data, question)
        assert told(found) == ("other-subject", 3, [code])
        assert found.standing.authentic is True
    unbound = verify(ledger, log.receipt(0), mine)
    assert told(unbound) == ("other-subject", 3, ["binding-missing"])


# ---- 26: witnesses


def test_witnesses_of_a_checkpoint(ledger: Ledger) -> None:
    log = ledger.beijing
    for members in (("120000",), ("120000", "130000", "140000")):
        data = log.receipt(0, checkpoint=log.cosigned(1, *members))
        found = verify(ledger, data, ask(witnesses=len(members)))
        assert told(found) == VALID
        assert found.as_dict()["witnesses"] == list(members)
        found = verify(ledger, data, ask(witnesses=len(members) + 1))
        assert told(found) == ("undetermined", 4, ["witnesses-too-few"])


def test_witnesses_that_are_none(ledger: Ledger) -> None:
    log, network = ledger.beijing, ledger.network
    stranger = LocalSigner(Alg.ED25519, new_secret())
    for checkpoint in (
        log.cosigned(1, "120000", signer=stranger),
        log.cosigned(1, "120000", signer=network.keys["130000", Purpose.WITNESS]),
        log.cosigned(1, "120000", signer=network.keys["120000", Purpose.NOTE]),
        log.cosigned(1, "110000"),  # itself
        log.cosigned(1, "nobody", signer=stranger),
        log.cosigned(1, "demo-bank"),  # which has registered no such key
    ):
        found = verify(ledger, log.receipt(0, checkpoint=checkpoint))
        assert told(found) == ("undetermined", 4, ["witness-not-verified"])
        assert found.witnesses == []
    data = log.receipt(0, checkpoint=log.cosigned(1, "120000", "130000"))
    assert told(verify(ledger, data)) == VALID
    suspend(network, "130000")
    network.anvil.mine()
    found = verify(ledger, data)
    assert told(found) == ("undetermined", 4, ["witness-not-verified"])
    assert found.witnesses == ["120000"]


# ---- an issuer that had lost its keys


def test_an_issuer_whose_keys_were_recovered(ledger: Ledger) -> None:
    """What it issued before says nothing of it; what rests on a new key does."""
    network, log = ledger.network, ledger.beijing
    govern, fresh = (LocalSigner(Alg.SECP256K1, new_secret()) for _ in range(2))
    given = key_input(
        member="110000",
        purpose=Purpose.GOVERN,
        alg=govern.alg,
        public_key=govern.public_key,
        not_before=network.anvil.head_time(),
    )
    network.decide(recover_key(given))
    network.anvil.mine(1, seconds=8 * DAY)
    keys = {**network.keys, ("110000", Purpose.GOVERN): govern}
    add_key(replace(network, keys=keys), "110000", Purpose.ANCHOR, fresh)
    network.anvil.mine(1, seconds=5)
    index = log.put(make_record(log))
    log.anchor(signer=fresh)
    network.anvil.mine()
    before, after = (verify(ledger, log.receipt(i)) for i in (0, index))
    assert [told(before), told(after)] == [VALID, VALID]
    assert (before.issuer_recovered, after.issuer_recovered) == (False, True)
    assert verify(ledger, ledger.tianjin.receipt(0)).issuer_recovered is False
