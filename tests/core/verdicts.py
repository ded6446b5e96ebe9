"""A receipt, and chain facts, by which it is valid: what the verdict tests bend one by one."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ledger.core import note, receipt
from ledger.core.canonical import hex0x
from ledger.core.commitment import Commitment, Header, commit
from ledger.core.entry import period, record_entry, statement_entry
from ledger.core.ids import Digest, KeyId, LogId, key_id, sha256
from ledger.core.keys import Alg, Purpose, Role, low_s
from ledger.core.merkle import inclusion_path, leaf_hash, root
from ledger.core.presentation import bind, present
from ledger.core.receipt import Anchor, Receipt
from ledger.core.verdict.facts import (
    DAY,
    AnchorFact,
    Block,
    CatalogueFacts,
    ChainFacts,
    ItemFact,
    KeyFact,
    LogFact,
    OwnerFact,
    Question,
    RecordFacts,
    Roles,
    StatusFacts,
    Trust,
    Unread,
    end_of,
)
from ledger.core.verdict.judge import Examined, examine, judge
from ledger.core.verdict.verdict import Verdict

OWNER, SUBJECT, OTHER = "110000", "91110000600037341L", "91110108551385082Q"
FILLER = "00000000000000000X"
LOG = LogId(bytes([7]) * 32)
NETWORK = "eip155:31337:0x" + "c0" * 20
SCHEMA = "penalty@1"
SLOTS = ("NAME", "CODE", "REG", "DAY", "END", "NOTE")
FIELDS = {"NAME": "某公司", "CODE": SUBJECT, "DAY": "2026-03-01", "END": "2027-03-01"}
ANCHORED = 1_772_400_000  # 2026-03-01T21:20:00Z, already 2 March in Shanghai
HEAD = ANCHORED + 86_400
NOTE_SECRET = Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32)
PRESENT_SECRET = ec.derive_private_key(2, ec.SECP256R1())
ANCHOR_KEY = bytes([3]) * 64


def sign_p256(message: bytes) -> bytes:
    """Raw r ‖ s with the PRESENT key."""
    r, s = decode_dss_signature(PRESENT_SECRET.sign(message, ec.ECDSA(SHA256())))
    return low_s(Alg.P256, r.to_bytes(32, "big") + s.to_bytes(32, "big"))


PRESENT_KEY = PRESENT_SECRET.public_key().public_bytes(
    Encoding.X962, PublicFormat.UncompressedPoint
)[1:]
NOTE_KEY = NOTE_SECRET.public_key().public_bytes_raw()
PRESENT_ID = key_id(Alg.P256, PRESENT_KEY)
NOTE_ID = key_id(Alg.ED25519, NOTE_KEY)
ANCHOR_ID = key_id(Alg.SECP256K1, ANCHOR_KEY)


def make_key(purpose: Purpose, alg: Alg, public_key: bytes) -> KeyFact:
    """A key of the owner, valid around the anchor."""
    return KeyFact(
        key_id=key_id(alg, public_key),
        member=OWNER,
        purpose=purpose,
        alg=alg,
        public_key=public_key,
        not_before=ANCHORED - 1000,
        not_after=ANCHORED + 10_000_000,
    )


KEYS = {
    key.key_id: key
    for key in (
        make_key(Purpose.NOTE, Alg.ED25519, NOTE_KEY),
        make_key(Purpose.PRESENT, Alg.P256, PRESENT_KEY),
        make_key(Purpose.ANCHOR, Alg.SECP256K1, ANCHOR_KEY),
    )
}
SCHEMA_HASH, RULES_HASH = Digest(bytes([0xAB]) * 32), Digest(bytes([0xCD]) * 32)
PROVINCE = OwnerFact(region=OWNER, history=(Roles(ANCHORED - DAY, Role.PROVINCE),))


def make_item(content: Digest, **changes: Any) -> ItemFact:
    """A version in force around the anchor."""
    values = {"version": 1, "since": ANCHORED - DAY, "until": ANCHORED + 1000}
    return ItemFact(content_hash=content, **(values | changes))


IN_FORCE = CatalogueFacts(types=(make_item(SCHEMA_HASH),), rules=(make_item(RULES_HASH),))
NOTHING_ASKED = Question()
TRUST = Trust(name="test", digest=sha256(b"file"), reference=NETWORK, max_head_age=60)
RECORD = RecordFacts(
    schema=SCHEMA,
    slots=SLOTS,
    code_field="CODE",
    registration_field="REG",
    filler=FILLER,
    decided_field="DAY",
    kind_field="NOTE",
    usable_to="2027-03-01",
    expired_from="2027-03-02",
)


@dataclass(frozen=True, kw_only=True)
class World:
    """One receipt and everything it is judged by."""

    receipt: Receipt
    facts: ChainFacts | Unread
    record: RecordFacts | None = RECORD
    question: Question = NOTHING_ASKED
    trust: Trust = TRUST
    now: int = HEAD + 10

    @property
    def chain(self) -> ChainFacts:
        """The facts, where they were read."""
        assert isinstance(self.facts, ChainFacts)
        return self.facts

    def verdict(self) -> Verdict:
        """What is said of it."""
        return judge(self.examined(), facts=self.facts, now=self.now)

    def examined(self) -> Examined:
        """What the receipt says by itself."""
        return examine(
            digest=sha256(self.receipt.encode()),
            receipt=self.receipt,
            record=self.record,
            question=self.question,
            trust=self.trust,
        )

    def with_facts(self, **changes: Any) -> "World":
        """Other facts of the chain."""
        return replace(self, facts=replace(self.chain, **changes))

    def with_key(self, key: KeyId, **changes: Any) -> "World":
        """One registered key changed."""
        keys = self.chain.keys
        return self.with_facts(keys={**keys, key: replace(keys[key], **changes)})

    def with_anchor(self, **changes: Any) -> "World":
        """Another first covering anchor."""
        assert self.chain.anchor is not None
        return self.with_facts(anchor=replace(self.chain.anchor, **changes))

    def with_block(self, **changes: Any) -> "World":
        """Its block changed."""
        assert self.chain.anchor is not None
        return self.with_anchor(block=replace(self.chain.anchor.block, **changes))

    def asking(self, **question: Any) -> "World":
        """Another question."""
        return replace(self, question=Question(**question))

    def as_of(self, day: str, **question: Any) -> "World":
        """How it stood on a day."""
        end = end_of(date.fromisoformat(day))
        return self.asking(as_of=day, end_of_as_of=end, **question)

    def resent(self, **changes: Any) -> "World":
        """The receipt changed, written and read again."""
        return replace(self, receipt=receipt.parse(replace(self.receipt, **changes).encode()))


def make_commitment(fields: dict[str, Any] = FIELDS, **header: Any) -> Commitment:
    """The commitment of a record."""
    values: dict[str, Any] = {
        "class_": None,
        "decided": date(2026, 3, 1),
        "iss": OWNER,
        "log": LOG,
        "rules": f"publicity@1:{RULES_HASH.hex()}",
        "schema": f"{SCHEMA}:{SCHEMA_HASH.hex()}",
        "until": date(2027, 3, 1),
    }
    return commit(SLOTS, fields, bytes([9]) * 32, Header(**(values | header)))


def make_world(
    *,
    fields: dict[str, Any] = FIELDS,
    show: tuple[str, ...] | None = None,
    bare: bool = False,
    bound: bool = False,
    iat: int = ANCHORED + 60,
    entry: dict[str, Any] | None = None,
    header: dict[str, Any] | None = None,
    kind: str = "record",
) -> World:
    """A valid case. show: fields disclosed, by default all. iat: of the presentation."""
    commitment = make_commitment(fields, **(header or {}))
    values: dict[str, Any] = {
        "commitment": commitment.digest,
        "log": LOG,
        "period": period(date(2026, 3, 1)),
        "schema": SCHEMA,
        "timely": "yes",
    } | (entry or {})
    raw = (
        record_entry(**values)
        if kind == "record"
        else statement_entry(commitment=commitment.digest, log=LOG)
    )
    shown = None
    if not bare:
        opened = [d for field, d in commitment.disclosures.items() if show is None or field in show]
        shown = present(
            commitment.payload, opened, sign=sign_p256, kid=PRESENT_ID, alg=Alg.P256, iat=iat
        )
    binding = None
    if bound and shown is not None:
        binding = bind(
            shown,
            audience="demo-bank",
            nonce="n-1",
            authorisation=None,
            sign=sign_p256,
            kid=PRESENT_ID,
            alg=Alg.P256,
            iat=iat,
        )
    return _in_log(raw, shown, binding)


def _in_log(raw: bytes, shown: str | None, binding: str | None) -> World:
    leaves = [leaf_hash(b"one"), leaf_hash(b"two"), leaf_hash(raw), leaf_hash(b"four")]
    top = root(leaves)
    block = Block(number=50, hash="0x" + "b5" * 32, time=ANCHORED)
    anchor = AnchorFact(
        prev_size=2,
        size=4,
        root=top,
        key_id=ANCHOR_ID,
        block=block,
        tx="0x" + "7a" * 32,
    )
    checkpoint = note.sign_checkpoint(note.origin_of(LOG), 4, top, NOTE_SECRET)
    place = Anchor(
        block=50,
        block_hash=Digest(bytes.fromhex("b5" * 32)),
        time=ANCHORED,
        tx=Digest(bytes.fromhex("7a" * 32)),
    )
    data = receipt.build(
        anchor=place,
        checkpoint=checkpoint,
        entry=raw,
        index=2,
        network=NETWORK,
        path=inclusion_path(leaves, 2),
        presentation=shown,
        binding=binding,
    )
    made = receipt.parse(data)
    head = Block(number=60, hash=hex0x(bytes([6]) * 32), time=HEAD)
    facts = ChainFacts(
        head=head,
        final=59,
        log=LogFact(member=OWNER),
        owner=PROVINCE,
        keys=dict(KEYS),
        witnesses={},
        catalogue=IN_FORCE,
        root=top,
        anchor=anchor,
        status=StatusFacts(),
    )
    return World(receipt=made, facts=facts)
