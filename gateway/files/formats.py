"""Number formats: whether a person who looks at a cell sees its value.

A format can divide by a thousand, add zeros or words, round, leave out the year, or show nothing.
What is seen is what the sender vouches for, so a value that is shown as another one must not be
taken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Literal

from gateway.files.interfaces import Mark, Shown

MAX_CODE = 255
"""Characters of a format in Excel; a longer one shows who knows what."""
SIGNIFICANT = 15
"""Decimal digits of a number that spreadsheets show at most."""
LARGEST = 10**18
"""Numbers beyond this are not laid out here; no field takes them."""

BUILT_IN = {
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    **dict.fromkeys((5, 6, 7, 8, 42, 44), '"¥"#,##0.00'),
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    **dict.fromkeys((14, 15, 22, 30, 31), "yyyy-mm-dd"),
    **dict.fromkeys((16, 28, 29, 51, 53, 54, 58), "mm-dd"),
    **dict.fromkeys((17, 27, 36, 50, 52, 57), "yyyy-mm"),
    **dict.fromkeys((18, 19, 20, 21, 32, 33, 34, 35, 45, 47, 55, 56), "h:mm:ss"),
    **dict.fromkeys((37, 38), "#,##0;-#,##0"),
    **dict.fromkeys((39, 40), "#,##0.00;-#,##0.00"),
    41: '_ * #,##0_ ;_ * -#,##0_ ;_ * "-"_ ;_ @_ ',
    43: '_ * #,##0.00_ ;_ * -#,##0.00_ ;_ * "-"??_ ;_ @_ ',
    46: "[h]:mm:ss",
    48: "##0.0E+0",
    49: "@",
}
"""Formats that files name by number alone (ECMA-376 part 1, 18.8.30), with those of China; as far
as it matters here."""

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|[\\!](?P<escaped>.?)|[_*].?|\[(?P<bracket>[^\]]*)\]?'
    r"|(?P<general>(?i:General)|G/通用格式)|(?P<exponent>[Ee][+-])"
    r"|(?P<date>[Aa][Mm]?/[Pp][Mm]?|[Aa]{3,4}|[ymdhsgebYMDHSGEB]+|上午/下午)|(?P<other>.)",
    re.DOTALL,
)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)(-?[0-9]+(?:\.[0-9]+)?)")
_ELAPSED = re.compile(r"[Hh]+|[Mm]+|[Ss]+")

_TEXT_SECTION = 4
"""The section for texts; the third is for nought."""

_Sort = Literal["general", "number", "date", "elapsed", "text", "other"]


@dataclass(slots=True)
class _Section:
    """One part of a format. literal: what it shows besides the number. zeros, places: digits it
    shows at least before, and at most behind the point. power: of ten that it multiplies by.
    grouped: with thousands separators. exponent: in powers of ten. condition: operator and number.
    parts: letters for parts of a day."""

    sort: _Sort = "other"
    literal: str = ""
    zeros: int = 0
    places: int = 0
    placeholders: int = 0
    power: int = 0
    grouped: bool = False
    exponent: bool = False
    condition: tuple[str, Decimal] | None = None
    parts: str = ""

    @property
    def whole_day(self) -> bool:
        """Whether year, month and day are shown."""
        return any(year in self.parts for year in "ye") and {"m", "d"} <= set(self.parts)


class Format:
    """A format. sort: date and elapsed say what a number is; plain: every number is shown as it is.
    plain_text: texts are shown as they are."""

    def __init__(self, code: str) -> None:
        sections = [_section(part) for part in _parts(code)] if len(code) <= MAX_CODE else []
        text = sections.pop() if len(sections) == _TEXT_SECTION or _is_text(sections) else None
        self._sections = sections[:3]
        first = sections[0].sort if sections else "general" if text else "other"
        self.sort: _Sort = first
        same = all(section.sort == first for section in sections)
        if first in ("date", "elapsed") and not same:
            self.sort = first if all(s.sort in (first, "other") for s in sections) else "other"
        one = len(sections) == 1 and sections[0].condition is None
        # A second general section shows negative numbers without their minus.
        self.plain = (
            self.sort == "elapsed"
            or (self.sort == "date" and one and sections[0].whole_day)
            or (first == "general" and (not sections or (one and not sections[0].literal)))
        )
        self.plain_text = text is None or (
            text.sort in ("text", "general") and not text.literal.strip()
        )

    def look(self, number: str) -> Mark | Shown | None:
        """What is to be made of a cell with this number, as it stands in the file. None: its
        value; a text: that is what it shows, zeros in front; or that it shows another value."""
        try:
            value = Decimal(number.strip())
        except InvalidOperation:
            return None  # no number, which whoever takes the value will see
        if self.plain or not value.is_finite() or abs(value) >= LARGEST:
            return None
        section = self._choose(value)
        if self.sort == "date":  # of a day without its year nobody knows which it is
            shown = section is not None and section.whole_day
            return None if shown or abs(value) < 1 else "scaled"
        value = _significant(value)
        section = self._choose(value)
        return "scaled" if section is None else _look(section, value, self._keeps_sign(section))

    def _choose(self, value: Decimal) -> _Section | None:
        sections = self._sections
        for section in sections:
            if section.condition is not None and _holds(section.condition, value):
                return section
        if any(section.condition for section in sections):
            return next((section for section in sections if section.condition is None), None)
        at = 2 if not value else 1 if value < 0 else 0
        return sections[at if at < len(sections) else 0] if sections else None

    def _keeps_sign(self, section: _Section) -> bool:
        """Whether the minus of a number is written by the program, not by the section."""
        return section is self._sections[0] and section.condition is None


def _look(section: _Section, value: Decimal, signed: bool) -> Mark | Shown | None:
    literal = section.literal
    if value < 0 and not signed:
        bare = literal.replace("-", "", 1) if "-" in literal else literal.strip(" ()（）")
        if bare == literal:
            return "scaled"  # the minus is not shown
        literal = bare
    if not value and section.sort == "number" and literal.strip() == "-":
        return None  # how sheets of accounts write nought
    if literal.strip() or section.sort not in ("general", "number"):
        return "scaled"
    return None if section.sort == "general" else _look_at_digits(section, value)


def _look_at_digits(section: _Section, value: Decimal) -> Mark | Shown | None:
    if section.exponent:
        significant = len(value.normalize().as_tuple().digits)
        return "scaled" if section.power or significant > 1 + section.places else None
    if section.power or not _is_whole(value, section.places):
        return "scaled"
    if not value and not section.zeros and not section.places:
        return "scaled"  # shown as nothing
    digits = f"{abs(value):.{section.places}f}"
    whole = digits.partition(".")[0]
    if len(whole) >= section.zeros or section.grouped or value < 0:
        return None
    return Shown(digits.rjust(len(digits) + section.zeros - len(whole), "0"))


def _is_whole(value: Decimal, places: int) -> bool:
    """Whether the number has no more decimals than are shown."""
    _, _, exponent = value.normalize().as_tuple()
    return -int(exponent) <= places


def _significant(value: Decimal) -> Decimal:
    """As many digits as spreadsheets show: 0.1+0.2 is 0.3."""
    return Decimal(f"{value:.{SIGNIFICANT}g}")


def _holds(condition: tuple[str, Decimal], value: Decimal) -> bool:
    sign, limit = condition
    return {
        "<": value < limit,
        "<=": value <= limit,
        ">": value > limit,
        ">=": value >= limit,
        "=": value == limit,
        "<>": value != limit,
    }[sign]


def _is_text(sections: list[_Section]) -> bool:
    return bool(sections) and sections[-1].sort == "text"


def _parts(code: str) -> list[str]:
    """The format cut at its semicolons, but for those in quotes, brackets or escaped."""
    parts = [""]
    for match in _TOKEN.finditer(code):
        if match["other"] == ";":
            parts.append("")
        else:
            parts[-1] += match[0]
    return parts


def _section(text: str) -> _Section:
    section = _Section()
    sorts: set[_Sort] = set()
    body: list[str] = []  # placeholders and what stands between them
    for match in _TOKEN.finditer(text):
        kind, sign = match.lastgroup, match[0]
        if kind == "bracket":
            _bracket(section, match["bracket"], sorts)
        elif kind in ("quoted", "escaped"):
            body.append("\0")
            section.literal += match[kind]
        elif kind == "general":
            sorts.add("general")
        elif kind == "exponent":
            section.exponent = True
        elif section.exponent and sign in "0#?":
            continue  # digits of the power
        elif kind == "date":
            sorts.add("date")
            section.parts += sign.lower()
        elif sign == "@":
            sorts.add("text")
        elif sign in "0#?.,%/":
            body.append(sign)
        elif kind == "other":
            section.literal += sign
            body.append("\0" if sign.strip() else "")
    _count(section, "".join(body))
    section.sort = _sort(section, sorts, "".join(body))
    return section


def _bracket(section: _Section, inside: str, sorts: set[_Sort]) -> None:
    condition = _CONDITION.fullmatch(inside)
    if condition:
        section.condition = (condition[1], Decimal(condition[2]))
    elif inside.startswith("$"):
        section.literal += inside[1:].rpartition("-")[0] if "-" in inside else inside[1:]
    elif _ELAPSED.fullmatch(inside):
        sorts.add("elapsed")
    elif inside.upper().startswith(("DBNUM", "NATNUM")):
        sorts.add("other")


def _sort(section: _Section, sorts: set[_Sort], body: str) -> _Sort:
    if "other" in sorts:
        return "date" if "date" in sorts else "other"
    for sort in ("elapsed", "date", "text", "general"):
        if sort in sorts:
            return sort
    # Words or signs between digits, and fractions, make another number of it.
    inner = body.strip("\0,%")
    if "\0" in inner or "/" in inner or inner.count(".") > 1:
        return "other"
    return "number" if section.placeholders else "other"


def _count(section: _Section, body: str) -> None:
    digits = "".join(char for char in body if char in "0#?.,")
    whole, _, behind = digits.partition(".")
    trailing = len(digits) - len(digits.rstrip(","))
    trailing = trailing or (len(whole) - len(whole.rstrip(",")))
    section.placeholders = sum(char in "0#?" for char in digits)
    section.zeros = whole.count("0")
    section.places = sum(char in "0#?" for char in behind)
    section.grouped = "," in whole.rstrip(",")
    section.power = 2 * body.count("%") - 3 * trailing


@lru_cache(maxsize=1 << 12)
def make(code: str) -> Format:
    """The format of a code; the same few stand in every workbook."""
    return Format(code)


@lru_cache(maxsize=1 << 14)
def look(code: str, number: str) -> Mark | Shown | None:
    """See `Format.look`; amounts repeat."""
    return make(code).look(number)
