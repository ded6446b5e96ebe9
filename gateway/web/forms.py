"""Forms as pages take them: in memory, for no byte of a file touches a disk unsealed, and few large
ones at once."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Final

from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData
from starlette.formparsers import FormParser, MultiPartException, MultiPartParser
from starlette.requests import Request

from gateway.http.places import Places
from gateway.http.problems import Problem

BODY_SECONDS: Final = 120.0
"""For a whole form: whoever sends one drop by drop holds a place that others wait for."""
SMALL: Final = 1 << 20
"""Bytes of a form that waits for no place."""
MAX_TEXT: Final = 32 << 10
"""Bytes of a text in a form that somebody sent whose session had ended."""
_MULTIPART: Final = b"multipart/form-data"
_FIELDS: Final = b"application/x-www-form-urlencoded"
_WANTED: Final = {
    "zh": "请重新打开页面，填写后再提交",
    "en": "Open the page anew, fill it in and send it again",
}
_places = Places(at_once=4, each=1, waiting=3, patience=60.0)
"""For large ones: the interface holds each of them once more."""


class _InMemory(MultiPartParser):
    """The parser of multipart forms, with no file of which a part goes to a disk."""

    spool_max_size = 0  # of `tempfile.SpooledTemporaryFile`: whatever its size


class _TextsAlone(_InMemory):
    """The same without what stands in files, of which it is told only that they are there."""

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        """See `MultiPartParser`."""
        if self._current_part.file is None:
            super().on_part_data(data, start, end)


async def read_texts(request: Request, *, max_fields: int) -> tuple[list[tuple[str, str]], bool]:
    """The texts of a form of somebody who is not signed in any more, and whether files were chosen,
    of which nothing is held. Raises Problem."""
    kind, _ = parse_options_header(request.headers.get("content-type"))
    parser: MultiPartParser | FormParser
    if kind == _MULTIPART:
        parser = _TextsAlone(
            request.headers,
            request.stream(),
            max_fields=max_fields,
            max_files=max_fields,
            max_part_size=MAX_TEXT,
        )
    elif kind == _FIELDS:
        parser = FormParser(request.headers, request.stream(), max_fields=max_fields)
    else:
        return [], False
    found = await _parsed(parser)
    await found.close()
    items = found.multi_items()
    texts = [(name, value) for name, value in items if isinstance(value, str)]
    return texts, any(not isinstance(value, str) and value.filename for _, value in items)


async def read_form(
    request: Request, *, holder: str | None, max_fields: int, max_files: int = 0
) -> FormData:
    """The fields of a form. holder: by whom places for large ones are counted; None: a stranger,
    of whom only small ones are taken. What it holds goes with `release`. Raises Problem."""
    held = AsyncExitStack()
    request.state.held = held
    kind, _ = parse_options_header(request.headers.get("content-type"))
    if kind == _MULTIPART and holder is not None and not _is_small(request):
        await held.enter_async_context(_places.hold(holder))
    most = max_files if holder is not None else 0
    parser: MultiPartParser | FormParser
    if kind == _MULTIPART:
        parser = _InMemory(request.headers, request.stream(), max_fields=max_fields, max_files=most)
    elif kind != _FIELDS:
        return FormData()
    else:
        parser = FormParser(request.headers, request.stream(), max_fields=max_fields)
    found = await _parsed(parser)
    held.push_async_callback(found.close)
    return found


async def _parsed(parser: MultiPartParser | FormParser) -> FormData:
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await parser.parse()
    except MultiPartException as error:
        raise Problem("schema-invalid", _WANTED) from error
    except TimeoutError as error:
        raise Problem("too-slow") from error


async def release(request: Request) -> None:
    """Let go of what a form holds, after its request."""
    held: AsyncExitStack | None = getattr(request.state, "held", None)
    if held is not None:
        await held.aclose()


def _is_small(request: Request) -> bool:
    declared = request.headers.get("content-length", "").encode()
    return declared.isdigit() and len(declared) <= len(str(SMALL)) and int(declared) <= SMALL
