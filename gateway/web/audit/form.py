"""What the form of `/audit` sends, cut as it arrives: one report, or two to be compared."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from gateway.http.limits import MAX_AUDITED
from gateway.http.multipart import MultipartForm
from gateway.http.problems import Problem
from gateway.web.typed import number

BODY_SECONDS: Final = 60.0
"""For both files: whoever sends them drop by drop holds a place that others wait for."""
MAX_HEADERS: Final = 16 << 10
"""Bytes of the headers of all parts."""
MAX_TEXT: Final = 1024
"""Bytes of a field that is no file."""
FILES: Final = ("a", "b")
_WANTED: Final = {
    "zh": "请用本页的表单发送报告",
    "en": "Send reports with the form of this page",
}


class Sent(MultipartForm):
    """Fed with the body. Problem where it is not the form."""

    def __init__(self, content_type: str) -> None:
        super().__init__(content_type, wanted=_WANTED, max_headers=MAX_HEADERS)
        self._parts: dict[str, bytearray] = {}

    def part(self, name: bytes, file_name: str) -> bytearray:
        """See `MultipartForm`: each at most once."""
        known = name.decode("latin-1")
        if known in self._parts or known not in (*FILES, "csrf"):
            raise self.not_the_form()
        self._parts[known] = bytearray()
        return self._parts[known]

    def received(self) -> None:
        """See `MultipartForm`."""
        if any(self.target is self._parts.get(name) for name in FILES):
            if len(self.target) > MAX_AUDITED:
                raise Problem("too-large")
        elif len(self.target) > MAX_TEXT:
            raise self.not_the_form()

    def files(self) -> dict[str, bytes]:
        """Those that were chosen, by their fields."""
        return {name: bytes(self._parts[name]) for name in FILES if self._parts.get(name)}

    def csrf(self) -> str:
        """What it shows of the session."""
        return self._parts.get("csrf", bytearray()).decode("utf-8", "replace")


async def read(request: Request) -> Sent:
    """The form in a request. Raises Problem."""
    declared = number(request.headers.get("content-length", ""))
    if isinstance(declared, int) and declared > len(FILES) * MAX_AUDITED + MAX_HEADERS + MAX_TEXT:
        raise Problem("too-large")
    found = Sent(request.headers.get("content-type", ""))
    await found.read(request.stream(), seconds=BODY_SECONDS)
    return found
