"""Every verdict of the precedence list: the true case beside the flipped one."""

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.core import note, presentation, receipt
from ledger.core.errors import Malformed, VersionUnknown
from ledger.core.ids import Digest, KeyId, LogId, RecordId
from ledger.core.keys import Alg, Purpose
from ledger.core.verdict.checks import CHECKS, passed
from ledger.core.verdict.facts import (
    DISAGREES,
    PRUNED,
    Block,
    ChainFacts,
    Compromise,
    KeyFact,
    Later,
    LogFact,
    Note,
    Status,
    StatusFacts,
    Unread,
    date_of,
    end_of,
)
from ledger.core.verdict.judge import _standing as standing_of
from ledger.core.verdict.judge import broken, malformed
from ledger.core.verdict.reasons import CODES, NOTES
from ledger.core.verdict.verdict import worst_exit
from ledger.core.verdict.verdicts import EXIT_ORDER, EXITS, PRECEDENCE
from tests.core.admission_cases import CASES as ADMISSION
from tests.core.admission_cases import MINE
from tests.core.material import REFUSED
from tests.core.verdicts import (
    ANCHOR_ID,
    ANCHORED,
    FIELDS,
    FILLER,
    HEAD,
    LOG,
    NETWORK,
    NOTE_ID,
    OTHER,
    PRESENT_ID,
    RECORD,
    SLOTS,
    SUBJECT,
    TRUST,
    World,
    make_world,
)
from tests.support.flipping import bits

STRANGE = "0x" + "ee" * 20


def corrupt(signature: bytes) -> bytes:
    """Another signature of the same shape."""
    return bytes([signature[0] ^ 1]) + signature[1:]


def other_checkpoint(world: World, **changes: Any) -> World:
    """The checkpoint changed."""
    return world.resent(checkpoint=replace(world.receipt.checkpoint, **changes))


def status_of(**status: Any) -> Callable[[World], World]:
    """An act recorded on the record."""
    return lambda w: w.with_facts(status=StatusFacts(now=Status(version=1, **status)))


def header_case(**header: Any) -> Callable[[World], World]:
    """A payload that says something else than the entry."""
    return lambda w: make_world_unchecked(header=header)


def make_world_unchecked(**arguments: Any) -> World:
    """A receipt whose parts do not agree; `build` would refuse it."""
    honest = receipt.internal_checks
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(receipt, "internal_checks", lambda made, slots=None: ())
        world = make_world(**arguments)
    assert receipt.internal_checks is honest
    return world


