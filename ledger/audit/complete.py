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
from ledger.chain.errors import NoContract, NoQuorum, Reverted
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


def gaps(view: View, consortium: Address, state: State) -> Iterator[Gap]:
    """What the events of the Consortium up to the head do not account for. Raises CouldNotCheck."""
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


def catalogue_gaps(view: View, address: Address, state: State, *, ours: bool) -> Iterator[Gap]:
    """What a contract that had the role has otherwise than its own events. ours: its code is what
    ships; else it may give no answer, which is a gap too. Raises CouldNotCheck."""
    puts = [put for put in state.items if put.contract == address]
    found = _of_catalogue(bindings.Catalogue(address, view.call), puts, BlockTimes(view))
    yield from answered(found, f"contract/Catalogue/{address}", ours=ours)


def anchor_gaps(
    view: View, address: Address, state: State, sizes: Sizes, *, ours: bool
) -> Iterator[Gap]:
    """What the newest contract has otherwise than the events of all. See `catalogue_gaps`."""
    found = _of_logs(bindings.LogAnchor(address, view.call), state, sizes)
    yield from answered(found, f"contract/LogAnchor/{address}", ours=ours)


def answered(found: Iterator[Gap], where: str, *, ours: bool) -> Iterator[Gap]:
    """The gaps of a contract; that one which is not ours gives no answer is a gap. Raises
    CouldNotCheck where one of ours gives none."""
    try:
        yield from found
    except (NoContract, NoQuorum, Reverted) as error:
        if ours:
            raise
        yield Gap(where, "no answer", str(error))


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


def _of_catalogue(
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


def _of_logs(found: bindings.LogAnchor, state: State, sizes: Sizes) -> Iterator[Gap]:
    """Every log's last anchor."""
    for log_id in state.logs:
        latest = found.latest(log_id)
        size, root = sizes.get(log_id, (0, None))
        where = f"log/{log_id.hex()}/latest"
        yield from compare(where, _size(latest.size, latest.root), _size(size, root))


def _size(size: int, root: Digest | None) -> str:
    return f"size {size}, root {'-' if root is None else root.hex()}"
