"""A multipart upload, cut as it arrives: one part `file`, one text `type`.

No byte of the file touches a disk unsealed, so the form parsers that spool to temporary files are
not used.
"""

from __future__ import annotations

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from gateway.files.interfaces import PART
from gateway.http.problems import Problem

MAX_TYPE = 64
"""Bytes of the name of a record type; 32 on the chain."""
MAX_BOUNDARY = 70
"""RFC 2046 5.1.1."""
MAX_HEADERS = 8192
"""Bytes of the headers of all parts."""
MAX_NAME = 255
"""Characters of a file's name that are kept."""

_MULTIPART = b"multipart/form-data"
_FORM = {
    "zh": "请用 multipart/form-data 发送一个名为 file 的文件，可另附文本 type",
    "en": "Send multipart/form-data with one file called `file`, and optionally the text `type`",
}


class Upload:
    """Fed with the body; hands out full pieces of the file. Problem where it is not the form."""

    def __init__(self, content_type: str) -> None:
        boundary = _boundary(content_type)
        self.name = ""
        self._file = bytearray()
        self._type = bytearray()
        self._seen: set[str] = set()
        self._headers: dict[bytes, bytes] = {}
        self._header = (bytearray(), bytearray())
        self._header_size = 0
        self._target: bytearray | None = None
        self._ended = False
        self._parser = _parser(self, boundary)

    def feed(self, data: bytes) -> None:
        """The next bytes of the body."""
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise Problem("schema-invalid", _FORM) from error
        if len(self._type) > MAX_TYPE:
            raise Problem("schema-invalid", _FORM)

    def pieces(self) -> list[bytes]:
        """What has arrived of the file, in whole pieces."""
        return [self._take(PART) for _ in range(len(self._file) // PART)]

    def finish(self) -> tuple[bytes, str | None]:
        """(the last piece, the type or None), after the whole body."""
        if not self._ended or "file" not in self._seen:
            raise Problem("schema-invalid", _FORM)
        return self._take(PART), self._type.decode(errors="replace").strip() or None

    def _take(self, size: int) -> bytes:
        piece = bytes(self._file[:size])
        del self._file[:size]
        return piece

    def _count_header(self, more: int) -> None:
        self._header_size += more
        if self._header_size > MAX_HEADERS:
            raise Problem("schema-invalid", _FORM)

    # Callbacks of the parser, in the order they come.

    def on_part_begin(self) -> None:
        self._headers = {}

    def on_header_begin(self) -> None:
        self._header = (bytearray(), bytearray())

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._count_header(end - start)
        self._header[0].extend(data[start:end])

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._count_header(end - start)
        self._header[1].extend(data[start:end])

    def on_header_end(self) -> None:
        name, value = self._header
        self._headers[bytes(name).lower()] = bytes(value)

    def on_headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        part = options.get(b"name", b"").decode("latin-1")
        self._target = {"file": self._file, "type": self._type}.get(part)
        if self._target is None or part in self._seen:  # so there are two parts at most
            raise Problem("schema-invalid", _FORM)
        self._seen.add(part)
        if part == "file":
            self.name = _file_name(options.get(b"filename", b""))

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._target is not None:
            self._target.extend(data[start:end])

    def on_end(self) -> None:
        self._ended = True


def _boundary(content_type: str) -> bytes:
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    if kind != _MULTIPART or not 0 < len(boundary) <= MAX_BOUNDARY:
        raise Problem("wrong-content-type", _FORM, headers={"Accept-Post": _MULTIPART.decode()})
    return boundary


def _parser(upload: Upload, boundary: bytes) -> MultipartParser:
    return MultipartParser(
        boundary,
        {
            "on_part_begin": upload.on_part_begin,
            "on_header_begin": upload.on_header_begin,
            "on_header_field": upload.on_header_field,
            "on_header_value": upload.on_header_value,
            "on_header_end": upload.on_header_end,
            "on_headers_finished": upload.on_headers_finished,
            "on_part_data": upload.on_part_data,
            "on_end": upload.on_end,
        },
    )


def _file_name(sent: bytes) -> str:
    """The name without folders; it is shown and tells JSON from lines of JSON, no more."""
    text = sent.decode("utf-8", "replace").replace("\\", "/").rpartition("/")[2]
    return text[:MAX_NAME]
