"""The sheet of a verdict on one record, or on one statement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from gateway.verifying.desk import Judged
from gateway.web.verify.plain import apart, readable
from gateway.web.verify.sheets import (
    Check,
    Facts,
    Line,
    Point,
    Row,
    Sheet,
    Speaker,
    Tone,
    schema_of,
)
from gateway.web.verify.statements import named, said, shown
from ledger.core.status import Action
from ledger.core.verdict.statement import NO_RECORD
from ledger.core.verdict.verdicts import (
    EXIT_DO_NOT_USE,
    EXIT_NOT_AUTHENTIC,
    EXIT_UNKNOWN,
    EXIT_VALID,
    VERDICTS,
)
from ledger.files.words import EVENTS
from ledger.records import uscc

TONES: Final[Mapping[int, Tone]] = {
    EXIT_VALID: "good",
    EXIT_NOT_AUTHENTIC: "bad",
    EXIT_DO_NOT_USE: "bad",
    EXIT_UNKNOWN: "open",
}
_RESULTS: Final[Mapping[str, Tone]] = {
    "pass": "good",
    "fail": "bad",
    "unknown": "open",
    "not-run": "plain",
}
_AFTER: Final[Mapping[Action, Tone]] = {
    Action.DISPUTE: "open",
    **dict.fromkeys((Action.SETTLE, Action.LIFT, Action.RESCIND, Action.ANNUL_STOLEN), "good"),
}
"""How a record stands after an act; after any other one it is not to be used."""


def record_sheet(judged: Judged, say: Speaker) -> Sheet:
    """Of one record."""
    told = judged.told
    tone, line = _headline(told, say)
    return Sheet(
        tone=tone,
        line=line,
        more=[say.of(VERDICTS[told["verdict"]].text), *_deciding(told, say)],
        warnings=list(_warnings(judged, told, say)),
        parts=[*_record(told, say), _over_time(judged, told, line, tone, say)],
        checks=_checks(told, say),
        evidence=_evidence(told, say),
    )


def statement_sheet(judged: Judged, say: Speaker) -> Sheet:
    """Of one statement."""
    told, _ = judged.told, say.gettext
    name = told["verdict"]
    meaning, rows = VERDICTS[name], list(_facts(told, say))
    if told["due"]:
        rows.append((_("Promised by"), say.moment(told["due"])))
    promised = [one for one in told["checks"] if one["code"] == "promised-only"]
    line = {
        EXIT_VALID: _("Genuine, and anchored."),
        EXIT_NOT_AUTHENTIC: _("Not genuine."),
        EXIT_UNKNOWN: _("Cannot tell."),
    }.get(meaning.exit, _("Do not rely on it."))
    if promised and meaning.exit == EXIT_UNKNOWN:
        line = _("Promised, and not anchored yet.")
    return Sheet(
        tone=TONES[meaning.exit],
        line=line,
        more=[*_deciding(told, say), say.of(NO_RECORD)],
        parts=[Facts(_("The statement"), rows), Facts(_("What it says"), said(told, say))],
        checks=_checks(told, say),
        evidence=[*_evidence(told, say), *named(told)],
    )


def _headline(told: Mapping[str, Any], say: Speaker) -> tuple[Tone, str]:
    """May it be used? In the words of a counter."""
    _, meaning = say.gettext, VERDICTS[told["verdict"]]
    on = {"day": say.day(told["asOf"]) if told["asOf"] else _("today")}
    if meaning.exit == EXIT_VALID:
        return "good", _("It may be used (%(day)s).") % on
    if meaning.exit == EXIT_NOT_AUTHENTIC:
        return "bad", _("It must not be used: it is not genuine.")
    if meaning.exit == EXIT_UNKNOWN:
        return "open", _("Cannot tell: do not use it yet.")
    if meaning.usable is None:
        return "open", _("Weigh it yourself (%(day)s): it is under dispute.") % on
    return "bad", _("It must not be used (%(day)s).") % on


def _deciding(told: Mapping[str, Any], say: Speaker) -> list[str]:
    """What the checks say that speak against it, or leave it open."""
    return [
        f"{one['n']}. {readable(apart(one, say.language.code)[0], say.language)}"
        for one in told["checks"]
        if one["result"] in ("fail", "unknown")
    ]


def _warnings(judged: Judged, told: Mapping[str, Any], say: Speaker) -> Iterator[str]:
    _, asked = say.gettext, judged.asked.get("subject")
    if asked is None and told["authentic"]:
        yield _(
            "Whom the record is about was not compared: hold the code below against the firm before"
            " you, or ask again with its code."
        )
    elif asked is not None and uscc.check(uscc.normalise(asked)) is not None:
        yield _("%(code)s is no valid social credit code: is it typed right?") % {"code": asked}
    if told["issuerRecovered"]:
        yield _(
            "The issuer once lost all its keys; this rests on one that a vote restored it with."
        )
    for one in told["notes"]:
        yield say.of(one["message"])


def _record(told: Mapping[str, Any], say: Speaker) -> list[Facts]:
    _ = say.gettext
    found, rows = schema_of(told["type"]), list[Row]()
    for code, value in (told["record"] or {}).items():
        field = None if found is None else found.by_code.get(code)
        rows.append((code if field is None else say.of(_titles(field)), shown(value, say)))
    hidden = len(told["undisclosed"])
    if rows and hidden:
        rows.append((_("Not shown"), _("%(count)s more fields") % {"count": hidden}))
    parts = [Facts(_("The record"), list(_facts(told, say)))]
    return [*parts, Facts(_("As the issuer showed it"), rows)] if rows else parts


def _titles(field: Any) -> dict[str, str]:
    return {"zh": field.zh, "en": field.en}


def _facts(told: Mapping[str, Any], say: Speaker) -> Iterator[Row]:
    _ = say.gettext
    genuine = {True: _("yes"), False: _("no"), None: _("not established")}
    yield _("Genuine"), genuine[told["authentic"]]
    if told["issuer"]:
        yield _("Issued by"), say.member(told["issuer"])
    if told["type"]:
        yield _("Type"), say.type(told["type"])
    if told["decided"]:
        yield _("Decided on"), say.day(told["decided"])
    if told["until"]:
        yield _("May be used until"), say.day(told["until"])
    if told["anchoredAt"]:
        yield _("Anchored at"), say.moment(told["anchoredAt"])
    if told["correctedBy"]:
        yield _("Corrected by"), told["correctedBy"]
    if told["witnesses"]:
        yield _("Witnesses"), say.listed(map(say.member, told["witnesses"]))


def _over_time(
    judged: Judged, told: Mapping[str, Any], line: str, tone: Tone, say: Speaker
) -> Line:
    """From the decision to the end of its use; what was recorded after the day asked about too."""
    _, points = say.gettext, list[Point]()
    if told["decided"]:
        points.append(Point(told["decided"], say.day(told["decided"]), _("Decided")))
    if told["anchoredAt"]:
        at = told["anchoredAt"]
        points.append(Point(at, say.moment(at), _("Anchored on the chain"), tone="good"))
    points += [_act(one, say) for one in judged.acts or ()]
    if told["asOf"]:
        points.append(Point(f"{told['asOf']}T23", say.day(told["asOf"]), line, tone=tone))
    now = told["head"]
    if now:
        state = say.of(VERDICTS[told["now"]["verdict"]].text)
        tone_now = TONES[VERDICTS[told["now"]["verdict"]].exit]
        points.append(Point(now["time"], say.moment(now["time"]), state, _("at present"), tone_now))
    if told["until"]:
        until = say.day(told["until"])
        points.append(Point(f"{told['until']}T24", until, _("End of its use")))
    unread = judged.acts is None and told["authentic"] is not False
    note = _("What was done to it on the chain could not be read just now.") if unread else ""
    return Line(_("Status over time"), sorted(points, key=lambda one: one.at), note)


def _act(act: Mapping[str, Any], say: Speaker) -> Point:
    _, action = say.gettext, Action(act["action"])
    by = say.member(act["member"]) if act["member"] else _("vote of the provinces")
    more = _("by %(member)s, recorded %(at)s") % {
        "member": by,
        "at": say.moment(act["recordedAt"]),
    }
    tone, at = _AFTER.get(action, "bad"), act["effectiveAt"]
    if say.day_of(at) == say.day_of(act["recordedAt"]):
        at = act["recordedAt"]  # an act of this very day does not stand before the anchor
    return Point(at, say.language.since(act["effectiveAt"]), say.pair(EVENTS[action]), more, tone)


def _checks(told: Mapping[str, Any], say: Speaker) -> Sequence[Check]:
    _ = say.gettext
    results = {
        "pass": _("passed"),
        "fail": _("failed"),
        "unknown": _("not settled"),
        "not-run": _("not made"),
    }
    made = []
    for one in told["checks"]:
        text, detail = apart(one, say.language.code)
        tone, result = _RESULTS[one["result"]], results[one["result"]]
        told_ = readable(text, say.language)
        made.append(Check(one["n"], one["id"], tone, result, told_, one["code"], detail))
    return made


def _evidence(told: Mapping[str, Any], say: Speaker) -> list[Row]:
    _, head = say.gettext, told["head"]
    rows = [
        (_("Record id"), told["recordId"]),
        (_("Leaf"), told["leaf"]),
        (_("Block of the chain"), head and f"{head['number']} {head['hash']}"),
        (_("Time of that block"), head and say.moment(head["time"])),
        (_("Verdict"), told["verdict"]),
    ]
    return [(name, text) for name, text in rows if text]
