"""`/v1/watched-subjects`: the subjects that a caller follows, to whom alone they are shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Depends, Path
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.base.policy import Caller, Purpose
from gateway.http.problems import Problem
from gateway.tokens.services import require
from gateway.watching.errors import WatchRefused
from gateway.watching.feed import Watched
from gateway.watching.subjects import Subject, Subjects
from ledger.core.authorisation import MAX_TYPES, PURPOSES
from ledger.core.canonical import unhex32
from ledger.core.commitment import TYPE_NAME
from ledger.core.errors import Malformed
from ledger.records import uscc

FRESH: Final = {"Cache-Control": "no-store"}
JSON: Final = "application/json"
_CODE_LENGTH: Final = 18
_FORM: Final = {
    "zh": "主体须为 {code, purpose, authorisation?, types?}：统一社会信用代码、用途、授权的承诺值"
    "（64 位十六进制）、记录类型",
    "en": "a subject must be {code, purpose, authorisation?, types?}: USCC, purpose, commitment of"
    " the authorisation (64 hexadecimal digits), types of records",
}

router = APIRouter(tags=["statuses"])


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectParts:
    """What the routes need. sent_to: the subjects about which events are sent somewhere."""

    subjects: Subjects
    sent_to: Watched


def _parts(request: Request) -> SubjectParts:
    parts: SubjectParts = request.app.state.subject_parts
    return parts


Here = Annotated[SubjectParts, Depends(_parts)]
Follower = Annotated[Caller, Depends(require(Purpose.FOLLOW))]
Name = Annotated[str, Path(alias="subject", pattern="^[0-9a-f]{32}$")]


@router.post("/v1/watched-subjects", status_code=201)
async def follow(request: Request, parts: Here, caller: Follower) -> Response:
    """Follow a subject: `{code, purpose, authorisation?, types?}`. It is asked about at once, then
    once a night, and what is new comes by `/v1/watch`. The same again is the same; one that was
    followed a while ago is asked about when it would have been."""
    subject = read_subject(object_of(await request.body()))
    with told():
        watched = await run_in_threadpool(parts.subjects.follow_standing, caller, subject)
    return json_of({"subject": watched}, 201)


@router.get("/v1/watched-subjects")
def listed(parts: Here, caller: Follower) -> Response:
    """The subjects that the caller follows, and how it stands with each."""
    return json_of({"items": parts.subjects.listed(caller)})


@router.get("/v1/watched-subjects/{subject}")
def shown(name: Name, parts: Here, caller: Follower) -> Response:
    """One of them, with the records that are known of it."""
    with told():
        return json_of(parts.subjects.shown(caller, name))


@router.delete("/v1/watched-subjects/{subject}", status_code=204)
def unfollow(name: Name, parts: Here, caller: Follower) -> Response:
    """Follow it no longer. One about which events are sent somewhere stays followed for that."""
    with told():
        parts.subjects.unfollow(caller, name, still=parts.sent_to)
    return Response(status_code=204)


def read_subject(value: dict[str, Any]) -> Subject:
    """Whom somebody wants to follow. Raises Problem `schema-invalid`."""
    required, optional = {"code", "purpose"}, {"authorisation", "types"}
    if not required <= value.keys() <= required | optional:
        raise _wrong()
    code, purpose, types = value["code"], value["purpose"], value.get("types", [])
    if not isinstance(code, str) or len(code) > 2 * _CODE_LENGTH:
        raise _wrong()
    if not isinstance(purpose, str) or purpose not in PURPOSES:
        raise _wrong()
    code = uscc.normalise(code)
    if len(code) != _CODE_LENGTH or code == uscc.FILLER or not (code.isascii() and code.isalnum()):
        raise _wrong()
    if not isinstance(types, list) or len(types) > MAX_TYPES:
        raise _wrong()
    if not all(isinstance(one, str) and TYPE_NAME.fullmatch(one) for one in types):
        raise _wrong()
    return Subject(
        code=code,
        types=tuple(sorted(set(types))),
        purpose=purpose,
        authorisation=_commitment(value.get("authorisation")),
    )


def _commitment(given: object) -> bytes | None:
    if given is None:
        return None
    try:
        return unhex32(given if isinstance(given, str) else "")
    except Malformed as error:
        raise _wrong() from error


def object_of(body: bytes) -> dict[str, Any]:
    """The JSON object of a body. Raises Problem `schema-invalid`."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Problem("schema-invalid") from error
    if not isinstance(value, dict):
        raise Problem("schema-invalid")
    return value


@contextmanager
def told() -> Iterator[None]:
    """Answer what is refused."""
    try:
        yield
    except WatchRefused as error:
        raise Problem(error.code, error.detail, extra=error.extra) from error


def json_of(value: dict[str, Any], status: int = 200) -> Response:
    """An answer that nobody keeps."""
    return Response(orjson.dumps(value), status, FRESH, media_type=JSON)


def _wrong() -> Problem:
    return Problem("schema-invalid", _FORM)
