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
    return one["size"] > FIRST_SIZE and one["log"] == seed("log").hex()


def build(b: Bench, true: Sound) -> None:
    """All cases of the group."""
    _roots(b, true)
    _first(b, true)
    _places(b, true)
    _tenures(b)
    _logs(b)
    _final(b, true.early)


def _roots(b: Bench, true: Sound) -> None:
    case(b, "root/missing", "not-anchored", "链上没有这个根。", "The chain has no such root.",
         "root-not-anchored",
         roots=lambda world: [one for one in world["roots"] if not _is_ours(one)])  # fmt: skip
    case(b, "root/another", "not-anchored", "该大小处是另一个根。", "At that size it has another root.",
         "root-not-anchored", roots=w.with_row("roots", _is_ours, root=seed("x").hex()))  # fmt: skip
    case(b, "root/of-another-log", "not-anchored", "根属于另一日志。", "The root is another log's.",
         "root-not-anchored",
         roots=w.with_row("roots", _is_ours, log=seed("another log").hex()))  # fmt: skip

    def ahead() -> bytes:
        value = b.value(true.plain)
        return file({**value, "anchor": {**value["anchor"], "block": 201}})

    b.add("root/missing-and-newer-than-the-head", ahead, OPEN, "回执称锚定在链头之后。",
          "The receipt says that it was anchored beyond the head.", facts="root-missing",
          code="head-behind-receipt")  # fmt: skip
    b.add("root/another-and-newer-than-the-head", ahead, "not-anchored",
          "已有另一个根，不是尚未读到。", "There is a root at that size, and it is another.",
          facts="root-another", code="root-not-anchored")  # fmt: skip
    case(b, "root/of-a-contract-that-is-none", "not-anchored", "根在从未担任 LogAnchor 的合约里。",
         "The root is in a contract that never held the role.", "root-not-anchored",
         roots=w.with_row("roots", _is_ours, contract="0x" + "ab" * 20))  # fmt: skip


def _first(b: Bench, true: Sound) -> None:
    early = true.early
    case(b, "anchor/no-event", OPEN, "有根而没有锚定的事件。", "There is a root, and no event of it.",
         "anchor-event-missing",
         anchors=lambda world: [one for one in world["anchors"] if not _is_ours(one)])  # fmt: skip
    case(b, "anchor/event-of-another-root", OPEN, "事件中的根与合约所给的不同。",
         "The event has another root than the contract gives.", "anchor-event-missing",
         anchors=w.with_row("anchors", _is_ours, root=seed("x").hex()))  # fmt: skip

    def later() -> bytes:
        size = len(b.log.entries)
        of_plain = b.value(true.plain)
        value = b.value(early, size=size, path=b.log.path(early.index, size))
        return file({**value, "checkpoint": of_plain["checkpoint"], "anchor": of_plain["anchor"]})

    b.add("anchor/not-the-first", later, MOVED, "用了较晚的锚定：洗不白最早那次的密钥。",
          "A later anchor: it cannot launder what the first one's key wrote.",
          code="not-first-anchor")  # fmt: skip

    def twice(world: w.World) -> w.Rows:
        ours = next(one for one in world["anchors"] if _is_ours(one))
        again = {**ours, "block": 130, "blockHash": w.block_hash(130), "time": w.T + 60}
        return [*world["anchors"], {**again, "keyId": w.STRANGER_K.id}]

    case(b, "anchor/covered-twice", "valid", "覆盖两次：只认第一次。",
         "The leaf is covered twice: the first counts, whoever signed the second.", "",
         anchors=twice)  # fmt: skip

    def before(world: w.World) -> w.Rows:
        ours = next(one for one in world["anchors"] if _is_ours(one))
        thief = {**ours, "prevSize": 3, "block": 115, "blockHash": w.block_hash(115),
                 "time": w.T - 60, "keyId": w.STRANGER_K.id, "tx": "0x" + "ee" * 32}  # fmt: skip
        return [*world["anchors"][:-1], thief, ours]

    case(b, "anchor/covered-before", MOVED, "先有一次由陌生密钥锚定：它才是第一次。",
         "An anchor of a stranger's key covers the leaf before: that one is the first.",
         "anchor-differs", anchors=before)  # fmt: skip

    def at_the_first() -> bytes:
        place = {"block": 115, "blockHash": w.block_hash(115), "time": w.instant(w.T - 60)}
        return b.receipt(true.plain, anchor={**place, "tx": "0x" + "ee" * 32})

    b.add("anchor/covered-before-by-a-stranger", at_the_first, "key-not-valid-at",
          "回执所称的第一次锚定由陌生密钥签名；后来的洗不白它。",
          "The first anchor is a stranger's: the later one of a good key does not launder it.",
          facts="anchor-covered-before", code="anchor-key-not-valid")  # fmt: skip

    def beside(world: w.World) -> w.Rows:
        """One that ends right before the leaf."""
        ours = next(one for one in world["anchors"] if _is_ours(one))
        index = true.plain.index
        short = {**ours, "prevSize": 3, "size": index, "root": b.log.root(index).hex(),
                 "block": 115, "blockHash": w.block_hash(115), "time": w.T - 60}  # fmt: skip
        return [*world["anchors"][:-1], short, {**ours, "prevSize": index}]

    case(b, "anchor/up-to-right-before-it", "valid", "前一次锚定恰到该叶子之前。",
         "The anchor before ends right before the leaf.", "", anchors=beside)  # fmt: skip


