"""Where the text was read in two ways once, and has said since which of them it means."""

from collections.abc import Callable
from functools import partial
from typing import Any

from scripts.conformance_parts import world as w
from scripts.conformance_parts.bench import Bench, file
from scripts.conformance_parts.receipts import Sound

LEVELS = 100
"""Levels of what is looked at for a version (section 19), the object itself among them."""


def _levels(add: Callable[..., None]) -> None:
    """A later version behind what is deep."""
    for name, levels, verdict in (
        ("type-behind-a-hundred-levels", LEVELS, "undetermined"),
        ("type-behind-more-than-a-hundred-levels", LEVELS + 1, "malformed"),
        ("type-behind-three-thousand-levels", 3000, "malformed"),
    ):
        code = "version-unknown" if verdict == "undetermined" else None
        add(name, partial(_deep, levels - 1), verdict, check="format", code=code)


def _deep(lists: int) -> bytes:
    """An object of which the type stands twice, and so many lists in each other between."""
    inner = b"[" * lists + b"]" * lists
    first, last = b'"_type":"credit-ledger/receipt@1"', b'"_type":"credit-ledger/receipt@2"'
    return b"{" + first + b',"what":' + inner + b"," + last + b"}\n"


def build(b: Bench, true: Sound) -> None:
    """All cases of the group."""
    plain = true.plain

    def facts(name: str, base: str = "world", **changes: w.Change) -> str:
        return b.facts(f"reading-{name}", b.reason(f"reading/{name}")["en"], base, **changes)

    def add(name: str, make: Any, verdict: str, **more: Any) -> None:
        b.add(f"reading/{name}", make, verdict, **more)

    nothing = facts("nothing-anchored", anchors=[], roots=[])
    add(
        "nothing-anchored",
        lambda: b.receipt(plain),
        "not-anchored",
        facts=nothing,
        code="root-not-anchored",
    )
    bound, nonce = (lambda: b.receipt(plain, bound={})), {"nonce": "n-1"}
    code = "audience-not-given"
    add("nonce-without-an-audience", bound, "undetermined", ask=nonce, code=code)
    unbound = "reading/nothing-anchored"
    add("nonce-without-an-audience-and-a-binding", unbound, "valid", ask=nonce)

    def twice() -> bytes:
        data = file(b.value(plain))
        return data[:-2] + b',"_type":"credit-ledger/receipt@2"}\n'

    add("type-twice", twice, "undetermined", check="format", code="version-unknown")
    _levels(add)
    series = [
        w.item("sample-penalty@1", region=w.OWNER),
        w.item("sample-penalty@1", **{"from": w.T - 3600, "contentHash": "00" * 32}),
        w.item("publicity@1"),
    ]
    within = facts("supplement-before-the-first-national", catalogue=series)
    add("supplement-before-the-first-national", unbound, "valid", facts=within)
    long = [series[0], {**series[1], "from": w.T - 73 * w.HOUR}, series[2]]
    beyond = facts("supplement-long-before-the-first-national", catalogue=long)
    add(
        "supplement-long-before-the-first-national",
        unbound,
        "out-of-catalogue",
        facts=beyond,
        code="type-not-in-force",
    )
    never = [{**w.item("sample-penalty@1"), "from": w.T - 10, "until": w.T - 20}, series[2]]
    ended = facts("version-that-ended-before-it-began", catalogue=never)
    add(
        "version-that-ended-before-it-began",
        unbound,
        "out-of-catalogue",
        facts=ended,
        code="type-not-in-force",
    )