# Each line: verdict, check, code, and what is bent in a valid world to get there.
CASES: dict[str, tuple[str, str, str, Callable[[World], World]]] = {
    "another consortium": (
        "other-network", "network", "other-network",
        lambda w: w.resent(network=f"eip155:31337:{STRANGE}"),
    ),
    "another chain": (
        "other-network", "network", "other-network",
        lambda w: w.resent(network="eip155:1:0x" + "c0" * 20),
    ),
    "entry copied from another's log": (
        "proof-mismatch", "entry", "entry-mismatch",
        lambda w: make_world_unchecked(entry={"log": LogId(bytes(32))}, bare=True),
    ),
    "another index": (
        "proof-mismatch", "inclusion", "inclusion-mismatch", lambda w: w.resent(index=3),
    ),
    "index beyond the tree": (
        "proof-mismatch", "inclusion", "inclusion-mismatch", lambda w: w.resent(index=4),
    ),
    "a hash of the path changed": (
        "proof-mismatch", "inclusion", "inclusion-mismatch",
        lambda w: w.resent(path=(Digest(bytes(32)), *w.receipt.path[1:])),
    ),
    "no path": (
        "proof-mismatch", "inclusion", "inclusion-mismatch", lambda w: w.resent(path=()),
    ),
    "another size": (
        "proof-mismatch", "checkpoint", "checkpoint-mismatch", lambda w: w.resent(size=3),
    ),
    "checkpoint of another log": (
        "proof-mismatch", "checkpoint", "checkpoint-mismatch",
        lambda w: other_checkpoint(w, origin=note.origin_of(bytes(32))),
    ),
    "presentation of another record": (
        "proof-mismatch", "presentation", "presentation-mismatch",
        lambda w: w.resent(presentation=make_world(fields={**FIELDS, "NOTE": "x"})
                           .receipt.presentation),
    ),
    "schema with another number of slots": (
        "proof-mismatch", "presentation", "slot-mismatch",
        lambda w: replace(w, record=replace(RECORD, slots=(*SLOTS, "MORE"))),
    ),
    "schema without a field shown": (
        "proof-mismatch", "presentation", "slot-mismatch",
        lambda w: replace(w, record=replace(RECORD, slots=("CODE", "REG", "DAY", "END", "A", "B"))),
    ),
    "payload of another log": (
        "proof-mismatch", "agreement", "values-disagree", header_case(log=LogId(bytes(32))),
    ),
    "payload of another schema": (
        "proof-mismatch", "agreement", "values-disagree",
        header_case(schema=f"licence@1:{'ab' * 32}"),
    ),
    "digest of another schema": (
        "proof-mismatch", "agreement", "values-disagree",
        lambda w: replace(w, record=replace(RECORD, schema="licence@1")),
    ),
    "another period": (
        "proof-mismatch", "agreement", "values-disagree",
        lambda w: make_world_unchecked(entry={"period": "2026-04"}),
    ),
    "disclosed day of decision differs": (
        "proof-mismatch", "agreement", "values-disagree",
        lambda w: make_world(fields={**FIELDS, "DAY": "2026-03-02"}),
    ),
    "disclosed end differs": (
        "proof-mismatch", "agreement", "values-disagree",
        lambda w: replace(w, record=replace(RECORD, until_problem="until, END")),
    ),
    "binding of other fields": (
        "proof-mismatch", "binding", "binding-mismatch",
        lambda w: w.resent(binding=make_world(bound=True, show=("CODE",)).receipt.binding),
    ),
    "issuer named by the payload is not the owner": (
        "proof-mismatch", "issuer", "issuer-differs", lambda w: w.with_facts(
            log=LogFact(member="120000")),
    ),
    "note altered": (
        "proof-mismatch", "checkpoint-signature", "note-signature-invalid",
        lambda w: other_checkpoint(w, signature=corrupt(w.receipt.checkpoint.signature)),
    ),
    "presentation signature altered": (
        "proof-mismatch", "presentation-signature", "present-signature-invalid",
        lambda w: w.resent(presentation=_resigned(w)),
    ),
    "log that nobody registered": (
        "unknown-issuer", "issuer", "log-unknown", lambda w: w.with_facts(log=None),
    ),
    "note by an unregistered key": (
        "unknown-issuer", "checkpoint-signature", "note-key-unknown",
        lambda w: w.with_facts(keys=_without(w, NOTE_ID)),
    ),
    "note by another member's key": (
        "unknown-issuer", "checkpoint-signature", "note-key-unknown",
        lambda w: w.with_key(NOTE_ID, member="120000"),
    ),
    "note by a key for something else": (
        "unknown-issuer", "checkpoint-signature", "note-key-unknown",
        lambda w: w.with_key(NOTE_ID, purpose=Purpose.REQUEST),
    ),
    "note by a key of another algorithm": (
        "unknown-issuer", "checkpoint-signature", "note-key-unknown",
        lambda w: w.with_key(NOTE_ID, alg=Alg.P256),
    ),
    "presentation by an unregistered key": (
        "unknown-issuer", "presentation-signature", "present-key-unknown",
        lambda w: w.with_facts(keys=_without(w, PRESENT_ID)),
    ),
    "presentation by another member's key": (
        "unknown-issuer", "presentation-signature", "present-key-unknown",
        lambda w: w.with_key(PRESENT_ID, member="demo-bank"),
    ),
    "presentation by a key for something else": (
        "unknown-issuer", "presentation-signature", "present-key-unknown",
        lambda w: w.with_key(PRESENT_ID, purpose=Purpose.REQUEST),
    ),
    "binding by an unregistered key": (
        "unknown-issuer", "binding", "present-key-unknown",
        lambda w: make_world(bound=True).with_facts(keys=_without(w, PRESENT_ID)),
    ),
    "another subject": (
        "other-subject", "subject", "subject-differs", lambda w: w.asking(subject=OTHER),
    ),
    "another type": ("other-subject", "asked", "type-differs", lambda w: w.asking(type="licence")),
    "another version of the type": (
        "other-subject", "asked", "type-differs", lambda w: w.asking(type="penalty@2"),
    ),
    "a type where there is none": (
        "other-subject", "asked", "type-differs",
        lambda w: make_world(kind="statement", bare=True).asking(type="penalty"),
    ),
    "another issuer": (
        "other-subject", "asked", "issuer-not-asked", lambda w: w.asking(issuer="120000"),
    ),
    "a subject without code, a code asked for": (
        "other-subject", "subject", "subject-differs",
        lambda w: make_world(fields={**FIELDS, "CODE": FILLER, "REG": "130100"})
        .asking(subject=SUBJECT),
    ),
    "another subject though the chain is silent": (
        "other-subject", "subject", "subject-differs",
        lambda w: replace(w, facts=Unread(code="no-node", problem="x")).asking(subject=OTHER),
    ),
    "no node": (
        "undetermined", "chain", "no-node",
        lambda w: replace(w, facts=Unread(code="no-node", problem="x")),
    ),
    "nodes disagree": (
        "undetermined", "chain", "nodes-disagree",
        lambda w: replace(w, facts=Unread(code="nodes-disagree", problem="x")),
    ),
    "another chain at the deployment block": (
        "undetermined", "chain", "other-chain",
        lambda w: replace(w, facts=Unread(code="other-chain", problem="x")),
    ),
    "a reason that nobody thought of": (
        "undetermined", "chain", "chain-unreadable",
        lambda w: replace(w, facts=Unread(code="martian", problem="x")),
    ),
    "head too old": (
        "undetermined", "chain", "head-too-old", lambda w: replace(w, now=HEAD + 61),
    ),
    "head too old, log unknown there": (
        "undetermined", "chain", "head-too-old",
        lambda w: replace(w.with_facts(log=None), now=HEAD + 61),
    ),
    "head in the future": (
        "undetermined", "chain", "head-in-future", lambda w: replace(w, now=HEAD - 61),
    ),
    "day that has not come": (
        "undetermined", "chain", "as-of-in-future", lambda w: w.as_of("2026-03-04"),
    ),
    "presentation of tomorrow": (
        "undetermined", "presentation-signature", "present-in-future",
        lambda w: make_world(iat=HEAD + 10 + 61),
    ),
    "status cannot be read": (
        "undetermined", "status", "status-unreadable",
        lambda w: w.with_facts(status=Unread(code="status-unreadable", problem="x")),
    ),
    "neither class nor end, between the maxima": (
        "undetermined", "in-force", "window-unknown",
        lambda w: replace(w, record=replace(
            RECORD, usable_to="2026-03-02", expired_from="2027-01-01")),
    ),
    "no end known at all": (
        "undetermined", "in-force", "window-unknown",
        lambda w: replace(w, record=replace(RECORD, usable_to="2026-03-02", expired_from=None)),
    ),
    "receipt ahead of the nodes": (
        "undetermined", "anchored", "head-behind-receipt",
        lambda w: w.with_facts(root=None, head=Block(number=49, hash="0x", time=HEAD)),
    ),
    "log ahead of the nodes": (
        "undetermined", "issuer", "head-behind-receipt",
        lambda w: w.with_facts(log=None, head=Block(number=49, hash="0x", time=HEAD)),
    ),
    "a code of another kind": (
        "undetermined", "chain", "chain-unreadable",
        lambda w: replace(w, facts=Unread(code="expired", problem="x")),
    ),
    "root there but no event": (
        "undetermined", "anchor", "anchor-event-missing", lambda w: w.with_facts(anchor=None),
    ),
    "event of another root": (
        "undetermined", "anchor", "anchor-event-missing",
        lambda w: w.with_anchor(root=Digest(bytes(32))),
    ),
    "no such root": (
        "not-anchored", "anchored", "root-not-anchored", lambda w: w.with_facts(root=None),
    ),
    "another root at this size": (
        "not-anchored", "anchored", "root-not-anchored",
        lambda w: w.with_facts(root=Digest(bytes(32))),
    ),
    "covered by an earlier anchor": (
        "anchor-moved", "anchor", "not-first-anchor", lambda w: w.with_anchor(size=3),
    ),
    "anchor in another block": (
        "anchor-moved", "anchor", "anchor-differs", lambda w: w.with_block(number=51),
    ),
    "anchor in a block of another hash": (
        "anchor-moved", "anchor", "anchor-differs", lambda w: w.with_block(hash="0x" + "00" * 32),
    ),
    "anchor at another time": (
        "anchor-moved", "anchor", "anchor-differs", lambda w: w.with_block(time=ANCHORED + 1),
    ),
    "anchor in another transaction": (
        "anchor-moved", "anchor", "anchor-differs", lambda w: w.with_anchor(tx="0x" + "00" * 32),
    ),
    "log closed below": (
        "log-closed", "log", "log-closed",
        lambda w: w.with_facts(log=LogFact(member="110000", trusted_size=2, closed_recorded=HEAD)),
    ),
    "anchor by an unregistered key": (
        "key-not-valid-at", "anchor-key", "anchor-key-not-valid",
        lambda w: w.with_facts(keys=_without(w, ANCHOR_ID)),
    ),
    "anchor by another member's key": (
        "key-not-valid-at", "anchor-key", "anchor-key-not-valid",
        lambda w: w.with_key(ANCHOR_ID, member="120000"),
    ),
    "anchor by a key for something else": (
        "key-not-valid-at", "anchor-key", "anchor-key-not-valid",
        lambda w: w.with_key(ANCHOR_ID, purpose=Purpose.GOVERN),
    ),
    "anchor before the key's window": (
        "key-not-valid-at", "anchor-key", "anchor-key-not-valid",
        lambda w: w.with_key(ANCHOR_ID, not_before=ANCHORED + 1),
    ),
    "anchor after the key's window": (
        "key-not-valid-at", "anchor-key", "anchor-key-not-valid",
        lambda w: w.with_key(ANCHOR_ID, not_after=ANCHORED - 1),
    ),
    "presentation before the key's window": (
        "key-not-valid-at", "presentation-signature", "present-key-not-valid",
        lambda w: w.with_key(PRESENT_ID, not_before=ANCHORED + 61),
    ),
    "presentation after the key's window": (
        "key-not-valid-at", "presentation-signature", "present-key-not-valid",
        lambda w: w.with_key(PRESENT_ID, not_after=ANCHORED + 59),
    ),
    "note by a key of the future": (
        "key-not-valid-at", "checkpoint-signature", "note-key-early",
        lambda w: w.with_key(NOTE_ID, not_before=HEAD + 1),
    ),
    "anchor key stolen": (
        "key-disputed", "anchor-key", "anchor-key-disputed",
        lambda w: w.with_key(ANCHOR_ID, compromises=(Compromise(ANCHORED, HEAD),)),
    ),
    "anchor key stolen, said again earlier": (
        "key-disputed", "anchor-key", "anchor-key-disputed",
        lambda w: w.with_key(ANCHOR_ID, compromises=(
            Compromise(ANCHORED + 5, HEAD - 9), Compromise(ANCHORED - 5, HEAD))),
    ),
    "anchor key stolen, taken back in a block that is not final": (
        "key-disputed", "anchor-key", "anchor-key-disputed",
        lambda w: w.with_key(ANCHOR_ID, compromises=(
            Compromise(ANCHORED, HEAD - 9), Compromise(0, HEAD, final=False))),
    ),
    "anchor key stolen, in a block that is not final": (
        "key-disputed", "anchor-key", "anchor-key-disputed",
        lambda w: w.with_key(ANCHOR_ID, compromises=(
            Compromise(ANCHORED + 5, HEAD - 9), Compromise(ANCHORED, HEAD - 5, final=False),
            Compromise(ANCHORED + 7, HEAD, final=False))),
    ),
    "the network moved": (
        "anchor-moved", "network", "network-moved",
        lambda w: replace(
            w, trust=replace(w.trust, reference=f"eip155:31337:{STRANGE}", formerly=(NETWORK,))),
    ),
    "a node beyond the others": (
        "undetermined", "chain", "act-unconfirmed",
        lambda w: replace(w, facts=Unread(code="act-unconfirmed", problem="n")),
    ),
    "old data gone": (
        "undetermined", "chain", "node-pruned",
        lambda w: replace(w, facts=Unread(code="node-pruned", problem="n")),
    ),
    "presentation key stolen": (
        "key-disputed", "presentation-signature", "present-key-disputed",
        lambda w: w.with_key(PRESENT_ID, compromises=(Compromise(ANCHORED + 60, HEAD),)),
    ),
    "erased": ("erased", "status", "erased", status_of(flags=("ERASED",), outcome="WITHDRAWN")),
    "withdrawn": (
        "withdrawn", "status", "withdrawn", status_of(flags=("DISPUTED",), outcome="WITHDRAWN"),
    ),
    "corrected": ("corrected", "status", "corrected", status_of(outcome="CORRECTED")),
    "repaired": (
        "repaired", "status", "repaired", status_of(flags=("SHIELDED",), outcome="REPAIRED"),
    ),
    "shielded": ("shielded", "status", "shielded", status_of(flags=("DISPUTED", "SHIELDED"))),
    "disputed": ("disputed", "status", "disputed", status_of(flags=("DISPUTED",))),
    "expired": (
        "expired", "in-force", "expired",
        lambda w: replace(w, record=replace(
            RECORD, usable_to="2026-03-02", expired_from="2026-03-03")),
    ),
    "not in force": (
        "expired", "in-force", "not-in-force",
        lambda w: replace(w, record=replace(RECORD, void_field="XK_ZT")),
    ),
    "asked for the day before it was anchored": (
        "not-yet-anchored", "as-of", "anchored-later", lambda w: w.as_of("2026-03-01"),
    ),
    "anchor not final": (
        "not-final", "final", "anchor-not-final", lambda w: w.with_facts(final=49),
    ),
    "anchor key not final": (
        "not-final", "anchor-key", "key-not-final", lambda w: w.with_key(ANCHOR_ID, final=False),
    ),
    "presentation key not final": (
        "not-final", "presentation-signature", "key-not-final",
        lambda w: w.with_key(PRESENT_ID, final=False),
    ),
    "note key not final": (
        "not-final", "checkpoint-signature", "key-not-final",
        lambda w: w.with_key(NOTE_ID, final=False),
    ),
    "bare": (
        "anchored", "subject", "subject-undisclosed", lambda w: make_world(bare=True),
    ),
    "bare, a subject asked for": (
        "anchored", "subject", "subject-undisclosed",
        lambda w: make_world(bare=True).asking(subject=SUBJECT),
    ),
    "subject undisclosed": (
        "anchored", "subject", "subject-undisclosed",
        lambda w: make_world(show=("NAME", "DAY")),
    ),
    "subject undisclosed, asked for": (
        "anchored", "subject", "subject-undisclosed",
        lambda w: make_world(show=("NAME", "DAY")).asking(subject=SUBJECT),
    ),
    "a subject without code or registration": (
        "anchored", "subject", "subject-undisclosed",
        lambda w: make_world(fields={**FIELDS, "CODE": FILLER}),
    ),
    "unknown schema": (
        "undetermined", "subject", "schema-unknown", lambda w: replace(w, record=None),
    ),
    "bare, unknown schema": (
        "anchored", "subject", "subject-undisclosed",
        lambda w: replace(make_world(bare=True), record=None),
    ),
    "not a record": (
        "anchored", "subject", "not-a-record",
        lambda w: replace(make_world(kind="statement", bare=True), record=None),
    ),
    **ADMISSION,
}  # fmt: skip


