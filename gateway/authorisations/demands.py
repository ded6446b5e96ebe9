"""What an authorisation must be before it is made: each demand names the member at fault and what
to do."""

from __future__ import annotations

from datetime import date
from typing import Final

from gateway.authorisations.errors import AuthorisationRefused
from gateway.authorisations.interfaces import Members, Wanted
from gateway.base.context import Context
from gateway.base.who import WhoFiles
from gateway.cases.materials import demand_documents
from gateway.chain.view import ChainView
from ledger.chain.contracts.structs import ACTIVE
from ledger.core.authorisation import GOVERNMENT, PURPOSES
from ledger.core.keys import Role
from ledger.core.texts import Text
from ledger.records.texts import message

MOST_YEARS: Final = 5
"""For which an authorisation may last: adverse information is kept for five years (Regulation on
the Administration of the Credit Reporting Industry, 征信业管理条例, article 16), and consent to be
asked about must not outlive what can be told. A longer loan needs another one in between."""


class Demands:
    """What is held against the chain, the types that there are, and the day."""

    def __init__(self, ctx: Context, chain: ChainView, members: Members, who: WhoFiles) -> None:
        """who: codes that are lawful though they fail their check characters."""
        self._ctx = ctx
        self._chain = chain
        self._members = members
        self._who = who

    def check(self, wanted: Wanted) -> None:
        """Raise AuthorisationRefused, CaseRefused (documents) or NotReady unless it may be made."""
        self._custodian()
        self._subject(wanted.subject)
        self._grantee(wanted.grantee)
        self._types(wanted.types)
        self._regions(wanted.regions)
        self._purpose(wanted.purpose)
        self._term(wanted.start, wanted.until)
        if not wanted.docs:
            raise AuthorisationRefused("document-required", _DOCUMENT, field="doc")
        demand_documents(wanted.docs)

    def _custodian(self) -> None:
        if not self._chain.facts.roles & (Role.PROVINCE | Role.BUREAU):
            raise AuthorisationRefused("not-a-custodian", _NO_CUSTODIAN)

    def _subject(self, code: str) -> None:
        if (wrong := self._who.current().wrong(code)) is not None:
            extra = {"rule": wrong}
            raise AuthorisationRefused(
                "subject-invalid", message(wrong, "subject"), field="subject", extra=extra
            )

    def _grantee(self, code: str) -> None:
        if code == self._ctx.settings.node.code:
            raise AuthorisationRefused("grantee-unfit", _OURSELVES, field="grantee")
        found = self._members.member(code)
        if found is None or found.status != ACTIVE:
            raise AuthorisationRefused("grantee-unknown", _NO_MEMBER, field="grantee")

    def _types(self, types: tuple[str, ...]) -> None:
        """They are families: a record is asked for by what it describes, whatever its version."""
        known = {
            schema.family
            for schema in self._ctx.schemas.current().all_schemas()
            if not schema.natural_person
        }
        if unknown := sorted(set(types) - known):
            raise AuthorisationRefused(
                "type-unknown",
                _unknown_types(sorted(known)),
                field="types",
                extra={"unknown": unknown},
            )

    def _regions(self, regions: tuple[str, ...]) -> None:
        members = [self._members.member(code) for code in self._members.provinces()]
        known = sorted({str(one.region) for one in members if one is not None})
        if unknown := sorted(set(regions) - set(known)):
            raise AuthorisationRefused(
                "region-unknown",
                _unknown_regions(known),
                field="regions",
                extra={"unknown": unknown},
            )

    def _purpose(self, purpose: str) -> None:
        if purpose in GOVERNMENT:
            raise AuthorisationRefused("purpose-needs-none", _NEEDS_NONE, field="purpose")
        if purpose not in PURPOSES:
            raise AuthorisationRefused("purpose-unknown", _PURPOSES, field="purpose")

    def _term(self, start: date, until: date) -> None:
        if until < start:
            raise AuthorisationRefused("term-invalid", _BACKWARDS, field="until")
        today = self._ctx.clock.today()
        if until < today:
            raise AuthorisationRefused("term-past", _PAST, field="until")
        if until > _years_after(start) or until > _years_after(today):
            raise AuthorisationRefused("term-too-long", _TOO_LONG, field="until")


def _years_after(day: date) -> date:
    """The same day `MOST_YEARS` later; of 29 February the last of that month."""
    year = min(day.year + MOST_YEARS, date.max.year)
    try:
        return day.replace(year=year)
    except ValueError:
        return day.replace(year=year, day=28)


_CONSENTED: Final = sorted(PURPOSES - GOVERNMENT)

_NO_CUSTODIAN: Final[Text] = {
    "zh": "只有省级成员或征信机构可以保管授权；请由其中之一办理",
    "en": "Only a province or a bureau keeps authorisations; have one of them make it",
}
_OURSELVES: Final[Text] = {
    "zh": "被授权的成员不得是保管授权的成员自己；请由另一成员保管",
    "en": "The grantee must not be the member that keeps it; have another one keep it",
}
_NO_MEMBER: Final[Text] = {
    "zh": "没有此成员，或其已被暂停、退出；请核对成员代码",
    "en": "There is no such member, or it is suspended or retired; check its code",
}
_PURPOSES: Final[Text] = {
    "zh": "用途须为以下之一：" + "、".join(_CONSENTED),
    "en": "The purpose is one of " + ", ".join(_CONSENTED),
}
_NEEDS_NONE: Final[Text] = {
    "zh": "行政机关的此项用途无须主体授权；请直接查询",
    "en": "This purpose of authorities needs no consent of the subject; ask without one",
}
_BACKWARDS: Final[Text] = {
    "zh": "until 早于 from；请改正其一",
    "en": "It ends before it begins; correct `from` or `until`",
}
_PAST: Final[Text] = {
    "zh": "until 已过；请填写今天或以后的日期",
    "en": "Its last day is over; state a day from today on",
}
_TOO_LONG: Final[Text] = {
    "zh": f"授权期限最长 {MOST_YEARS} 年（自 from 起算，也自今天起算）；到期前请另取授权",
    "en": f"An authorisation lasts {MOST_YEARS} years at most, from its first day and from today;"
    " have another one signed before it ends",
}
_DOCUMENT: Final[Text] = {
    "zh": "须附主体签署的授权书（doc，PDF 或 JPG，1 至 16 份）",
    "en": "Send what the subject has signed as `doc`: PDF or JPG, 1 to 16 of them",
}


def _unknown_types(known: list[str]) -> Text:
    return {
        "zh": "没有此类记录；已知的类别：" + "、".join(known),
        "en": "There is no such type of record; known are " + ", ".join(known),
    }


def _unknown_regions(known: list[str]) -> Text:
    return {
        "zh": "没有该地区的省级成员；已知的地区：" + "、".join(known),
        "en": "No active province has this region; known are " + ", ".join(known),
    }
