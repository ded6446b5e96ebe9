"""Whether the events of `CaseRegistry` were all of them: what the head's state says of every record
must equal what they fold to.

An acknowledgement that a later one of the same member followed leaves nothing in the state; that
one is missing cannot be seen, and nothing but findings about itself is lost with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from ledger.audit.cases import Cases
from ledger.audit.complete import Gap, answered, compare
from ledger.chain.contracts import bindings
from ledger.chain.nodes.quorum import View
from ledger.core.ids import Address
from ledger.core.status import State

_HELD = 4096  # records whose status is held at once


def case_gaps(
    view: View, address: Address, cases: Cases, members: Iterable[str], *, ours: bool
) -> Iterator[Gap]:
    """What the newest registry has otherwise than its events and those before it. ours: its code is
    what ships; else it may give no answer, which is a gap too. Raises CouldNotCheck."""
    registry = bindings.CaseRegistry(address, view.call, view.calls)
    where = f"contract/CaseRegistry/{address}"
    yield from answered(_all_gaps(registry, where, cases, members), where, ours=ours)


def _all_gaps(
    registry: bindings.CaseRegistry, where: str, cases: Cases, members: Iterable[str]
) -> Iterator[Gap]:
    latest = registry.latest()
    yield from compare(
        f"{where}/latest", _acts(latest.count, latest.head), _acts(cases.count, cases.head)
    )
    for member in members:
        told = registry.acknowledged(member).count
        yield from compare(f"member/{member}/acknowledged", told, cases.acknowledged.get(member, 0))
    records = iter(cases.states)
    while page := list(islice(records, _HELD)):
        for record, state in zip(page, registry.stored(page), strict=True):
            if state != cases.states[record]:
                name = f"record/{record.hex()}"
                yield Gap(name, _status(state), _status(cases.states[record]))


def _acts(count: int, head: bytes) -> str:
    return f"{count} acts, head {head.hex()}"


def _status(state: State) -> str:
    parts = (state.word.encode(), state.history, state.other)
    return " ".join(part.hex() for part in parts)
