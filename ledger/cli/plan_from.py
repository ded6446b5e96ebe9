"""`consortium plan --from`: the plan by which a network moves to another Consortium, read from the
one that it has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ledger.chain.contracts.bindings import CASE_REGISTRY, CATALOGUE, Catalogue, Consortium
from ledger.chain.contracts.events import Acted, decode_events, topic
from ledger.chain.contracts.structs import (
    CLOSED,
    NATIONAL,
    RETIRED,
    SUSPENDED,
    ZERO,
    CatalogueItem,
    Key,
    Log,
    Member,
)
from ledger.chain.founding.deploy import fits
from ledger.chain.founding.founders import Founder, FounderKey, FounderLog
from ledger.chain.network import MAX_MOVES, NetworkFile
from ledger.chain.nodes.quorum import View
from ledger.cli.language import say
from ledger.cli.plan import head_of_plan, member_text
from ledger.cli.plan_of_move import REFILE_DAYS, item_text, key_text, log_text
from ledger.core.errors import ConfigError
from ledger.core.ids import SUITES
from ledger.core.keys import Alg, Purpose, Role

DAY = 86_400
_FIRST_TO_LAST = (
    *(Purpose.GOVERN, Purpose.ANCHOR, Purpose.NOTE, Purpose.PRESENT, Purpose.CASE),
    *(Purpose.DECIDE, Purpose.REQUEST, Purpose.WITNESS, Purpose.CONSENT, Purpose.PRODUCT),
)
"""Purposes in the order in which a member misses their keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A plan, and what it does not carry over, in words."""

    text: bytes
    left: tuple[str, ...]


def take_plan(network: NetworkFile, view: View) -> Taken:
    """The plan of the same network elsewhere, as it stands at this head. Raises CouldNotCheck, and
    ConfigError where it moved too often."""
    formerly = (*network.formerly, network.reference)
    if len(formerly) > MAX_MOVES:
        raise ConfigError("formerly", f"a network moves at most {MAX_MOVES} times")
    consortium = Consortium(network.consortium, view.call, view.calls)
    members = consortium.members()
    kept = [member for member in members if member.status != RETIRED]
    catalogues = [
        Catalogue(one.account, view.call, view.calls)
        for one in consortium.contract_history(CATALOGUE)
    ]
    threshold = consortium.threshold()
    founders, without = _fitting(
        [_founder(consortium, member, view.block.time) for member in kept], threshold
    )
    parts = [
        head_of_plan(
            name=network.name,
            count=sum(1 for member in kept if member.roles & Role.PROVINCE),
            threshold=threshold,
            head_age=network.max_head_age,
            finality=network.finality,
            formerly=formerly,
            refile_days=REFILE_DAYS,
        ),
        *(_member_text(consortium, founder) for founder in founders),
        _ITEMS,
        item_text(_items(catalogues, view.block.time)),
    ]
    left = [*_left_members(members), *_left_keys(without)]
    left += _left_supplements(catalogues)
    left += _left_acts(consortium, view, network.deploy_block)
    return Taken(text="".join(parts).encode(), left=tuple(left))


_ITEMS = """
# The catalogue, with every version that ever was: records made by an earlier one are anchored again
# by it. They are put in this order, each version of an item in a vote of its own.
"""


def _founder(consortium: Consortium, member: Member, now: int) -> Founder:
    return Founder(
        code=member.code,
        roles=Role(member.roles),
        region=member.region,
        endpoint=member.endpoint,
        keys=tuple(_founder_key(key) for key in consortium.keys(member.code) if _goes_on(key, now)),
        logs=tuple(_founder_log(log) for log in consortium.logs(member.code)),
    )


def _fitting(
    founders: Sequence[Founder], threshold: int
) -> tuple[Sequence[Founder], Sequence[Purpose]]:
    """The same with as many purposes of keys as a founding has room for, and those left out."""
    found, count = founders, len(_FIRST_TO_LAST)
    while count and not fits(found, threshold):
        count -= 1
        chosen = _FIRST_TO_LAST[:count]
        found = [
            replace(one, keys=tuple(key for key in one.keys if key.purpose in chosen))
            for one in founders
        ]
    return found, _FIRST_TO_LAST[count:]


def _member_text(consortium: Consortium, founder: Founder) -> str:
    closed = {log.log_id: _closed(log) for log in consortium.logs(founder.code)}
    text = member_text(
        code=founder.code, region=founder.region, roles=founder.roles, endpoint=founder.endpoint
    )
    logs = [(log, closed.get(log.log_id)) for log in founder.logs if log.log_id is not None]
    return text + key_text(founder.keys) + log_text(logs)


def _goes_on(key: Key, now: int) -> bool:
    """In force or to come, and nobody's but its owner's. One that was ended this second is valid
    until the next."""
    known = key.purpose in list(Purpose) and key.alg in list(Alg)
    return known and not key.compromised_since and now < key.not_after


def _founder_key(key: Key) -> FounderKey:
    return FounderKey(
        purpose=Purpose(key.purpose),
        alg=Alg(key.alg),
        public_key=key.public_key,
        not_before=key.not_before,
        not_after=key.not_after,
    )


def _founder_log(log: Log) -> FounderLog:
    if log.suite not in SUITES.values():
        raise ConfigError(log.log_id.hex(), "its suite is newer than this software")
    return FounderLog(seq=log.seq, suite=log.suite, log_id=log.log_id)


def _closed(log: Log) -> int | None:
    return log.trusted_size if log.status == CLOSED else None


def _items(catalogues: Sequence[Catalogue], now: int) -> Iterator[CatalogueItem]:
    """Every national version, in the order of items and versions; of two contracts that have the
    same one the later counts. What has ended goes on until everything is anchored again."""
    found: dict[tuple[str, int], CatalogueItem] = {}
    for catalogue in catalogues:
        names = [(name, NATIONAL) for name in catalogue.item_ids()]
        for version in catalogue.series(names):
            found[version.item.item_id, version.item.version] = version.item
    for _, item in sorted(found.items()):
        ended = item.since < item.until <= now
        yield replace(item, until=now + REFILE_DAYS * DAY) if ended else item


# ---- what is not carried over


def _left_members(members: Iterable[Member]) -> Iterator[str]:
    for member in members:
        if member.status == RETIRED:
            yield say(
                zh=f"{member.code} 已退出，不列入；其回执仍只能对原网络核验。",
                en=f"{member.code} is retired and not in it; its receipts verify on the former "
                "network alone.",
            )
        elif member.status == SUSPENDED:
            yield say(
                zh=f"{member.code} 处于中止；创建后须再次表决中止。",
                en=f"{member.code} is suspended; vote on that again after the founding.",
            )


def _left_keys(without: Sequence[Purpose]) -> Iterator[str]:
    for purpose in without:
        yield say(
            zh=f"创建时容纳不下 {purpose.name} 密钥；创建后由各成员登记：keys rotate {purpose.name}"
            " --out 密钥文件。",
            en=f"a founding has no room for {purpose.name} keys; after it members register theirs:"
            f" keys rotate {purpose.name} --out FILE.",
        )


def _left_supplements(catalogues: Sequence[Catalogue]) -> Iterator[str]:
    for catalogue in catalogues[-1:]:
        for name in catalogue.item_ids():
            for region in catalogue.regions(name):
                if region != NATIONAL:
                    yield say(
                        zh=f"{region} 的补充目录 {name} 须由其自行重新写入。",
                        en=f"{name}, a supplement of {region}, has to be put again by it.",
                    )


def _left_acts(consortium: Consortium, view: View, first: int) -> Iterator[str]:
    """Acts by vote: owners file their own again, nobody those of a vote."""
    count = 0
    for one in consortium.contract_history(CASE_REGISTRY):
        entries = view.logs(one.account, (topic(Acted), None, None, ZERO), first=first)
        acts: list[Any] = [e for e in decode_events("CaseRegistry", entries)]
        count += sum(1 for event in acts if isinstance(event, Acted))
    if count:
        yield say(
            zh=f"有 {count} 项决定由表决作出（audit replay 列出），须再次表决。",
            en=f"{count} acts on records were decided by vote (`audit replay` lists them); they "
            "have to be voted on again.",
        )