def _places(b: Bench, true: Sound) -> None:
    for name, changes, zh, en in (
        ("block", {"block": 121}, "区块号不同。", "Another block number."),
        ("block-hash", {"blockHash": w.block_hash(999)}, "区块哈希不同。", "Another block hash."),
        ("time", {"time": w.instant(w.T - w.DAY)}, "时间不同：不得把日期提前。",
         "Another time: nothing may be dated back."),
        ("transaction", {"tx": "0x" + "00" * 32}, "交易不同。", "Another transaction."),
    ):  # fmt: skip

        def make(changes: Mapping[str, Any] = changes) -> bytes:
            value = b.value(true.plain)
            return b.receipt(true.plain, anchor={**value["anchor"], **changes})

        b.add(f"anchor/of-another-{name}", make, MOVED, zh, en, code="anchor-differs",
              check="anchor")  # fmt: skip


def _tenures(b: Bench) -> None:
    """Two contracts that held the role one behind the other."""

    def held(since: int) -> w.Change:
        both = [w.held(w.OLD_ANCHORS), w.held(w.ANCHORS, since)]
        return lambda world: {**world["contracts"], "LogAnchor": both}

    def old(name: str) -> w.Change:
        return w.with_row(name, _is_ours, contract=w.OLD_ANCHORS)

    case(b, "contract/of-the-predecessor", "valid", "锚定在前一个合约里。",
         "It was anchored in the contract before.", "",
         contracts=held(w.T + w.HOUR), anchors=old("anchors"), roots=old("roots"))  # fmt: skip
    case(b, "contract/in-its-last-second", "valid", "锚定与换合约在同一秒：两个合约都算。",
         "In the second in which the next took over, both count.", "",
         contracts=held(w.T), anchors=old("anchors"), roots=old("roots"))  # fmt: skip
    case(b, "contract/after-it-lost-the-role", OPEN, "卸任之后的锚定不算。",
         "What the old one took after that does not count.", "anchor-event-missing",
         contracts=held(w.T - 1), anchors=old("anchors"), roots=old("roots"))  # fmt: skip
    case(b, "contract/in-its-first-second", "valid", "锚定恰在新合约上任之时。",
         "It was anchored in the first second of the new one.", "", contracts=held(w.T))  # fmt: skip
    case(b, "contract/before-it-had-the-role", OPEN, "上任之前的锚定不算。",
         "What the new one took before that does not count.", "anchor-event-missing",
         contracts=held(w.T + 1))  # fmt: skip

    def both(world: w.World) -> w.Rows:
        ours = next(one for one in world["roots"] if _is_ours(one))
        return [*world["roots"], {**ours, "contract": w.OLD_ANCHORS, "root": seed("x").hex()}]

    case(b, "contract/newest-root-counts", "valid", "两个合约都有该大小的根：以最新合约为准。",
         "Both know a root of that size: that of the newest counts.", "",
         contracts=held(w.T - w.DAY), roots=both)  # fmt: skip


