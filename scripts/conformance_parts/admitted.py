"""Whether it may count as a record: role, catalogue, and what it says. Checks 23 to 25."""

from collections.abc import Mapping
from typing import Any

from scripts.conformance_parts import library
from scripts.conformance_parts import world as w
from scripts.conformance_parts.bench import FILLER, SUBJECT, Bench, Record
from scripts.conformance_parts.keys import seed
from scripts.conformance_parts.reading import case
from scripts.conformance_parts.receipts import LICENCE, Sound
from scripts.conformance_parts.use import NOTICE, PERMIT, add

TYPE, OUT = "sample-penalty@1", "out-of-catalogue"
GRACE = 72 * w.HOUR
INVALID = "record-invalid"
CHECK: dict[str, Any] = {"check": "record"}


def build(b: Bench, true: Sound) -> None:
    """All cases of the groups."""
    _roles(b)
    _catalogue(b)
    _tenures(b)
    _values(b)
    _other_types(b)
    _bounds(b)
    _rules(b)


def _roles(b: Bench) -> None:
    bureau = b.record(log=b.bureau)
    b.add(
        "role/no-province",
        lambda: b.receipt(bureau, key=w.BUREAU_PRESENT),
        "unknown-issuer",
        code="issuer-not-a-province",
        check="issuer-role",
        facts="wide",
    )

    def roles(*spans: tuple[int, int]) -> w.Change:
        history = [{"since": since, "roles": role} for since, role in spans]
        return w.with_row("members", lambda one: one["code"] == w.OWNER, roles=history)

    for name, verdict, spans in (
        ("a-province-then", "valid", ((w.BEGIN, 1), (w.T + 1, 2))),
        ("a-province-since", "unknown-issuer", ((w.BEGIN, 2), (w.T + 1, 1))),
        ("a-province-from-that-second", "valid", ((w.BEGIN, 2), (w.T, 1))),
        ("several-roles", "valid", ((w.BEGIN, 9),)),
    ):
        code = "issuer-not-a-province" if verdict != "valid" else ""
        case(b, f"role/{name}", verdict, code, members=roles(*spans))


def _catalogue(b: Bench) -> None:
    def items(**changes: Any) -> w.Change:
        return w.with_item(TYPE, **changes)

    def more(*others: Mapping[str, Any]) -> w.Change:
        return lambda world: [*world["catalogue"], *others]

    newer = w.item(TYPE, version=2, contentHash=seed("a schema").hex())
    region = {"region": w.OWNER}
    for name, verdict, changed in (
        ("type-missing", OUT, items(itemId="another")),
        ("type-of-another-kind", OUT, items(kind=4)),
        ("type-of-another-version", OUT, items(version=2)),
        ("type-of-another-content", OUT, items(contentHash=seed("x").hex())),
        ("type-ended-within-72-hours", "valid", items(until=w.T - GRACE + 1)),
        ("type-ended-72-hours-before", OUT, items(until=w.T - GRACE)),
        ("type-put-at-the-anchor", "valid", items(putAt=w.T)),
        ("type-put-later", OUT, items(putAt=w.T + 1)),
        ("type-from-later", OUT, items(**{"from": w.T + 1})),
        ("type-superseded", OUT, more({**newer, "putAt": w.T - GRACE})),
        ("type-superseded-lately", "valid", more({**newer, "putAt": w.T - GRACE + 1})),
        ("type-superseded-from-later", "valid", more({**newer, "from": w.T + w.HOUR})),
        ("type-of-the-region", "valid", items(**region)),
        ("type-of-another-region", OUT, items(region=w.OTHER)),
        (
            "national-before-regional",
            OUT,
            lambda world: [*w.with_item(TYPE, **region)(world), {**newer, "putAt": w.BEGIN + 1}],
        ),
        (
            "regional-until-a-national-one",
            "valid",
            lambda world: [
                *w.with_item(TYPE, **region)(world),
                {**newer, "putAt": w.T - GRACE + 1},
            ],
        ),
        ("type-that-never-counted", OUT, items(until=w.T - 1, **{"from": w.T})),
        ("contract-that-is-none", OUT, items(contract="0x" + "ab" * 20)),
        ("rules-missing", OUT, w.with_item("publicity@1", version=3)),
        ("rules-of-another-content", OUT, w.with_item("publicity@1", contentHash=seed("x").hex())),
    ):
        about = "rules" if name.startswith("rules") else "type"
        code = f"{about}-not-in-force" if verdict != "valid" else ""
        case(b, f"catalogue/{name}", verdict, code, catalogue=changed)


