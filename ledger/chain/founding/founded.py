"""Whether what lies on a chain is the network that was planned: its code, and how it was founded.

Read from the events of the constructor, which say what was founded whatever was decided since: a
network that grew still is the one of its plan, another one never is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ledger.chain.contracts.contract_abi import Name, load
from ledger.chain.contracts.events import (
    ChainEvent,
    KeyAdded,
    LogOpened,
    MemberAdded,
    ThresholdSet,
    decode_events,
)
from ledger.chain.founding.founders import Founder
from ledger.chain.nodes.blocks import LogEntry
from ledger.core.errors import ConfigError
from ledger.core.ids import Address, log_id

_NOT_SINCE = " than planned (compared is the founding, not what was changed since)"


def check_code(contracts: Mapping[Name, Address], code: Callable[[Address], bytes]) -> None:
    """What lies at the addresses is our code. Raises ConfigError."""
    for name, address in contracts.items():
        if not load(name).is_deployed_as(code(address)):
            raise ConfigError(name, f"{address} is another contract")


def check_founding(
    entries: Sequence[LogEntry],
    founders: Sequence[Founder],
    *,
    threshold: int,
    chain_id: int,
    consortium: Address,
    keys: bool = True,
) -> None:
    """`entries`: events of the Consortium in the block of its constructor. Members, their regions,
    roles, logs and keys, and the threshold are those that are planned. When keys begin is not
    compared: a plan says nothing of it. `keys` False: nor are the keys, of which the files at hand
    may be later ones. Raises ConfigError."""
    own = [entry for entry in entries if entry.tx == entries[0].tx]
    events = list(decode_events("Consortium", own))
    members = [event for event in events if isinstance(event, MemberAdded)]
    if [event.member for event in members] != [founder.code for founder in founders]:
        codes = ", ".join(event.member for event in members)
        raise ConfigError("consortium", f"{consortium} was founded by {codes}")
    found = [event.threshold for event in events if isinstance(event, ThresholdSet)]
    if found != [threshold]:
        raise ConfigError("threshold", f"was founded with another one{_NOT_SINCE}")
    for founder, member in zip(founders, members, strict=True):
        pairs = {
            "region": (member.region, founder.region),
            "roles": (member.roles, int(founder.roles)),
            "logs": (_logs(events, founder.code), _planned_logs(founder, chain_id, consortium)),
            "keys": (_keys(events, founder.code), _planned_keys(founder)),
        }
        if not keys:
            del pairs["keys"]
        for what, (there, planned) in pairs.items():
            if there != planned:
                raise ConfigError(founder.code, f"was founded with other {what}{_NOT_SINCE}")


def _logs(events: Sequence[ChainEvent], code: str) -> list[tuple[bytes, int, int]]:
    opened = [event for event in events if isinstance(event, LogOpened) and event.member == code]
    return [(event.log_id, event.seq, event.suite) for event in opened]


def _planned_logs(
    founder: Founder, chain_id: int, consortium: Address
) -> list[tuple[bytes, int, int]]:
    return [
        (
            log.log_id or log_id(chain_id, consortium, founder.code, log.seq, log.suite),
            log.seq,
            log.suite,
        )
        for log in founder.logs
    ]


def _keys(events: Sequence[ChainEvent], code: str) -> list[tuple[int, int, bytes, int]]:
    added = [event for event in events if isinstance(event, KeyAdded) and event.member == code]
    return sorted((e.purpose, e.alg, e.public_key, e.not_after) for e in added)


def _planned_keys(founder: Founder) -> list[tuple[int, int, bytes, int]]:
    return sorted((int(k.purpose), int(k.alg), k.public_key, k.not_after) for k in founder.keys)
