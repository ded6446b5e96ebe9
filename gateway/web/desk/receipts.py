"""The receipts of a file as an archive, packed while they are made."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

from gateway.web.visits import HEADERS, Refused, Visit

PART: Final = 1000
"""Receipts of one archive: some megabytes, and a minute."""
_AT_ONCE: Final = 200
_TAKEN: Final = ("accepted", "duplicate")
_OK: Final = 200
_LEFT: Final = "没有回执的行 rows without a receipt.txt"


def receipts_of(visit: Visit, file: str, part: int, name: str) -> Response:
    """The archive. part: which thousand of the rows taken, from 1. What has none yet is named in a
    text beside."""
    headers = {**HEADERS, "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    return StreamingResponse(
        _packed(visit, file, part), media_type="application/zip", headers=headers
    )


async def receipt(visit: Visit, leaf: str) -> tuple[int, bytes]:
    """Status and body of the receipt of one record: with its fields where the token reads and they
    are at hand, else without. Raises Refused."""
    bare = f"/v1/receipts/{leaf}"
    reads = visit.caller is not None and visit.caller.may("read")
    try:
        answer = await visit.fetch("GET", f"/v1/records/{leaf}/receipt" if reads else bare)
    except Refused as error:
        if error.code != "content-archived":
            raise
        answer = await visit.fetch("GET", bare)
    return answer.status_code, answer.content


async def _packed(visit: Visit, file: str, part: int) -> AsyncIterator[bytes]:
    out = _Drained()
    left: list[str] = []
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        async for row in _rows(visit, file, (part - 1) * PART):
            data, why = await _one(visit, row["leaf"])
            if data is None:
                left.append(f"{_place(row)}\t{row['leaf'] or ''}\t{why}\n")
            else:
                archive.writestr(f"{_place(row)} {row['leaf'][:8]}.json", data)
            yield out.taken()
        if left:
            archive.writestr(_LEFT, "".join(left))
    yield out.taken()


async def _rows(visit: Visit, file: str, first: int) -> AsyncIterator[Mapping[str, Any]]:
    for offset in range(first, first + PART, _AT_ONCE):
        wanted = {"verdict": _TAKEN, "offset": offset, "limit": _AT_ONCE}
        found = await visit.get(f"/v1/files/{file}/rows", **wanted)
        for row in found["rows"]:
            yield row
        if len(found["rows"]) < _AT_ONCE:
            return


async def _one(visit: Visit, leaf: str | None) -> tuple[bytes | None, str]:
    """The receipt, or why there is none."""
    if leaf is None:  # stands already, and is not the sender's to see
        return None, "not-found"
    try:
        status, data = await receipt(visit, leaf)
    except Refused as error:
        return None, error.code
    return (data, "") if status == _OK else (None, "promised")


def _place(row: Mapping[str, Any]) -> str:
    sheet = "".join(one if one.isalnum() else "_" for one in row["sheet"] or "")
    return f"{sheet} {row['row'] or 0:07}".strip()


class _Drained(io.RawIOBase):
    """What is written is taken out piece by piece; it cannot be gone back in."""

    def __init__(self) -> None:
        super().__init__()
        self._held = bytearray()

    def writable(self) -> bool:
        """See `io.RawIOBase`."""
        return True

    def write(self, data: Any, /) -> int:
        """See `io.RawIOBase`."""
        self._held += data
        return len(data)

    def taken(self) -> bytes:
        """What was written since it was asked last."""
        some = bytes(self._held)
        self._held.clear()
        return some
