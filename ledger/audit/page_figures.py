"""The figures of a report as tables with bars: limits, acknowledgements, mirrors, gas, logs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

from ledger.audit.gas import SORTS as GAS
from ledger.audit.html import Child, Node, bar, element, table
from ledger.audit.page_speaker import Speaker, code
from ledger.audit.page_words import COPIES, SORTS, STAGES
from ledger.audit.report_file import ReportFile

__all__ = ["MAX_ROWS", "TIMELY", "Rows", "figures", "timely_by_member"]

MAX_ROWS: Final = 300
"""Of one table: four provinces with logs and mirrors take some dozens."""
TIMELY: Final = ("yes", "no", "unknown")
_HOURS: Final = 24  # of a day
Rows = Iterable[Sequence[Child]]


def figures(report: ReportFile, say: Speaker) -> Iterator[Node]:
    """A section for each."""
    for name, section in _SECTIONS:
        yield element(
            "section", element("h2", say(name)), section(report, say), class_=f"of-{name}"
        )


def timely_by_member(report: ReportFile) -> dict[str, Counter[str]]:
    """How many records are in time, late, or of neither it can be told; of members with records."""
    found: dict[str, Counter[str]] = {}
    for log in report.document["logs"]:
        told = log.get("timely", {})
        if any(told.values()):
            found.setdefault(log["member"], Counter()).update(told)
    return found


def _timely(report: ReportFile, say: Speaker) -> Iterator[Node]:
    yield element("p", say("timely-lead"))
    total = Counter(report.document["counts"]["timely"])
    rows = [
        (say.member(member), *_timely_cells(told))
        for member, told in timely_by_member(report).items()
    ]
    heads = ("member", "share", *TIMELY)
    yield _table(say, "timely", heads, [*rows, (say("all"), *_timely_cells(total))])


def _timely_cells(told: Counter[str]) -> list[Child]:
    bound = told["yes"] + told["no"]
    share = f"{100 * told['yes'] / bound:.1f}%" if bound else "-"
    shown = _under(share, bar(told["yes"], bound, "plain" if told["no"] else "good"))
    return [shown, *(told[name] for name in TIMELY)]


def _under(text: str, drawn: Node) -> Node:
    """A figure with its bar below it."""
    return element("div", text, drawn)


def _stages(report: ReportFile, say: Speaker) -> Iterator[Node]:
    stages = report.document.get("stages")
    if stages is None:
        yield element("p", say("stages-none"), class_="muted")
        return
    yield element("p", say("stages-lead"))
    most = max((one["longest"]["days"] for one in stages), default=0)
    heads = ("member", "stage", "ended", "running", "late", "untold", "mean", "longest")
    yield _table(say, "stages", heads, (_stage_row(one, most, say) for one in stages))


def _stage_row(one: dict[str, Any], most: int, say: Speaker) -> Sequence[Child]:
    days, limit = one["longest"]["days"], one["longest"]["limit"]
    words = say("days-of", days=days, limit=limit) if limit else say("days", days=days)
    tone = "bad" if limit and days > limit else "good"
    return (
        *(say.member(one["member"]), say.named(one["stage"], STAGES)),
        *(one["ended"], one["running"], one["late"], one["untold"], one["mean"]),
        _under(words, bar(days, most, tone, limit or None)),
    )


def _acks(report: ReportFile, say: Speaker) -> Iterator[Node]:
    status = report.document["status"]
    yield element("p", say("acks-lead", count=f"{status['count']:,}"))
    rows = (
        (
            say.member(one["member"]),
            _under(
                f"{one['count']:,}",
                bar(one["count"], status["count"], "bad" if one["behind"] else "good"),
            ),
            one["behind"],
            say.time(one["since"]),
        )
        for one in status["acknowledged"]
    )
    yield _table(say, "acks", ("member", "done", "behind", "since"), rows)


def _service(report: ReportFile, say: Speaker) -> Iterator[Node]:
    records = report.document.get("service")
    if records is None:
        yield element("p", say("service-none"), class_="muted")
        return
    yield element("p", say("service-lead"))
    most = max((one["anchors"]["longestGap"] for one in records), default=0)
    heads = ("member", "anchors", "gap", "last", "ack-longest", "promises", "untrue")
    yield _table(say, "service", heads, (_service_row(one, most, say) for one in records))


def _service_row(one: dict[str, Any], most: int, say: Speaker) -> Sequence[Child]:
    anchors, kept, untrue = one["anchors"], one.get("promises"), one["untrue"]
    gap = anchors["longestGap"]
    promises = "-" if kept is None else f"{kept['met']} / {kept['late']} / {kept['broken']}"
    return (
        *(say.member(one["member"]), anchors["count"]),
        _under(_span(gap, say), bar(gap, most)),
        *(say.time(anchors["last"]), _span(one["acknowledgements"]["longest"], say)),
        *(promises, f"{untrue['yes']} / {untrue['no']}"),
    )


def _span(seconds: int, say: Speaker) -> str:
    """Days and hours, or hours and minutes; "-" for none."""
    if seconds <= 0:
        return "-"
    hours, minutes = seconds // 3600, seconds // 60 % 60
    days = hours // _HOURS
    if days:
        return say("span-days", days=days, hours=hours % _HOURS)
    return say("span-hours", hours=hours, minutes=minutes)


def _mirrors(report: ReportFile, say: Speaker) -> Iterator[Node]:
    mirrors = report.document.get("mirrors")
    if mirrors is None:
        yield element("p", say("mirrors-none"), class_="muted")
        return
    yield element("p", say("mirrors-lead"))
    logs = {log["log"]: log for log in report.document["logs"]}
    rows = (_mirror_row(one, logs.get(one["log"]), say) for one in mirrors)
    yield _table(say, "mirrors", ("keeper", "log-of", "copy", "held"), rows)


def _mirror_row(one: dict[str, Any], log: dict[str, Any] | None, say: Speaker) -> Sequence[Child]:
    size = 0 if log is None else log["size"]
    return (
        say.member(one["member"]),
        one["log"][:16] if log is None else say.member(log["member"]),
        say.named(one["copy"], COPIES),
        _under(
            f"{one['size']:,} / {size:,}",
            bar(min(one["size"], size), size, "good" if one["copy"] == "same" else "bad"),
        ),
    )


def _gas(report: ReportFile, say: Speaker) -> Iterator[Node]:
    spent = report.document.get("gas")
    if spent is None:
        yield element("p", say("gas-none"), class_="muted")
        return
    yield element("p", say("gas-lead"))
    most = max((sum(one[name] for name in GAS) for one in spent), default=0)
    rows = (_gas_row(one, most, say) for one in spent)
    heads = ("member", "sum", "transactions", *GAS, "unread")
    yield _table(say, "gas", heads, rows)


def _gas_row(one: dict[str, Any], most: int, say: Speaker) -> Sequence[Child]:
    total = sum(one[name] for name in GAS)
    return (
        say.member(one["member"], "by-vote"),
        *(_under(f"{total:,}", bar(total, most)), one["transactions"]),
        *(one[name] for name in GAS),
        one["unread"],
    )


def _logs(report: ReportFile, say: Speaker) -> Iterator[Node]:
    rows = (
        (
            say.member(log["member"]),
            *(log["size"], log["entriesRead"], log["anchors"], code(log["root"])),
        )
        for log in report.document["logs"]
    )
    yield _table(say, "logs", ("member", "size", "read", "anchors", "root"), rows)


def _scope(report: ReportFile, say: Speaker) -> Iterator[Node]:
    told, counts = report.document, report.document["counts"]
    statements = told.get("statements")
    opened = say("not-asked")
    if statements is not None:
        opened = say("of", part=statements["opened"], whole=statements["entries"])
    pairs: list[tuple[str, Child]] = [
        *((f"scope-{name}", len(told[name])) for name in ("members", "keys", "contracts", "votes")),
        *((f"scope-{name}", counts[name]) for name in ("entries", "acts")),
        ("scope-statements", opened),
        ("scope-cases", len(told["cases"]) if "cases" in told else say("not-asked")),
    ]
    yield element(
        "dl",
        (one for name, value in pairs for one in (element("dt", say(name)), _value(value))),
        class_="facts",
    )


def _value(value: Child) -> Node:
    return element("dd", f"{value:,}" if isinstance(value, int) else value)


def _table(say: Speaker, caption: str, heads: Sequence[str], rows: Rows) -> Node:
    """A table of at most `MAX_ROWS`."""
    names = [
        say.of(SORTS[name]) if name in SORTS and name != "anchors" else say(name) for name in heads
    ]
    kept = list(islice(iter(rows), MAX_ROWS + 1))
    made = table(say(caption), names, kept[:MAX_ROWS])
    if len(kept) <= MAX_ROWS:
        return made
    return element("div", made, element("p", "…"))


_SECTIONS: Final[Sequence[tuple[str, Callable[[ReportFile, Speaker], Iterator[Node]]]]] = (
    ("timely", _timely),
    ("stages", _stages),
    ("acks", _acks),
    ("service", _service),
    ("mirrors", _mirrors),
    ("gas", _gas),
    ("logs", _logs),
    ("scope", _scope),
)
