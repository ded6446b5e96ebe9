"""Checks 23 to 26: what a genuine entry must also be to count as a record, and who witnessed it.

Whether the issuer may issue records, and whether type and rules were in force, is judged at the
block time of the first anchor that covers the leaf. No I/O and no clock here.
"""

from collections.abc import Sequence

from ledger.core import note
from ledger.core.canonical import instant
from ledger.core.entry import RECORD
from ledger.core.errors import EvidenceError
from ledger.core.keys import Alg, Purpose, Role
from ledger.core.note import Checkpoint, Cosignature
from ledger.core.verdict.checks import Check, failed, not_run, passed
from ledger.core.verdict.facts import PUBLICITY, AnchorFact, ChainFacts, ItemFact, KeyFact, date_of
from ledger.core.verdict.judging import CLOCK_SKEW, Examination


def issuer_role(case: Examination, facts: ChainFacts, first: AnchorFact, owner: str) -> Check:
    """23: the owner of the log was a PROVINCE when the record was anchored."""
    if case.receipt.entry.kind != RECORD:
        return not_run("issuer-role")
    time = first.block.time
    roles = 0 if facts.owner is None else facts.owner.roles_at(time)
    if not roles & Role.PROVINCE:
        return failed("issuer-role", "issuer-not-a-province", issuer=owner, time=instant(time))
    return passed("issuer-role", issuer=owner)


def catalogue(case: Examination, facts: ChainFacts, first: AnchorFact) -> Check:
    """24: the type with its schema, and the rules, were in the catalogue of the owner's region when
    the record was anchored or within 72 hours before. Without a presentation the type is known by
    its name and version alone, and its rules are not."""
    schema, header, time = case.receipt.entry.schema, case.header, first.block.time
    if schema is None:
        return not_run("catalogue")
    content = None if header is None else header.schema_sha256
    if not _served(facts.catalogue.types, schema, content, time):
        return failed("catalogue", "type-not-in-force", type=schema, time=instant(time))
    if header is not None:
        rules = header.rules.partition(":")[0]
        named = rules.partition("@")[0] == PUBLICITY
        if not named or not _served(facts.catalogue.rules, rules, header.rules_sha256, time):
            return failed("catalogue", "rules-not-in-force", rules=rules, time=instant(time))
    return passed("catalogue")


def _served(items: Sequence[ItemFact], id_: str, content: bytes | None, time: int) -> bool:
    """Whether one of the items has the version of `name@version` and this content (None: any)."""
    version = id_.partition("@")[2]
    return any(
        str(item.version) == version and content in (None, item.content_hash) and item.serves(time)
        for item in items
    )


def record(case: Examination, first: AnchorFact | None) -> Check:
    """25: what the record says, shown or in the open part of its payload, can be said by a record
    of its type. first: None where it is not known, and then nothing is passed."""
    header, facts = case.header, case.record
    if header is None or facts is None:
        return not_run("record")
    if not facts.rules_known:
        return failed("record", "rules-unknown", rules=header.rules)
    if case.fields is not None and facts.problems:
        problem = facts.problems[0]
        return failed("record", problem.code, **problem.text)
    if first is None:
        return not_run("record")
    decided, anchored = header.decided.isoformat(), date_of(first.block.time)
    if decided > anchored:  # ISO dates sort as text
        return failed("record", "decided-after-anchor", decided=decided, anchored=anchored)
    return passed("record")


def witnesses(case: Examination, facts: ChainFacts, owner: str) -> Check:
    """26: each cosignature on the checkpoint was made with a WITNESS key, valid at its time, of
    another member that is ACTIVE; and there are as many of these members as were asked for."""
    head, wanted = case.receipt.checkpoint, case.question.witnesses
    lines, known = head.witnesses, verified(head, facts, owner, case.end)
    for line in lines:
        if line not in known:
            return failed("witnesses", "witness-not-verified", member=line.member)
    members = list(dict.fromkeys(line.member for line in lines))
    if len(members) < wanted:
        count = {"wanted": str(wanted), "found": str(len(members))}
        return failed("witnesses", "witnesses-too-few", **count)
    return passed("witnesses", witnesses=", ".join(members)) if lines else not_run("witnesses")


def verified(
    checkpoint: Checkpoint, facts: ChainFacts, owner: str, end: int | None
) -> list[Cosignature]:
    """The cosignatures that hold. end: as of `Examination`."""
    latest = facts.head.time + CLOCK_SKEW
    if end is not None:
        latest = min(latest, end - 1)
    found = []
    for line in checkpoint.witnesses:
        if line.time > latest:
            continue
        member = facts.witnesses.get(line.member)
        if line.member == owner or member is None or not member.active:
            continue
        if any(_cosigned(checkpoint, line, key, end) for key in member.keys):
            found.append(line)
    return found


def _cosigned(checkpoint: Checkpoint, line: Cosignature, key: KeyFact, end: int | None) -> bool:
    """Whether this key made it, and might."""
    since = key.stolen_since(end)
    if (
        not key.serves(line.member, Purpose.WITNESS)
        or key.alg != Alg.ED25519
        or not (key.final and key.valid_at(line.time))
        or (since is not None and line.time >= since)
    ):
        return False
    try:
        note.verify_cosignature(checkpoint, line, key.public_key)
    except EvidenceError:
        return False
    return True
