"""Tell what was in the catalogue when: check 24."""

from tests.second.facts import GRACE, NEVER, RECORD_TYPE, RULES, Item, World
from tests.second.present import Payload

Span = tuple[int, int]


def _spans(world: World, item_id: str, region: str) -> list[tuple[Item, Span]]:
    """Give each version of a series with the time for which it counts, in every contract."""
    found = []
    for held in world.contracts.get("Catalogue", []):
        series = [
            item
            for item in world.catalogue
            if (item.contract, item.item, item.region) == (held.address, item_id, region)
            and held.since <= item.put_at <= held.until
        ]
        for item in series:
            ends = [other.begin for other in series if other.version > item.version]
            end = min([*ends, item.until or NEVER, held.until])
            if item.begin < end:
                found.append((item, (item.begin, end)))
    return found


def _without(span: Span, others: list[Span]) -> list[Span]:
    """Take times out of a span."""
    left = [span]
    for start, end in others:
        parts = [
            part
            for begin, stop in left
            for part in ((begin, min(stop, start)), (max(begin, end), stop))
        ]
        left = [(begin, stop) for begin, stop in parts if begin < stop]
    return left


def serving(world: World, item_id: str, region: str, at: int) -> list[Item]:
    """Give the versions that serve at a time: national ones, and supplements where none counts."""
    national = _spans(world, item_id, "")
    found = [(item, [span]) for item, span in national]
    if region:
        taken = [span for _, span in national]
        found += [(item, _without(span, taken)) for item, span in _spans(world, item_id, region)]
    return [
        item
        for item, spans in found
        if any(start <= at and at - GRACE < end for start, end in spans)
    ]


def in_force(
    world: World, region: str, schema: str, payload: Payload | None, at: int
) -> str | None:
    """Make check 24."""
    name, _, version = schema.partition("@")
    types = serving(world, name, region, at)
    if not any(
        (item.kind, item.version) == (RECORD_TYPE, int(version))
        and (payload is None or item.content == payload.schema.digest)
        for item in types
    ):
        return "type-not-in-force"
    if payload is None:
        return None
    wanted = (RULES, payload.rules.version, payload.rules.digest)
    rules = (
        serving(world, payload.rules.name, region, at) if payload.rules.name == "publicity" else []
    )
    served = [(item.kind, item.version, item.content) for item in rules]
    return None if wanted in served else "rules-not-in-force"
