"""Bundles: what whoever holds one must make of it, on the day and years later (section 27)."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from ledger.core.status import Action
from scripts.conformance_parts import world as w
from scripts.conformance_parts.acted import Step, acts
from scripts.conformance_parts.bench import Bench
from scripts.conformance_parts.desk import (
    AT,
    CLEAN,
    FAMILIES,
    FIRM,
    PROVINCES,
    Desk,
    question,
)
from scripts.conformance_parts.keyed import stolen
from scripts.conformance_parts.shelf import CONTRADICTED, MADE, MISSING, STATED, Made, Shelf

FALSE, OPEN = "false", "undetermined"


def build(b: Bench, desk: Desk) -> None:
    """All cases of the group."""
    shelf = Shelf(desk)
    _good(b, shelf)
    _forms(b, shelf)
    _claims(b, shelf)
    _statuses(b, shelf)
    _answers(b, shelf)
    _contradicted(b, shelf)
    _later(b, shelf)


def _firm(shelf: Shelf, *codes: str, overall: str = "adverse") -> Made:
    """About the firm, of these provinces; the others are missing."""
    wanted = codes or PROVINCES
    made = Made(shelf, {code: shelf.firm[code] for code in wanted}, overall)
    made.missing = {code: "unreachable" for code in PROVINCES if code not in wanted}
    return made


def _clean(shelf: Shelf, *codes: str, overall: str = "clear") -> Made:
    wanted = codes or PROVINCES
    made = Made(shelf, {code: shelf.clean[code] for code in wanted}, overall)
    made.missing = {code: "unreachable" for code in PROVINCES if code not in wanted}
    return made


def add(
    b: Bench, name: str, made: Made | Callable[[], bytes] | str, verdict: str, **m: Any
) -> None:
    """A case. m: as of `Bench.add`; now: by default the same."""
    file = made.file if isinstance(made, Made) else made
    b.add(
        f"bundle/{name}", file, verdict, kind="bundle", **{"facts": "answers", "now": verdict, **m}
    )


def _facts(b: Bench, name: str, **changes: Any) -> str:
    return b.facts(f"bundle-{name}", b.reason(f"bundle/{name}")["en"], "answers", **changes)


def _good(b: Bench, shelf: Shelf) -> None:
    add(b, "clear", _clean(shelf), "clear")
    add(b, "adverse", _firm(shelf), "adverse")
    add(b, "open-for-somebody-is-missing", _clean(shelf, w.OWNER, w.OTHER, overall="open"), "open")
    add(b, "adverse-though-somebody-is-missing", _firm(shelf, w.OWNER), "adverse")
    nobody = Made(shelf, {}, "open")
    nobody.missing = {code: "unreachable" for code in PROVINCES}
    nobody.changes = {
        "completeness": [
            {"family": family, "member": code, "state": MISSING}
            for code in PROVINCES
            for family in FAMILIES
        ]
    }
    add(b, "of-nobody", nobody, "open")


def _changed(made: Made, **changes: Any) -> Made:
    made.changes = changes
    return made


def _forms(b: Bench, shelf: Shelf) -> None:
    def clean(**changes: Any) -> Made:
        return _changed(_clean(shelf), **changes)

    malformed = partial(add, b, verdict=FALSE, code="malformed")
    missing = [{"member": w.OTHER, "reason": "unreachable"}]
    for name, made in (
        ("with-more", clean(note="")),
        ("without-its-time", clean(at="gone")),
        ("overall-of-no-word", clean(overall="clean")),
        ("missing-and-answered", clean(missing=missing)),
        ("missing-twice", clean(missing=missing * 2)),
        ("missing-without-a-reason", clean(missing=[{"member": "940000", "reason": ""}])),
        (
            "state-of-no-word",
            clean(completeness=[{"family": "penalty", "member": w.OWNER, "state": "x"}]),
        ),
        ("subject-in-small-letters", clean(subject=CLEAN.lower())),
        ("verdict-that-is-a-text", clean(verdicts=["valid"])),
    ):
        malformed(name, made)
    for name, edit in (
        ("with-a-newline", lambda data: data + b"\n"),
        ("with-white-space", lambda data: data.replace(b'","', b'", "', 1)),
        ("cut-short", lambda data: data[:-1]),
    ):
        malformed(name, partial(lambda edit: edit(_clean(shelf).file()), edit))
    answers = [shelf.clean[code] for code in reversed(PROVINCES)]
    malformed(
        "answers-out-of-order",
        lambda: _changed(_clean(shelf), answers=[one.value() for one in answers]).file(),
    )
    twice = [shelf.clean[code] for code in (w.OWNER, *PROVINCES)]
    malformed(
        "answer-twice",
        lambda: _changed(_clean(shelf), answers=[one.value() for one in twice]).file(),
    )

    def newer() -> bytes:
        return _clean(shelf).file().replace(b"bundle@1", b"bundle@2")

    add(b, "of-version-2", newer, OPEN, code="version-unknown")
    other = {"_type": "credit-ledger/opening@2"}

    def inner() -> bytes:
        value = shelf.clean[w.OWNER].value(opening=other)
        return _changed(_clean(shelf), answers=[value]).file()

    add(b, "with-an-opening-of-version-2", inner, OPEN, code="version-unknown")


def _claims(b: Bench, shelf: Shelf) -> None:
    """What a bundle claims, and does not follow."""
    differs = partial(add, b, verdict=FALSE, code="recomputed-differs")
    differs("claims-clear-of-an-adverse-record", _firm(shelf, overall="clear"))
    differs("claims-open-of-an-adverse-record", _firm(shelf, overall="open"))
    differs("claims-clear-though-somebody-is-missing", _clean(shelf, w.OWNER, w.OTHER))
    differs("claims-adverse-of-nothing", _clean(shelf, overall="adverse"))
    made = _clean(shelf, w.OWNER, w.OTHER)
    made.states = {(w.THIRD, family): STATED for family in FAMILIES}
    differs("claims-that-a-missing-one-stated", made)
    made = _firm(shelf)
    made.states = {(w.OWNER, "penalty"): MISSING}
    differs("claims-that-a-family-is-missing", made)
    made = _clean(shelf)
    made.states = {(w.OTHER, "penalty"): CONTRADICTED}
    differs("claims-a-contradiction", made)
    made = _firm(shelf)
    made.verdicts = {(w.OWNER, 0): {"verdict": "repaired"}}
    differs("verdict-changed", made)
    made = _firm(shelf)
    made.verdicts = {(w.OWNER, 0): {"adverse": False}}
    differs("adverse-changed", made)
    made = _firm(shelf)
    made.verdicts = {(w.OWNER, 0): {"until": "2026-11-01"}}
    differs("until-changed", made)
    differs("verdict-missing", _changed(_clean(shelf), verdicts=[]))
    differs("completeness-missing", _changed(_clean(shelf), completeness=[]))
    unspoken = _clean(shelf, w.OWNER, w.OTHER, overall="open")
    unspoken.missing = {}
    add(b, "province-unspoken", unspoken, FALSE, code="province-unspoken")
    silent = _clean(shelf, w.OWNER, w.OTHER)
    silent.missing = {}
    facts = _facts(
        b,
        "without-a-province-that-is-suspended",
        members=w.with_row("members", lambda one: one["code"] == w.THIRD, status=2),
    )
    add(b, "without-a-province-that-is-suspended", silent, "clear", facts=facts)
    late = w.with_row(
        "members",
        lambda one: one["code"] == w.THIRD,
        roles=[{"since": w.BEGIN, "roles": 2}, {"since": MADE + 1, "roles": 1}],
    )
    facts = _facts(b, "without-a-province-that-came-later", members=late)
    add(
        b,
        "without-a-province-that-came-later",
        "bundle/without-a-province-that-is-suspended",
        "clear",
        facts=facts,
    )


def _statuses(b: Bench, shelf: Shelf) -> None:
    """Acts up to the block of the answers, and behind it."""
    held, permit = shelf.desk.held, "clean there"
    dispute = Step(Action.DISPUTE, by=w.OTHER_CASE, at=-3)
    facts = _facts(b, "claims-clear-over-a-dispute", **acts(held[permit], dispute))
    add(
        b,
        "claims-clear-over-a-dispute",
        "bundle/clear",
        FALSE,
        facts=facts,
        code="recomputed-differs",
    )
    made = _clean(shelf, overall="open")
    status = {"flags": ["DISPUTED"], "outcome": "NONE", "version": 1}
    made.verdicts = {(w.OTHER, 0): {"status": status, "usable": None, "verdict": "disputed"}}
    add(b, "open-over-a-dispute", made, "open", facts=facts)
    repaired = acts(held["penalty"], Step(Action.REPAIR, at=4))
    facts = _facts(b, "adverse-and-repaired-later", **repaired)
    add(b, "adverse-and-repaired-later", "bundle/adverse", "adverse", now="clear", facts=facts)
    early = acts(held["penalty"], Step(Action.REPAIR, at=-3))
    facts = _facts(b, "adverse-of-what-was-repaired", **early)
    add(
        b,
        "adverse-of-what-was-repaired",
        "bundle/adverse",
        FALSE,
        facts=facts,
        code="recomputed-differs",
    )
    made = _firm(shelf, overall="clear")
    status = {"flags": [], "outcome": "REPAIRED", "version": 1}
    made.verdicts = {(w.OWNER, 0): {"status": status, "usable": False, "verdict": "repaired"}}
    add(b, "clear-of-what-was-repaired", made, "clear", facts=facts)
    rows = acts(held["penalty"], Step(Action.DISPUTE, by=w.CASE, at=4))
    facts = _facts(b, "adverse-and-disputed-later", **rows)
    add(b, "adverse-and-disputed-later", "bundle/adverse", "adverse", now="open", facts=facts)
    _unsettled(b)


def _unsettled(b: Bench) -> None:
    """What could not be settled."""
    gone = _facts(
        b,
        "claims-clear-of-what-is-in-no-catalogue",
        catalogue=lambda world: [
            one for one in world["catalogue"] if one["itemId"] != "sample-permit"
        ],
    )
    add(
        b,
        "claims-clear-of-what-is-in-no-catalogue",
        "bundle/clear",
        FALSE,
        facts=gone,
        code="recomputed-differs",
    )
    facts = _facts(b, "claims-clear-and-the-chain-is-not-read", unread="no-node")
    add(
        b,
        "claims-clear-and-the-chain-is-not-read",
        "bundle/clear",
        OPEN,
        facts=facts,
        code="chain-unread",
    )


def _answers(b: Bench, shelf: Shelf) -> None:
    """Answers that do not belong into one bundle, or are none."""
    desk, differ = shelf.desk, partial(add, b, verdict=FALSE, code="parts-differ")

    def with_other(**changes: Any) -> Made:
        made = _clean(shelf)
        made.answers[w.OTHER] = desk.given(
            w.OTHER, ("clean there",), **{**shelf.of_clean, **changes}
        )
        return made

    asked = question(CLEAN, FAMILIES)
    differ("answer-for-another-bank", with_other(to="other-bank"))
    differ("answer-for-another-purpose", with_other(question={**asked, "purpose": "in-loan"}))
    differ("answer-of-fewer-families", with_other(question={**asked, "types": ["licence"]}))
    differ("answer-about-another-subject", with_other(question={**asked, "code": FIRM}))
    later = MADE + 1
    differ("answer-that-came-later", with_other(at=w.instant(later), header={"iat": later}))
    earlier = MADE - 3601
    of_before = with_other(at=w.instant(earlier), header={"iat": earlier})
    differ("answer-of-more-than-an-hour-before", of_before)
    differ("about-another-subject", _changed(_clean(shelf), subject=FIRM))
    dropped = shelf.firm[w.OWNER]
    one = dropped.value(receipts=dropped.receipts[:-1])

    def whole() -> bytes:
        others = (shelf.firm[code].value() for code in (w.OTHER, w.THIRD))
        return _changed(_firm(shelf), answers=[one, *others]).file()

    differ("receipt-missing", whole)
    forged = with_other(key=w.STRANGER, header={"kid": w.OTHER_PRESENT.id})
    add(b, "answer-forged", forged, FALSE, code="signature-invalid")
    nobody = with_other(terms={"key": w.STRANGER_K})
    add(b, "query-promised-by-nobody", nobody, FALSE, code="query-false")
    short = with_other(covers=[{"log": desk.logs[w.OTHER].id, "size": 1}])
    add(b, "covers-less-than-was-anchored", short, FALSE, code="covers-wrong")
    facts = _facts(b, "answer-by-a-stolen-key", keys=w.with_key(w.OTHER_PRESENT, **stolen(AT)))
    add(b, "answer-by-a-stolen-key", "bundle/clear", FALSE, facts=facts, code="key-disputed")


def _contradicted(b: Bench, shelf: Shelf) -> None:
    """With a receipt of a record that an answer left out."""
    desk = shelf.desk

    def short(overall: str, state: str | None, more: Sequence[str]) -> Made:
        made = _firm(shelf, overall=overall)
        made.answers[w.OWNER] = desk.given(w.OWNER, ("penalty", "permit"), **shelf.of_firm)
        made.more = {w.OWNER: list(more)}
        if state is not None:
            made.states = {(w.OWNER, "licence"): state}
        return made

    left_out = [desk.receipt("unlisted")]
    add(b, "contradicted", short("adverse", CONTRADICTED, left_out), "adverse")
    hidden = short("adverse", None, left_out)
    add(b, "contradiction-not-told", hidden, FALSE, code="recomputed-differs")
    without = short("adverse", CONTRADICTED, [])
    add(b, "contradicted-without-a-receipt", without, FALSE, code="recomputed-differs")
    for name, text in (
        ("contradicted-by-what-is-listed", desk.receipt("permit")),
        ("contradicted-by-another-subject", desk.receipt("of another")),
        ("contradicted-by-another-family", desk.receipt("wage")),
        ("contradicted-by-what-had-expired", desk.receipt("expired")),
        ("contradicted-by-another-member", desk.receipt("permit there")),
        ("contradicted-by-what-is-no-receipt", "{}\n"),
        (
            "contradicted-by-a-receipt-of-nobody",
            desk.b.receipt(desk.held["unlisted"], show=["Q_CODE"], key=w.STRANGER, iat=AT).decode(),
        ),
        (
            "contradicted-without-a-subject",
            desk.b.receipt(desk.held["unlisted"], show=["Q_NAME"], iat=AT).decode(),
        ),
    ):
        made = short("adverse", CONTRADICTED, [text])
        add(b, name, made, FALSE, code="recomputed-differs")
        if name == "contradicted-by-what-had-expired":
            quiet = short("adverse", None, [text])
            add(b, "with-a-receipt-that-proves-nothing", quiet, "adverse")
    _left_out(b, shelf)


def _left_out(b: Bench, shelf: Shelf) -> None:
    """What a contradiction does to the whole, and acts to a contradiction."""
    desk = shelf.desk
    clean = _clean(shelf, overall="open")
    clean.answers[w.THIRD] = desk.given(w.THIRD, ("clean third",), **shelf.of_clean)
    clean.more = {w.THIRD: [desk.receipt("clean second")]}
    clean.states = {(w.THIRD, "licence"): CONTRADICTED}
    add(b, "open-for-one-is-contradicted", clean, "open")
    claimed = _clean(shelf)
    claimed.answers, claimed.more, claimed.states = clean.answers, clean.more, clean.states
    add(b, "claims-clear-though-contradicted", claimed, FALSE, code="recomputed-differs")
    withdrawn = acts(desk.held["unlisted"], Step(Action.WITHDRAW, at=-3))
    facts = _facts(b, "contradicted-by-what-was-withdrawn", **withdrawn)
    add(
        b,
        "contradicted-by-what-was-withdrawn",
        "bundle/contradicted",
        FALSE,
        facts=facts,
        code="recomputed-differs",
    )
    later = acts(desk.held["unlisted"], Step(Action.WITHDRAW, at=4))
    facts = _facts(b, "contradicted-by-what-was-withdrawn-later", **later)
    add(
        b, "contradicted-by-what-was-withdrawn-later", "bundle/contradicted", "adverse", facts=facts
    )


def _later(b: Bench, shelf: Shelf) -> None:
    """Years later everything is judged as it was."""
    head = w.T + 4 * 365 * w.DAY
    years: dict[str, Any] = {
        "now": head + 20,
        "head": {"number": 2000, "hash": w.block_hash(2000), "time": head},
        "final": 1990,
    }
    facts = _facts(b, "clear-years-later", **years)
    add(b, "clear-years-later", "bundle/clear", "clear", facts=facts)
    facts = _facts(b, "adverse-years-later", **years)
    add(b, "adverse-years-later", "bundle/adverse", "adverse", now="clear", facts=facts)
    ended = w.with_key(w.PRESENT, notAfter=AT)
    facts = _facts(b, "adverse-and-the-key-has-ended", keys=ended, **years)
    add(b, "adverse-and-the-key-has-ended", "bundle/adverse", "adverse", now="clear", facts=facts)
    told: dict[str, Any] = {
        "compromisedSince": AT + 1,
        "compromises": [{"since": AT + 1, "block": 150, "time": w.time_of(150)}],
    }
    facts = _facts(b, "clear-and-a-key-was-stolen-later", keys=w.with_key(w.OTHER_PRESENT, **told))
    add(b, "clear-and-a-key-was-stolen-later", "bundle/clear", "clear", facts=facts)
    erased = acts(shelf.desk.held["penalty"], Step(Action.ERASE, at=30))
    facts = _facts(b, "adverse-and-erased-since", **erased, **years)
    add(b, "adverse-and-erased-since", "bundle/adverse", "adverse", now="clear", facts=facts)
    gone = w.with_row("members", lambda one: one["code"] == w.THIRD, status=3)
    facts = _facts(b, "clear-and-a-province-has-retired", members=gone, **years)
    add(b, "clear-and-a-province-has-retired", "bundle/clear", "clear", facts=facts)