def _without(world: World, key: KeyId) -> dict[KeyId, KeyFact]:
    return {id_: fact for id_, fact in world.chain.keys.items() if id_ != key}


def _resigned(world: World) -> Any:
    """The presentation with a signature that its key did not make."""
    shown = world.receipt.presentation
    assert shown is not None
    head, _, rest = shown.text.partition("~")
    start, _, signature = head.rpartition(".")
    flipped = ("A" if signature[0] != "A" else "B") + signature[1:]
    return presentation.parse_presentation(f"{start}.{flipped}~{rest}")


@pytest.mark.parametrize("name", CASES)
def test_a_bent_world_has_the_verdict_of_what_was_bent(name: str) -> None:
    verdict, check, code, bend = CASES[name]
    valid = make_world()
    assert valid.verdict().verdict == "valid"
    assert valid.verdict().exit == 0

    found = bend(valid).verdict()

    assert found.verdict == verdict
    assert found.exit == EXITS[verdict] != 0
    failing = [c for c in found.standing.checks if c.verdict == verdict]
    assert (check, code) in [(c.id, c.code) for c in failing]
    assert found.standing.usable is (None if found.exit == 4 or verdict == "disputed" else False)


def test_every_verdict_and_every_code_has_a_case() -> None:
    verdicts = {verdict for verdict, *_ in CASES.values()}
    assert verdicts | {"malformed", "valid"} == set(PRECEDENCE) == set(EXITS)
    codes = {code for _, _, code, _ in CASES.values()}
    elsewhere = {"not-canonical-bytes", "version-unknown"}
    # Those of statements have theirs in `test_verdict_statement`.
    elsewhere |= {code for code in CODES if code.startswith(("statement-", "promise", "only-of-"))}
    assert codes | elsewhere | {"malformed", "verifier-error", "no-code"} == set(CODES)
    assert {code.verdict for code in CODES.values()} | {"valid"} == set(PRECEDENCE)


