"""Answers about a subject: what whoever asked must make of them (section 27)."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ledger.core.canonical import b64u_encode
from ledger.core.status import Action
from scripts.conformance_parts import world as w
from scripts.conformance_parts.acted import Step, acts
from scripts.conformance_parts.bench import Bench
from scripts.conformance_parts.desk import (
    AT,
    FAMILIES,
    FIRM,
    NONCE,
    PURPOSE,
    Desk,
    Given,
    question,
)
from scripts.conformance_parts.evidence import jcs
from scripts.conformance_parts.keyed import moved, stolen
from scripts.conformance_parts.keys import seed

FALSE, OPEN, VALID = "false", "undetermined", "valid"
ASKED: Mapping[str, Any] = {
    "audience": w.BANK,
    "nonce": NONCE,
    "subject": FIRM,
    "purpose": PURPOSE,
    "types": ["penalty"],
}
LISTED = ("penalty",)


def build(b: Bench, desk: Desk) -> None:
    """All cases of the group."""
    good = desk.given(w.OWNER, LISTED)
    _good(b, desk, good)
    _asked(b, desk, good)
    _forms(b, desk, good)
    _parts(b, desk)
    _signed(b, desk, good)
    _queries(b, desk)
    _blocks(b, desk)
    _receipts(b, desk)
    _papers(b, desk, good)


def add(
    b: Bench, name: str, given: Given | Callable[[], bytes] | str, verdict: str, **m: Any
) -> None:
    """A case. m: as of `Bench.add`; code."""
    made = given.file if isinstance(given, Given) else given
    m = {"facts": "answers", "ask": ASKED, **m}
    b.add(f"answer/{name}", made, verdict, kind="answer", **m)


def _good(b: Bench, desk: Desk, good: Given) -> None:
    add(b, "good", good, VALID)
    add(b, "nothing-compared", "answer/good", VALID, ask=None)
    add(b, "query-anchored", desk.given(w.OWNER, LISTED, anchored=True), VALID)
    add(b, "of-nothing", desk.given(w.OTHER, ()), VALID)
    add(b, "of-a-member-with-two-logs", desk.given(w.THIRD, ()), VALID)
    government = {"purpose": "funding", "code": FIRM, "types": ["wage"]}
    asked = {**ASKED, "purpose": "funding", "types": ["wage"], "audience": w.OTHER}
    for_province = desk.given(
        w.OWNER, ("wage",), question=government, authorisation=None, to=w.OTHER
    )
    add(b, "to-a-province-for-government", for_province, VALID, ask=asked)
    paper = desk.given(w.OWNER, ("wage",), question=question(types=["wage"]))
    add(b, "on-authorisation", paper, VALID, ask={**ASKED, "types": ["wage"]})


def _asked(b: Bench, desk: Desk, good: Given) -> None:
    """What whoever asked compares."""
    for name, changes, code in (
        ("replayed-to-another-bank", {"audience": "other-bank"}, "other-asker"),
        ("replayed-with-another-nonce", {"nonce": b64u_encode(bytes(16))}, "answer-replayed"),
        ("about-another-subject", {"subject": "91910001MAYCNFMR2P"}, "other-question"),
        ("for-another-purpose", {"purpose": "in-loan"}, "other-question"),
        ("of-fewer-families-than-asked-for", {"types": list(FAMILIES)}, "other-question"),
    ):
        add(b, name, "answer/good", FALSE, ask={**ASKED, **changes}, code=code)


def _forms(b: Bench, desk: Desk, good: Given) -> None:
    def changed(**changes: Any) -> Given:
        """With other members of its payload, and signed so."""
        return desk.given(w.OWNER, LISTED, **changes)

    malformed = partial(add, b, verdict=FALSE, code="malformed")
    asked = good.said["question"]
    items = good.said["items"]
    for name, one in (
        ("with-more", changed(note="")),
        ("not-canonical", changed(spelled=False)),
        ("item-twice", changed(items=[items[0], *items])),
        ("covers-nothing", changed(covers=[])),
        ("covers-a-log-twice", changed(covers=good.said["covers"] * 2)),
        ("covers-out-of-order", desk.given(w.THIRD, (), covers=desk.covers(w.THIRD)[::-1])),
        ("nonce-too-short", changed(nonce=b64u_encode(bytes(15)))),
        ("families-out-of-order", changed(question={**asked, "types": list(FAMILIES)[::-1]})),
        ("of-no-family", changed(question={**asked, "types": []})),
        ("for-no-purpose", changed(question={**asked, "purpose": "curiosity"})),
        ("of-a-subject-in-small-letters", changed(question={**asked, "code": FIRM.lower()})),
        ("block-below-0", changed(block=True)),
        ("typ-of-a-list", changed(header={"typ": "credit-ledger-list+jws"})),
        ("typ-missing", changed(header={"typ": None})),
        ("header-with-more", changed(header={"jku": "https://example.com"})),
        ("header-without-iat", changed(header={"iat": None})),
        ("unsigned", changed(header={"alg": "none"})),
        ("of-no-answer", changed(_type="credit-ledger/list-part@1")),
    ):
        malformed(name, one)
    add(b, "iat-of-another-time", changed(header={"iat": AT + 1}), FALSE, code="parts-differ")
    for name, one in (
        ("of-version-2", changed(_type="credit-ledger/answer@2")),
        ("of-version-2-with-other-members", changed(_type="credit-ledger/answer@2", iss=[])),
        ("signed-with-sm2", changed(header={"alg": "SM2"})),
    ):
        add(b, name, one, OPEN, code="version-unknown")
    for name, make in (
        ("with-a-newline", lambda: good.file() + b"\n"),
        ("with-white-space", lambda: good.file().replace(b'","', b'", "', 1)),
        (
            "without-its-opening",
            lambda: jcs({k: v for k, v in good.value().items() if k != "opening"}),
        ),
        ("with-a-receipt-too-many", lambda: jcs(good.value(receipts=[*good.receipts, "{}\n"]))),
    ):
        malformed(name, make)
    later = {"_type": "credit-ledger/opening@2"}
    add(
        b,
        "opening-of-version-2",
        lambda: jcs(good.value(opening=later)),
        OPEN,
        code="version-unknown",
    )


def _parts(b: Bench, desk: Desk) -> None:
    """What is said twice, and does not agree."""
    names, differ = LISTED, partial(add, b, verdict=FALSE, code="parts-differ")
    three = partial(
        desk.given, w.OWNER, ("penalty", "permit", "unlisted"), question=question(types=FAMILIES)
    )
    texts = [desk.receipt(name) for name in ("penalty", "permit", "unlisted")]
    differ("receipts-missing", three(sent=texts[:-1]))
    differ("receipts-swapped", three(sent=[texts[1], texts[0], texts[2]]))
    altered = texts[0].replace('"index":0', '"index":1')
    differ("receipt-altered", desk.given(w.OWNER, names, sent=[altered]))
    differ("receipt-of-another-record", desk.given(w.OWNER, names, sent=texts[1:2]))
    good = desk.given(w.OWNER, names)
    dropped = desk.given(w.OWNER, ())
    differ(
        "item-dropped-behind-its-query", lambda: jcs(dropped.value(opening=good.value()["opening"]))
    )
    for name, query in (
        ("query-of-another-answer", {"answer": seed("another answer").hex()}),
        ("query-of-another-asker", {"asker": "other-bank"}),
        ("query-of-another-purpose", {"purpose": "in-loan"}),
        ("query-of-another-subject", {"subject": "91910001MAYCNFMR2P"}),
        ("query-of-fewer-items", {"items": 0}),
        ("query-of-another-authorisation", {"authorisation": None}),
    ):
        differ(name, desk.given(w.OWNER, names, query=query))
    differ("opening-of-no-query", lambda: jcs(good.value(opening=_opened(desk, "good"))))


def _opened(desk: Desk, name: str) -> Any:
    from ledger.core import canonical  # noqa: PLC0415

    return canonical.parse(desk.paper(name), allow_null=True)


def _signed(b: Bench, desk: Desk, good: Given) -> None:
    def by(key: Any, **header: Any) -> Given:
        return desk.given(w.OWNER, LISTED, key=key, header=header)

    for name, one, code in (
        ("by-nobody-s-key", by(w.STRANGER), "key-unknown"),
        ("by-a-key-of-another-member", by(w.OTHER_PRESENT), "key-unknown"),
        ("by-a-key-for-something-else", by(w.REQUEST), "key-unknown"),
        ("forged", by(w.STRANGER, kid=w.PRESENT.id), "signature-invalid"),
        ("of-another-algorithm", by(w.PRESENT_ED, kid=w.PRESENT.id), "signature-invalid"),
    ):
        add(b, name, one, FALSE, code=code)
    add(b, "by-another-key-of-the-member", by(w.PRESENT_ED), VALID)
    for name, code, changes in (
        ("by-a-key-that-had-ended", "key-not-valid", {"notAfter": AT - 1}),
        ("by-a-key-that-had-not-begun", "key-not-valid", {"notBefore": AT + 1}),
        ("by-a-stolen-key", "key-disputed", stolen(AT)),
        ("by-a-key-stolen-later", "", stolen(AT + 1)),
        ("by-a-key-not-stolen-after-all", "", moved(AT, 0, 160)),
        ("by-a-key-revoked-without-an-event", "key-disputed", {"compromisedSince": AT}),
    ):
        facts = _facts(b, name, keys=w.with_key(w.PRESENT, **changes))
        add(b, name, "answer/good", FALSE if code else VALID, facts=facts, code=code or None)
    no_province = w.with_row(
        "members",
        lambda one: one["code"] == w.OWNER,
        roles=[{"since": w.BEGIN, "roles": 1}, {"since": AT, "roles": 2}],
    )
    facts = _facts(b, "of-no-province", members=no_province)
    add(b, "of-no-province", "answer/good", FALSE, facts=facts, code="not-a-province")
    later = w.NOW + 61
    ahead = desk.given(w.OWNER, LISTED, at=w.instant(later), header={"iat": later})
    add(b, "from-the-future", ahead, FALSE, code="time-wrong")


def _facts(b: Bench, name: str, **changes: Any) -> str:
    return b.facts(f"answers-{name}", b.reason(f"answer/{name}")["en"], "answers", **changes)


def _queries(b: Bench, desk: Desk) -> None:
    def given(**terms: Any) -> Given:
        return desk.given(w.OWNER, LISTED, terms=terms)

    for name, one, code in (
        ("query-promised-by-nobody", given(key=w.STRANGER_K), "query-false"),
        ("query-promised-by-another", given(key=w.OTHER_ANCHOR), "query-false"),
        ("query-promise-put-off", given(held={"due": w.instant(AT + 40 * w.HOUR)}), "query-false"),
        ("query-promise-of-another-leaf", given(index=1), "query-false"),
    ):
        add(b, name, one, FALSE, code=code)
    ahead = given(issued=w.NOW + 61, due=w.NOW + 30 * w.HOUR)
    add(b, "query-promised-in-the-future", ahead, OPEN, code="query-unchecked")
    add(b, "query-promise-not-due", given(issued=AT, due=AT + 71 * w.HOUR), VALID)
    late = {"at": w.instant(AT + 61)}
    stated = desk.given(w.OWNER, LISTED, query=late, terms={"issued": AT + 3600})
    add(b, "query-stated-later", stated, FALSE, code="query-late")
    on_time = desk.given(
        w.OWNER, LISTED, query={"at": w.instant(AT + 60)}, terms={"issued": AT + 3600}
    )
    add(b, "query-stated-a-minute-later", on_time, VALID)
    put_off = AT + 72 * w.HOUR
    facts = _years(b, "query-promised-three-days-later")
    for name, verdict, issued in (
        ("query-promised-three-days-later", VALID, put_off),
        ("query-promised-after-three-days", FALSE, put_off + 61),
    ):
        one = given(issued=issued, due=issued + w.HOUR)
        add(b, name, one, verdict, facts=facts, code=None if verdict == VALID else "query-late")
    add(b, "years-later", "answer/good", VALID, facts=facts)


def _years(b: Bench, name: str) -> str:
    """The same chain years later: the keys have ended since."""
    head = w.T + 4 * 365 * w.DAY
    changes: dict[str, Any] = {
        "now": head + 20,
        "head": {"number": 2000, "hash": w.block_hash(2000), "time": head},
        "final": 1990,
    }
    return _facts(b, name, **changes)


def _blocks(b: Bench, desk: Desk) -> None:
    def at(time: int, **changes: Any) -> Given:
        who, listed = changes.pop("who", w.OWNER), changes.pop("listed", LISTED)
        terms = {"issued": time, "due": time + 30 * w.HOUR}
        said: dict[str, Any] = {"at": w.instant(time), "header": {"iat": time}, "terms": terms}
        return desk.given(who, listed, **said, **changes)

    add(b, "block-an-hour-old", at(w.T + 3600), VALID)
    add(b, "block-older-than-an-hour", at(w.T + 3601), FALSE, code="time-wrong")
    add(b, "block-of-that-very-second", at(w.T), VALID)
    add(b, "block-that-came-later", at(w.T - 1), FALSE, code="time-wrong")
    now = w.time_of(195) + 60
    fresh = at(now, block=195, who=w.THIRD, listed=())
    add(b, "block-not-final", fresh, OPEN, code="block-not-final")
    add(b, "block-above-the-head", at(AT, block=201), OPEN, code="chain-unread")
    covers = desk.covers(w.OWNER)
    log, size = covers[0]["log"], covers[0]["size"]

    def covering(*found: dict[str, Any]) -> Given:
        return desk.given(w.OWNER, LISTED, covers=list(found))

    both = desk.covers(w.THIRD)
    for name, one in (
        ("covers-less-than-was-anchored", covering({"log": log, "size": size - 1})),
        ("covers-more-than-was-anchored", covering({"log": log, "size": size + 1})),
        ("covers-an-earlier-anchor", covering({"log": log, "size": 2})),
        ("covers-one-log-of-two", desk.given(w.THIRD, (), covers=both[:1])),
        ("covers-a-log-of-another", covering(*_ascending(covers[0], both[0]))),
        ("covers-another-log-alone", covering(both[0])),
    ):
        add(b, name, one, FALSE, code="covers-wrong")


def _ascending(*covers: dict[str, Any]) -> list[dict[str, Any]]:
    return sorted(covers, key=lambda one: str(one["log"]))


def _receipts(b: Bench, desk: Desk) -> None:
    wrong = partial(add, b, verdict=FALSE)

    def listing(*names: str, **changes: Any) -> Given:
        return desk.given(w.OWNER, names, **changes)

    wrong("item-of-another-subject", listing("penalty", "of another"), code="other-subject")
    wrong("item-of-another-family", listing("penalty", "permit"), code="other-record")
    text, other = desk.receipt("penalty"), desk.receipt("permit")
    items = desk.items(["penalty"], [other])
    wrong(
        "item-with-the-receipt-of-another",
        listing("penalty", texts=[other], items=items),
        code="other-record",
    )
    there = desk.receipt("permit there")
    foreign = desk.given(w.OWNER, ("permit there",), texts=[there])
    wrong("item-in-a-log-of-another-member", foreign, code="other-subject")
    broken = text.replace('"index":0', '"index":1')
    wrong("receipt-false", listing("penalty", texts=[broken]), code="receipt-false")
    forged = desk.b.receipt(desk.held["penalty"], key=w.STRANGER, iat=AT).decode()
    wrong("receipt-shown-by-nobody", listing("penalty", texts=[forged]), code="receipt-false")
    bound = desk.b.receipt(desk.held["penalty"], iat=AT, bound={}).decode()
    held = listing("penalty", texts=[bound])
    add(b, "receipt-with-a-binding", held, OPEN, code="receipt-unchecked")
    none: dict[str, Any] = {"authorisation": None}
    ask = {**ASKED, "types": ["wage"]}
    bare = listing("wage", question=question(types=["wage"]), **none)
    wrong("authorisation-missing-where-one-is-needed", bare, code="not-for-the-asker", ask=ask)
    add(b, "on-authorisation-of-what-is-minor", listing("penalty", "minor"), VALID)
    minor = listing("penalty", "minor", **none)
    wrong("without-authorisation-of-what-is-minor", minor, code="not-for-the-asker")
    public = listing(*LISTED, **none)
    add(b, "without-authorisation-of-what-is-public", public, VALID)
    disputed = acts(desk.held["penalty"], Step(Action.DISPUTE, by=w.CASE, at=-3))
    facts = _facts(b, "item-disputed", **disputed)
    add(b, "item-disputed", "answer/good", VALID, facts=facts)
    facts = _facts(
        b, "item-withdrawn-later", **acts(desk.held["penalty"], Step(Action.WITHDRAW, at=4))
    )
    add(b, "item-withdrawn-later", "answer/good", VALID, facts=facts)
    stolen_anchor = w.with_key(w.ANCHOR, **stolen(w.FIRST))
    facts = _facts(b, "query-promised-by-a-stolen-key", keys=stolen_anchor)
    name = "query-promised-by-a-stolen-key"
    add(b, name, "answer/good", OPEN, facts=facts, code="query-unchecked")


def _papers(b: Bench, desk: Desk, good: Given) -> None:
    """With the authorisation that the asker holds."""

    def under(name: str, paper: str, code: str | None, **changes: Any) -> None:
        given = desk.given(
            changes.pop("by", w.OWNER),
            changes.pop("listed", LISTED),
            authorisation=desk.commitment(paper),
            **changes,
        )
        verdict = VALID if code is None else FALSE
        ask = {**ASKED, "audience": changes.get("to", w.BANK)}
        add(b, name, given, verdict, code=code, ask=ask, paper=partial(desk.paper, paper))

    add(b, "under-its-authorisation", "answer/good", VALID, paper=partial(desk.paper, "good"))
    under("under-one-of-a-province", "by a province", None)
    under("under-one-that-ends-on-that-day", "ends on that day", None)
    prefix = "authorisation-"
    under("authorisation-expired", "ended the day before", prefix + "expired")
    under("authorisation-not-begun", "begins the day after", prefix + "expired")
    under("authorisation-of-another-subject", "of another subject", prefix + "other-subject")
    under("authorisation-for-another-purpose", "for another purpose", prefix + "other-purpose")
    under("authorisation-of-other-types", "of other types", prefix + "out-of-scope")
    under("authorisation-of-other-regions", "of other regions", prefix + "out-of-scope")
    unknown = prefix + "unknown"
    under("authorisation-for-another-member", "for another member", unknown)
    under("authorisation-by-its-own-grantee", "by its own grantee", unknown, to=w.BUREAU)
    under("authorisation-by-a-bank", "by a bank", unknown, to=w.OTHER)
    under("authorisation-made-after-the-answer", "made after the answer", unknown)
    under("authorisation-anchored-too-late", "anchored too late", unknown)
    _openings(b, desk)
    _revoked(b, desk)


def _openings(b: Bench, desk: Desk) -> None:
    """What the asker holds, and what proves it."""
    unknown, missing = "authorisation-unknown", "authorisation-missing"
    other = partial(desk.paper, "by a province")
    add(b, "authorisation-is-another", "answer/good", FALSE, code=unknown, paper=other)
    add(b, "authorisation-is-a-receipt", "answer/good", FALSE, code=unknown, paper=lambda: b"{}")
    nobody = partial(desk.promised_paper, "good", key=w.STRANGER_K)
    add(b, "authorisation-promised-by-nobody", "answer/good", FALSE, code=unknown, paper=nobody)
    days: dict[str, Any] = {"issued": w.T - w.DAY, "due": AT}
    add(
        b,
        "authorisation-promised",
        "answer/good",
        VALID,
        paper=partial(desk.promised_paper, "good", **days),
    )
    days = {"issued": w.T - w.DAY, "due": AT - 1}
    due = partial(desk.promised_paper, "good", **days)
    add(b, "authorisation-promise-past-its-due", "answer/good", FALSE, code=unknown, paper=due)
    named = desk.given(w.OWNER, LISTED, authorisation=None)
    paper = partial(desk.paper, "good")
    add(b, "authorisation-not-named", named, FALSE, code=missing, paper=paper)


def _revoked(b: Bench, desk: Desk) -> None:
    """Taken back, or nobody knows."""
    prefix = "authorisation-"
    for name, time, code in (
        ("authorisation-revoked-before", AT - 1, prefix + "revoked"),
        ("authorisation-revoked-in-that-second", AT, prefix + "revoked"),
        ("authorisation-revoked-later", AT + 1, None),
    ):
        row = {"contract": w.REVOCATIONS, "custodian": w.BUREAU, "time": time}
        facts = _facts(b, name, revocations=[{**row, "commitment": desk.commitment("good")}])
        verdict = VALID if code is None else FALSE
        add(
            b,
            name,
            "answer/good",
            verdict,
            facts=facts,
            code=code,
            paper="answer/under-its-authorisation",
        )
    by_another = {"contract": w.REVOCATIONS, "custodian": w.BANK, "time": AT - 1}
    rows = [{**by_another, "commitment": desk.commitment("good")}]
    facts = _facts(b, "authorisation-revoked-by-another", revocations=rows)
    add(
        b,
        "authorisation-revoked-by-another",
        "answer/good",
        VALID,
        facts=facts,
        paper="answer/under-its-authorisation",
    )
    later = partial(lambda: jcs({"_type": "credit-ledger/opening@2"}))
    add(
        b, "authorisation-of-version-2", "answer/good", OPEN, code=prefix + "unchecked", paper=later
    )
    no_contract: dict[str, Any] = {
        "contracts": lambda world: {**world["contracts"], "Revocations": []}
    }
    facts = _facts(b, "no-revocations-registered", **no_contract)
    add(
        b,
        "no-revocations-registered",
        "answer/good",
        OPEN,
        facts=facts,
        code=prefix + "unchecked",
        paper="answer/under-its-authorisation",
    )