def _tenures(b: Bench) -> None:
    """A contract that was the Catalogue, and what it does not hold."""

    def tenure(since: int) -> dict[str, w.Change]:
        both = [w.held(w.OLD_CATALOGUE), w.held(w.CATALOGUE, since)]
        return {
            "contracts": lambda world: {**world["contracts"], "Catalogue": both},
            "catalogue": lambda world: [
                {**one, "contract": w.OLD_CATALOGUE}
                if one["itemId"] == "sample-penalty"
                else {**one, "putAt": since}
                for one in world["catalogue"]
            ],
        }

    case(b, "catalogue/contract-lost-its-role", OUT, "type-not-in-force", **tenure(w.T - GRACE))
    case(b, "catalogue/contract-lost-its-role-lately", "valid", "", **tenure(w.T - GRACE + 1))
    mine = b.record(rules="mine@1:" + library.sha256("publicity@1"))
    add(b, "catalogue/rules-of-another-name", mine, OUT, code="rules-not-in-force")
    b.add(
        "catalogue/type-of-a-bare-receipt",
        "receipt/bare",
        OUT,
        facts="catalogue-type-of-another-version",
        code="type-not-in-force",
    )


def _values(b: Bench) -> None:
    """What no record of its type can say, shown and hidden."""
    cases: tuple[tuple[str, Mapping[str, Any], str], ...] = (
        ("list-for-a-text", {"P_NOTE": ["a", "b"]}, "value-kind"),
        ("text-for-a-list", {"P_CLASS": "警告"}, "value-kind"),
        ("not-trimmed", {"P_NOTE": " 备注"}, "value-form"),
        ("of-nothing-seen", {"P_NOTE": "\u200b\u3164"}, "value-form"),
        ("that-turns-its-reading", {"P_NOTE": "a\u202eb"}, "value-form"),
        ("with-nul", {"P_NOTE": "a\u0000b"}, "value-form"),
        ("cut-by-a-spreadsheet", {"P_NOTE": "9.1E+17"}, "value-form"),
        ("too-long", {"P_NOTE": "长" * 61}, "value-too-long"),
        ("not-in-its-vocabulary", {"P_KIND": "企业"}, "value-unknown"),
        ("own-value-of-nothing", {"P_CLASS": ["其他-"]}, "value-unknown"),
        ("list-with-a-separator", {"P_CLASS": ["警告;罚款"]}, "value-form"),
        ("day-that-is-none", {"P_END": "2027-02-30"}, "value-form"),
        ("amount-with-a-zero-too-many", {"P_FINE": "0.20"}, "value-form"),
        ("amount-with-a-sign", {"P_FINE": "-1"}, "value-form"),
        ("amount-with-an-exponent", {"P_FINE": "1e3"}, "value-form"),
        ("amount-with-too-many-digits", {"P_FINE": "1" * 13}, "value-too-long"),
        ("code-in-small-letters", {"P_CODE": SUBJECT.lower()}, "value-form"),
        ("code-of-17", {"P_CODE": SUBJECT[:-1]}, "value-form"),
        ("code-of-another-alphabet", {"P_CODE": SUBJECT[:-1] + "I"}, "value-form"),
        ("filler-of-a-firm", {"P_CODE": FILLER, "P_REG": "测-3"}, "value-form"),
        ("day-out-of-order", {"P_END": "2026-10-11"}, "value-order"),
        ("natural-person", {"P_KIND": "自然人"}, "natural-person"),
    )
    for name, fields, code in cases:
        until = {"until": fields["P_END"]} if code == "value-order" else {}
        made = b.record(fields, **until)
        show = [one for one in made.shown if one in ("P_CODE", "P_DAY", "P_KIND", "P_REG", *fields)]
        add(b, f"value/{name}", made, INVALID, code=code, show=show, **CHECK)
    wrong = b.record({"P_NOTE": "长" * 61})
    add(b, "value/hidden", wrong, "valid", show=["P_CODE"])
    own = b.record(
        {"P_CLASS": ["警告", "其他-责令改正"], "P_NOTE": "备" * 60, "P_FINE": "100000000000"}
    )
    add(b, "value/at-its-bounds", own, "valid")


