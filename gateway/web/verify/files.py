"""The sheets of verdicts on files that hold many receipts: bundles, lists, histories, reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from gateway.verifying.desk import Judged
from gateway.web.verify.problems import evidence, problems
from gateway.web.verify.records import TONES
from gateway.web.verify.sheets import MAX_ROWS, Facts, Row, Sheet, Speaker, Table, Tone
from ledger.core.status import Action
from ledger.files.words import (
    ANSWERS,
    BUNDLES,
    EVENTS,
    FIELDS,
    FILES,
    LEFT,
    MISSING,
    REPORTS,
    STATED,
)
from ledger.records.report_fields import packaged

_BUNDLE_TONES: Final[Mapping[str, Tone]] = {
    **{"clear": "good", "stated": "good"},
    **{"adverse": "bad", "false": "bad"},
}
_REPORT_TONES: Final[Mapping[str, Tone]] = {"genuine": "good", "false": "bad", "unknown": "bad"}
_GENUINE: Final = ("valid", "incomplete")
"""Verdicts on lists and histories whose entries are proven."""
MAX_NAMED: Final = 4
"""Types of records that a cell of a table names."""


def bundle_sheet(judged: Judged, say: Speaker) -> Sheet:
    """Of a bundle, province by province."""
    told, _ = judged.told, say.gettext
    verdict, now = told["verdict"], told["now"]["overall"]
    more = [*_false(told, say), *problems(told, say)]
    if now is not None and now != verdict:
        more.insert(0, _("Now: %(state)s") % {"state": say.pair(BUNDLES[now])})
    facts = [
        (_("Subject"), told["subject"] or "-"),
        (_("Asked at"), say.moment(told["at"])),
    ]
    types = _Types(say)
    provinces = list(_provinces(told, types, say))
    return Sheet(
        tone=_BUNDLE_TONES.get(verdict, "open"),
        line=_then(say.pair(BUNDLES[verdict]), now, verdict, say),
        more=more,
        parts=[
            Facts(_("The bundle"), [*facts, *types.named()]),
            *say.table(
                _("Province by province"),
                [_("Province"), _("What it said"), _("Of which records")],
                provinces,
            ),
            *_records(told, say),
        ],
        evidence=[*_blocks(told, say), *evidence(told, say)],
    )


def _then(line: str, now: str | None, verdict: str, say: Speaker) -> str:
    """What it says of the time when it was made, said so where it is another now."""
    if now is None or now == verdict:
        return line
    return say.gettext("When it was made: %(state)s") % {"state": line}


class _Types:
    """Types of records in cells of a table: many are counted there, and named once above it."""

    def __init__(self, say: Speaker) -> None:
        self._say = say
        self._named: dict[str, str] = {}

    def cell(self, families: list[str]) -> str:
        """What stands in the cell."""
        names = self._say.listed(families)
        if len(families) <= MAX_NAMED:
            return names
        if names not in self._named:
            text = self._say.gettext("%(count)s types") % {"count": len(families)}
            other = text in self._named.values()
            self._named[names] = f"{text} ({len(self._named) + 1})" if other else text
        return self._named[names]

    def named(self) -> list[Row]:
        """What is meant by each."""
        return [(text, names) for names, text in self._named.items()]


def answer_sheet(judged: Judged, say: Speaker) -> Sheet:
    """Of what one member answered."""
    told, _ = judged.told, say.gettext
    verdict, now = told["verdict"], told["now"]["overall"]
    more = [*_false(told, say), *problems(told, say)]
    if now is not None and now != verdict:
        more.insert(0, _("Now: %(state)s") % {"state": say.pair(ANSWERS[now])})
    families = say.listed(map(say.family, told["families"] or ()))
    facts = [
        (_("Answered by"), say.member(told["issuer"])),
        (_("Asked by"), say.member(told["to"])),
        (_("Subject"), told["subject"] or "-"),
        (_("Of which records"), families),
        (_("Answered at"), say.moment(told["at"])),
    ]
    return Sheet(
        tone=_BUNDLE_TONES.get(verdict, "open"),
        line=_then(say.pair(ANSWERS[verdict]), now, verdict, say),
        more=more,
        parts=[Facts(_("The answer"), facts), *_records(told, say)],
        evidence=[*_blocks(told, say), *evidence(told, say)],
    )


def _blocks(told: Mapping[str, Any], say: Speaker) -> list[Row]:
    return [
        (say.member(code), f"{one['number']}, {say.moment(one['time'])}")
        for code, one in told["blocks"].items()
    ]


def _records(told: Mapping[str, Any], say: Speaker) -> list[Table]:
    _ = say.gettext
    head = [_("Province"), _("Type"), _("Decided on"), _("Until"), _("Then"), _("Now")]
    rows = [_bundle_row(one, say) for one in told["records"][:MAX_ROWS]]
    head.append(_("Adverse"))
    return say.table(_("Records"), head, rows, count=len(told["records"]))


def _provinces(told: Mapping[str, Any], types: _Types, say: Speaker) -> Iterator[list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for one in told["completeness"]:
        found.setdefault((one["member"], one["state"]), []).append(say.family(one["family"]))
    reasons = {one["member"]: one["reason"] for one in told["missing"]}
    for (member, state), families in found.items():
        words = say.pair(STATED[state])
        if state == "missing" and member in reasons:
            reason = reasons[member]
            why = say.pair(MISSING[reason]) if reason in MISSING else reason
            words = f"{words}: {why}"
        yield [say.member(member), words, types.cell(families)]
    asked = {member for member, _ in found}
    for member, reason in reasons.items():
        if member not in asked:
            why = say.pair(MISSING[reason]) if reason in MISSING else reason
            yield [say.member(member), f"{say.pair(STATED['missing'])}: {why}", "-"]


def _bundle_row(one: Mapping[str, Any], say: Speaker) -> list[str]:
    _ = say.gettext
    adverse = {True: _("yes"), False: _("no"), None: "?"}
    return [
        say.member(one["issuer"]),
        say.type(one["type"]),
        say.day(one["decided"]),
        say.day(one["until"]),
        say.standing(one["verdict"]),
        say.standing(one["now"]),
        adverse[one["adverse"]],
    ]


def list_sheet(judged: Judged, say: Speaker) -> Sheet:
    """Of a list of a day."""
    told, _ = judged.told, say.gettext
    facts = [
        (_("List"), say.family(told["list"]) if told["list"] else "-"),
        (_("Day"), say.day(told["day"])),
        (_("Given by"), say.member(told["issuer"])),
    ]
    members = [
        [say.member(one["member"]), str(one["entries"]), _left(one["left"], say)]
        for one in told["members"]
    ]
    absent = [
        [say.member(one["member"]), say.pair(STATED["missing"]), one["reason"]]
        for one in told["missing"]
    ]
    entries = [
        [
            *(one["code"] or "-", one["name"] or "-", one["document"] or "-"),
            *(say.day(one["decided"]), say.day(one["until"]), say.member(one["member"])),
        ]
        for one in told["entries"][:MAX_ROWS]
    ]
    return Sheet(
        tone=TONES[judged.exit],
        line=say.pair(FILES[told["verdict"]]),
        more=[*_of_list(told, say), *problems(told, say)],
        parts=[
            Facts(_("The list"), facts),
            *say.table(
                _("Province by province"),
                [_("Province"), _("Listed"), _("Not listed, by reason")],
                [*members, *absent],
            ),
            *say.table(
                _("Entries"),
                [
                    *(_("Social credit code"), _("Name"), _("Document")),
                    *(_("Since"), _("Until"), _("Province")),
                ],
                entries,
                count=len(told["entries"]),
            ),
        ],
        evidence=evidence(told, say),
    )


def history_sheet(judged: Judged, say: Speaker) -> Sheet:
    """Of the history of a subject, each record over time."""
    told, _ = judged.told, say.gettext
    given_to = told["to"] or _("the subject itself")
    facts = [
        (_("Subject"), told["subject"] or "-"),
        (_("Given by"), say.member(told["issuer"])),
        (_("Given to"), given_to if told["subject"] else "-"),
        (_("As of"), say.day(told["given"])),
        (_("As known at"), say.moment(told["known"])),
        (_("Left out"), _left(told["left"], say)),
    ]
    head = [_("Type"), _("Document"), _("Decided on")]
    then = _("On %(day)s") % {"day": say.day(told["asOf"])}
    rows = [
        [
            *(say.type(one["type"]), one["document"] or "-", say.day(one["decided"])),
            *(say.standing(one["verdict"]), say.standing(one["now"]), _acts(one["acts"], say)),
        ]
        for one in told["records"][:MAX_ROWS]
    ]
    return Sheet(
        tone=TONES[judged.exit],
        line=say.pair(FILES[told["verdict"]]),
        more=[*_of_history(told, say), *problems(told, say)],
        parts=[
            Facts(_("The history"), facts),
            *say.table(
                _("Status over time"),
                [*head, then, _("Now"), _("What was done, and when")],
                rows,
                count=len(told["records"]),
            ),
        ],
        evidence=evidence(told, say),
    )


def _false(told: Mapping[str, Any], say: Speaker) -> list[str]:
    """Of a file that does not hold: that what stands below says nothing, and what to do."""
    _ = say.gettext
    text = _(
        "Rely on nothing in it: what stands below is only what the file says. Ask whoever gives it"
        " out for the file once more, and verify that one."
    )
    return [text] if told["verdict"] == "false" else []


def _of_list(told: Mapping[str, Any], say: Speaker) -> list[str]:
    """What being genuine means for whoever holds it against a firm."""
    _ = say.gettext
    text = _(
        "Entries in it: %(count)s. A firm that is not among them may still have other records,"
        " of which this list says nothing."
    )
    whole = [text % {"count": len(told["entries"])}] if told["verdict"] in _GENUINE else []
    return [*_false(told, say), *whole]


def _of_history(told: Mapping[str, Any], say: Speaker) -> list[str]:
    """What being genuine means for whoever holds it against the firm."""
    _, records = say.gettext, told["records"]
    text = _(
        "This is said of the file, and not in favour of the firm. Records in it: %(count)s; in"
        " force now: %(now)s."
    )
    now = sum(one["now"] == "valid" for one in records)
    whole = [text % {"count": len(records), "now": now}] if told["verdict"] in _GENUINE else []
    return [*_false(told, say), *whole]


def _acts(acts: list[Mapping[str, Any]], say: Speaker) -> str:
    told = [
        f"{say.day(one['effectiveAt'][:10])} {say.pair(EVENTS[Action[one['act'].upper()]])}"
        for one in acts
    ]
    return ("；" if say.language.code == "zh" else "; ").join(told) or "-"


def report_sheet(judged: Judged, say: Speaker) -> Sheet:
    """Of a special credit report, by field and line."""
    told, _ = judged.told, say.gettext
    verdict = told["verdict"]
    parts: list[Facts | Table] = []
    if told["number"] is not None:
        parts.append(Facts(_("The report"), list(_report(told, say))))
    titles = {one.id: say.of(one.title) for each in packaged() for one in each.fields}
    fields = [_field(one, titles, say) for one in told["fields"] if one["sources"]]
    head = [_("Field of the report"), _("State"), _("Units"), _("Supplied through")]
    parts += say.table(_("Field by field"), head, fields)
    silent = [
        titles.get(one["field"], one["field"]) for one in told["fields"] if not one["sources"]
    ]
    if silent:
        nobody = _("Nobody has supplied anything; nothing is said of them (%(count)s)")
        row = (nobody % {"count": len(silent)}, say.listed(silent))
        parts.append(Facts(_("Fields without data"), [row]))
    lines = [
        [
            *(str(one["line"]), say.of(one["title"]), one["document"] or "-"),
            *(one["authority"] or "-", say.day(one["decided"])),
            *(say.standing(one["verdict"]), say.standing(one["now"])),
        ]
        for one in told["lines"][:MAX_ROWS]
    ]
    head = [
        *("#", _("Type"), _("Document"), _("Authority")),
        *(_("Decided on"), _("Then"), _("Now")),
    ]
    parts += say.table(_("Line by line"), head, lines, count=len(told["lines"]))
    only = _("Compare this with what is printed: only what is attached to the PDF counts.")
    return Sheet(
        tone=_REPORT_TONES.get(verdict, "open"),
        line=say.pair(REPORTS[verdict]),
        more=problems(told, say),
        warnings=[only] if told["number"] is not None else [],
        parts=parts,
        evidence=evidence(told, say),
    )


def _report(told: Mapping[str, Any], say: Speaker) -> Iterator[Row]:
    _, subject, period = say.gettext, told["subject"], told["period"]
    yield _("Number"), told["number"]
    yield _("Issued by"), say.member(told["issuer"])
    yield _("Subject"), f"{subject['name'] or '-'} {subject['code']}"
    yield _("Period"), f"{say.day(period['from'])} – {say.day(period['to'])}"
    yield _("Made at"), say.moment(told["at"])
    yield _("To be relied on until"), say.day(told["until"])
    yield _("In the log"), _("anchored") if told["anchored"] else _("promised")


def _field(one: Mapping[str, Any], titles: Mapping[str, str], say: Speaker) -> list[str]:
    state, days = say.pair(FIELDS[one["state"]]), one["through"]
    if one["records"]:
        state = say.gettext("known: %(count)s") % {"count": one["records"]}
    through = "-" if days is None else say.days(days["first"], days["last"])
    return [titles.get(one["field"], one["field"]), state, str(one["sources"]), through]


def _left(left: Mapping[str, int], say: Speaker) -> str:
    told = [
        f"{say.pair(LEFT[reason]) if reason in LEFT else reason} {count}"
        for reason, count in sorted(left.items())
    ]
    return ("；" if say.language.code == "zh" else "; ").join(told) or "-"
