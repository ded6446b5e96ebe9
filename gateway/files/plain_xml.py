"""XML that is safe to parse: UTF-8, without document type or entities of its own."""

from __future__ import annotations

import re
from xml.parsers import expat

from gateway.files.errors import FileFault

BOM = b"\xef\xbb\xbf"
_ENCODING = re.compile(rb"""^<\?xml[^>]*?encoding\s*=\s*["']([^"']*)["']""")


def demand_plain_xml(data: bytes) -> None:
    """`xml-hostile` for anything else; `data`: the beginning of a part."""
    head = data.removeprefix(BOM).lstrip()
    encoding = _ENCODING.match(head[:400])
    known = encoding is None or encoding[1].lower() in (b"utf-8", b"us-ascii", b"ascii")
    if not head.startswith(b"<") or not known or b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise FileFault("xml-hostile")


def parse_xml(parser: expat.XMLParserType, data: bytes) -> None:
    """Parse a whole part; `not-xlsx` where it is not well-formed."""
    demand_plain_xml(data)
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError) as error:
        raise FileFault("not-xlsx") from error
