"""Cases of checks 12 and 23 to 26, as `test_verdict.CASES` has them: verdict, check, code, and what
is bent in a valid world to get there."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.core import note
from ledger.core.ids import Digest, key_id
from ledger.core.keys import Alg, Purpose, Role
from ledger.core.verdict.facts import (
    DAY,
    GRACE,
    Compromise,
    ItemFact,
    OwnerFact,
    RecordProblem,
    Roles,
    Status,
    StatusFacts,
    Unread,
    WitnessFact,
)
from tests.core.verdicts import (
    ANCHORED,
    FIELDS,
    HEAD,
    RECORD,
    RULES_HASH,
    SCHEMA_HASH,
    World,
    make_item,
    make_key,
    make_world,
)

Bend = Callable[[World], World]
OTHER_HASH = Digest(bytes([0xEF]) * 32)


def owner(*history: Roles) -> Bend:
    """The owner of the log had these roles."""
    return lambda w: w.with_facts(owner=OwnerFact(region="110000", history=history))


def items(kind: str, *found: ItemFact) -> Bend:
    """The catalogue had these versions, of `types` or `rules`."""
    return lambda w: w.with_facts(catalogue=replace(w.chain.catalogue, **{kind: found}))


def problem(code: str, field: str | None = "NAME") -> Bend:
    """The presentation says what no record of its type says."""
    told = RecordProblem(code=code, field=field, text={"zh": "有问题。", "en": "It is wrong."})
    return lambda w: replace(w, record=replace(RECORD, problems=(told,)))


def decided(day: str) -> World:
    """A record decided on a day of March 2026."""
    header = {"decided": date.fromisoformat(day)}
    return make_world(fields={**FIELDS, "DAY": day}, header=header)


# ---- witnesses

WITNESS, SECOND = "130000", "140000"
SECRETS = {
    member: Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    for member, seed in ((WITNESS, 21), (SECOND, 22), ("110000", 23))
}
SAID = ANCHORED + 5


def cosigned(*members: str, time: int = SAID) -> World:
    """A valid receipt, its checkpoint cosigned by registered witnesses."""
    world = make_world()
    lines, found = [], {}
    for member in members or (WITNESS,):
        public = SECRETS[member].public_key().public_bytes_raw()
        line = note.cosign(
            world.receipt.checkpoint,
            member=member,
            time=time,
            public_key=public,
            sign=SECRETS[member].sign,
        )
        key = replace(make_key(Purpose.WITNESS, Alg.ED25519, public), member=member)
        assert key.key_id == key_id(Alg.ED25519, public)
        lines.append(line)
        found[member] = WitnessFact(active=True, keys=(key,))
    checkpoint = replace(world.receipt.checkpoint, witnesses=tuple(lines))
    return world.resent(checkpoint=checkpoint).with_facts(witnesses=found)


def with_witness(world: World, **changes: Any) -> World:
    """The key of the witness changed."""
    fact = world.chain.witnesses[WITNESS]
    changed = replace(fact, keys=(replace(fact.keys[0], **changes),))
    return world.with_facts(witnesses={**world.chain.witnesses, WITNESS: changed})


def other_line(world: World, **changes: Any) -> World:
    """The first cosignature changed."""
    head = world.receipt.checkpoint
    first, *rest = head.witnesses
    lines = (replace(first, **changes), *rest)
    return world.resent(checkpoint=replace(head, witnesses=lines))


UNVERIFIED: dict[str, Bend] = {
    "unregistered": lambda w: cosigned().with_facts(witnesses={}),
    "without keys": lambda w: cosigned().with_facts(
        witnesses={WITNESS: WitnessFact(active=True, keys=())}
    ),
    "suspended": lambda w: cosigned().with_facts(
        witnesses={WITNESS: replace(cosigned().chain.witnesses[WITNESS], active=False)}
    ),
    "of another's key": lambda w: with_witness(cosigned(), member=SECOND),
    "of a key for notes": lambda w: with_witness(cosigned(), purpose=Purpose.NOTE),
    "of a key of another algorithm": lambda w: with_witness(cosigned(), alg=Alg.P256),
    "of a key that is not final": lambda w: with_witness(cosigned(), final=False),
    "before its key": lambda w: with_witness(cosigned(), not_before=SAID + 1),
    "after its key": lambda w: with_witness(cosigned(), not_after=SAID - 1),
    "of a stolen key": lambda w: with_witness(
        cosigned(), compromises=(Compromise(SAID, SAID + 9),)
    ),
    "later than the head": lambda w: cosigned(time=HEAD + 61),
    "in 1970": lambda w: cosigned(time=0),
    "the owner's own": lambda w: cosigned("110000"),
    "forged": lambda w: other_line(cosigned(), signature=bytes(64)),
    "of another time": lambda w: other_line(cosigned(), time=SAID + 1),
    "one of two": lambda w: other_line(cosigned(WITNESS, SECOND), signature=bytes(64)),
}
MINE = {"audience": "demo-bank", "nonce": "n-1"}

CASES: dict[str, tuple[str, str, str, Bend]] = {
    # ---- 12
    "bound, and nobody compared": (
        "undetermined", "binding", "audience-not-given", lambda w: make_world(bound=True),
    ),
    "bound, and only the audience compared": (
        "undetermined", "binding", "audience-not-given",
        lambda w: make_world(bound=True).asking(audience="demo-bank"),
    ),
    "bound, and only the nonce compared": (
        "undetermined", "binding", "audience-not-given",
        lambda w: make_world(bound=True).asking(nonce="n-1"),
    ),
    "bound to somebody else": (
        "other-subject", "binding", "audience-differs",
        lambda w: make_world(bound=True).asking(**{**MINE, "audience": "demo-bureau"}),
    ),
    "bound to somebody else, and the chain is silent": (
        "other-subject", "binding", "audience-differs",
        lambda w: replace(
            make_world(bound=True).asking(**{**MINE, "audience": "demo-bureau"}),
            facts=Unread(code="no-node", problem="x")),
    ),
    "an answer to another request": (
        "other-subject", "binding", "nonce-differs",
        lambda w: make_world(bound=True).asking(**{**MINE, "nonce": "n-2"}),
    ),
    "bound to nobody": (
        "other-subject", "binding", "binding-missing", lambda w: w.asking(**MINE),
    ),
    # ---- 19
    "ended": (
        "ended", "status", "ended",
        lambda w: w.with_facts(
            status=StatusFacts(now=Status(flags=("SHIELDED",), outcome="ENDED", version=2))),
    ),
    # ---- 23
    "a record in a bank's log": (
        "unknown-issuer", "issuer-role", "issuer-not-a-province",
        owner(Roles(0, Role.INSTITUTION | Role.BUREAU | Role.AUDITOR)),
    ),
    "a bare receipt of a bank's log": (
        "unknown-issuer", "issuer-role", "issuer-not-a-province",
        lambda w: owner(Roles(0, Role.INSTITUTION))(make_world(bare=True)),
    ),
    "an issuer without any role": (
        "unknown-issuer", "issuer-role", "issuer-not-a-province", owner(),
    ),
    "an owner of whom nothing is known": (
        "unknown-issuer", "issuer-role", "issuer-not-a-province",
        lambda w: w.with_facts(owner=None),
    ),
    "a province only after the anchor": (
        "unknown-issuer", "issuer-role", "issuer-not-a-province",
        owner(Roles(0, Role.BUREAU), Roles(ANCHORED + 1, Role.PROVINCE)),
    ),
    "a province no longer": (
        "unknown-issuer", "issuer-role", "issuer-not-a-province",
        owner(Roles(0, Role.PROVINCE), Roles(ANCHORED, Role.BUREAU)),
    ),
    # ---- 24
    "a type that is not in the catalogue": (
        "out-of-catalogue", "catalogue", "type-not-in-force", items("types"),
    ),
    "another version of the type": (
        "out-of-catalogue", "catalogue", "type-not-in-force",
        items("types", make_item(SCHEMA_HASH, version=2)),
    ),
    "the type with another schema": (
        "out-of-catalogue", "catalogue", "type-not-in-force", items("types", make_item(OTHER_HASH)),
    ),
    "a type that comes later": (
        "out-of-catalogue", "catalogue", "type-not-in-force",
        items("types", make_item(SCHEMA_HASH, since=ANCHORED + 1)),
    ),
    "a type that ended three days before": (
        "out-of-catalogue", "catalogue", "type-not-in-force",
        items("types", make_item(SCHEMA_HASH, until=ANCHORED - GRACE)),
    ),
    "bare, of a type that ended three days before": (
        "out-of-catalogue", "catalogue", "type-not-in-force",
        lambda w: items("types", make_item(OTHER_HASH, until=ANCHORED - GRACE))(
            make_world(bare=True)),
    ),
    "rules that are not in the catalogue": (
        "out-of-catalogue", "catalogue", "rules-not-in-force", items("rules"),
    ),
    "rules with another content": (
        "out-of-catalogue", "catalogue", "rules-not-in-force",
        items("rules", make_item(OTHER_HASH)),
    ),
    "rules that come later": (
        "out-of-catalogue", "catalogue", "rules-not-in-force",
        items("rules", make_item(RULES_HASH, since=ANCHORED + 1)),
    ),
    "rules that ended three days before": (
        "out-of-catalogue", "catalogue", "rules-not-in-force",
        items("rules", make_item(RULES_HASH, until=ANCHORED - GRACE)),
    ),
    "rules of something else": (
        "out-of-catalogue", "catalogue", "rules-not-in-force",
        lambda w: make_world(header={"rules": f"clocks@1:{RULES_HASH.hex()}"}),
    ),
    # ---- 25
    "rules that we do not hold": (
        "undetermined", "record", "rules-unknown",
        lambda w: replace(w, record=replace(RECORD, rules_known=False)),
    ),
    **{
        f"a record with {code}": ("record-invalid", "record", code, problem(code))
        for code in (
            "value-kind", "value-form", "value-too-long", "value-unknown", "value-order",
            "natural-person", "class-not-adverse", "until-beyond-rules", "until-before-minimum",
        )
    },
    "a problem of the whole record": (
        "record-invalid", "record", "until-beyond-rules", problem("until-beyond-rules", None),
    ),
    "decided after its anchor": (
        "record-invalid", "record", "decided-after-anchor", lambda w: decided("2026-03-03"),
    ),
    # ---- 26
    **{
        f"cosigned, {name}": ("undetermined", "witnesses", "witness-not-verified", bend)
        for name, bend in UNVERIFIED.items()
    },
    "no witness where one is asked for": (
        "undetermined", "witnesses", "witnesses-too-few", lambda w: w.asking(witnesses=1),
    ),
    "one witness where two are asked for": (
        "undetermined", "witnesses", "witnesses-too-few", lambda w: cosigned().asking(witnesses=2),
    ),
}  # fmt: skip

# Beside each: what is nearly the same, and valid.
VALID: dict[str, Bend] = {
    "bound to me": lambda w: make_world(bound=True).asking(**MINE),
    "a province among other things": owner(Roles(0, Role.PROVINCE | Role.BUREAU)),
    "a province from the anchor on": owner(
        Roles(0, Role.BUREAU), Roles(ANCHORED, Role.PROVINCE), Roles(ANCHORED + 1, Role.BUREAU)
    ),
    "a type from the anchor on": items("types", make_item(SCHEMA_HASH, since=ANCHORED)),
    "a type that ended within three days before": items(
        "types", make_item(SCHEMA_HASH, until=ANCHORED - GRACE + 1)
    ),
    "the right version among others": items(
        "types", make_item(OTHER_HASH, version=2), make_item(SCHEMA_HASH), make_item(OTHER_HASH)
    ),
    "rules that ended within three days before": items(
        "rules", make_item(RULES_HASH, until=ANCHORED - GRACE + 1)
    ),
    "decided on the day of the anchor": lambda w: decided("2026-03-02"),
    "cosigned": lambda w: cosigned(),
    "cosigned by two, as asked": lambda w: cosigned(WITNESS, SECOND).asking(witnesses=2),
    "cosigned at both ends of the window": lambda w: with_witness(
        cosigned(), not_before=SAID, not_after=SAID
    ),
    "cosigned by a clock that is a little fast": lambda w: cosigned(time=HEAD + 60),
    "cosigned before the key was stolen": lambda w: with_witness(
        cosigned(), compromises=(Compromise(SAID + 1, SAID + DAY),)
    ),
}