@pytest.mark.parametrize(
    ("name", "authentic"),
    [
        ("another index", False),
        ("log that nobody registered", False),
        ("no such root", False),
        ("anchor by an unregistered key", False),
        ("another subject", True),
        ("another subject though the chain is silent", None),
        ("no node", None),
        ("head too old", None),
        ("status cannot be read", True),
        ("neither class nor end, between the maxima", True),
        ("anchor in another block", True),
        ("log closed below", None),
        ("anchor key stolen", None),
        ("repaired", True),
        ("expired", True),
        ("asked for the day before it was anchored", True),
        ("anchor not final", None),
        ("bare", True),
        ("presentation of tomorrow", None),
        ("root there but no event", None),
    ],
)
def test_authentic_is_another_question_than_usable(name: str, authentic: bool | None) -> None:
    assert make_world().verdict().standing.authentic is True
    found = CASES[name][3](make_world()).verdict()
    assert found.standing.authentic is authentic


@pytest.mark.parametrize("name", [None, "expired", "bare"])
def test_a_verdict_says_what_it_stands_for(name: str | None) -> None:
    """The words of the interface, each by itself; `fields` is the former name of `record`."""
    world = make_world()
    found = (world if name is None else CASES[name][3](world)).verdict()
    standing, value = found.standing, found.as_dict()
    assert (found.verdict, found.usable) == (value["verdict"], value["usable"])
    assert (found.authentic, found.checks) == (standing.authentic, standing.checks)
    assert found.record == found.fields == value["record"]
    assert (found.record is None) is (name == "bare")


