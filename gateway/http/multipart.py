"""A multipart body, cut as it arrives.

No byte of a file touches a disk unsealed, so the form parsers that spool to temporary files are not
used.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterable, Mapping

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from gateway.http.problems import Problem

MULTIPART = "multipart/form-data"
MAX_BOUNDARY = 70
"""RFC 2046 5.1.1."""


class MultipartForm(ABC):
    """Fed with the body. `part` says where the bytes of each part go. Problem where it is not the
    form."""

    def __init__(self, content_type: str, *, wanted: Mapping[str, str], max_headers: int) -> None:
        """wanted: what to send, zh and en. max_headers: bytes of the headers of all parts."""
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary", b"")
        if kind != MULTIPART.encode() or not 0 < len(boundary) <= MAX_BOUNDARY:
            headers = {"Accept-Post": MULTIPART}
            raise Problem("wrong-content-type", wanted, headers=headers)
        self.ended = False
        self.target = bytearray()
        self._wanted = wanted
        self._max_headers = max_headers
        self._headers: dict[bytes, bytes] = {}
        self._header = (bytearray(), bytearray())
        self._header_size = 0
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._on_part_begin,
                "on_header_begin": self._on_header_begin,
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers_finished,
                "on_part_data": self._on_part_data,
                "on_end": self._on_end,
            },
        )

    @abstractmethod
    def part(self, name: bytes, file_name: str) -> bytearray:
        """Where the bytes of a part go that begins. Raises for one that is not wanted."""

    @abstractmethod
    def received(self) -> None:
        """Look at what has come of the part so far. Raises where it is too much."""

    def feed(self, data: bytes) -> None:
        """The next bytes of the body."""
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise self.not_the_form() from error

    async def read(self, chunks: AsyncIterable[bytes], *, seconds: float) -> None:
        """Be fed with a whole body. Raises Problem: `too-slow`, or it is not the form."""
        try:
            async with asyncio.timeout(seconds):
                async for chunk in chunks:
                    self.feed(chunk)
        except TimeoutError as error:
            raise Problem("too-slow") from error
        if not self.ended:
            raise self.not_the_form()

    def not_the_form(self) -> Problem:
        """What to say of a body that is another form."""
        return Problem("schema-invalid", self._wanted)

    def _count_header(self, more: int) -> None:
        self._header_size += more
        if self._header_size > self._max_headers:
            raise self.not_the_form()

    # Callbacks of the parser, in the order they come.

    def _on_part_begin(self) -> None:
        self._headers = {}

    def _on_header_begin(self) -> None:
        self._header = (bytearray(), bytearray())

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._count_header(end - start)
        self._header[0].extend(data[start:end])

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._count_header(end - start)
        self._header[1].extend(data[start:end])

    def _on_header_end(self) -> None:
        name, value = self._header
        self._headers[bytes(name).lower()] = bytes(value)

    def _on_headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        file_name = _without_folders(options.get(b"filename", b""))
        self.target = self.part(options.get(b"name", b""), file_name)

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        self.target.extend(data[start:end])
        self.received()

    def _on_end(self) -> None:
        self.ended = True


def _without_folders(sent: bytes) -> str:
    return sent.decode("utf-8", "replace").replace("\\", "/").rpartition("/")[2]
