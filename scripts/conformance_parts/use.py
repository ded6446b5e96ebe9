"""Whether it may be used: whom it is about, what was asked for, and until when."""

from collections.abc import Mapping, Sequence
from typing import Any

from scripts.conformance_parts import world as w
from scripts.conformance_parts.bench import FILLER, OTHER_SUBJECT, SUBJECT, Bench, Record
from scripts.conformance_parts.keys import seed
from scripts.conformance_parts.receipts import Sound

PERMIT: Mapping[str, Any] = {
    "Q_NAME": "合成样例二号有限公司",
    "Q_CODE": SUBJECT,
    "Q_DOC": "样许〔2026〕2号",
    "Q_DAY": "2026-10-12",
    "Q_TO": "2027-10-11",
    "Q_STATE": "有效",
    "Q_AUTH": "样市样局",
}
NOTICE: Mapping[str, Any] = {
    "N_NAME": "合成样例三号有限公司",
    "N_CODE": SUBJECT,
    "N_DOC": "样检〔2026〕3号",
    "N_YEAR": "2026",
    "N_DAY": "2026-10-12",
    "N_RESULT": "不合格",
    "N_AUTH": "样市样局",
}


def build(b: Bench, true: Sound) -> None:
    """All cases of the group."""
    _subjects(b, true)
    _asked(b)
    _windows(b)
    _nulls(b)
    _voids(b)


def add(
    b: Bench,
    name: str,
    record: Record,
    verdict: str,
    *,
    show: Sequence[str] | None = None,
    **more: Any,
) -> None:
    """A case of a record. show: None: all of it."""
    fields = list(record.shown) if show is None else show
    world = "world" if record.entry["schema"] in w.IN_FORCE else "wide"
    more = {"facts": world, **more}
    b.add(name, lambda: b.receipt(record, show=fields), verdict, **more)


def _subjects(b: Bench, true: Sound) -> None:
    plain, filler = true.plain, true.filler
    about = {"check": "subject"}
    add(
        b,
        "subject/another",
        plain,
        "other-subject",
        ask={"subject": OTHER_SUBJECT},
        code="subject-differs",
        **about,
    )
    add(
        b,
        "subject/not-shown",
        plain,
        "anchored",
        show=["P_NAME"],
        ask={"subject": SUBJECT},
        code="subject-undisclosed",
        **about,
    )
    for name, show in (
        ("filler-alone", ["P_CODE"]),
        ("filler-without-kind", ["P_CODE", "P_REG"]),
        ("filler-without-registration", ["P_KIND", "P_CODE"]),
    ):
        add(
            b, f"subject/{name}", filler, "anchored", show=show, code="subject-undisclosed", **about
        )
    add(
        b,
        "subject/filler-for-a-code",
        filler,
        "other-subject",
        ask={"subject": SUBJECT},
        code="subject-differs",
        **about,
    )
    kindless = b.record(
        {"K_NAME": "合成样例四号", "K_CODE": FILLER, "K_REG": "测-2", "K_DAY": "2026-10-12"},
        schema="sample-kindless@1",
    )
    add(
        b,
        "subject/filler-in-a-type-without-kind",
        kindless,
        "anchored",
        code="subject-undisclosed",
        **about,
    )
    unknown = b.record(schema_="sample-penalty@1:" + seed("a schema that is not to be had").hex())
    add(b, "subject/schema-not-to-be-had", unknown, "undetermined", code="schema-unknown", **about)


def _asked(b: Bench) -> None:
    for name, ask, code in (
        ("another-type", {"type": "sample-permit"}, "type-differs"),
        ("another-version", {"type": "sample-penalty@2"}, "type-differs"),
        ("beginning-of-a-type", {"type": "sample-pen"}, "type-differs"),
        ("another-issuer", {"issuer": w.OTHER}, "issuer-not-asked"),
    ):
        b.add(f"asked/{name}", "receipt/whole", "other-subject", ask=ask, code=code, check="asked")


