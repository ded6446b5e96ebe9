"""What is sent to a gateway and what comes back, as values; and what an answer means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final
from urllib.parse import quote

import httpx
import orjson

from ledger.client.errors import (
    AnswerLost,
    AnswerMalformed,
    NoAnswer,
    NotAllowed,
    NotFound,
    NotReady,
    Refused,
)
from ledger.core.texts import Text

MAX_ANSWER: Final = 256 << 20
"""Bytes; the answer to the longest file stays far below."""
MAX_DOCUMENT: Final = 1 << 20
"""Bytes of an answer that is about one thing."""
_MAX_PROBLEM: Final = 4000
"""Characters of a text that a gateway says about itself."""
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _GONE = 401, 403, 404, 410
_TOO_MANY, _UNAVAILABLE, _SERVER_ERROR = 429, 503, 500
_REDIRECT, _CLIENT_ERROR = 300, 400
_LONGEST_DIGITS: Final = 5


JSON: Final = (("content-type", "application/json"),)
"""The header of a body that is JSON."""


class Repeat(Enum):
    """When the same may be sent once more."""

    ANY = "any"
    """Whatever became of it: it only reads, or twice is once."""
    REFUSED = "refused"
    """Where the gateway took nothing (429, 503, no connection)."""
    UNSENT = "unsent"
    """Where that is certain (429, no connection): a 503 may come from behind what was done."""
    COUNTED = "counted"
    """Where there was no connection: whatever the gateway says is counted against who asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """path: quoted. slow: a gateway may take minutes, as it asks others, or for it is long.
    max_bytes: of the answer. at: another gateway in place of one's own, by its URL, which is shown
    no token."""

    method: str
    path: str
    params: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    content: bytes | None = None
    repeat: Repeat = Repeat.ANY
    slow: bool = False
    max_bytes: int = MAX_DOCUMENT
    at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """url: scheme, host and port of whoever answered, for messages. headers: names in lower
    case."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON. Raises AnswerMalformed."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise AnswerMalformed(self.url, "the body is not JSON") from error

    @property
    def retry_after(self) -> float | None:
        """Seconds after which the gateway wants to be asked again; None: it does not say."""
        text = self.headers.get("retry-after", "").strip()
        if text.isascii() and text.isdigit() and len(text) <= _LONGEST_DIGITS:
            return float(text)
        return None

    def problem(self) -> Mapping[str, Any]:
        """The problem document; empty where the body is none."""
        try:
            found = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return {}
        return found if isinstance(found, dict) else {}


def segment(text: str) -> str:
    """A part of a path, with nothing in it that would lead elsewhere."""
    return "%2E" * len(text) if text in (".", "..") else quote(text, safe="")


def posted(path: str, value: Mapping[str, Any], **more: Any) -> Request:
    """A POST of a JSON object, without the members that are None. more: members of `Request`."""
    said = {name: one for name, one in value.items() if one is not None}
    return Request(method="POST", path=path, headers=JSON, content=orjson.dumps(said), **more)


def queried(**values: str | int | None) -> tuple[tuple[str, str], ...]:
    """Parameters of a query, without those that are None."""
    return tuple((name, str(value)) for name, value in values.items() if value is not None)


def form(
    files: Iterable[tuple[str, tuple[str | None, bytes, str | None]]],
    data: Mapping[str, str] | None = None,
) -> tuple[bytes, tuple[str, str]]:
    """A multipart body and its content type. files: name of the part, then name of the file, its
    bytes and its media type, or None where there is none."""
    parts = [
        (name, (file, content) if kind is None else (file, content, kind))
        for name, (file, content, kind) in files
    ]
    # httpx spells the names of files as browsers do, and gateways read that.
    made = httpx.Request("POST", "http://unused", data=dict(data or {}), files=parts)
    return made.read(), ("content-type", made.headers["content-type"])


def demand(answer: Answer, statuses: Sequence[int] = (200,)) -> Answer:
    """The answer, where its status is one of these. Raises Refused, NoAnswer."""
    if answer.status in statuses:
        return answer
    problem = later(answer)
    if problem is not None:
        raise problem
    if not _CLIENT_ERROR <= answer.status < _SERVER_ERROR:
        where = "a redirect" if _REDIRECT <= answer.status < _CLIENT_ERROR else "an answer"
        raise AnswerMalformed(answer.url, f"{where} of status {answer.status}, nobody asked for")
    raise _refused(answer)


def later(answer: Answer) -> NoAnswer | None:
    """What an answer means that is none: not now, or something broke on the way. None: it is an
    answer."""
    if answer.status < _SERVER_ERROR and answer.status != _TOO_MANY:
        return None
    told = answer.problem()
    said, reason = _remedy(told), told.get("reason", told.get("code"))
    reason = reason if isinstance(reason, str) else None
    if answer.status in (_TOO_MANY, _UNAVAILABLE):
        return NotReady(
            answer.url,
            said.get("en") or f"HTTP {answer.status}",
            retry_after=answer.retry_after,
            reason=reason,
            remedy=said,
            status=answer.status,
        )
    broken = AnswerLost(answer.url, f"HTTP {answer.status}")
    broken.reason, broken.remedy = reason, said
    return broken


def _refused(answer: Answer) -> Refused:
    told = answer.problem()
    code, field = told.get("code"), told.get("field")
    kind = {
        _UNAUTHORIZED: NotAllowed,
        _FORBIDDEN: NotAllowed,
        _NOT_FOUND: NotFound,
        _GONE: NotFound,
    }.get(answer.status, Refused)
    return kind(
        status=answer.status,
        code=code if isinstance(code, str) else f"http-{answer.status}",
        field=field if isinstance(field, str) else None,
        remedy=_remedy(told),
        document=told,
    )


def _remedy(told: Mapping[str, Any]) -> Text:
    """What a problem says, in both languages where it does; bounded, for it goes to people."""
    text = told.get("text")
    if isinstance(text, dict):
        said = {name: text[name] for name in ("zh", "en") if isinstance(text.get(name), str)}
    else:
        detail = told.get("detail", told.get("title"))
        said = dict(en=detail) if isinstance(detail, str) else {}
    return {name: words[:_MAX_PROBLEM] for name, words in said.items()}