def test_the_worst_of_several_reasons_is_the_verdict() -> None:
    world = (
        make_world()
        .asking(subject=OTHER)
        .with_facts(status=StatusFacts(now=Status(flags=("DISPUTED",))), final=49)
    )
    assert world.verdict().verdict == "other-subject"
    assert world.asking().verdict().verdict == "disputed"
    assert world.asking().with_facts(root=None).verdict().verdict == "not-anchored"
    assert world.asking().with_facts(log=None).verdict().verdict == "unknown-issuer"
    assert world.resent(index=0).verdict().verdict == "proof-mismatch"


def test_all_acts_are_listed_though_one_decides() -> None:
    status = Status(
        flags=("DISPUTED", "SHIELDED"),
        outcome="CORRECTED",
        version=5,
        corrected_by=RecordId(bytes([5]) * 32),
    )
    told = make_world().with_facts(status=StatusFacts(now=status)).verdict().as_dict()
    assert told["verdict"] == "corrected"
    assert told["status"] == {
        "flags": ["DISPUTED", "SHIELDED"], "outcome": "CORRECTED", "version": 5,
    }  # fmt: skip
    assert told["correctedBy"] == "05" * 32


@pytest.mark.parametrize(
    "question",
    [
        {"subject": SUBJECT},
        {"type": "penalty"},
        {"type": "penalty@1"},
        {"issuer": "110000"},
        {"subject": SUBJECT, "type": "penalty", "issuer": "110000"},
    ],
)
def test_what_was_asked_for_is_valid(question: dict[str, str]) -> None:
    found = make_world().asking(**question).verdict()
    assert found.verdict == "valid"
    ran = {check.id: check.result for check in found.standing.checks}
    asked = "type" in question or "issuer" in question
    assert ran["asked"] == ("pass" if asked else "not-run")


