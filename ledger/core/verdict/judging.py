"""The checks themselves, each a function of one `Examination`. `judge` runs them and weighs
the result.

Numbers and ids are those of `checks.CHECKS`. Checks 1 and 3 to 6, and parts of 7 and 12, need
nothing but the receipt: `receipt.internal_checks`. Checks 23 to 26 are in `admission`. No I/O and
no clock here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from ledger.core import note
from ledger.core.canonical import hex0x, instant
from ledger.core.commitment import Header, Value
from ledger.core.entry import RECORD
from ledger.core.errors import EvidenceError
from ledger.core.jws import Jws
from ledger.core.jws import verify as verify_jws
from ledger.core.keys import Alg, Purpose
from ledger.core.receipt import Receipt
from ledger.core.verdict.checks import Check, failed, not_run, passed
from ledger.core.verdict.facts import (
    AnchorFact,
    ChainFacts,
    KeyFact,
    LogFact,
    PromiseFacts,
    Question,
    RecordFacts,
    Status,
    Trust,
    Unread,
    date_of,
)
from ledger.core.verdict.reasons import CODES
from ledger.core.verdict.verdicts import PRECEDENCE

# Seconds by which two honest clocks may differ (design 6).
CLOCK_SKEW = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """All that one verdict is about, but for the chain.

    fields: the disclosed ones, None without a presentation. record: None where the schema is
    unknown. now: the local clock. end: what was recorded from this instant on is not looked at;
    None: everything is.
    """

    receipt: Receipt
    fields: Mapping[str, Value] | None
    record: RecordFacts | None
    trust: Trust
    question: Question
    now: int
    end: int | None = None

    @property
    def header(self) -> Header | None:
        """What the payload says openly; None without a presentation."""
        shown = self.receipt.presentation
        return None if shown is None else shown.payload.header


# ---- of the receipt and what was asked, without the chain


def format_(case: Examination) -> Check:
    """1: well-formed, as whoever parsed it knows; and no line of its checkpoint is newer."""
    newer = case.receipt.checkpoint.newer
    if newer is not None:
        return failed("format", "version-unknown", problem=newer)
    return passed("format")


def network(case: Examination) -> Check:
    """2: the receipt names the network that the verifier pins."""
    actual, expected = case.receipt.network, case.trust.reference
    if actual in case.trust.formerly:
        return failed("network", "network-moved", actual=actual, expected=expected)
    if actual != expected:
        return failed("network", "other-network", actual=actual, expected=expected)
    return passed("network")


def agreement(case: Examination) -> Check:
    """7: the payload agrees with the schema that its digest names and with the fields shown."""
    if case.fields is None or case.record is None or case.header is None:
        return passed("agreement")
    record, header = case.record, case.header
    decided = header.decided.isoformat()
    if record.schema != header.schema_id:
        return failed("agreement", "values-disagree", problem="schema and its digest")
    if case.fields.get(record.decided_field, decided) != decided:
        return failed("agreement", "values-disagree", problem=f"decided, {record.decided_field}")
    if record.until_problem is not None:
        return failed("agreement", "values-disagree", problem=record.until_problem)
    return passed("agreement")


def subject(case: Examination) -> Check:
    """13: whom the record is about is shown, and is whom was asked for."""
    entry, fields, record = case.receipt.entry, case.fields, case.record
    if entry.kind != RECORD:
        return failed("subject", "not-a-record", kind=entry.kind)
    if case.header is not None and record is None:
        return failed("subject", "schema-unknown", schema=str(entry.schema))
    if fields is None or record is None or record.code_field not in fields:
        return failed("subject", "subject-undisclosed")
    code, wanted = fields[record.code_field], case.question.subject
    if wanted is not None and code != wanted:
        return failed("subject", "subject-differs", actual=str(code), expected=wanted)
    beside = {record.registration_field, record.kind_field}
    if code == record.filler and not beside <= fields.keys():  # or it may be a natural person
        return failed("subject", "subject-undisclosed")
    return passed("subject")


def asked(case: Examination, owner: str | None) -> Check:
    """14: type and issuer are those asked for. owner: of the log, None where it is not known."""
    question, schema = case.question, case.receipt.entry.schema
    if question.type is not None and not _is_type(schema, question.type):
        actual = schema or case.receipt.entry.kind
        return failed("asked", "type-differs", actual=actual, expected=question.type)
    if question.issuer is not None and owner is not None and owner != question.issuer:
        return failed("asked", "issuer-not-asked", actual=owner, expected=question.issuer)
    nothing = question.type is None and question.issuer is None
    open_ = question.issuer is not None and owner is None
    return not_run("asked") if nothing or open_ else passed("asked")


def _is_type(schema: str | None, wanted: str) -> bool:
    """`penalty` is any version of it, `penalty@1` that one."""
    return schema is not None and wanted in (schema, schema.partition("@")[0])


# ---- of the chain


class Timed(Protocol):
    """When and by what a verdict is reached; see `Examination`."""

    @property
    def trust(self) -> Trust: ...
    @property
    def now(self) -> int: ...
    @property
    def end(self) -> int | None: ...


def chain(case: Timed, facts: ChainFacts | PromiseFacts | Unread) -> Check:
    """8: the chain could be read, and its head is neither too old nor too new."""
    if isinstance(facts, Unread):
        known = facts.code in CODES and CODES[facts.code].verdict == "undetermined"
        code = facts.code if known else "chain-unreadable"
        return failed("chain", code, problem=facts.problem)
    head = facts.head.time
    wrong = None
    if case.now - head > case.trust.max_head_age:
        wrong = "head-too-old"
    elif head - case.now > CLOCK_SKEW:
        wrong = "head-in-future"
    if wrong is not None:
        return failed("chain", wrong, problem=f"{instant(head)}, {instant(case.now)}")
    if case.end is not None and date_of(case.end - 1) > date_of(head):
        return failed("chain", "as-of-in-future", day=date_of(case.end - 1))
    return passed("chain")


def issuer(case: Examination, facts: ChainFacts) -> Check:
    """9: the log is a member's, and the record says that it is that member's."""
    log = facts.log
    if log is None:
        return _behind("issuer", case, facts) or failed("issuer", "log-unknown")
    if case.header is not None and case.header.iss != log.member:
        return failed("issuer", "issuer-differs", claimed=case.header.iss, owner=log.member)
    return passed("issuer", issuer=log.member)


def checkpoint_signature(case: Examination, facts: ChainFacts, owner: str) -> Check:
    """10: a NOTE key of the owner signed the checkpoint.

    A note bears no time, and its root is on the chain anyway: the key must have become valid, it
    may have ended since.
    """
    head = case.receipt.checkpoint
    if not head.signed_by_known_type:
        return failed("checkpoint-signature", "version-unknown", problem=head.origin)
    candidates = note_keys(head, facts, owner)
    if not candidates:
        return failed("checkpoint-signature", "note-key-unknown")
    signers = [key for key in candidates if _signed_note(head, key)]
    if not signers:
        return failed("checkpoint-signature", "note-signature-invalid")
    if signers[0].not_before > facts.head.time:
        return failed("checkpoint-signature", "note-key-early")
    if not signers[0].final:
        return failed("checkpoint-signature", "key-not-final")
    return passed("checkpoint-signature")


def note_keys(head: note.Checkpoint, facts: ChainFacts, owner: str) -> list[KeyFact]:
    """NOTE keys of the owner that its signature may be of, by the short hash that it names."""
    return [
        key
        for key in facts.keys.values()
        if key.serves(owner, Purpose.NOTE)
        and key.alg == Alg.ED25519
        and note.key_hash(head.origin, key.public_key) == head.key_hash
    ]


def _signed_note(head: note.Checkpoint, key: KeyFact) -> bool:
    try:
        note.verify(head, key.public_key)
    except EvidenceError:
        return False
    return True


def presentation_signature(case: Examination, facts: ChainFacts, owner: str) -> Check:
    """11: a PRESENT key of the owner, valid at `iat`, signed the fields shown."""
    shown = case.receipt.presentation
    if shown is None:
        return not_run("presentation-signature")
    return _present_key("presentation-signature", shown.jws, case, facts, owner)


def binding(case: Examination, facts: ChainFacts, owner: str) -> Check:
    """12: a PRESENT key of the owner, valid at `iat`, signed the binding, which is to whoever asks
    and to the question asked."""
    found = bound(case)
    if case.receipt.binding is None:
        return found
    signed = _present_key("binding", case.receipt.binding.jws, case, facts, owner)
    return worse(signed, found)


def bound(case: Examination) -> Check:
    """12, without the chain: the binding is to the audience and the nonce that were asked for. One
    that nobody compared is no pass. The caller MUST compare its `authorisation`."""
    binding, asked = case.receipt.binding, case.question
    if binding is None:
        if asked.audience is None:
            return not_run("binding")
        return failed("binding", "binding-missing", expected=asked.audience)
    if asked.audience is None or asked.nonce is None:
        return failed("binding", "audience-not-given", audience=binding.audience)
    if binding.audience != asked.audience:
        pair = {"actual": binding.audience, "expected": asked.audience}
        return failed("binding", "audience-differs", **pair)
    if binding.nonce != asked.nonce:
        return failed("binding", "nonce-differs", actual=binding.nonce, expected=asked.nonce)
    return passed("binding")


def worse(one: Check, other: Check) -> Check:
    """Whichever leads to the worse verdict; `one` where neither is worse."""
    return min(one, other, key=_rank)


def _rank(check: Check) -> int:
    return len(PRECEDENCE) if check.verdict is None else PRECEDENCE.index(check.verdict)


def _present_key(id_: str, jws: Jws, case: Examination, facts: ChainFacts, owner: str) -> Check:
    key = facts.keys.get(jws.kid)
    if key is None or not key.serves(owner, Purpose.PRESENT):
        return failed(id_, "present-key-unknown")
    try:
        verify_jws(jws, key.alg, key.public_key)
    except EvidenceError:
        return failed(id_, "present-signature-invalid")
    if jws.iat > max(case.now, facts.head.time) + CLOCK_SKEW:
        return failed(id_, "present-in-future", time=instant(jws.iat))
    if not key.valid_at(jws.iat):
        return failed(id_, "present-key-not-valid", time=instant(jws.iat))
    since = key.stolen_since(case.end)
    if since is not None and jws.iat >= since:
        times = {"since": instant(since), "time": instant(jws.iat)}
        return failed(id_, "present-key-disputed", **times)
    return passed(id_) if key.final else failed(id_, "key-not-final")


def anchored(case: Examination, facts: ChainFacts) -> Check:
    """15: the chain has this root for this log at this size."""
    if facts.root is None:
        return _behind("anchored", case, facts) or failed("anchored", "root-not-anchored")
    if facts.root != case.receipt.checkpoint.root:
        return failed("anchored", "root-not-anchored")
    return passed("anchored")


def _behind(id_: str, case: Examination, facts: ChainFacts) -> Check | None:
    """What is not there is unknown where the receipt says that it came after our head: it was
    issued from nodes ahead of ours."""
    block, head = case.receipt.anchor.block, facts.head.number
    if block <= head:
        return None
    return failed(id_, "head-behind-receipt", block=str(block), head=str(head))


def anchor(case: Examination, first: AnchorFact | None) -> Check:
    """16: the receipt's anchor is the first one that covers the leaf."""
    receipt = case.receipt
    if first is None:
        return failed("anchor", "anchor-event-missing")
    if first.size != receipt.size:
        return failed("anchor", "not-first-anchor", size=str(first.size))
    if first.root != receipt.checkpoint.root:
        return failed("anchor", "anchor-event-missing")
    pairs = {
        "block": (receipt.anchor.block, first.block.number),
        "blockHash": (hex0x(receipt.anchor.block_hash), first.block.hash),
        "time": (receipt.anchor.time, first.block.time),
        "tx": (hex0x(receipt.anchor.tx), first.tx),
    }
    moved = [name for name, (said, actual) in pairs.items() if said != actual]
    if moved:
        return failed("anchor", "anchor-differs", problem=", ".join(moved))
    return passed("anchor")


