"""PDFs written by hand, object by object, as no program would write them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

PAGES = b"<</Type/Pages/Kids[]/Count 0>>"


def written(objects: Mapping[int, bytes], *, trailer: bytes = b"", root: int = 1) -> bytes:
    """A file with a table of these objects, by number from 1 on without a gap."""
    body, offsets = b"%PDF-1.7\n", []
    for number in sorted(objects):
        offsets.append(len(body))
        body += b"%d 0 obj\n%b\nendobj\n" % (number, objects[number])
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(offsets) + 1)
    table += b"".join(b"%010d 00000 n \n" % one for one in offsets)
    last = b"trailer\n<</Size %d/Root %d 0 R%b>>\n" % (len(offsets) + 1, root, trailer)
    return body + table + last + b"startxref\n%d\n%%%%EOF\n" % len(body)


def stream(data: bytes, *, head: bytes = b"/Type/EmbeddedFile", filters: bytes = b"") -> bytes:
    """A stream; packed unless `filters` says that it is in some other way."""
    if not filters:
        data, filters = zlib.compress(data, 9), b"/Filter/FlateDecode"
    return b"<<%b%b/Length %d>>stream\n%b\nendstream" % (head, filters, len(data), data)


def catalog(tree: bytes = b"/Names[(a.json)4 0 R]", more: bytes = b"") -> bytes:
    """Object 1; object 2 are the pages."""
    return b"<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<<%b>>>>%b>>" % (tree, more)


def one_file(**changed: bytes) -> bytes:
    """A file with `a.json`, which has {} in it. spec: object 4; file: object 3; tree, more: of the
    catalog; other: object 5."""
    spec = b"<</Type/Filespec/F(a.json)/UF(a.json)/EF<</F 3 0 R>>>>"
    objects = {
        1: catalog(changed.get("tree", b"/Names[(a.json)4 0 R]"), changed.get("more", b"")),
        2: changed.get("pages", PAGES),
        3: changed.get("file", stream(b"{}")),
        4: changed.get("spec", spec),
    }
    if "other" in changed:
        objects[5] = changed["other"]
    return written(objects, trailer=changed.get("trailer", b""))


def packed(streams: Mapping[int, Mapping[int, bytes]], plain: Mapping[int, bytes]) -> bytes:
    """A file whose objects stand in streams of objects, with a packed table: by number of the
    stream the objects in it, and those that stand alone."""
    body, entries = b"%PDF-1.7\n", {}
    for number, held in streams.items():
        inner, heads = b"", b""
        for at, (one, data) in enumerate(held.items()):
            heads += b"%d %d " % (one, len(inner))
            inner += data + b" "
            entries[one] = (2, number, at)
        head = b"/Type/ObjStm/N %d/First %d" % (len(held), len(heads))
        plain = {**plain, number: stream(heads + inner, head=head)}
    for number, data in plain.items():
        entries[number] = (1, len(body), 0)
        body += b"%d 0 obj\n%b\nendobj\n" % (number, data)
    table, start = max(entries) + 1, len(body)
    entries[table] = (1, start, 0)
    rows = b"".join(
        struct.pack(">BIH", *entries.get(number, (0, 0, 0))) for number in range(table + 1)
    )
    head = b"/Type/XRef/W[1 4 2]/Root 1 0 R/Size %d" % (table + 1)
    last = b"%d 0 obj\n%b\nendobj\nstartxref\n%d\n%%%%EOF\n"
    return body + last % (table, stream(rows, head=head), start)
