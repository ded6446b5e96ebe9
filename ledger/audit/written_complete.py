"""Whether the events of `Revocations` and `Products` were all of them: what the contracts say at
the head must equal what their events fold to.

What nobody names cannot be asked for: a product or revocation of which every event was left out is
not seen by this. The same quorum gives all events, so they would have to leave it out together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ledger.audit.complete import Gap, answered, compare
from ledger.audit.written import Made, Written
from ledger.chain.contracts import bindings
from ledger.chain.nodes.quorum import View
from ledger.core.ids import Address, Digest

__all__ = ["product_gaps", "revocation_gaps"]


def revocation_gaps(view: View, address: Address, now: Written, *, ours: bool) -> Iterator[Gap]:
    """What a contract that had the role has otherwise than its own events. ours: its code is what
    ships; else it may give no answer, which is a gap too. Raises CouldNotCheck."""
    contract = bindings.Revocations(address, view.call, view.calls)
    where = f"contract/Revocations/{address}"
    yield from answered(_revocations(contract, now), where, ours=ours)


def product_gaps(view: View, address: Address, now: Written, *, ours: bool) -> Iterator[Gap]:
    """What the newest contract has otherwise than the events of all. See `revocation_gaps`."""
    contract = bindings.Products(address, view.call, view.calls)
    found = (gap for made in now.products.values() for gap in _product(contract, made))
    yield from answered(found, f"contract/Products/{address}", ours=ours)


def _revocations(contract: bindings.Revocations, now: Written) -> Iterator[Gap]:
    told: dict[str, dict[Digest, int]] = {}
    for (custodian, commitment), writing in now.revocations.items():
        if writing.signed.address == contract.address:
            told.setdefault(custodian, {})[commitment] = writing.time
    for custodian, times in told.items():
        found: Sequence[int | None] = contract.revoked_at(custodian, list(times))
        for (commitment, time), held in zip(times.items(), found, strict=True):
            yield from compare(f"authorisation/{commitment.hex()}", held, time)


def _product(contract: bindings.Products, made: Made) -> Iterator[Gap]:
    held = contract.product(made.member, made.product_id)
    retired = 0 if made.retired is None else made.retired.time
    yield from compare(
        f"product/{made.member}/{made.product_id.hex()}",
        held and (held.registered_at, held.versions, held.retired_at),
        (made.registered.time, len(made.versions), retired),
    )