def log(case: Examination, fact: LogFact, first: AnchorFact) -> Check:
    """17: the log was not closed at a size below that anchor's."""
    if fact.trusted_size is None or first.size <= fact.trusted_size:
        return passed("log")
    if case.end is not None and fact.closed_recorded >= case.end:
        return passed("log")
    return failed("log", "log-closed", trusted=str(fact.trusted_size))


def anchor_key(case: Examination, facts: ChainFacts, first: AnchorFact, owner: str) -> Check:
    """18: the key that signed the first covering anchor was the owner's and valid at its block."""
    key, time = facts.keys.get(first.key_id), first.block.time
    if key is None or not key.serves(owner, Purpose.ANCHOR) or not key.valid_at(time):
        return failed("anchor-key", "anchor-key-not-valid", time=instant(time))
    since = key.stolen_since(case.end)
    if since is not None and time >= since:
        return failed("anchor-key", "anchor-key-disputed", since=instant(since), time=instant(time))
    return passed("anchor-key") if key.final else failed("anchor-key", "key-not-final")


def status(case: Examination, facts: ChainFacts) -> Check:
    """19: no act stands against the use of the record."""
    if isinstance(facts.status, Unread):
        return failed("status", "status-unreadable", problem=facts.status.problem)
    found = adverse(facts.status.now if case.end is None else facts.status.as_of)
    return failed("status", found[0]) if found else passed("status")


