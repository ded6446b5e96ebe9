"""The number formats of a workbook by style, and the styles that the parser behind is given."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from gateway.files.errors import FileFault
from gateway.files.formats import BUILT_IN, make
from gateway.files.plain_xml import parse_xml

MAX_STYLES = 1 << 16
"""Styles of cells that Excel allows (64,000)."""
MAX_STYLES_PART = 64 << 20
"""Bytes; workbooks that were copied together for years have some megabytes."""

_GENERAL = "General"
_PLACE = re.compile(r"[0-9]{1,9}")
_PARSED = {"date": 14, "elapsed": 46}
"""Formats by which calamine knows days and durations."""


@dataclass(frozen=True, slots=True)
class Styles:
    """codes: the number format of each style, by its place."""

    codes: tuple[str, ...] = ()
    ordinary: frozenset[bytes] = field(init=False)
    """Places, as cells name them, of the styles that show every value as it is; b"": a cell
    without a style has the first."""
    hides_text: bool = field(init=False)
    """Whether one of them shows something else than the text of a cell."""

    def __post_init__(self) -> None:
        plain = {
            str(at).encode()
            for at, code in enumerate(self.codes)
            if make(code).plain and make(code).plain_text
        }
        if not self.codes or b"0" in plain:
            plain |= {b"", b"0"}
        object.__setattr__(self, "ordinary", frozenset(plain))
        hides = not all(make(code).plain_text for code in self.codes)
        object.__setattr__(self, "hides_text", hides)

    def code(self, place: str) -> str | None:
        """The format of the style that a cell names ("": none); None for one that is not there."""
        if place in ("", "0") and not self.codes:
            return _GENERAL
        at = int(place or "0") if _PLACE.fullmatch(place or "0") else -1
        return self.codes[at] if 0 <= at < len(self.codes) else None


def read_styles(data: bytes) -> Styles:
    """The styles of a styles part; FileFault for one that is no XML."""
    if not data:
        return Styles()
    reader = _Reader()
    parse_xml(reader.parser, data)
    if len(reader.places) > MAX_STYLES:
        raise FileFault("dimensions")
    return Styles(tuple(_code(place, reader.own) for place in reader.places))


def parsed_styles(styles: Styles, namespace: str) -> str:
    """A styles part by which the parser behind takes as days what we take for days."""
    known = "".join(f'<xf numFmtId="{_PARSED.get(make(code).sort, 0)}"/>' for code in styles.codes)
    return f'<styleSheet xmlns="{namespace}"><cellXfs>{known}</cellXfs></styleSheet>'


class _Reader:
    """Events of expat -> own: formats that the file brings, by number. places: the number of the
    format of each style."""

    def __init__(self) -> None:
        self.own: dict[str, str] = {}
        self.places: list[str] = []
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self._inside = ""

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        local = name.rpartition(":")[2]
        if local in ("numFmts", "cellXfs"):
            self._inside = local
        elif local == "numFmt" and self._inside == "numFmts":  # not those of other parts
            self.own.setdefault(attributes.get("numFmtId", ""), attributes.get("formatCode", ""))
        elif local == "xf" and self._inside == "cellXfs":
            self.places.append(attributes.get("numFmtId", "0"))

    def _end(self, name: str) -> None:
        if name.rpartition(":")[2] == self._inside:
            self._inside = ""


def _code(number: str, own: Mapping[str, str]) -> str:
    if number in own:
        return own[number] or _GENERAL
    return BUILT_IN.get(int(number), _GENERAL) if _PLACE.fullmatch(number) else _GENERAL