def test_an_issuer_asked_for_is_not_judged_without_the_chain() -> None:
    silent = replace(make_world(), facts=Unread(code="no-node", problem="x"))
    found = silent.asking(issuer="120000").verdict()
    assert found.verdict == "undetermined"
    assert found.issuer is None
    unknown = make_world().with_facts(log=None).asking(issuer="120000").verdict()
    assert unknown.verdict == "unknown-issuer"


def test_the_window_of_a_key_holds_both_its_ends() -> None:
    valid = make_world()
    for changes in ({"not_before": ANCHORED}, {"not_after": ANCHORED}):
        assert valid.with_key(ANCHOR_ID, **changes).verdict().verdict == "valid"
    for changes in ({"not_before": ANCHORED + 60}, {"not_after": ANCHORED + 60}):
        assert valid.with_key(PRESENT_ID, **changes).verdict().verdict == "valid"


def test_what_a_key_signed_before_it_was_stolen_stays_valid() -> None:
    later = (Compromise(ANCHORED + 61, HEAD),)
    world = make_world().with_key(ANCHOR_ID, compromises=later)
    world = world.with_key(PRESENT_ID, compromises=later)
    assert world.verdict().verdict == "valid"


def test_a_note_key_may_have_ended_since() -> None:
    world = make_world().with_key(NOTE_ID, not_after=ANCHORED - 900)
    assert world.verdict().verdict == "valid"


def test_a_note_key_that_shares_only_its_short_hash_does_not_help() -> None:
    world = make_world()
    keys = world.chain.keys
    twin = replace(keys[NOTE_ID], key_id=KeyId(bytes(32)))
    assert world.with_facts(keys={twin.key_id: twin, **keys}).verdict().verdict == "valid"


def test_a_closed_log_is_trusted_up_to_its_last_size() -> None:
    closed = LogFact(member="110000", trusted_size=4, closed_recorded=HEAD)
    assert make_world().with_facts(log=closed).verdict().verdict == "valid"


def test_an_individual_business_is_shown_by_its_registration() -> None:
    trader = {**FIELDS, "CODE": FILLER, "REG": "130100600123456", "NOTE": "个体工商户"}
    assert make_world(fields=trader).verdict().verdict == "valid"


def test_a_filler_stands_for_nobody_unless_the_kind_of_subject_is_shown() -> None:
    """It may be a natural person, of whom no record may be used."""
    person = {**FIELDS, "CODE": FILLER, "REG": "130100600123456", "NOTE": "自然人"}
    hidden = make_world(fields=person, show=("NAME", "CODE", "REG", "DAY", "END"))
    untold = make_world(fields={**person, "NOTE": "个体工商户"})
    untold = replace(untold, record=replace(RECORD, kind_field=None))
    for world in (hidden, untold):
        found = world.verdict()
        codes = [check.code for check in found.standing.checks if check.verdict]
        assert (found.verdict, codes) == ("anchored", ["subject-undisclosed"])


def test_a_filler_never_answers_for_a_subject() -> None:
    world = make_world(fields={**FIELDS, "CODE": FILLER, "REG": "130100600123456"})
    assert world.asking(subject=SUBJECT).verdict().exit == 3


def test_a_record_without_end_is_in_force() -> None:
    world = replace(make_world(), record=replace(RECORD, usable_to=None, expired_from=None))
    assert world.verdict().verdict == "valid"


def test_a_binding_is_checked_where_there_is_one() -> None:
    found = make_world(bound=True).asking(**MINE).verdict()
    assert found.verdict == "valid"
    assert found.standing.checks[11].result == "pass"


@pytest.mark.parametrize(
    "said",
    [
        (Compromise(ANCHORED, HEAD - 9), Compromise(0, HEAD)),
        (Compromise(ANCHORED, HEAD - 9), Compromise(ANCHORED + 1, HEAD)),
        (Compromise(ANCHORED, HEAD - 9, final=False), Compromise(0, HEAD)),
    ],
)
def test_the_last_final_word_on_a_key_counts(said: tuple[Compromise, ...]) -> None:
    world = make_world().with_key(ANCHOR_ID, compromises=said)
    assert world.verdict().verdict == "valid"
    assert isinstance(world.facts, ChainFacts)
    assert replace(world.facts.keys[ANCHOR_ID], compromises=said[:1]).stolen_since() == ANCHORED


def test_notes_stand_beside_the_verdict() -> None:
    told_note = Note(code=DISAGREES, node="http://node.example", what="block 7")
    found = replace(make_world().verdict(), notes=(told_note,))
    assert found.verdict == "valid"
    [told] = found.as_dict()["notes"]
    assert (told["code"], told["node"]) == ("node-disagrees", "http://node.example")
    assert all("block 7" in text and "node.example" in text for text in told["message"].values())
    assert make_world().verdict().as_dict()["notes"] == []
    assert set(NOTES) == {DISAGREES, PRUNED}