def _windows(b: Bench) -> None:
    """The last day of use, by the day of Shanghai."""
    last = b.record(
        {"P_END": "2026-11-20", "P_DAY": "2026-08-01"},
        until="2026-11-20",
        decided="2026-08-01",
        entry={"period": "2026-08"},
    )
    add(b, "in-force/on-the-last-day", last, "valid", show=["P_CODE"])
    late = b.facts(
        "in-force-the-day-after",
        "The head is of the day after in Shanghai alone.",
        head=lambda world: {**world["head"], "time": w.HEAD + 6 * w.HOUR},
        now=w.HEAD + 6 * w.HOUR,
    )
    add(
        b,
        "in-force/the-day-after",
        last,
        "expired",
        show=["P_CODE"],
        facts=late,
        code="expired",
        check="in-force",
    )
    b.add(
        "in-force/as-of-the-last-day",
        "in-force/the-day-after",
        "valid",
        facts=late,
        ask={"asOf": "2026-11-20"},
        now="expired",
    )
    gone = b.record(
        {"P_DAY": "2025-04-10"},
        decided="2025-04-10",
        until="2028-04-10",
        class_=None,
        entry={"period": "2025-04"},
    )
    add(b, "in-force/of-earlier-law", gone, "valid")
    old = b.record(
        {"P_DAY": "2023-04-10"},
        decided="2023-04-10",
        until="2026-04-10",
        class_=None,
        entry={"period": "2023-04"},
    )
    add(b, "in-force/expired-long-ago", old, "expired", code="expired", check="in-force")
    month = b.record(
        {"P_DAY": "2026-08-31"},
        decided="2026-08-31",
        until="2026-11-30",
        class_="minor",
        entry={"period": "2026-08"},
    )
    add(b, "in-force/a-month-that-is-shorter", month, "valid")


def _nulls(b: Bench) -> None:
    """`until` null of a record that is adverse: nothing is known between two days."""

    def null(decided: str, **more: Any) -> Record:
        values = {"until": None, "class_": None, "entry": {"period": decided[:7]}, **more}
        return b.record({"P_DAY": decided}, decided=decided, **values)

    add(b, "window/certain", null("2026-10-12"), "valid")
    add(
        b,
        "window/unknown",
        null("2026-06-12"),
        "undetermined",
        code="window-unknown",
        check="in-force",
    )
    exact = null("2026-08-20")
    add(b, "window/on-its-last-certain-day", exact, "valid")
    add(
        b,
        "window/on-the-day-behind-it",
        exact,
        "undetermined",
        facts="in-force-the-day-after",
        code="window-unknown",
        check="in-force",
    )
    passing = b.record(NOTICE, schema="sample-notice@1", entry={"period": "2026"})
    hidden = [name for name in passing.shown if name != "N_RESULT"]
    add(b, "window/adverse-or-not", passing, "valid", show=hidden)


def _voids(b: Bench) -> None:
    good = b.record(PERMIT, schema="sample-permit@1", until="2027-10-11")
    add(b, "void/in-force", good, "valid")
    void = b.record({**PERMIT, "Q_STATE": "注销"}, schema="sample-permit@1", until="2026-10-11")
    code = {"code": "not-in-force", "check": "in-force"}
    add(b, "void/shown", void, "expired", **code)
    add(b, "void/hidden", void, "expired", show=["Q_CODE"], code="expired", check="in-force")
    other = b.record(
        {**PERMIT, "Q_STATE": "其他-已注销"}, schema="sample-permit@1", until="2026-10-11"
    )
    add(b, "void/in-words-of-its-own", other, "expired", **code)
    negated = b.record(
        {**PERMIT, "Q_STATE": "其他-未注销"}, schema="sample-permit@1", until="2027-10-11"
    )
    add(b, "void/negated", negated, "valid")
