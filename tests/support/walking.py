"""Asking every route of a gateway's OpenAPI document, and reading all that its answers hold."""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from itertools import product
from typing import Any
from zipfile import ZipFile, is_zipfile

from tests.support.asgi import Client

SHORT = 20
DEEP = 4
"""How often something packed is looked into."""
_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
_PACKED = re.compile(r"[A-Za-z0-9_+/-]{20,}={0,2}")


def texts_of(body: bytes, deep: int = DEEP) -> Iterator[str]:
    """All that can be read: parts of a ZIP or workbook, streams of a PDF, what base64 of either
    alphabet says, and so on inwards."""
    text = body.decode("utf-8", "replace")
    yield text
    if deep == 0:
        return
    if is_zipfile(BytesIO(body)):
        with ZipFile(BytesIO(body)) as archive:
            for name in archive.namelist():
                yield from texts_of(archive.read(name), deep - 1)
        return
    for stream in _STREAM.findall(body):
        try:
            yield from texts_of(zlib.decompress(stream), deep - 1)
        except zlib.error:
            continue
    for packed in _PACKED.findall(text):
        plain = packed.rstrip("=").replace("+", "-").replace("/", "_")
        try:
            found = base64.urlsafe_b64decode(plain + "=" * (-len(plain) % 4))
        except ValueError:
            continue
        if len(found) > SHORT // 2:
            yield from texts_of(found, deep - 1)


def leaked(body: bytes, secrets: Sequence[str]) -> list[str]:
    """Which of them stand in an answer, in any spelling."""
    spelled = {value: {value, json.dumps(value)[1:-1], value.lower()} for value in secrets}
    text = "\0".join(texts_of(body))
    return [value for value, ways in spelled.items() if any(way in text for way in ways)]


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What goes with a POST. own: words of the sender's that its answer may say again."""

    options: Mapping[str, Any] = field(default_factory=dict)
    own: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Walk:
    """places: what stands for each name in a path. queries: by path. sent: by path. own: by path,
    words of the asker's from earlier on that it may be shown again."""

    client: Client
    places: Mapping[str, Sequence[str]]
    queries: Mapping[str, Sequence[str]]
    sent: Mapping[str, Callable[[], Sent]]
    own: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def operations(self) -> list[tuple[str, str]]:
        """(method, path) of the whole document."""
        spec = self.client.get("/openapi.json").json()
        return [(m.upper(), path) for path, told in spec["paths"].items() for m in told]

    def answers(
        self, headers: Mapping[str, str], leave: Sequence[str] = ()
    ) -> Iterator[tuple[str, bytes, Sequence[str]]]:
        """Ask all there is: what was asked, its answer with its headers, the sender's own words.
        leave: beginnings of the paths to which nothing is posted."""
        for method, path in self.operations():
            if method == "POST" and path.startswith(tuple(leave)):
                continue
            names = re.findall("{([^}]*)}", path)
            for values in product(*(self.places[name] for name in names)):
                for query in self.queries.get(path, ("",)):
                    target = path.format(**dict(zip(names, values, strict=True))) + query
                    made = Sent(own=self.own.get(path, ()))
                    made = self.sent[path]() if method == "POST" else made
                    options = {**made.options}
                    options["headers"] = {**headers, **options.get("headers", {})}
                    answer = self.client.request(method, target, **options)
                    said = repr(answer.headers).encode() + answer.content
                    yield f"{method} {target} {answer.status_code}", said, made.own