# ---- two clocks


def test_as_of_looks_only_at_what_was_recorded_by_then() -> None:
    stolen = (Compromise(ANCHORED, end_of(date(2026, 3, 2))),)
    world = make_world().with_key(ANCHOR_ID, compromises=stolen)
    assert world.verdict().verdict == "key-disputed"

    found = world.as_of("2026-03-02").verdict()

    assert (found.verdict, found.exit, found.standing.usable) == ("valid", 0, True)
    assert (found.now.verdict, found.now.usable) == ("key-disputed", False)
    told = found.as_dict()
    assert told["asOf"] == "2026-03-02"
    assert told["now"] == {"verdict": "key-disputed", "usable": False}
    assert told["later"] == [
        {
            "fact": "key-compromised",
            "recordedAt": "2026-03-02T16:00:00Z",
            "effectiveAt": "2026-03-01T21:20:00Z",
        }
    ]


def test_what_was_recorded_on_the_day_itself_counts() -> None:
    stolen = (Compromise(ANCHORED, end_of(date(2026, 3, 2)) - 1),)
    found = make_world().with_key(ANCHOR_ID, compromises=stolen).as_of("2026-03-02").verdict()
    assert found.verdict == "key-disputed"
    assert found.later() == []


def test_as_of_a_log_closed_later_is_open_and_told() -> None:
    closed = LogFact(member="110000", trusted_size=2, closed_recorded=end_of(date(2026, 3, 2)))
    world = make_world().with_facts(log=closed)
    assert world.verdict().verdict == "log-closed"
    found = world.as_of("2026-03-02").verdict()
    assert found.verdict == "valid"
    assert [item.fact for item in found.later()] == ["log-closed"]


def test_as_of_uses_the_status_of_that_day_and_lists_what_came_later() -> None:
    end = end_of(date(2026, 3, 2))
    facts = StatusFacts(
        now=Status(outcome="REPAIRED", version=1),
        later=(Later(fact="repaired", recorded=end + 5, effective=end - 5),),
    )
    world = make_world().with_facts(status=facts)
    assert world.verdict().verdict == "repaired"
    found = world.as_of("2026-03-02").verdict()
    assert found.verdict == "valid"
    assert found.now.verdict == "repaired"
    assert [item.fact for item in found.later()] == ["repaired"]
    assert found.status == Status()


def test_as_of_expiry_is_that_of_the_day_asked_about() -> None:
    ends = replace(RECORD, usable_to="2026-03-02", expired_from="2026-03-03")
    world = replace(make_world(), record=ends)
    assert world.verdict().verdict == "expired"
    found = world.as_of("2026-03-02").verdict()
    assert (found.verdict, found.now.verdict) == ("valid", "expired")


def test_as_of_today_is_the_head_s_day() -> None:
    assert make_world().as_of("2026-03-03").verdict().verdict == "valid"


def test_days_end_at_midnight_in_shanghai() -> None:
    end = end_of(date(2026, 3, 1))
    assert (date_of(end - 1), date_of(end)) == ("2026-03-01", "2026-03-02")
    anchored = make_world().with_block(time=end - 1).as_of("2026-03-01").verdict()
    assert anchored.verdict == "anchor-moved"  # the receipt says another time, but it was there
    assert anchored.standing.checks[20].result == "pass"


def test_an_anchor_at_midnight_is_of_the_next_day() -> None:
    end = end_of(date(2026, 3, 1))
    found = make_world().with_block(time=end).as_of("2026-03-01").verdict()
    assert found.standing.checks[20].code == "anchored-later"


def test_valid_is_never_what_is_left_over() -> None:
    """A check that was forgotten leaves it open."""
    every = [passed(info.id, issuer="x", day="x") for info in CHECKS if not info.optional]
    assert standing_of(every).verdict == "valid"
    for forgotten in every:
        rest = [check for check in every if check is not forgotten]
        assert standing_of(rest).verdict == "undetermined"


def test_nothing_later_is_told_where_the_chain_is_silent() -> None:
    silent = replace(make_world(), facts=Unread(code="no-node", problem="x"))
    assert silent.as_of("2026-03-02").verdict().later() == []
    unread = make_world().with_facts(status=Unread(code="x", problem="x"), anchor=None)
    assert unread.as_of("2026-03-02").verdict().later() == []
    bare = make_world(bare=True).as_of("2026-03-02").verdict()
    assert bare.later() == []


# ---- the document


def test_the_document_has_what_interfaces_promise() -> None:
    told = make_world(show=("CODE", "DAY")).verdict().as_dict()
    assert told["_type"] == "credit-ledger/verdict@1"
    assert (told["verdict"], told["authentic"], told["usable"]) == ("valid", True, True)
    assert told["record"] == {"CODE": SUBJECT, "DAY": "2026-03-01"}
    assert told["undisclosed"] == ["NAME", "REG", "END", "NOTE"]
    assert told["issuer"] == "110000"
    assert told["status"] == {"flags": [], "outcome": "NONE", "version": 0}
    assert told["network"] == {"name": "test", "digest": TRUST.digest.hex()}
    assert told["head"]["number"] == 60
    assert [check["n"] for check in told["checks"]] == list(range(1, len(CHECKS) + 1))
    for check in told["checks"]:
        assert check["message"]["zh"] and check["message"]["en"]
        assert "{" not in check["message"]["zh"] + check["message"]["en"]


