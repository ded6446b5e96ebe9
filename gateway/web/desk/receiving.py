"""Files that a form hands in, passed on to the interface while they come: nothing of them is kept
here, on no disk and not twice in memory."""

from __future__ import annotations

import re
import secrets
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.files.upload import MAX_HEADERS, MAX_NAME
from gateway.http.multipart import MultipartForm
from gateway.web.visits import Refused, Visit

MAX_TEXT: Final = 512
"""Bytes of a field that is no file."""
MAX_FILES: Final = 50
"""Of one form."""
TEXTS: Final = ("csrf", "type", "after")

_FORM: Final = {
    "zh": "请从报送页面选择文件后提交；一次最多 50 个文件",
    "en": "Choose files on the page and send them from there, 50 at most at once",
}
_UNSAFE: Final = re.compile(r'[\x00-\x1f\x7f"\\/]')


@dataclass(frozen=True, slots=True)
class Begun:
    """A file begins. name: as the browser calls it."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What became of one file. id: where it was taken; problem: where not, and then status."""

    name: str
    id: str | None = None
    problem: Mapping[str, Any] | None = None
    status: int = 202


class FormParts(MultipartForm):
    """The form of the page: its texts first, then files, all called `file`. A field without a
    chosen file is passed over."""

    def __init__(self, content_type: str) -> None:
        super().__init__(content_type, wanted=_FORM, max_headers=(MAX_FILES + 3) * MAX_HEADERS // 8)
        self.events: deque[Begun | bytes] = deque()
        self._texts = {name: bytearray() for name in TEXTS}
        self._data = bytearray()
        self._nothing = bytearray()
        self._files = 0

    def text(self, name: str) -> str:
        """One of `TEXTS`, as far as it has come."""
        return self._texts[name].decode("utf-8", "replace").strip()

    def part(self, name: bytes, file_name: str) -> bytearray:
        """See `MultipartForm`."""
        if name == b"file":
            if not file_name:
                return self._nothing
            self._files += 1
            if self._files > MAX_FILES:
                raise self.not_the_form()
            self.events.append(Begun(file_name[:MAX_NAME]))
            return self._data
        found = self._texts.get(name.decode("latin-1"))
        if found is None:
            raise self.not_the_form()
        return found

    def received(self) -> None:
        """See `MultipartForm`."""
        if self._data:
            self.events.append(bytes(self._data))
            self._data.clear()
        if any(len(text) > MAX_TEXT for text in (*self._texts.values(), self._nothing)):
            raise self.not_the_form()


class Receiving:
    """Passes the files of one form on, one after the other."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._form = FormParts(visit.request.headers.get("content-type", ""))
        self._events = self._read()
        self._next: Begun | None = None

    async def all(self) -> list[Sent]:
        """What became of each. Raises Problem where the form is none of ours, before the first of
        them is passed on."""
        found: list[Sent] = []
        async for _ in self._pieces():  # nothing stands before the first file
            continue
        self._visit.demand_csrf(self._form.text("csrf"))
        while (begun := self._next) is not None:
            self._next = None
            found.append(await self._one(begun.name))
            async for _ in self._pieces():  # what was refused before it had come
                continue
        return found

    async def _one(self, name: str) -> Sent:
        mark = secrets.token_hex(16)
        headers = {"Content-Type": f"multipart/form-data; boundary={mark}"}
        length = self._visit.request.headers.get("content-length")
        if length is not None:  # by which it counts for the quota until it has come
            headers["Content-Length"] = length
        try:
            answer = await self._visit.ask(
                "POST", "/v1/files", content=self._body(name, mark), headers=headers
            )
        except Refused as error:
            return Sent(name=name, problem=error.problem, status=error.status)
        return Sent(name=name, id=answer["id"])

    async def _body(self, name: str, mark: str) -> AsyncIterator[bytes]:
        for field in ("type", "after"):
            if text := self._form.text(field):
                yield _head(mark, field) + text.encode() + b"\r\n"
        yield _head(mark, "file", _UNSAFE.sub("_", name))
        async for piece in self._pieces():
            yield piece
        yield f"\r\n--{mark}--\r\n".encode()

    async def _pieces(self) -> AsyncIterator[bytes]:
        """Those of the file that has begun, until the next one does."""
        while self._next is None:
            event = await anext(self._events, None)
            if event is None:
                return
            if isinstance(event, Begun):
                self._next = event
                return
            yield event

    async def _read(self) -> AsyncIterator[Begun | bytes]:
        async for chunk in self._visit.request.stream():
            self._form.feed(chunk)
            while self._form.events:
                yield self._form.events.popleft()
        if not self._form.ended:
            raise self._form.not_the_form()


def _head(mark: str, field: str, file_name: str | None = None) -> bytes:
    named = "" if file_name is None else f'; filename="{file_name}"'
    return f'--{mark}\r\nContent-Disposition: form-data; name="{field}"{named}\r\n\r\n'.encode()
