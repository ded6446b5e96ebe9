"""What the form of `/verify` sends, cut as it arrives: a file, and what is asked of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request

from gateway.http.multipart import MultipartForm
from gateway.verifying.asking import LENGTHS
from gateway.verifying.desk import Receiving

BODY_SECONDS: Final = 60.0
"""For a whole file: whoever sends it drop by drop holds a place that others wait for."""
MAX_HEADERS: Final = 16 << 10
"""Bytes of the headers of all parts."""
MAX_NAME: Final = 120
"""Characters of a file's name that are kept; it is shown, and stands in a command."""
MAX_TEXT: Final = 1024
"""Bytes of one field beside the file."""
UNNAMED: Final = "receipt.json"
_WANTED = {
    "zh": "请用本页的表单发送文件",
    "en": "Send the file with the form of this page",
}


class Sent(MultipartForm):
    """Fed with the body. Problem where it is not the form."""

    def __init__(self, content_type: str, receiving: Receiving) -> None:
        super().__init__(content_type, wanted=_WANTED, max_headers=MAX_HEADERS)
        self.name = UNNAMED
        self._receiving = receiving
        self._parts: dict[str, bytearray] = {}

    def part(self, name: bytes, file_name: str) -> bytearray:
        """See `MultipartForm`: each at most once."""
        known = name.decode("latin-1")
        if known in self._parts or known not in ("file", "csrf", *LENGTHS):
            raise self.not_the_form()
        if known == "file":
            self.name = clean_name(file_name)
        self._parts[known] = bytearray()
        return self._parts[known]

    def received(self) -> None:
        """See `MultipartForm`."""
        if self.target is self._parts.get("file"):
            self._receiving.look(self.target)
        elif len(self.target) > MAX_TEXT:
            raise self.not_the_form()

    def file(self) -> bytes:
        """The file, after the whole body. Empty where none was chosen."""
        return bytes(self._parts.get("file", b""))

    def csrf(self) -> str:
        """What it shows of the session."""
        return self._text("csrf")

    def asked(self) -> Mapping[str, str]:
        """What is asked, without what was left empty."""
        found = {name: self._text(name).strip() for name in LENGTHS}
        return {name: text for name, text in found.items() if text}

    def _text(self, name: str) -> str:
        return self._parts.get(name, b"").decode("utf-8", "replace")


async def read(request: Request, receiving: Receiving) -> Sent:
    """The form in a request. Raises Problem, NotReady."""
    found = Sent(request.headers.get("content-type", ""), receiving)
    await found.read(request.stream(), seconds=BODY_SECONDS)
    return found


def clean_name(sent: str) -> str:
    """The name of a file as it may be shown: short, and nothing in it that does not print."""
    shown = "".join(one for one in sent if one.isprintable())[-MAX_NAME:].strip()
    return shown or UNNAMED