def _logs(b: Bench) -> None:
    at = w.T + w.DAY

    def closed(trusted: int, time: int = at) -> w.Change:
        ours = seed("log").hex()
        return w.with_row("logs", lambda log: log["log"] == ours, status=2, trustedSize=trusted,
                          closedAt=time)  # fmt: skip

    # The size of the log is known once all records are in.
    case(b, "log/closed-below", "log-closed", "日志在此之前的大小上关闭。",
         "The log was closed at a smaller size.", "log-closed", logs=closed(3))  # fmt: skip
    case(b, "log/closed-above", "valid", "日志在更大的大小上关闭。", "It was closed at a larger size.",
         "", logs=closed(1_000_000))  # fmt: skip
    case(b, "log/closed-at-that-size", "valid", "恰在该大小上关闭。", "It was closed at just that size.",
         "", logs=lambda world: closed(len(b.log.entries))(world))  # fmt: skip
    case(b, "log/closed-a-leaf-below", "log-closed", "关闭时少一个叶子。", "It was closed a leaf below.",
         "log-closed", logs=lambda world: closed(len(b.log.entries) - 1)(world))  # fmt: skip
    day = w.day(at)
    for name, time, verdict, zh, en in (
        ("at-the-end-of-the-day", w.end_of(day), "valid", "恰在该日结束之时关闭：那天还开着。",
         "It was closed at the first instant behind that day."),
        ("in-the-last-second-of-the-day", w.end_of(day) - 1, "log-closed", "在该日最后一秒关闭。",
         "It was closed in the last second of that day."),
    ):  # fmt: skip
        made = b.facts(f"log-closed-{name}", en, logs=closed(3, time))
        code = None if verdict == "valid" else "log-closed"
        b.add(f"log/closed-{name}", "chain/everything-is-well", verdict, zh, en, facts=made,
              ask={"asOf": day}, now="log-closed", code=code)  # fmt: skip


def _final(b: Bench, early: Record) -> None:
    case(b, "final/anchor-is", "valid", "锚定的区块恰好最终确认。", "The anchor's block has just become final.",
         "", final=120)  # fmt: skip
    made = b.facts("anchor-not-final", "The block of the anchor is not final yet.", final=119)
    b.add("final/anchor-is-not", "chain/everything-is-well", "not-final", "锚定的区块尚未最终确认。",
          "The anchor's block is not final yet.", facts=made, code="anchor-not-final")  # fmt: skip
    case(b, "final/nothing-is", "not-final", "还没有任何最终确认的区块。", "No block is final yet.",
         "anchor-not-final", final=-1)  # fmt: skip
    for name, day, verdict, zh, en in (
        ("on-that-day", w.day(w.T), "valid", "在所问之日锚定。", "It was anchored on that day."),
        ("on-the-day-before", w.day(w.T - w.DAY), "not-yet-anchored", "所问之日还没有锚定。",
         "It was not anchored yet on the day before."),
    ):  # fmt: skip
        code = None if verdict == "valid" else "anchored-later"
        b.add(f"as-of/anchored-{name}", "chain/everything-is-well", verdict, zh, en,
              ask={"asOf": day}, now="valid", code=code)  # fmt: skip
    end = w.end_of(w.day(w.FIRST))
    for name, at, verdict, zh, en in (
        ("last-second", end - 1, "valid", "在该日最后一秒锚定。",
         "It was anchored in the last second of that day."),
        ("first-second-behind", end, "not-yet-anchored", "在次日第一秒锚定。",
         "It was anchored in the first second behind it."),
    ):  # fmt: skip

        def make(at: int = at) -> bytes:
            value = b.value(early)
            return b.receipt(early, anchor={**value["anchor"], "time": w.instant(at)})

        moved = w.with_row("anchors", lambda one: one["size"] == FIRST_SIZE, time=at)
        facts = b.facts(f"as-of-{name}", en, anchors=moved)
        code = None if verdict == "valid" else "anchored-later"
        b.add(f"as-of/{name}", make, verdict, zh, en, facts=facts, now="valid",
              ask={"asOf": w.day(w.FIRST)}, code=code)  # fmt: skip
