"""How the chain was read, and whose the log is: checks 8 and 9."""

from typing import Any

from scripts.conformance_parts import world as w
from scripts.conformance_parts.bench import OTHER_SUBJECT, Bench, file
from scripts.conformance_parts.receipts import Sound

OPEN = "undetermined"


def build(b: Bench, true: Sound) -> None:
    """All cases of the group."""
    plain = true.plain
    b.add(
        "chain/everything-is-well",
        lambda: b.receipt(plain),
        "valid",
        "对照：链读得到，也不旧。",
        "For comparison: the chain was read, and is up to date.",
    )
    _unread(b)
    _heads(b)
    _days(b)
    _owners(b, true)


def case(b: Bench, name: str, verdict: str, zh: str, en: str, code: str, **facts: Any) -> None:
    """A case with the plain receipt and facts of its own."""
    made = b.facts(name.replace("/", "-"), en, **facts)
    wanted = code if verdict != "valid" else None
    b.add(name, "chain/everything-is-well", verdict, zh, en, facts=made, code=wanted)


def _unread(b: Bench) -> None:
    for code, zh, en in (
        ("no-node", "没有足够的节点作答。", "Too few nodes answered."),
        ("nodes-disagree", "节点各说各话。", "Fewer than a quorum of nodes answered alike."),
        ("node-pruned", "节点已丢弃旧数据。", "The nodes have thrown old data away."),
        ("other-chain", "节点在另一条链上。", "The nodes are of another chain."),
        ("no-code", "登记的地址上没有合约。", "There is no contract at a registered address."),
        ("act-unconfirmed", "单个节点显示的不利登记尚未得到确认。",
         "What a single node shows against the record is not confirmed."),
        ("head-too-old", "链头太旧。", "The head is too old."),
        ("chain-unreadable", "因别的原因读不到。", "It could not be read for any other reason."),
    ):  # fmt: skip
        case(b, f"chain/unread-{code}", OPEN, zh, en, code, unread=code)
    b.add(
        "chain/unread-and-another-subject",
        "chain/everything-is-well",
        "other-subject",
        "读不到链，但主体不符：无需链也知道。",
        "The chain is silent, but it is about somebody else whatever the chain says.",
        facts="chain-unread-no-node",
        ask={"subject": OTHER_SUBJECT},
        check="subject",
    )
    b.add(
        "chain/unread-and-an-issuer-asked-for",
        "chain/everything-is-well",
        OPEN,
        "读不到链，就不知道签发者是谁。",
        "Without the chain nobody knows whose the log is: nothing follows from the issuer asked for.",
        facts="chain-unread-no-node",
        ask={"issuer": w.OTHER},
    )


def _heads(b: Bench) -> None:
    case(b, "chain/head-just-old-enough", "valid", "链头恰为 maxHeadAge 秒之前。",
         "The head is exactly `maxHeadAge` old.", "", now=w.HEAD + 300)
    case(b, "chain/head-too-old-by-one", OPEN, "链头再旧一秒。", "It is a second older.",
         "head-too-old", now=w.HEAD + 301)
    case(b, "chain/head-a-minute-ahead", "valid", "链头领先本机时钟整一分钟。",
         "The head is a minute ahead of the local clock.", "", now=w.HEAD - 60)
    case(b, "chain/head-more-than-a-minute-ahead", OPEN, "链头领先一分零一秒。",
         "It is a second more ahead.", "head-in-future", now=w.HEAD - 61)
    case(b, "chain/no-log-anchor", OPEN, "从未登记过 LogAnchor。", "No LogAnchor was ever registered.",
         "no-code", contracts=lambda world: {**world["contracts"], "LogAnchor": []})
    case(b, "chain/log-of-an-unknown-suite", OPEN, "日志的 suite 本程序不认识。",
         "The suite of the log in `Consortium` is not known.", "version-unknown",
         logs=w.with_row("logs", lambda log: log["owner"] == w.OWNER, suite=2))  # fmt: skip


def _days(b: Bench) -> None:
    tomorrow = w.day(w.HEAD + w.DAY)
    b.add(
        "chain/day-to-come",
        "chain/everything-is-well",
        OPEN,
        "所问的日子在链头之后。",
        "The day asked about is after that of the head.",
        ask={"asOf": tomorrow},
        code="as-of-in-future",
        now="valid",
    )
    late = b.facts(
        "chain-late-in-shanghai",
        "The head is of 20 November by UTC, and of 21 November in Shanghai.",
        head=lambda world: {**world["head"], "time": w.HEAD + 6 * w.HOUR},
        now=w.HEAD + 6 * w.HOUR,
    )
    b.add(
        "chain/day-of-shanghai",
        "chain/everything-is-well",
        "valid",
        "日子以上海时间为准：UTC 还在前一天。",
        "Days are those of Shanghai, where the next has begun.",
        facts=late,
        ask={"asOf": tomorrow},
        now="valid",
    )


def _owners(b: Bench, true: Sound) -> None:
    plain = true.plain
    case(b, "issuer/log-unknown", "unknown-issuer", "没有人登记过这个日志。",
         "Nobody registered this log.", "log-unknown",
         logs=lambda world: [log for log in world["logs"] if log["owner"] != w.OWNER])  # fmt: skip

    def ahead() -> bytes:
        value = b.value(plain)
        return file({**value, "anchor": {**value["anchor"], "block": 201}})

    b.add(
        "issuer/log-unknown-and-newer-than-the-head",
        ahead,
        OPEN,
        "回执称锚定在链头之后：日志可能刚登记。",
        "The receipt says that it is from beyond the head: the log may have been registered since.",
        facts="issuer-log-unknown",
        code="head-behind-receipt",
    )
    claimed = b.record(iss=w.OTHER)
    b.add(
        "issuer/another-than-the-owner",
        lambda: b.receipt(claimed),
        "proof-mismatch",
        "载荷称另一成员签发。",
        "The payload names another member than the owner of the log.",
        code="issuer-differs",
        check="issuer",
    )
    case(b, "issuer/log-of-another-member", "proof-mismatch", "链上该日志属于另一成员。",
         "By the chain the log is another member's.", "issuer-differs",
         logs=w.with_row("logs", lambda log: log["owner"] == w.OWNER, owner=w.OTHER))  # fmt: skip
    case(b, "issuer/suspended-since", "valid", "签发者后来被暂停：已锚定的不受影响。",
         "Its issuer is suspended by now, which changes nothing of what was anchored.", "",
         members=w.with_row("members", lambda one: one["code"] == w.OWNER, status=2))  # fmt: skip
