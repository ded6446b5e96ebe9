"""How the chain was read, and whose the log is: checks 8 and 9."""

from typing import Any

from scripts.conformance_parts import world as w
from scripts.conformance_parts.bench import OTHER_SUBJECT, Bench, file
from scripts.conformance_parts.receipts import Sound

OPEN = "undetermined"


def build(b: Bench, true: Sound) -> None:
    """All cases of the group."""
    plain = true.plain
    b.add("chain/everything-is-well", lambda: b.receipt(plain), "valid")
    _unread(b)
    _heads(b)
    _days(b)
    _owners(b, true)


def case(b: Bench, name: str, verdict: str, code: str, **facts: Any) -> None:
    """A case with the plain receipt and facts of its own."""
    made = b.facts(name.replace("/", "-"), b.reason(name)["en"], **facts)
    wanted = code if verdict != "valid" else None
    b.add(name, "chain/everything-is-well", verdict, facts=made, code=wanted)


def _unread(b: Bench) -> None:
    for code in (
        ("no-node"),
        ("nodes-disagree"),
        ("node-pruned"),
        ("other-chain"),
        ("no-code"),
        ("act-unconfirmed"),
        ("head-too-old"),
        ("chain-unreadable"),
    ):
        case(b, f"chain/unread-{code}", OPEN, code, unread=code)
    b.add(
        "chain/unread-and-another-subject",
        "chain/everything-is-well",
        "other-subject",
        facts="chain-unread-no-node",
        ask={"subject": OTHER_SUBJECT},
        check="subject",
    )
    b.add(
        "chain/unread-and-an-issuer-asked-for",
        "chain/everything-is-well",
        OPEN,
        facts="chain-unread-no-node",
        ask={"issuer": w.OTHER},
    )


def _heads(b: Bench) -> None:
    case(b, "chain/head-just-old-enough", "valid", "", now=w.HEAD + 300)
    case(b, "chain/head-too-old-by-one", OPEN, "head-too-old", now=w.HEAD + 301)
    case(b, "chain/head-a-minute-ahead", "valid", "", now=w.HEAD - 60)
    case(b, "chain/head-more-than-a-minute-ahead", OPEN, "head-in-future", now=w.HEAD - 61)
    case(
        b,
        "chain/no-log-anchor",
        OPEN,
        "no-code",
        contracts=lambda world: {**world["contracts"], "LogAnchor": []},
    )
    case(
        b,
        "chain/log-of-an-unknown-suite",
        OPEN,
        "version-unknown",
        logs=w.with_row("logs", lambda log: log["owner"] == w.OWNER, suite=2),
    )


def _days(b: Bench) -> None:
    tomorrow = w.day(w.HEAD + w.DAY)
    b.add(
        "chain/day-to-come",
        "chain/everything-is-well",
        OPEN,
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
        facts=late,
        ask={"asOf": tomorrow},
        now="valid",
    )


def _owners(b: Bench, true: Sound) -> None:
    plain = true.plain
    case(
        b,
        "issuer/log-unknown",
        "unknown-issuer",
        "log-unknown",
        logs=lambda world: [log for log in world["logs"] if log["owner"] != w.OWNER],
    )

    def ahead() -> bytes:
        value = b.value(plain)
        return file({**value, "anchor": {**value["anchor"], "block": 201}})

    b.add(
        "issuer/log-unknown-and-newer-than-the-head",
        ahead,
        OPEN,
        facts="issuer-log-unknown",
        code="head-behind-receipt",
    )

    def ahead_and_bound() -> bytes:
        place = {**b.value(plain)["anchor"], "block": 201}
        return b.receipt(plain, bound={}, anchor=place)

    b.add(
        "issuer/log-unknown-and-bound-to-another",
        ahead_and_bound,
        "other-subject",
        facts="issuer-log-unknown",
        ask={"audience": "other-bank", "nonce": "n-1"},
        code="audience-differs",
    )
    claimed = b.record(iss=w.OTHER)
    b.add(
        "issuer/another-than-the-owner",
        lambda: b.receipt(claimed),
        "proof-mismatch",
        code="issuer-differs",
        check="issuer",
    )
    case(
        b,
        "issuer/log-of-another-member",
        "proof-mismatch",
        "issuer-differs",
        logs=w.with_row("logs", lambda log: log["owner"] == w.OWNER, owner=w.OTHER),
    )
    case(
        b,
        "issuer/suspended-since",
        "valid",
        "",
        members=w.with_row("members", lambda one: one["code"] == w.OWNER, status=2),
    )
