"""Answers and bundles where two readers of the text once came to two verdicts (section 27)."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ledger.core.status import Action
from scripts.conformance_parts import evidence
from scripts.conformance_parts import world as w
from scripts.conformance_parts.acted import Step, acts
from scripts.conformance_parts.answered import ASKED, FALSE, LISTED, OPEN, VALID
from scripts.conformance_parts.answered import add as add_answer
from scripts.conformance_parts.bench import Bench
from scripts.conformance_parts.bundled import add as add_bundle
from scripts.conformance_parts.desk import AT, FAMILIES, PROVINCES, TO_SEE, Desk, Given, question
from scripts.conformance_parts.evidence import jcs
from scripts.conformance_parts.keyed import stolen
from scripts.conformance_parts.shelf import MISSING, Made, Shelf

OLD: Mapping[str, Any] = {"now": w.HEAD + 301}
AHEAD: Mapping[str, Any] = {"now": w.HEAD - 61}
NO_LOG_ANCHOR: Mapping[str, Any] = {
    "contracts": lambda world: {**world["contracts"], "LogAnchor": []}
}
ODD = 1
"""The size of an anchor that shrinks a log, as no LogAnchor of ours can."""


def build(b: Bench, desk: Desk) -> None:
    """All cases."""
    _forms(b, desk)
    _unread(b)
    _queries(b, desk)
    _papers(b, desk)
    _covers(b, desk)
    _seen(b, desk)
    made = Shelf(desk)
    _bundles(b, made)
    _verdicts(b, made)


def _facts(b: Bench, group: str, name: str, **changes: Any) -> str:
    told = b.reason(f"{group}/{name}")["en"]
    return b.facts(f"{group}-judged-{name}", told, "answers", **changes)


def _forms(b: Bench, desk: Desk) -> None:
    """Spellings and versions."""
    odd = "A" * 21 + "B"  # of the same 16 bytes as 22 times A
    asked = {**ASKED, "nonce": odd}
    other = desk.given(w.OWNER, LISTED, nonce=odd)
    add_answer(b, "nonce-spelled-otherwise", other, FALSE, ask=asked, code="malformed")
    good = desk.given(w.OWNER, LISTED)

    def named(type_: str) -> Callable[[], bytes]:
        return lambda: jcs(good.value(_type=type_))

    later = named("credit-ledger/given@2")
    add_answer(b, "with-a-type-of-version-2", later, OPEN, code="version-unknown")
    add_answer(b, "with-a-type", named("credit-ledger/given@1"), FALSE, code="malformed")
    bare = b'{ "answer": [], "_type": "credit-ledger/given@2" }'
    add_answer(b, "of-a-version-2-of-its-own", lambda: bare, OPEN, code="version-unknown")
    for name, payload in (
        ("payload-of-version-2-cut-short", b'{"_type":"credit-ledger/answer@2","iss":'),
        ("payload-of-version-2-behind-its-rest", b'{"iss":1,"_type":"credit-ledger/answer@2"}'),
    ):
        add_answer(b, name, partial(_with_payload, good, payload), OPEN, code="version-unknown")
    long = desk.given(w.OWNER, LISTED, texts=[_long()])
    add_answer(b, "longer-than-a-mebibyte", long, OPEN, code="receipt-unchecked")
    data = b'{ "answers": [], "_type": "credit-ledger/bundle@2" }'
    add_bundle(b, "of-version-2-behind-its-rest", lambda: data, OPEN, code="version-unknown")


def _with_payload(good: Given, payload: bytes) -> bytes:
    """An answer whose payload is of these bytes, and signed so."""
    head = {"alg": "ES256", "iat": AT, "kid": w.PRESENT.id, "typ": "credit-ledger-answer+jws"}
    return jcs(good.value(answer=evidence.jws(head, payload, w.PRESENT)))


def _long() -> str:
    """A receipt of a later version, as long as a receipt may be."""
    start, end = '{"_type":"credit-ledger/receipt@2","what":"', '"}\n'
    return start + "x" * ((1 << 20) - len(start) - len(end)) + end


def _unread(b: Bench) -> None:
    """A head that is too old, or of the future, or of a network that anchors nothing."""
    for name, file, changes in (
        ("covers-less-by-a-head-that-is-too-old", "covers-less-than-was-anchored", OLD),
        ("forged-by-a-head-that-is-too-old", "by-nobody-s-key", OLD),
        ("forged-by-a-head-in-the-future", "by-nobody-s-key", AHEAD),
        ("forged-where-nothing-can-be-anchored", "by-nobody-s-key", NO_LOG_ANCHOR),
        ("another-subject-by-a-head-that-is-too-old", "item-of-another-subject", OLD),
        ("good-by-a-head-that-is-too-old", "good", OLD),
    ):
        facts = _facts(b, "answer", name, **changes)
        add_answer(b, name, f"answer/{file}", OPEN, facts=facts, code="chain-unread")
    ask = {**ASKED, "audience": "other-bank"}
    facts = _facts(b, "answer", "replayed-by-a-head-that-is-too-old", **OLD)
    name = "replayed-by-a-head-that-is-too-old"
    add_answer(b, name, "answer/good", FALSE, facts=facts, ask=ask, code="other-asker")


def _queries(b: Bench, desk: Desk) -> None:
    """From when on a query counts."""
    late = {"at": w.instant(AT + 61)}
    again = desk.given(w.OWNER, LISTED, query=late, anchored=True, again=True)
    add_answer(b, "query-stated-later-and-logged-again", again, VALID)
    once = desk.given(w.OWNER, LISTED, query=late, anchored=True)
    add_answer(b, "query-stated-later-and-anchored", once, FALSE, code="query-late")
    name = "query-stated-later-by-a-stolen-key"
    facts = _facts(b, "answer", name, keys=w.with_key(w.ANCHOR, **stolen(w.FIRST)))
    add_answer(b, name, "answer/query-stated-later", OPEN, facts=facts, code="query-unchecked")


def _papers(b: Bench, desk: Desk) -> None:
    """Authorisations that were logged again."""
    for name, paper, verdict in (
        ("authorisation-logged-again", "logged again", OPEN),
        ("authorisation-logged-again-in-time", "logged again in time", VALID),
    ):
        given = desk.given(w.OWNER, LISTED, authorisation=desk.commitment(paper))
        code = "authorisation-unchecked" if verdict == OPEN else None
        held = partial(desk.paper, paper)
        add_answer(b, name, given, verdict, code=code, paper=held)


def _covers(b: Bench, desk: Desk) -> None:
    """An event behind the largest, by a contract that lets a log shrink."""

    def anchors(world: w.World) -> w.Rows:
        own = desk.logs[w.OWNER]
        least = w.anchor(own, (0, ODD), w.ANCHOR, 120, w.T)
        rows: w.Rows = world["anchors"]
        place = 1 + next(
            at for at, row in enumerate(rows) if (row["log"], row["block"]) == (own.id, 120)
        )
        return [*rows[:place], least, *rows[place:]]

    name = "covers-the-largest-size"
    add_answer(b, name, "answer/good", VALID, facts=_facts(b, "answer", name, anchors=anchors))


def _seen(b: Bench, desk: Desk) -> None:
    """Who may see a record by what is shown of it."""
    told = {
        "by-a-word": ("seen by a word", "S_WORDS", FALSE),
        "by-words-in-one-cell": ("seen by words in one cell", "S_WORDS", FALSE),
        "by-another-word": ("seen by another word", "S_WORDS", VALID),
        "by-a-word-of-one-s-own": ("seen by a word of one's own", "S_WORDS", FALSE),
        "by-a-part": ("seen by a part", "S_ABOUT", FALSE),
        "by-nothing": ("seen by nothing", "S_WORDS", VALID),
        "by-what-is-not-shown": ("seen by a part", "S_DAY", VALID),
    }
    if {record for record, _, _ in told.values()} != set(TO_SEE):
        raise ValueError("a record of these is in no case")
    asked = question(types=["seen"])
    for name, (record, field, verdict) in told.items():
        text = desk.receipt(record, also=[field])
        given = desk.given(w.OWNER, (record,), texts=[text], question=asked, authorisation=None)
        code = None if verdict == VALID else "not-for-the-asker"
        ask = {**ASKED, "types": ["seen"]}
        add_answer(b, f"stricter-{name}", given, verdict, ask=ask, code=code)


# ---- bundles


def _open(made: Shelf, given: Given) -> Made:
    """About the clean firm, with this of another province: it is open."""
    return Made(made, {**made.clean, w.OTHER: given}, "open")


def _nobody(made: Shelf, **changes: Any) -> Made:
    found = Made(made, {}, "open")
    found.missing = {code: "unreachable" for code in PROVINCES}
    states = [
        {"family": family, "member": code, "state": MISSING}
        for code in PROVINCES
        for family in FAMILIES
    ]
    found.changes = {"completeness": states, **changes}
    return found


def _bundles(b: Bench, made: Shelf) -> None:
    """What is asked of a bundle whatever its answers are."""
    name = "province-unspoken-beside-what-is-open"
    facts = _facts(b, "bundle", name, keys=w.with_key(w.ANCHOR, **stolen(w.FIRST)))
    file = "bundle/province-unspoken"
    add_bundle(b, name, file, FALSE, facts=facts, code="province-unspoken")
    add_bundle(
        b, "open-for-a-stolen-key", "bundle/clear", OPEN, facts=facts, code="query-unchecked"
    )
    name = "clear-and-the-head-is-too-old"
    facts = _facts(b, "bundle", name, **OLD)
    add_bundle(b, name, "bundle/clear", OPEN, facts=facts, code="chain-unread")
    name = "of-nobody-and-the-chain-is-not-read"
    facts = _facts(b, "bundle", name, unread="no-node")
    add_bundle(b, name, "bundle/of-nobody", OPEN, facts=facts, code="chain-unread")
    claims = _nobody(made, overall="clear")
    name = "claims-clear-of-nobody-and-the-chain-is-not-read"
    add_bundle(b, name, claims, FALSE, facts=facts, code="recomputed-differs")
    for name, at, verdict in (
        ("from-a-minute-ahead", w.NOW + 60, "open"),
        ("from-the-future", w.NOW + 61, FALSE),
    ):
        code = None if verdict == "open" else "time-wrong"
        add_bundle(b, name, _nobody(made, at=w.instant(at)), verdict, code=code)


def _verdicts(b: Bench, made: Shelf) -> None:
    """What a bundle holds of an item."""
    desk = made.desk
    again = desk.given(w.OTHER, ("clean again",), **made.of_clean)
    dispute = acts(desk.held["clean there"], Step(Action.DISPUTE, by=w.OTHER_CASE, at=-3))
    for name, version, verdict in (
        ("open-over-a-dispute-before-it-was-logged-again", 0, "open"),
        ("claims-an-act-of-before-it-was-logged-again", 1, FALSE),
    ):
        found = _open(made, again)
        status = {"flags": ["DISPUTED"], "outcome": "NONE", "version": version}
        told = {"status": status, "usable": None, "verdict": "disputed"}
        found.verdicts = {(w.OTHER, 0): told}
        facts = _facts(b, "bundle", name, **dispute)
        code = None if verdict == "open" else "recomputed-differs"
        add_bundle(b, name, found, verdict, facts=facts, code=code)
    _unshown(b, made)
    stated = desk.given(w.OTHER, ("paper",), **made.of_clean)
    for name, type_, verdict in (
        ("open-over-a-statement", None, "open"),
        ("claims-a-type-of-a-statement", "authorisation@1", FALSE),
    ):
        found = _open(made, stated)
        said = {"verdict": "anchored", "usable": None, "type": type_, **NOTHING}
        found.verdicts = {(w.OTHER, 0): said}
        code = None if verdict == "open" else "recomputed-differs"
        add_bundle(b, name, found, verdict, code=code)


NOTHING: Mapping[str, Any] = {"adverse": None, "class": None, "decided": None, "until": None}
"""Of what shows nothing."""


def _unshown(b: Bench, made: Shelf) -> None:
    """A receipt that is not authentic, though its verdict is one of use: it shows nothing."""
    desk = made.desk
    text = desk.receipt("clean there", iat=AT - 10)
    given = desk.given(w.OTHER, ("clean there",), texts=[text], **made.of_clean)
    closed: dict[str, Any] = {
        "keys": w.with_key(w.OTHER_PRESENT, notBefore=AT - 5),
        "logs": w.with_row(
            "logs",
            lambda one: one["log"] == desk.logs[w.OTHER].id,
            status=2,
            trustedSize=0,
            closedAt=w.T - 10,
        ),
    }
    told = {"verdict": "log-closed", "authentic": False, "usable": False}
    for name, shown, verdict in (
        ("open-over-what-is-not-authentic", NOTHING, "open"),
        ("claims-what-is-not-authentic", {}, FALSE),
    ):
        found = _open(made, given)
        found.verdicts = {(w.OTHER, 0): {**told, **shown}}
        facts = _facts(b, "bundle", name, **closed)
        code = None if verdict == "open" else "recomputed-differs"
        add_bundle(b, name, found, verdict, facts=facts, code=code)
