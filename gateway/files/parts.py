"""Where the parts of a workbook lie: by its relations (ECMA-376 part 2), whatever their names."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote
from xml.parsers import expat

from gateway.files.archive import Archive
from gateway.files.errors import FileFault
from gateway.files.plain_xml import parse_xml

MAX_SMALL_PART = 4 << 20
"""Bytes of the list of sheets and of its relations; some kilobytes at most."""

_USUAL = "xl/workbook.xml"
_RELATIONS = "_rels/.rels"
_TRUE = ("1", "true", "on")


@dataclass(frozen=True, slots=True)
class SheetPart:
    """name: as shown on its tab. path: of its part."""

    name: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """The parts that are read. from_1904: days are counted from that year. strings, styles: None
    where there are none."""

    sheets: tuple[SheetPart, ...]
    from_1904: bool
    strings: str | None
    styles: str | None


def find_book(archive: Archive) -> Book:
    """The worksheets in order, and what they refer to. Sheets of other kinds (macros, charts,
    dialogues) and such as lead nowhere are left out; `not-xlsx` where none remains."""
    place = _workbook(archive)
    related = _related(archive, place)
    sheets, from_1904 = [], False
    for name, attributes in elements(archive.read(place, MAX_SMALL_PART)):
        if name == "workbookPr":
            from_1904 = attributes.get("date1904", "").lower() in _TRUE
        elif name == "sheet":
            kind, target = related.get(_id(attributes), ("", ""))
            if kind == "worksheet":
                path = _find(archive, place, target)
                if path is None:
                    raise FileFault("not-xlsx")
                sheets.append(SheetPart(attributes.get("name", ""), path))
    if not sheets:
        raise FileFault("not-xlsx")
    return Book(
        sheets=tuple(sheets),
        from_1904=from_1904,
        strings=_one(archive, place, related, "sharedStrings"),
        styles=_one(archive, place, related, "styles"),
    )


def elements(data: bytes) -> Iterator[tuple[str, Mapping[str, str]]]:
    """(name without prefix, attributes) of every element of a small part."""
    found: list[tuple[str, Mapping[str, str]]] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, attributes: found.append(
        (name.rpartition(":")[2], attributes)
    )
    parse_xml(parser, data)
    return iter(found)


def _workbook(archive: Archive) -> str:
    """The part that lists the sheets."""
    for kind, target in _read_relations(archive, _RELATIONS).values():
        if kind == "officeDocument" and (found := _find(archive, "", target)):
            return found
    found = archive.find(_USUAL)
    if found is None:
        raise FileFault("not-xlsx")
    return found


def _related(archive: Archive, place: str) -> Mapping[str, tuple[str, str]]:
    folder, _, name = place.rpartition("/")
    return _read_relations(archive, posixpath.join(folder, "_rels", f"{name}.rels"))


def _read_relations(archive: Archive, name: str) -> Mapping[str, tuple[str, str]]:
    """(kind, target) by id; none where there is no such part."""
    path = archive.find(name)
    found: dict[str, tuple[str, str]] = {}
    for element, attributes in elements(archive.read(path, MAX_SMALL_PART)) if path else ():
        if element == "Relationship":
            name = attributes.get("Id", "")
            if name in found:
                raise FileFault("not-xlsx")
            kind = attributes.get("Type", "").rpartition("/")[2]
            outside = attributes.get("TargetMode", "") == "External"
            found[name] = ("" if outside else kind, attributes.get("Target", ""))
    return found


def _id(attributes: Mapping[str, str]) -> str:
    """The relation that a sheet names, "" for none that is clear."""
    ids = [value for key, value in attributes.items() if key.endswith(":id")]
    return ids[0] if len(ids) == 1 else ""


def _find(archive: Archive, base: str, target: str) -> str | None:
    """The part at a target, seen from the part `base`; some programs forget the folder."""
    target = unquote(target.partition("#")[0]).replace("\\", "/")
    folder = base.rpartition("/")[0]
    whole = target if target.startswith("/") else posixpath.join("/", folder, target)
    for path in (whole, f"/{target}"):
        found = archive.find(posixpath.normpath(path).lstrip("/"))
        if found is not None:
            return found
    return None


def _one(
    archive: Archive, place: str, related: Mapping[str, tuple[str, str]], wanted: str
) -> str | None:
    """The only part of a kind; there are workbooks that have it without naming it."""
    paths = [_find(archive, place, target) for kind, target in related.values() if kind == wanted]
    if len(paths) > 1:
        raise FileFault("not-xlsx")
    folder = place.rpartition("/")[0]
    return paths[0] if paths else archive.find(posixpath.join(folder, f"{wanted}.xml"))
