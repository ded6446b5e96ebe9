"""What a page and its PDF show of a verdict: one line on top, and parts below it, in one language.

Both are drawn of the same `Sheet`, so that they say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Final, Literal

from gateway.web.languages import CHINA, Code, Language, translations
from gateway.web.typed import number
from ledger.files.words import STANDINGS, Pair
from ledger.records import schema

Tone = Literal["good", "bad", "open", "plain"]
Row = tuple[str, str]
NOT_RUN: Final = "not-run"
"""Code of a check that was not made."""
MAX_ROWS: Final = 200
"""Of a table; whoever wants the rest has the file."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Heads and texts."""

    kind: ClassVar = "facts"
    title: str
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under heads. more: how many more there are than are shown."""

    kind: ClassVar = "table"
    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    more: int = 0


@dataclass(frozen=True, slots=True)
class Point:
    """Something that happened to a record. at: to be sorted by."""

    at: str
    when: str
    what: str
    more: str = ""
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Line:
    """The status of a record over time."""

    kind: ClassVar = "line"
    title: str
    points: Sequence[Point]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A check of a receipt, as the protocol numbers it."""

    n: int
    name: str
    tone: Tone
    result: str
    text: str
    code: str
    detail: str = ""
    """What a program names there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """line: the answer in one line. more: what else there is to know at once."""

    tone: Tone
    line: str
    more: Sequence[str] = ()
    warnings: Sequence[str] = ()
    parts: Sequence[Facts | Table | Line] = ()
    checks: Sequence[Check] = ()
    evidence: Sequence[Row] = field(default=())

    @property
    def made(self) -> Sequence[Check]:
        """The checks that were made."""
        return [one for one in self.checks if one.code != NOT_RUN]

    @property
    def not_made(self) -> Sequence[Check]:
        """Those that were not: all for the same reason."""
        return [one for one in self.checks if one.code == NOT_RUN]


class Speaker:
    """Says things in one language."""

    def __init__(self, code: Code) -> None:
        self.language = Language(code)
        self.gettext = translations(code).gettext

    def pair(self, words: Pair) -> str:
        """One of a pair of texts."""
        return words[0] if self.language.code == "zh" else words[1]

    def of(self, text: Mapping[str, str]) -> str:
        """One of a text in both languages."""
        return self.language.of(text)

    def member(self, code: str | None) -> str:
        """A member by its name, where we know it, and its code."""
        if not code:
            return "-"
        return self.language.member(code)

    def day(self, value: str | None) -> str:
        """A day; "-" for none."""
        return self.language.day(value) if value else "-"

    def moment(self, value: str | None) -> str:
        """A moment; "-" for none."""
        return self.language.moment(value) if value else "-"

    def day_of(self, moment: str) -> str:
        """The day of a moment, in China."""
        return self.language.day(datetime.fromisoformat(moment).astimezone(CHINA).date())

    def type(self, name: str | None) -> str:
        """The title of a type of records, with its name."""
        found = schema_of(name)
        if found is None:
            return name or "-"
        title = self.of(found.title)
        return f"{title}（{name}）" if self.language.code == "zh" else f"{title} ({name})"

    def family(self, name: str) -> str:
        """The title of a family of types, by the newest type of that name."""
        titles = [one.title for one in schema.all_schemas() if name in (one.name, one.family)]
        return self.of(titles[-1]) if titles else name

    def standing(self, verdict: str | None) -> str:
        """How a record stands, in a word or two."""
        return self.of(STANDINGS[verdict]) if verdict and verdict in STANDINGS else verdict or "-"

    def listed(self, texts: Iterable[str]) -> str:
        """Texts one after another; "-" for none."""
        return ("、" if self.language.code == "zh" else ", ").join(texts) or "-"

    def days(self, first: str, last: str) -> str:
        """From a day to another; the day alone where they are one."""
        return self.day(first) if first == last else f"{self.day(first)} – {self.day(last)}"

    def table(
        self,
        title: str,
        head: Sequence[str],
        rows: Sequence[Sequence[str]],
        *,
        count: int | None = None,
    ) -> list[Table]:
        """One, unless it has no rows. count: how many there are, where no more were made than are
        shown: a file may hold thousands."""
        more = max(0, (count or len(rows)) - MAX_ROWS)
        return [Table(title, head, rows[:MAX_ROWS], more)] if rows else []


def schema_of(name: str | None) -> schema.Schema | None:
    """The schema of `penalty@1`; None: we do not hold it."""
    if not name:
        return None
    of, _, version = name.partition("@")
    found = number(version)
    return schema.find(of, found) if isinstance(found, int) else None
