"""Whether the events were all of them: what the head's state says must equal what they gave.

A node that caps or drops events silently would else show a shorter, cleaner history. What was
changed and changed back leaves nothing in the state; there the numbers that writes carry and the
votes that must stand behind changes tell that something is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from ledger.audit.state import Item, Key, Log, Member, State
from ledger.audit.times import BlockTimes
from ledger.chain.contracts import bindings, structs
from ledger.chain.contracts.bindings import CASE_REGISTRY, CATALOGUE, LOG_ANCHOR
from ledger.chain.nodes.quorum import View
from ledger.core.ids import Address, Digest, LogId

ROLES = (LOG_ANCHOR, CATALOGUE, CASE_REGISTRY, "Revocations", "Products")


class Gap(NamedTuple):
    """Something that the state has otherwise than the events."""

    where: str
    state: str
    events: str


Sizes = Mapping[LogId, tuple[int, Digest]]
"""Size and root of each log at its last anchor."""


def gaps(view: View, consortium: Address, state: State, sizes: Sizes) -> Iterator[Gap]:
    """What the events up to the head do not account for. Raises CouldNotCheck."""
    found, times = bindings.Consortium(consortium, view.call), BlockTimes(view)
    yield from compare("threshold", found.threshold(), state.threshold)
    yield from compare("chair", found.chair() or "", state.chair)
    members = found.members()
    yield from compare("members", [m.code for m in members], list(state.members))
    for member in members:
        yield from _member_gaps(found, state, member, times)
    for role in dict.fromkeys((*ROLES, *state.contracts)):
        told = [(a, times.at(place[0])) for place, a in state.contracts.get(role, [])]
        held = [(one.account, one.since) for one in found.contract_history(role)]
        yield from compare(f"contracts/{role}", held, told)
    yield from _compare_votes(found, state)
    yield from _items(view, state, times)
    yield from _anchors(view, state, sizes)


def _member_gaps(
    found: bindings.Consortium, state: State, member: structs.Member, times: BlockTimes
) -> Iterator[Gap]:
    """Of one member: itself, its roles, keys and logs."""
    where, told = f"member/{member.code}", state.members.get(member.code)
    yield from compare(where, _of_member(member), told and _member(told, times))
    roles = [(span.since, span.roles) for span in found.role_history(member.code)]
    was = [(times.at(place[0]), roles) for place, roles in (told.was if told else ())]
    yield from compare(f"{where}/roles", roles, was)
    keys = [_key(key) for key in found.keys(member.code)]
    added = [_key(key) for key in state.keys.values() if key.member == member.code]
    yield from compare(f"{where}/keys", keys, added)
    logs = found.logs(member.code)
    opened = [log for log in state.logs.values() if log.member == member.code]
    yield from compare(f"{where}/logs", [_of_log(log) for log in logs], [_log(x) for x in opened])


def compare(where: str, state: object, events: object) -> Iterator[Gap]:
    """A gap where the two differ."""
    if state != events:
        yield Gap(where, _short(state), _short(events))


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 200 else f"{text[:200]} …"  # noqa: PLR2004 - a line for people


def _of_member(member: structs.Member) -> tuple[object, ...]:
    return (
        *(member.region, member.roles, member.status, member.seq, member.endpoint),
        *(member.recovered_from, member.govern_taken_at),
    )


def _member(member: Member, times: BlockTimes) -> tuple[object, ...]:
    return (
        *(member.region, member.roles, member.status, member.seq, member.endpoint),
        *(member.recovered_from, times.at(member.taken_at) if member.taken_at else 0),
    )


def _key(key: structs.Key | Key) -> tuple[object, ...]:
    return (
        *(key.key_id.hex(), key.purpose, key.alg, key.public_key.hex()),
        *(key.not_before, key.not_after, key.compromised_since),
    )


def _of_log(log: structs.Log) -> tuple[object, ...]:
    trusted = log.trusted_size if log.status == structs.CLOSED else None
    return (log.log_id, log.seq, log.suite, trusted, log.predecessor, log.successor)


def _log(log: Log) -> tuple[object, ...]:
    trusted = None if log.closed is None else log.closed[1]
    return (log.log_id, log.seq, log.suite, trusted, log.predecessor, log.successor)


def _compare_votes(found: bindings.Consortium, state: State) -> Iterator[Gap]:
    for name, proposal in state.proposals.items():
        stored = found.proposal(name)
        where = f"proposal/{name.hex()}"
        yield from compare(where, stored and stored.executed, proposal.closed)
    for tx in sorted(state.carried_out ^ state.changed):
        carried, changed = (tx in told for told in (state.carried_out, state.changed))
        yield Gap(f"transaction/{tx}", f"vote carried out: {carried}", f"changes: {changed}")


def _items(view: View, state: State, times: BlockTimes) -> Iterator[Gap]:
    for _, account in state.contracts.get(CATALOGUE, []):
        puts = [put for put in state.items if put.contract == account]
        yield from _catalogue_gaps(bindings.Catalogue(account, view.call), puts, times)


def _catalogue_gaps(
    found: bindings.Catalogue, puts: Iterable[Item], times: BlockTimes
) -> Iterator[Gap]:
    """Of one catalogue: its ids, the regions of each, the versions of each series."""
    told: dict[str, dict[str, list[tuple[object, int]]]] = {}
    for put in puts:
        series = told.setdefault(put.item.item_id, {}).setdefault(put.item.region, [])
        series.append((put.item, times.at(put.place[0])))
    where = f"catalogue/{found.address}"
    yield from compare(where, list(found.item_ids()), list(told))
    for name, regions in told.items():
        yield from compare(f"{where}/{name}", list(found.regions(name)), list(regions))
        for region, versions in regions.items():
            held = [(one.item, one.put_at) for one in found.item(name, region)]
            yield from compare(f"{where}/{name}/{region or 'national'}", held, versions)


def _anchors(view: View, state: State, sizes: Sizes) -> Iterator[Gap]:
    """Every log's last anchor."""
    held = state.contracts.get(LOG_ANCHOR, [])
    for log_id in state.logs if held else ():
        latest = bindings.LogAnchor(held[-1][1], view.call).latest(log_id)
        size, root = sizes.get(log_id, (0, None))
        where = f"log/{log_id.hex()}/latest"
        yield from compare(where, _size(latest.size, latest.root), _size(size, root))


def _size(size: int, root: Digest | None) -> str:
    return f"size {size}, root {'-' if root is None else root.hex()}"
