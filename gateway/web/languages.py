"""The two languages of pages: gettext catalogues, and days, moments and amounts as each writes
them.

Texts stand in templates in English; `locale/*.po` have the Chinese ones, a file for each area.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from functools import cache
from importlib import resources
from io import BytesIO
from typing import Final, Literal, get_args

from babel import Locale, dates, numbers
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from ledger.files.words import MEMBERS

Code = Literal["zh", "en"]
CODES: Final[tuple[Code, ...]] = get_args(Code)
CHINA: Final = timezone(timedelta(hours=8))
"""The one time of the field: days of decisions and of deadlines are days there."""
_LATIN: Final = re.compile("[A-Za-z]")
_LOCALES: Final[Mapping[Code, Locale]] = {"zh": Locale("zh", "Hans_CN"), "en": Locale("en", "GB")}


@dataclass(frozen=True, slots=True)
class Language:
    """One of them. code: as in `lang` of HTML."""

    code: Code

    @property
    def other(self) -> Code:
        """The other one."""
        return "en" if self.code == "zh" else "zh"

    def of(self, text: Mapping[str, str]) -> str:
        """A text that is there in both languages."""
        return text[self.code]

    def day(self, value: date | str) -> str:
        """A day; a text is one as ISO 8601 writes it."""
        found = date.fromisoformat(value) if isinstance(value, str) else value
        return str(dates.format_date(found, "long", locale=_LOCALES[self.code]))

    def moment(self, value: datetime | int | str) -> str:
        """A moment, to the second, in the time of China; a number is Unix seconds, a text one as
        RFC 3339 writes it."""
        locale, found = _LOCALES[self.code], _moment(value).astimezone(CHINA)
        return str(dates.format_datetime(found, "medium", locale=locale))

    def since(self, value: datetime | int | str) -> str:
        """A moment from which something counts: the day alone where it is the beginning of one in
        China, as of decisions."""
        found = _moment(value).astimezone(CHINA)
        whole = not (found.hour or found.minute or found.second)
        return self.day(found.date()) if whole else self.moment(found)

    def member(self, code: str) -> str:
        """A member as people call it, with its code."""
        if code not in MEMBERS:
            return code
        zh, en = MEMBERS[code]
        return f"{zh}（{code}）" if self.code == "zh" else f"{en} ({code})"

    def named(self, name: str, code: str) -> str:
        """A node by the name that its operator gave it; in English by the name of its province,
        where the other has no letter that an English reader knows."""
        if self.code == "en" and code in MEMBERS and not _LATIN.search(name):
            return MEMBERS[code][1]
        return name or code

    def role(self, value: str) -> str:
        """Who acted, as statements name them: `centre:token-3`, `unit-1f2e3d4c:token-3`."""
        unit, _, token = value.partition(":token-")
        if not token:
            return value
        centre, mark = unit == "centre", unit.removeprefix("unit-")
        if self.code == "zh":
            return f"{'中心' if centre else f'部门 {mark}'}，{token} 号令牌"
        return f"{'the centre' if centre else f'department {mark}'}, token no. {token}"

    def ago(self, value: datetime | int | str, now: datetime) -> str:
        """How long before `now` a moment was, or how long until then. value: as of `moment`."""
        locale = _LOCALES[self.code]
        passed = _moment(value) - now
        return str(dates.format_timedelta(passed, add_direction=True, locale=locale))

    def number(self, value: float | Decimal) -> str:
        """A number with its groups of digits."""
        return str(numbers.format_decimal(value, locale=_LOCALES[self.code]))

    def amount(self, value: str | Decimal) -> str:
        """An amount in yuan."""
        shown = numbers.format_currency(Decimal(value), "CNY", locale=_LOCALES[self.code])
        return str(shown)

    def share(self, value: float) -> str:
        """A share, 1 for all, in per cent with one place."""
        return str(numbers.format_percent(value, "#,##0.0%", locale=_LOCALES[self.code]))


def _moment(value: datetime | int | str) -> datetime:
    if isinstance(value, int):
        return datetime.fromtimestamp(value, UTC)
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def choose(asked: str | None, kept: str | None, accepted: str) -> Language:
    """The language of a page. asked: by its address; kept: by a cookie; accepted: the header
    Accept-Language. Chinese where nothing tells."""
    for one in (asked, kept):
        for code in CODES:
            if one == code:
                return Language(code)
    for part in accepted[:200].split(","):
        for code in CODES:
            if part.strip().lower().startswith(code):
                return Language(code)
    return Language("zh")


@cache
def translations(code: Code) -> NullTranslations:
    """The texts of one language."""
    if code == "en":
        return NullTranslations()
    found = Translations()
    for file in sorted(catalogues(), key=lambda one: one.name):
        compiled = BytesIO()
        with file.open("rb") as source:
            write_mo(compiled, read_po(source, locale="zh"))
        compiled.seek(0)
        found.merge(Translations(compiled))
    return found


def catalogues() -> list[resources.abc.Traversable]:
    """The files of texts, one for each area of pages."""
    folder = resources.files(__package__) / "locale"
    return [one for one in folder.iterdir() if one.name.endswith(".po")]