def adverse(stands: Status) -> list[str]:
    """The verdicts that a status leads to, worst first."""
    told = {flag.lower() for flag in stands.flags} | {stands.outcome.lower()}
    return [verdict for verdict in PRECEDENCE if verdict in told]


def in_force(case: Examination, facts: ChainFacts) -> Check:
    """20: the day asked about, else that of the chain's head, lies in the period of use. What was
    decided not to be in force has none."""
    record = case.record
    if case.fields is None or record is None:
        return not_run("in-force")
    if record.void_field is not None:
        return failed("in-force", "not-in-force", field=record.void_field)
    day = date_of(facts.head.time if case.end is None else case.end - 1)
    if record.expired_from is not None and day >= record.expired_from:
        return failed("in-force", "expired", since=record.expired_from)
    if record.usable_to is not None and day > record.usable_to:
        since = record.expired_from or "?"
        return failed("in-force", "window-unknown", to=record.usable_to, since=since, day=day)
    return passed("in-force", day=day)


def as_of(case: Examination, first: AnchorFact) -> Check:
    """21: by the day asked about the record was anchored."""
    if case.end is None:
        return not_run("as-of")
    if first.block.time >= case.end:
        day, time = date_of(case.end - 1), instant(first.block.time)
        return failed("as-of", "anchored-later", day=day, time=time)
    return passed("as-of")


def final(facts: ChainFacts, first: AnchorFact) -> Check:
    """22: the block of that anchor is final."""
    return (
        passed("final")
        if first.block.number <= facts.final
        else failed("final", "anchor-not-final")
    )
