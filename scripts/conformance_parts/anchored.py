"""Roots, anchors and logs: checks 15 to 17, 21 and 22."""

from collections.abc import Mapping
from typing import Any

from scripts.conformance_parts import world as w
from scripts.conformance_parts.bench import FIRST_SIZE, Bench, Record, file
from scripts.conformance_parts.keys import seed
from scripts.conformance_parts.reading import case
from scripts.conformance_parts.receipts import Sound

MOVED, OPEN = "anchor-moved", "undetermined"


def _is_ours(one: Mapping[str, Any]) -> bool:
    """Of the anchor that the plain receipt stands on."""
    return bool(one["size"] > FIRST_SIZE and one["log"] == seed("log").hex())


def build(b: Bench, true: Sound) -> None:
    """All cases of the group."""
    _roots(b, true)
    _first(b, true)
    _before(b, true)
    _places(b, true)
    _tenures(b)
    _logs(b)
    _final(b, true.early)


def _roots(b: Bench, true: Sound) -> None:
    case(
        b,
        "root/missing",
        "not-anchored",
        "root-not-anchored",
        roots=lambda world: [one for one in world["roots"] if not _is_ours(one)],
    )
    case(
        b,
        "root/another",
        "not-anchored",
        "root-not-anchored",
        roots=w.with_row("roots", _is_ours, root=seed("x").hex()),
    )
    case(
        b,
        "root/of-another-log",
        "not-anchored",
        "root-not-anchored",
        roots=w.with_row("roots", _is_ours, log=seed("another log").hex()),
    )

    b.facts(
        "root-and-event-missing",
        b.reason("root/missing-and-no-event")["en"],
        anchors=lambda world: [one for one in world["anchors"] if not _is_ours(one)],
        roots=lambda world: [one for one in world["roots"] if not _is_ours(one)],
    )
    b.add(
        "root/missing-and-no-event",
        "chain/everything-is-well",
        "not-anchored",
        facts="root-and-event-missing",
        code="root-not-anchored",
    )

    def ahead() -> bytes:
        value = b.value(true.plain)
        return file({**value, "anchor": {**value["anchor"], "block": 201}})

    b.add(
        "root/missing-and-newer-than-the-head",
        ahead,
        OPEN,
        facts="root-missing",
        code="head-behind-receipt",
    )
    b.add(
        "root/another-and-newer-than-the-head",
        ahead,
        "not-anchored",
        facts="root-another",
        code="root-not-anchored",
    )
    case(
        b,
        "root/of-a-contract-that-is-none",
        "not-anchored",
        "root-not-anchored",
        roots=w.with_row("roots", _is_ours, contract="0x" + "ab" * 20),
    )


def _first(b: Bench, true: Sound) -> None:
    early = true.early
    case(
        b,
        "anchor/no-event",
        OPEN,
        "anchor-event-missing",
        anchors=lambda world: [one for one in world["anchors"] if not _is_ours(one)],
    )
    case(
        b,
        "anchor/event-of-another-root",
        OPEN,
        "anchor-event-missing",
        anchors=w.with_row("anchors", _is_ours, root=seed("x").hex()),
    )

    def later() -> bytes:
        size = len(b.log.entries)
        of_plain = b.value(true.plain)
        value = b.value(early, size=size, path=b.log.path(early.index, size))
        return file({**value, "checkpoint": of_plain["checkpoint"], "anchor": of_plain["anchor"]})

    b.add("anchor/not-the-first", later, MOVED, code="not-first-anchor")

    def twice(world: w.World) -> w.Rows:
        ours = next(one for one in world["anchors"] if _is_ours(one))
        again = {**ours, "block": 130, "blockHash": w.block_hash(130), "time": w.T + 60}
        return [*world["anchors"], {**again, "keyId": w.STRANGER_K.id}]

    case(b, "anchor/covered-twice", "valid", "", anchors=twice)


def _before(b: Bench, true: Sound) -> None:
    """Anchors before the one that a receipt names."""

    def before(world: w.World) -> w.Rows:
        ours = next(one for one in world["anchors"] if _is_ours(one))
        thief = {
            **ours,
            "prevSize": 3,
            "block": 115,
            "blockHash": w.block_hash(115),
            "time": w.T - 60,
            "keyId": w.STRANGER_K.id,
            "tx": "0x" + "ee" * 32,
        }
        return [*world["anchors"][:-1], thief, ours]

    case(b, "anchor/covered-before", MOVED, "anchor-differs", anchors=before)

    def at_the_first() -> bytes:
        place = {"block": 115, "blockHash": w.block_hash(115), "time": w.instant(w.T - 60)}
        return b.receipt(true.plain, anchor={**place, "tx": "0x" + "ee" * 32})

    b.add(
        "anchor/covered-before-by-a-stranger",
        at_the_first,
        "key-not-valid-at",
        facts="anchor-covered-before",
        code="anchor-key-not-valid",
    )

    def beside(world: w.World) -> w.Rows:
        """One that ends right before the leaf."""
        ours = next(one for one in world["anchors"] if _is_ours(one))
        index = true.plain.index
        short = {
            **ours,
            "prevSize": 3,
            "size": index,
            "root": b.log.root(index).hex(),
            "block": 115,
            "blockHash": w.block_hash(115),
            "time": w.T - 60,
        }
        return [*world["anchors"][:-1], short, {**ours, "prevSize": index}]

    case(b, "anchor/up-to-right-before-it", "valid", "", anchors=beside)


