"""What gateways answer about products and outcomes, as values; see `results`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ledger.client.reading import Members
from ledger.core.texts import Text

__all__ = [
    "IN_FLIGHT",
    "Cause",
    "InputPage",
    "Lineage",
    "ManifestTaken",
    "OutcomeReport",
    "OutcomeRow",
    "Outcomes",
    "Product",
    "ProductAct",
    "ProductList",
    "ProductRow",
    "ProductStatus",
    "ProductUse",
    "ProductVersion",
    "VersionMade",
]

IN_FLIGHT: Final = ("waiting", "signed", "sent")
"""States of an act that the chain has not taken or refused yet."""


def _raw() -> Any:
    return field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionMade:
    """A version that is on its way to the chain. inputs: how many records; inputs_root: of their
    tree. new: False: the same was published before."""

    member: str
    product: str
    version: int
    inputs: int
    inputs_root: str
    new: bool

    @classmethod
    def of(cls, told: Members) -> VersionMade:
        """Read it."""
        return cls(
            member=told.text("member"),
            product=told.text("product"),
            version=told.integer("version"),
            inputs=told.integer("inputs"),
            inputs_root=told.text("inputsRoot"),
            new=told.flag("new"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductAct:
    """What goes to the chain about a product. action: register, publish or retire. state: waiting,
    signed, sent, recorded or refused. code, remedy: why it did not get there, and what to do."""

    action: str
    version: int | None
    state: str
    code: str | None
    recorded_at: str | None
    remedy: Text | None

    @classmethod
    def of(cls, told: Members) -> ProductAct:
        """Read it."""
        return cls(
            action=told.text("action"),
            version=told.integer_or_none("version"),
            state=told.text("state"),
            code=told.text_or_none("code"),
            recorded_at=told.text_or_none("recordedAt"),
            remedy=told.languages("remedy"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductVersion:
    """A version of a product. published_at: None: not on the chain yet. manifest: whether it is
    held at the gateway. users: members that it was handed to, as far as that is known there."""

    version: int
    content: str
    inputs: int
    published_at: str | None
    manifest: bool
    users: tuple[str, ...]

    @classmethod
    def of(cls, told: Members) -> ProductVersion:
        """Read it."""
        return cls(
            version=told.integer("version"),
            content=told.text("content"),
            inputs=told.integer("inputs"),
            published_at=told.text_or_none("publishedAt"),
            manifest=told.flag("manifest"),
            users=told.texts("users"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A product as the chain has it. registered_at, retired_at: None: it is not. acts: what goes to
    the chain about it, of one's own alone; the newest last."""

    member: str
    product: str
    title: str
    kind: str | None
    registered_at: str | None
    retired_at: str | None
    versions: tuple[ProductVersion, ...]
    acts: tuple[ProductAct, ...]
    raw: Mapping[str, Any] = _raw()

    @property
    def in_flight(self) -> bool:
        """Whether something about it is still on its way to the chain."""
        return any(one.state in IN_FLIGHT for one in self.acts)

    @classmethod
    def of(cls, told: Members) -> Product:
        """Read it."""
        return cls(
            member=told.text("member"),
            product=told.text("product"),
            title=told.text("title"),
            kind=told.text_or_none("kind"),
            registered_at=told.text_or_none("registeredAt"),
            retired_at=told.text_or_none("retiredAt"),
            versions=tuple(ProductVersion.of(one) for one in told.objects("versions")),
            acts=tuple(ProductAct.of(one) for one in told.objects("acts")),
            raw=told.raw,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductRow:
    """A product in a list. versions: those whose manifest is held at the gateway. waiting, refused:
    how many acts are on their way, and how many the chain did not take."""

    member: str
    product: str
    kind: str | None
    title: str
    versions: tuple[int, ...]
    waiting: int
    refused: int

    @classmethod
    def of(cls, told: Members) -> ProductRow:
        """Read it."""
        return cls(
            member=told.text("member"),
            product=told.text("product"),
            kind=told.text_or_none("kind"),
            title=told.text("title"),
            versions=told.integers("versions"),
            waiting=told.integer("waiting"),
            refused=told.integer("refused"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductList:
    """Products. next: what to ask on with as `after`; None: that is all."""

    products: tuple[ProductRow, ...]
    next: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why a record makes a version stale: one or more of disputed, shielded, erased, repaired,
    corrected, withdrawn, ended, closed."""

    record: str
    causes: tuple[str, ...]
    recorded_at: str | None
    corrected_by: str | None

    @classmethod
    def of(cls, told: Members) -> Cause:
        """Read it."""
        return cls(
            record=told.text("record"),
            causes=told.texts("causes"),
            recorded_at=told.text_or_none("recordedAt"),
            corrected_by=told.text_or_none("correctedBy"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductStatus:
    """Whether a version is stale, and why. inputs: its records; stale_inputs: those that make it
    stale; causes: of them, at most 1,000. followed_at: of when what is known of the chain is."""

    member: str
    product: str
    version: int
    inputs: int
    stale: bool
    stale_inputs: int
    causes: tuple[Cause, ...]
    followed_at: str
    raw: Mapping[str, Any] = _raw()

    @classmethod
    def of(cls, told: Members) -> ProductStatus:
        """Read it."""
        return cls(
            member=told.text("member"),
            product=told.text("product"),
            version=told.integer("version"),
            inputs=told.integer("inputs"),
            stale=told.flag("stale"),
            stale_inputs=told.integer("staleInputs"),
            causes=tuple(Cause.of(one) for one in told.objects("causes")),
            followed_at=told.text("followedAt"),
            raw=told.raw,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class InputPage:
    """Records of a version, and why each makes it stale (empty: it does not). inputs: of the whole
    version. next: what to ask on with as `after`; None: that is all."""

    version: int
    inputs: int
    records: Mapping[str, tuple[str, ...]]
    next: int | None

    @classmethod
    def of(cls, told: Members) -> InputPage:
        """Read it."""
        return cls(
            version=told.integer("version"),
            inputs=told.integer("inputs"),
            records={one.text("record"): one.texts("causes") for one in told.objects("items")},
            next=told.integer_or_none("next"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestTaken:
    """A manifest that is held at the gateway now. new: False: it was before."""

    member: str
    product: str
    version: int
    inputs: int
    new: bool

    @classmethod
    def of(cls, told: Members) -> ManifestTaken:
        """Read it."""
        return cls(
            member=told.text("member"),
            product=told.text("product"),
            version=told.integer("version"),
            inputs=told.integer("inputs"),
            new=told.flag("new"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductUse:
    """A version that a record went into, and the members that it was handed to."""

    member: str
    product: str
    title: str
    version: int
    users: tuple[str, ...]

    @classmethod
    def of(cls, told: Members) -> ProductUse:
        """Read it."""
        return cls(
            member=told.text("member"),
            product=told.text("product"),
            title=told.text("title"),
            version=told.integer("version"),
            users=told.texts("users"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """What a record went into. stale, causes: whether and why it makes those versions stale. more:
    whether there are more than are given."""

    record: str
    stale: bool
    causes: tuple[Cause, ...]
    products: tuple[ProductUse, ...]
    more: bool
    raw: Mapping[str, Any] = _raw()

    @classmethod
    def of(cls, told: Members) -> Lineage:
        """Read it."""
        return cls(
            record=told.text("record"),
            stale=told.flag("stale"),
            causes=tuple(Cause.of(one) for one in told.objects("causes")),
            products=tuple(ProductUse.of(one) for one in told.objects("products")),
            more=told.flag("more"),
            raw=told.raw,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRow:
    """What became of a row of outcomes. row: as the sender counts. state: new, corrected, known or
    wrong. commitment: of its statement. errors: `field`, `code`, `message` and `remedy` each."""

    row: int
    state: str
    commitment: str | None
    errors: tuple[Mapping[str, Any], ...]

    @classmethod
    def of(cls, told: Members) -> OutcomeRow:
        """Read it."""
        return cls(
            row=told.integer("row"),
            state=told.text("state"),
            commitment=told.text_or_none("commitment"),
            errors=tuple(one.raw for one in told.objects("errors")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeReport:
    """What became of a file of outcomes."""

    counts: Mapping[str, int]
    rows: tuple[OutcomeRow, ...]

    @property
    def all_taken(self) -> bool:
        """Whether no row is wrong."""
        return all(row.state != "wrong" for row in self.rows)

    @classmethod
    def of(cls, told: Members) -> OutcomeReport:
        """Read it."""
        rows = tuple(OutcomeRow.of(one) for one in told.objects("items"))
        return cls(counts=told.counts("counts"), rows=rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """What this member reported of a month, as it counts: members as the interface has them. next:
    what to ask on with as `after`; None: that is all."""

    items: tuple[Mapping[str, Any], ...]
    next: int | None