def _other_types(b: Bench) -> None:
    person = b.record(
        {"T_NAME": "某", "T_CODE": SUBJECT, "T_DAY": "2026-10-12"}, schema="sample-person@1"
    )
    add(
        b,
        "value/type-about-natural-persons",
        person,
        INVALID,
        show=["T_CODE"],
        code="natural-person",
        **CHECK,
    )
    level = {**NOTICE, "N_LEVEL": "A"}
    notice = b.record(level, schema="sample-notice@1", entry={"period": "2026"})
    add(b, "value/vocabulary-by-another-field", notice, INVALID, code="value-unknown", **CHECK)
    better = b.record(
        {**level, "N_RESULT": "合格"}, schema="sample-notice@1", entry={"period": "2026"}
    )
    add(b, "value/no-vocabulary-by-another-field", better, "valid")
    old = b.record({**LICENCE, "XK_YXQZ": "1948-12-31"}, schema="licence@1", until="2031-10-11")
    add(b, "value/day-before-1949", old, INVALID, code="value-form", **CHECK)
    years = {**NOTICE, "N_DAY": "2025-12-31", "N_YEAR": "2027"}
    late = b.record(years, schema="sample-notice@1", decided="2025-12-31", entry={"period": "2025"})
    add(b, "value/decided-before-its-year", late, INVALID, code="value-order", **CHECK)


def _bounds(b: Bench) -> None:

    def ending(until: str | None, **more: Any) -> Record:
        return b.record(until=until, **more)

    for name, record, show, code, verdict in (
        ("beyond-the-longest", ending("2027-10-13"), None, "until-beyond-rules", INVALID),
        (
            "beyond-the-longest-and-hidden",
            ending("2027-10-13"),
            ["P_CODE"],
            "until-beyond-rules",
            INVALID,
        ),
        ("before-the-shortest", ending("2027-01-11"), ["P_CODE"], "until-before-minimum", INVALID),
        ("null-of-a-class", ending(None), ["P_CODE"], "until-beyond-rules", INVALID),
        (
            "class-of-what-is-not-adverse",
            b.record(PERMIT, schema="sample-permit@1", until="2027-10-11", class_="minor"),
            None,
            "class-not-adverse",
            INVALID,
        ),
        (
            "decided-on-the-day-of-its-anchor",
            b.record({"P_DAY": "2026-11-18"}, decided="2026-11-18", until="2027-11-18"),
            None,
            None,
            "valid",
        ),
        (
            "decided-after-its-anchor",
            b.record({"P_DAY": "2026-11-19"}, decided="2026-11-19", until="2027-11-19"),
            None,
            "decided-after-anchor",
            INVALID,
        ),
    ):
        add(b, f"bounds/{name}", record, verdict, show=show, code=code, **CHECK)


def _rules(b: Bench) -> None:
    hidden = b.record(NOTICE, schema="sample-notice@1", class_="minor", entry={"period": "2026"})
    add(b, "bounds/null-of-a-class-adverse-or-not", hidden, "valid", show=["N_CODE"])
    rules = b.record(rules="publicity@9:" + seed("rules that are not to be had").hex())
    listed = b.facts(
        "rules-9",
        "Rules are in the catalogue whose file is not to be had.",
        catalogue=lambda world: [
            *world["catalogue"],
            w.item(
                "publicity@1",
                version=9,
                putAt=w.T - w.HOUR,
                contentHash=seed("rules that are not to be had").hex(),
            ),
        ],
    )
    add(
        b,
        "bounds/rules-not-to-be-had",
        rules,
        "undetermined",
        facts=listed,
        code="rules-unknown",
        **CHECK,
    )
    second = b.facts(
        "rules-2",
        "The second rules are in force.",
        catalogue=lambda world: [*world["catalogue"], w.item("publicity@2", putAt=w.T - w.HOUR)],
    )
    two = library.names("publicity@2")
    for name, record in (
        ("open-until-exit", b.record(until=None, rules=two, class_=None)),
        ("as-long-as-the-kind-that-ends", b.record(until="2027-10-12", rules=two)),
    ):
        add(b, f"bounds/{name}", record, "valid", facts=second)
    b.add("bounds/rules-of-their-own-time", "receipt/whole", "valid", facts="rules-2")
