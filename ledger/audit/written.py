"""What members wrote to `Revocations` and `Products`, folded event by event.

Code that ships with this software lets nothing through that it forbids: what does not go on from
what is known was left out by a node. Other code may say anything; what is wrong with that is a
finding.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ledger.audit.signatures import Signed
from ledger.audit.state import Place
from ledger.chain.contracts.events import (
    ProductRegistered,
    ProductRetired,
    Revoked,
    VersionPublished,
)
from ledger.chain.contracts.structs import DATASET, REPORT, code_word
from ledger.core.ids import Digest, KeyId, ProductId
from ledger.core.keys import Purpose
from ledger.core.status import ZERO

__all__ = ["Event", "Made", "Version", "Writing", "Written", "fold"]

Event = Revoked | ProductRegistered | VersionPublished | ProductRetired


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """Something that a member signed. time: Unix seconds of its block; where: its place in
    findings."""

    place: Place
    time: int
    member: str
    purpose: Purpose
    key_id: KeyId
    where: str
    signed: Signed


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version of a product. inputs: how many records it says that it was made of."""

    number: int
    inputs: int
    inputs_root: Digest
    content: Digest
    writing: Writing


@dataclass(slots=True, kw_only=True)
class Made:
    """A product of a member. versions: by number; retired: None: it is not."""

    member: str
    product_id: ProductId
    kind: int
    registered: Writing
    versions: dict[int, Version] = field(default_factory=dict)
    retired: Writing | None = None

    def in_force(self, time: int, slack: int) -> bool:
        """Whether it had a version then and was not retired, by the reading that suits its members
        best. slack: seconds by which clocks may differ."""
        published = (one.writing.time for one in self.versions.values())
        begun = any(at <= time + slack for at in published)
        return begun and (self.retired is None or time <= self.retired.time + slack)


@dataclass(slots=True)
class Written:
    """All that the events say. revocations: the first of each custodian and commitment."""

    revocations: dict[tuple[str, Digest], Writing] = field(default_factory=dict)
    products: dict[tuple[str, ProductId], Made] = field(default_factory=dict)
    writings: list[Writing] = field(default_factory=list)

    def of_id(self, product_id: bytes) -> list[Made]:
        """Products of this id: one of each member at most."""
        return [made for (_, name), made in self.products.items() if name == product_id]


def fold(written: Written, event: Event, time: int) -> tuple[Writing, str | None]:
    """One more event, and in a word why no contract of ours would have taken it; None: it would.
    time: Unix seconds of its block."""
    writing = _writing(event, time)
    written.writings.append(writing)
    if isinstance(event, Revoked):
        return writing, _revoke(written, event, writing)
    name = (str(event.member), event.product_id)
    known = written.products.get(name)
    if isinstance(event, ProductRegistered):
        if known is not None:
            return writing, "twice"
        written.products[name] = Made(
            member=name[0], product_id=name[1], kind=event.kind, registered=writing
        )
        fits = DATASET <= event.kind <= REPORT and any(event.method) and any(name[1])
        return writing, None if fits else "form"
    if known is None:
        return writing, "not-registered"
    why = None if known.retired is None else "retired"
    if isinstance(event, ProductRetired):
        known.retired = known.retired or writing
        return writing, why
    return writing, why or _publish(known, event, writing)


def _revoke(written: Written, event: Revoked, writing: Writing) -> str | None:
    name = (str(event.custodian), event.commitment)
    first = written.revocations.setdefault(name, writing)
    # A contract that took the role over knows nothing of what the one before it was told.
    again = first is not writing and first.signed.address == writing.signed.address
    return "twice" if again else None


def _publish(known: Made, event: VersionPublished, writing: Writing) -> str | None:
    last = max(known.versions, default=0)
    known.versions.setdefault(
        event.version,
        Version(
            number=event.version,
            inputs=event.inputs,
            inputs_root=event.inputs_root,
            content=event.content,
            writing=writing,
        ),
    )
    if event.version != last + 1:
        return "version"
    whole = event.inputs and ZERO not in (event.content, event.method, event.inputs_root)
    return None if whole else "form"


def _writing(event: Event, time: int) -> Writing:
    revoked = isinstance(event, Revoked)
    return Writing(
        place=event.entry.place,
        time=time,
        member=str(event.custodian if isinstance(event, Revoked) else event.member),
        purpose=Purpose.CONSENT if revoked else Purpose.PRODUCT,
        key_id=event.signed_by,
        where=_where(event),
        signed=_signed(event),
    )


def _where(event: Event) -> str:
    if isinstance(event, Revoked):
        return f"authorisation/{event.commitment.hex()}"
    name = f"product/{event.member}/{event.product_id.hex()}"
    return f"{name}/{event.version}" if isinstance(event, VersionPublished) else name


def _signed(event: Event) -> Signed:
    """What the event says was signed."""
    function, struct, expected = _call(event)
    return Signed(
        tx=event.entry.tx,
        contract=event.contract,
        address=event.entry.address,
        function=function,
        struct=struct,
        expected=expected,
        key_id=event.signed_by,
    )


def _call(event: Event) -> tuple[str, str, dict[str, int | bytes]]:
    if isinstance(event, Revoked):
        values = {"custodian": code_word(event.custodian), "commitment": event.commitment}
        return "revoke", "Revoke", dict[str, int | bytes](values)
    named: dict[str, int | bytes] = {
        "member": code_word(event.member),
        "productId": event.product_id,
    }
    if isinstance(event, ProductRegistered):
        return "register", "Register", named | {"kind": event.kind, "method": event.method}
    if isinstance(event, ProductRetired):
        return "retire", "Retire", named
    return (
        "publish",
        "Publish",
        named
        | {
            "version": event.version,
            "content": event.content,
            "method": event.method,
            "inputsRoot": event.inputs_root,
            "inputs": event.inputs,
        },
    )
