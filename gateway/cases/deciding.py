"""What a decision needs: documents, a class, the minimum, a status that it can follow on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Final

from gateway.base.clock import CHINA
from gateway.cases.errors import CaseRefused
from gateway.cases.interfaces import Held, Wanted
from gateway.records.content import Content
from ledger.core.case_chain import ACTIONS
from ledger.core.commitment import CLASSES
from ledger.core.errors import InputError
from ledger.core.status import ZERO, Act, Action, Basis, State, refusal
from ledger.records.publicity import Decision, EarliestEnd, authority_kind, earliest_end
from ledger.records.rules import Rules
from ledger.records.schema import Schema

OWN: Final = ("correct", "withdraw", "end", "shield", "lift", "rescind", "erase", "grant")
"""What the owner decides without a filing; a `grant` records a result of the national platform."""
OF_CHANGE: Final = ("correct", "withdraw", "uphold", "rescind")
"""What follows where the decision behind a record, or behind its outcome, was changed or annulled
(basis 10): within three working days of the day on which that was known."""
OF_CASES: Final = ("grant", "refuse", "uphold", "dismiss", "unconfirmed")
ENDS_OBJECTION: Final = ("uphold", "dismiss", "unconfirmed", "decline", "withdraw-filing")
_OF_COURT = (Action.SHIELD, Action.LIFT)


FIRST_DAY: Final = date(1980, 1, 1)
"""No decision that is still carried out is older; the chain counts seconds from 1970."""


def pushed_on(text: str | None, today: date) -> str | None:
    """The day on which a platform handed a filing on. Raises InputError as `day_of`."""
    return None if text is None else day_of(text, today).isoformat()


def day_of(text: str | None, today: date) -> date:
    """The day of a step; today where none is given. Raises InputError for one to come."""
    if text is None:
        return today
    day = date.fromisoformat(text)
    if day < FIRST_DAY:
        message = {"zh": "日期过早，请核对年份", "en": "The day is too early; check its year"}
        raise InputError("day", "date-invalid", message)
    if day > today:
        message = {"zh": "日期不能晚于今天", "en": "The day has not come yet"}
        raise InputError("day", "day-in-future", message)
    return day


def midnight(day: date) -> int:
    """Unix seconds at 00:00 of a day in Asia/Shanghai: `effectiveAt`."""
    return int(datetime.combine(day, time(), CHINA).timestamp())


def action_of(wanted: Wanted) -> Action | None:
    """The act on the chain that goes with a decision; None: none does."""
    if wanted.act == "uphold":
        return Action.WITHDRAW if wanted.withdraw else Action.CORRECT
    found = ACTIONS.get(wanted.act)
    return found[0] if found else None


def demand_grounds(wanted: Wanted, *, determined: bool, own: bool) -> None:
    """Raise CaseRefused or InputError where a document, a basis, a number or the other record is
    missing. determined: whether who decides is of the determining authority. own: without a
    filing."""
    if not determined and not wanted.docs:
        detail = {
            "zh": "中心须凭认定单位的书面结果决定，请附该文书",
            "en": "The centre decides on the written result of the authority; attach it",
        }
        raise CaseRefused("document-required", detail)
    action = action_of(wanted)
    if action is not None:
        _demand_basis(wanted, action, own=own)
    if wanted.act == "grant":
        _demand_number(wanted)
    if (action is Action.CORRECT) != (wanted.to_record is not None):
        message = {
            "zh": "更正须且仅须指明更正后的记录（toRecord）",
            "en": "A correction names the record that corrects (toRecord), nothing else does",
        }
        raise InputError("toRecord", "schema-invalid", message)


def _demand_basis(wanted: Wanted, action: Action, *, own: bool) -> None:
    basis = wanted.basis
    right = basis in set(Basis) - {Basis.NONE}
    if action in _OF_COURT and basis != Basis.COURT:
        right = False
    if basis == Basis.DECISION_CHANGED and wanted.act not in OF_CHANGE:
        right = False
    if own and wanted.act == "grant" and basis != Basis.NATIONAL_RESULT:
        right = False
    if not right:
        message = {
            "zh": "请给出依据编号（1–12）；屏蔽与解除屏蔽须为 5（法院）；10（原决定变更或撤销）"
            "仅用于更正、撤销与取消；未经申请的准予修复须为 4（国家平台结果）",
            "en": "State the number of the basis (1-12): 5 (court) for shield and lift; 10"
            " (decision changed or annulled) only to correct, withdraw or rescind; 4 (national"
            " result) for a grant that nobody filed for",
        }
        raise InputError("basis", "schema-invalid", message)


def _demand_number(wanted: Wanted) -> None:
    """A result of the national platform has its number there: by it anybody finds it. A file of
    results (`gateway.casefiles`) may lack it: the step of each row names the file instead."""
    if wanted.basis == Basis.NATIONAL_RESULT and not wanted.national_no:
        message = {
            "zh": "依据国家平台结果的，须写明其编号（nationalNo）",
            "en": "A result of the national platform is stated with its number (nationalNo)",
        }
        raise InputError("nationalNo", "required", message)


def demand_minimum(
    wanted: Wanted, held: Held, rules: Rules | None, authorities: dict[str, str | None], day: date
) -> None:
    """Raise CaseRefused where a repair is granted without its class, or before the minimum: then
    with the day from which it is possible; `deadline-unknown` where nothing tells it. A result of
    the national platform prevails."""
    if wanted.act != "grant":
        return
    if wanted.class_ not in CLASSES:
        raise CaseRefused(
            "class-required",
            {
                "zh": "准予修复须写明失信程度：minor、general 或 severe",
                "en": "A grant states the class: minor, general or severe",
            },
        )
    if wanted.basis == Basis.NATIONAL_RESULT:
        return
    if held.content is None or held.schema is None:
        raise CaseRefused("deadline-unknown", _NO_CONTENT)
    if rules is None:
        raise CaseRefused("deadline-unknown", _NO_RULES)
    found = earliest(wanted.class_, held.content, held.schema, rules, authorities)
    if day < found.certain:
        raise CaseRefused("minimum-not-reached", _too_early(found), extra=_told(found))


def earliest(
    class_: str,
    content: Content,
    schema: Schema,
    rules: Rules,
    authorities: Mapping[str, str | None],
) -> EarliestEnd:
    """The first day of a repair that states this class. authorities: kinds by USCC."""
    decision = Decision(
        schema=schema,
        adverse=schema.is_adverse(content.fields),
        class_=class_,
        decided=date.fromisoformat(content.decided),
        kinds=(authority_kind(rules, schema, content.fields, authorities),),
    )
    return earliest_end(rules, decision, class_, content.fields)


_NO_CONTENT = {
    "zh": "记录内容已删除，或本节点没有其模板文件，无法计算最短公示期",
    "en": "The content of the record was erased, or its schema file is not here, so the minimum is"
    " not known",
}
_NO_RULES = {
    "zh": "本节点没有该记录所依公示规则的文件，无法计算最短公示期",
    "en": "This node does not hold the rules that the record names, so the minimum is not known",
}


def _too_early(found: EarliestEnd) -> dict[str, str]:
    day = found.certain.isoformat()
    zh, en = (
        f"最短公示期未满，最早 {day} 起可以准予",
        f"The minimum ends later; possible from {day}",
    )
    if not found.known:
        zh += "；该记录可能属于期限更长的领域，按较长的计算"
        en += "; it may be of an area with a longer minimum, so the longer one counts"
    return {"zh": zh, "en": en}


def _told(found: EarliestEnd) -> dict[str, object]:
    return {
        "possibleFrom": found.certain.isoformat(),
        "notBefore": found.possible.isoformat(),
        "areas": list(found.areas),
    }


def may_follow(act: str, held: Held, state: State) -> bool:
    """Whether the status of a record allows this decision of its owner's; what it needs beside is
    not looked at."""
    (action,) = ACTIONS[act]
    tried = Act(
        log=held.log,
        commitment=held.commitment,
        action=action,
        expected_version=state.word.version,
        basis=Basis.NONE,
        doc=ZERO,
        effective_at=0,
    )
    return refusal(state, tried, by_vote=False) is None


def demand_status(wanted: Wanted, act: Act | None, state: State) -> None:
    """Raise CaseRefused where the status has moved from what the caller saw, or the act cannot
    follow on it."""
    if wanted.version is not None and wanted.version != state.word.version:
        raise CaseRefused("stale-version", extra={"version": state.word.version})
    if act is not None and (code := refusal(state, act, by_vote=False)):
        raise CaseRefused(code)
