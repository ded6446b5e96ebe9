"""A multipart upload, cut as it arrives: one part `file`, texts `type` and `after`."""

from __future__ import annotations

from gateway.files.interfaces import PART
from gateway.http.multipart import MultipartForm

MAX_TYPE = 64
"""Bytes of the name of a record type; 32 on the chain."""
MAX_AFTER = 32
"""Of the id of a file."""
MAX_HEADERS = 8192
"""Bytes of the headers of all parts."""
MAX_NAME = 255
"""Characters of a file's name that are kept; it is shown and tells JSON from lines of JSON, no
more."""

_FORM = {
    "zh": "请用 multipart/form-data 发送一个名为 file 的文件，可另附文本 type、after",
    "en": "Send multipart/form-data with one file called `file`, and optionally the texts `type`"
    " and `after`",
}


class Upload(MultipartForm):
    """Fed with the body; hands out full pieces of the file. Problem where it is not the form."""

    def __init__(self, content_type: str) -> None:
        super().__init__(content_type, wanted=_FORM, max_headers=MAX_HEADERS)
        self.name = ""
        self._file = bytearray()
        self._type = bytearray()
        self._after = bytearray()
        self._seen: set[bytes] = set()

    def part(self, name: bytes, file_name: str) -> bytearray:
        """See `MultipartForm`: each of the three at most once."""
        known = {b"file": self._file, b"type": self._type, b"after": self._after}
        target = known.get(name)
        if target is None or name in self._seen:
            raise self.not_the_form()
        self._seen.add(name)
        if name == b"file":
            self.name = file_name[:MAX_NAME]
        return target

    def received(self) -> None:
        """See `MultipartForm`."""
        if len(self._type) > MAX_TYPE or len(self._after) > MAX_AFTER:
            raise self.not_the_form()

    def pieces(self) -> list[bytes]:
        """What has arrived of the file, in whole pieces."""
        return [self._take(PART) for _ in range(len(self._file) // PART)]

    def finish(self) -> tuple[bytes, str | None]:
        """(the last piece, the type or None), after the whole body."""
        if not self.ended or b"file" not in self._seen:
            raise self.not_the_form()
        return self._take(PART), self._type.decode(errors="replace").strip() or None

    @property
    def after(self) -> str | None:
        """The id of the file that this one corrects, as the sender says it."""
        return self._after.decode(errors="replace").strip() or None

    def _take(self, size: int) -> bytes:
        piece = bytes(self._file[:size])
        del self._file[:size]
        return piece