def _places(b: Bench, true: Sound) -> None:
    for name, changes in (
        ("block", {"block": 121}),
        ("block-hash", {"blockHash": w.block_hash(999)}),
        ("time", {"time": w.instant(w.T - w.DAY)}),
        ("transaction", {"tx": "0x" + "00" * 32}),
    ):

        def make(changes: Mapping[str, Any] = changes) -> bytes:
            value = b.value(true.plain)
            return b.receipt(true.plain, anchor={**value["anchor"], **changes})

        b.add(f"anchor/of-another-{name}", make, MOVED, code="anchor-differs", check="anchor")


def _tenures(b: Bench) -> None:
    """Two contracts that held the role one behind the other."""

    def held(since: int) -> w.Change:
        both = [w.held(w.OLD_ANCHORS), w.held(w.ANCHORS, since)]
        return lambda world: {**world["contracts"], "LogAnchor": both}

    def old(name: str) -> w.Change:
        return w.with_row(name, _is_ours, contract=w.OLD_ANCHORS)

    case(
        b,
        "contract/of-the-predecessor",
        "valid",
        "",
        contracts=held(w.T + w.HOUR),
        anchors=old("anchors"),
        roots=old("roots"),
    )
    case(
        b,
        "contract/in-its-last-second",
        "valid",
        "",
        contracts=held(w.T),
        anchors=old("anchors"),
        roots=old("roots"),
    )
    case(
        b,
        "contract/after-it-lost-the-role",
        OPEN,
        "anchor-event-missing",
        contracts=held(w.T - 1),
        anchors=old("anchors"),
        roots=old("roots"),
    )
    case(b, "contract/in-its-first-second", "valid", "", contracts=held(w.T))
    case(
        b, "contract/before-it-had-the-role", OPEN, "anchor-event-missing", contracts=held(w.T + 1)
    )

    def both(world: w.World) -> w.Rows:
        ours = next(one for one in world["roots"] if _is_ours(one))
        return [*world["roots"], {**ours, "contract": w.OLD_ANCHORS, "root": seed("x").hex()}]

    case(b, "contract/newest-root-counts", "valid", "", contracts=held(w.T - w.DAY), roots=both)


def _logs(b: Bench) -> None:
    at = w.T + w.DAY

    def closed(trusted: int, time: int = at) -> w.Change:
        ours = seed("log").hex()
        return w.with_row(
            "logs", lambda log: log["log"] == ours, status=2, trustedSize=trusted, closedAt=time
        )

    # The size of the log is known once all records are in.
    case(b, "log/closed-below", "log-closed", "log-closed", logs=closed(3))
    case(b, "log/closed-above", "valid", "", logs=closed(1_000_000))
    case(b, "log/closed-at-that-size", "valid", "", logs=closed(len(b.log.entries)))
    case(
        b,
        "log/closed-a-leaf-below",
        "log-closed",
        "log-closed",
        logs=closed(len(b.log.entries) - 1),
    )
    day = w.day(at)
    for name, time, verdict in (
        ("at-the-end-of-the-day", w.end_of(day), "valid"),
        ("in-the-last-second-of-the-day", w.end_of(day) - 1, "log-closed"),
    ):
        made = b.facts(
            f"log-closed-{name}", b.reason(f"log/closed-{name}")["en"], logs=closed(3, time)
        )
        code = None if verdict == "valid" else "log-closed"
        b.add(
            f"log/closed-{name}",
            "chain/everything-is-well",
            verdict,
            facts=made,
            ask={"asOf": day},
            now="log-closed",
            code=code,
        )


def _final(b: Bench, early: Record) -> None:
    case(b, "final/anchor-is", "valid", "", final=120)
    made = b.facts("anchor-not-final", "The block of the anchor is not final yet.", final=119)
    b.add(
        "final/anchor-is-not",
        "chain/everything-is-well",
        "not-final",
        facts=made,
        code="anchor-not-final",
    )
    case(b, "final/nothing-is", "not-final", "anchor-not-final", final=-1)
    for name, day, verdict in (
        ("on-that-day", w.day(w.T), "valid"),
        ("on-the-day-before", w.day(w.T - w.DAY), "not-yet-anchored"),
    ):
        code = None if verdict == "valid" else "anchored-later"
        b.add(
            f"as-of/anchored-{name}",
            "chain/everything-is-well",
            verdict,
            ask={"asOf": day},
            now="valid",
            code=code,
        )
    end = w.end_of(w.day(w.FIRST))
    for name, at, verdict in (
        ("last-second", end - 1, "valid"),
        ("first-second-behind", end, "not-yet-anchored"),
    ):

        def make(at: int = at) -> bytes:
            value = b.value(early)
            return b.receipt(early, anchor={**value["anchor"], "time": w.instant(at)})

        moved = w.with_row("anchors", lambda one: one["size"] == FIRST_SIZE, time=at)
        facts = b.facts(f"as-of-{name}", b.reason(f"as-of/{name}")["en"], anchors=moved)
        code = None if verdict == "valid" else "anchored-later"
        b.add(
            f"as-of/{name}",
            make,
            verdict,
            facts=facts,
            now="valid",
            ask={"asOf": w.day(w.FIRST)},
            code=code,
        )
