"""What comes with documents: JSON alone, or multipart with the JSON as one part and documents as
`doc`. What the JSON is called the route says: `case` of a step of a case.

Held in memory, for no byte of a document touches a disk unsealed; so the whole is bounded, and so
many at once.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import Request

from gateway.base.errors import NotReady
from gateway.cases.errors import CaseRefused
from gateway.cases.materials import MAX_DOCUMENT, MAX_TOGETHER, Material, demand_documents
from gateway.http.limits import media_type
from gateway.http.multipart import MULTIPART, MultipartForm
from gateway.http.problems import Problem
from ledger.core.docs import MAX_DOCS
from ledger.core.texts import Text

MAX_JSON = 1 << 16
"""Bytes: a note of 2,000 characters and what stands beside it."""
MAX_HEADERS = 1 << 16
"""Bytes of the headers of all parts: names of 200 characters, escaped, seventeen times."""
BODY_SECONDS = 300.0
STALL_SECONDS = 20.0
"""For which nothing may come of a body: who holds a place uses it."""
AT_ONCE = 4
"""Bodies with documents that are held at once."""
OF_ONE = 2
"""Of one token."""

CASE = "case"
"""What the JSON of a step of a case is called."""


class Places:
    """Places for bodies in memory. Safe in threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of: Counter[int] = Counter()

    @property
    def taken(self) -> int:
        """How many are."""
        return self._of.total()

    @contextmanager
    def hold(self, token: int) -> Iterator[None]:
        """One for a token. Raises NotReady where it, or all, have none left."""
        with self._lock:
            if self.taken >= AT_ONCE or self._of[token] >= OF_ONE:
                raise NotReady("busy-documents", retry_after=5)
            self._of[token] += 1
        try:
            yield
        finally:
            with self._lock:
                self._of[token] -= 1
                self._of += Counter()  # drops those of none


places = Places()


@dataclass(frozen=True, slots=True)
class Sent:
    """value: the JSON object. docs: in the order in which they came."""

    value: dict[str, Any]
    docs: tuple[Material, ...]


def wanted(name: str) -> Text:
    """What to send, where the JSON is called so."""
    return {
        "zh": f"请以 application/json 发送，或以 multipart/form-data 发送：{name} 为 JSON，"
        "doc 为材料（可多份）",
        "en": f"Send application/json, or multipart/form-data with the JSON as `{name}` and"
        " documents as `doc`",
    }


@asynccontextmanager
async def reading(request: Request, token: int, name: str = CASE) -> AsyncIterator[Sent]:
    """The body of a step. One with documents has its place until the caller is done with it: until
    then it lies in memory. token: number of who sends it. name: what the JSON is called. Raises
    Problem, CaseRefused (documents), NotReady."""
    kind = media_type(request.headers.get("content-type", "").encode("latin-1", "replace"))
    if kind != MULTIPART:
        yield Sent(_object(await _plain(request), name), ())
        return
    with places.hold(token):
        yield await _multipart(request, name)


async def _feed(request: Request, take: Callable[[bytes], None]) -> None:
    """Hand on what comes. Raises Problem where that takes too long, or nothing does."""
    stream = aiter(request.stream())
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                async with asyncio.timeout(STALL_SECONDS):
                    chunk = await anext(stream, None)
                if chunk is None:
                    return
                take(chunk)
    except TimeoutError as error:
        raise Problem("too-slow") from error


async def _plain(request: Request) -> bytes:
    data = bytearray()

    def take(chunk: bytes) -> None:
        data.extend(chunk)
        if len(data) > MAX_JSON:
            raise Problem("too-large")

    await _feed(request, take)
    return bytes(data)


async def _multipart(request: Request, name: str) -> Sent:
    form = _Form(request.headers.get("content-type", ""), name)
    await _feed(request, form.feed)
    return form.finish()


def _object(data: bytes, name: str) -> dict[str, Any]:
    try:
        value = orjson.loads(data or b"{}")
    except orjson.JSONDecodeError as error:
        raise Problem("schema-invalid", wanted(name)) from error
    if not isinstance(value, dict):
        raise Problem("schema-invalid", wanted(name))
    return value


class _Form(MultipartForm):
    """The multipart body. name: what the JSON is called."""

    def __init__(self, content_type: str, name: str) -> None:
        super().__init__(content_type, wanted=wanted(name), max_headers=MAX_HEADERS)
        self._name = name
        self._json: bytearray | None = None
        self._docs: list[tuple[str, bytearray]] = []
        self._most = 0

    def part(self, name: bytes, file_name: str) -> bytearray:
        """See `MultipartForm`: the JSON once, and documents."""
        target = bytearray()
        if name == self._name.encode() and self._json is None:
            self._json, self._most = target, MAX_JSON
        elif name == b"doc":
            if len(self._docs) >= MAX_DOCS:
                too_many = Material(name="-", data=b"")
                demand_documents([too_many] * (MAX_DOCS + 1))
            self._docs.append((file_name, target))
            self._most = MAX_DOCUMENT
        else:
            raise self.not_the_form()
        return target

    def received(self) -> None:
        """See `MultipartForm`."""
        together = sum(len(content) for _, content in self._docs)
        if len(self.target) > self._most or together > MAX_TOGETHER:
            if self._most == MAX_JSON:
                raise Problem("too-large")
            raise CaseRefused("document-too-large", _TOO_LARGE)

    def finish(self) -> Sent:
        """What was sent, after the whole body."""
        if not self.ended or self._json is None:
            raise self.not_the_form()
        docs = tuple(Material(name=name, data=bytes(data)) for name, data in self._docs)
        return Sent(_object(bytes(self._json), self._name), docs)


_TOO_LARGE = {
    "zh": f"每份材料不超过 {MAX_DOCUMENT >> 20} MB，每步合计不超过 {MAX_TOGETHER >> 20} MB",
    "en": f"A document has at most {MAX_DOCUMENT >> 20} MB, those of a step"
    f" {MAX_TOGETHER >> 20} MB",
}