def test_what_is_not_authentic_shows_no_fields() -> None:
    assert CASES["no such root"][3](make_world()).verdict().as_dict()["record"] is None
    assert make_world().verdict().as_dict()["record"] is not None


def test_malformed_and_broken_know_nothing_else() -> None:
    error = Malformed("JSON", "not JSON")
    bad = malformed(Digest(bytes(32)), error, make_world().question, TRUST)
    assert (bad.verdict, bad.exit, bad.standing.authentic) == ("malformed", 1, False)
    told = bad.as_dict()
    assert told["leaf"] is told["issuer"] is told["head"] is told["record"] is None
    assert told["status"]["outcome"] is None
    assert told["undisclosed"] == []

    ours = broken(Digest(bytes(32)), "KeyError", make_world().question, TRUST)
    assert (ours.verdict, ours.exit, ours.standing.authentic) == ("undetermined", 4, None)
    assert ours.standing.usable is None


def test_a_receipt_that_fails_by_itself_needs_no_chain() -> None:
    world = make_world()
    assert not world.examined().refuted
    assert world.resent(index=0).examined().refuted


def test_several_receipts_end_with_the_worst() -> None:
    assert worst_exit([0, 4, 3, 1]) == 1
    assert worst_exit([0, 4, 3]) == 3
    assert worst_exit([0, 4]) == 4
    assert worst_exit([0]) == 0
    assert worst_exit([]) == 4
    assert set(EXIT_ORDER) == set(EXITS.values())


def test_numbers_and_ids_of_the_checks_are_unique() -> None:
    assert [info.n for info in CHECKS] == list(range(1, len(CHECKS) + 1))
    assert len({info.id for info in CHECKS}) == len(CHECKS)


# ---- every byte is bound


def test_one_flipped_bit_never_verifies_nor_says_do_not_use() -> None:
    """With a binding, whatever was asked; the facts are those of the true receipt."""
    world = make_world(show=("CODE",), bound=True).asking(**MINE)
    asking = world.asking(subject=SUBJECT, type="penalty", issuer="110000", **MINE)
    expired = replace(
        world, record=replace(RECORD, usable_to="2026-03-02", expired_from="2026-03-03")
    )
    data = world.receipt.encode()
    assert world.verdict().exit == asking.verdict().exit == 0
    assert expired.verdict().exit == 3
    exits = {1: 0, 4: 0}
    for bit in bits(data):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        try:
            flipped = receipt.parse(bytes(changed))
        except Malformed:
            exits[1] += 1
            continue
        except VersionUnknown:
            exits[4] += 1
            continue
        found = replace(world, receipt=flipped).verdict()
        assert found.exit in exits, (bit, found.verdict)
        # Whoever bends a line of the checkpoint alone hides nothing of what stands against it.
        mended = replace(flipped, checkpoint=world.receipt.checkpoint) == world.receipt
        line = mended and flipped.checkpoint.newer is not None
        assert replace(asking, receipt=flipped).verdict().exit in exits, bit
        assert replace(expired, receipt=flipped).verdict().exit in (exits, (3,))[line], bit
        exits[found.exit] += 1
    assert sum(exits.values()) == len(bits(data))


def test_one_flipped_bit_of_a_bare_receipt_never_verifies() -> None:
    world = make_world(bare=True)
    data = world.receipt.encode()
    for bit in bits(data):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        try:
            flipped = receipt.parse(bytes(changed))
        except REFUSED:
            continue
        assert replace(world, receipt=flipped).verdict().exit in (1, 4)


def test_a_checkpoint_of_our_own_making_is_not_the_owner_s() -> None:
    """Own tree, own note key, everything else copied: the chain has no such root."""
    world = make_world()
    stranger = Ed25519PrivateKey.from_private_bytes(bytes([66]) * 32)
    mine = note.sign_checkpoint(note.origin_of(LOG), 4, bytes([8]) * 32, stranger)
    forged = world.resent(checkpoint=note.parse_checkpoint(mine))
    assert forged.verdict().verdict == "proof-mismatch"
    same_root = note.sign_checkpoint(
        note.origin_of(LOG), 4, world.receipt.checkpoint.root, stranger
    )
    copied = world.resent(checkpoint=note.parse_checkpoint(same_root))
    assert copied.verdict().verdict == "unknown-issuer"


def test_a_verdict_that_somebody_edits_changes_no_other() -> None:
    """Checks that say the same may be one object."""
    world = make_world()
    first = world.verdict().as_dict()
    kept = copy.deepcopy(first)
    for check in first["checks"]:
        check["message"]["en"] = "edited"
    first["record"].clear()
    assert world.verdict().as_dict() == kept
