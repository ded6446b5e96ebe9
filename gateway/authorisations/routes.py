"""`/v1/authorisations…`: making, showing and taking back authorisations, taking in those of others.

A subject's code is never part of an address, which stands in the logs of every proxy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated, Any, Final

import orjson
from anyio import to_thread
from fastapi import APIRouter, Depends, Header, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from gateway.authorisations import parsing
from gateway.authorisations.errors import AuthorisationRefused
from gateway.authorisations.interfaces import Answer
from gateway.authorisations.views import MOST
from gateway.authorisations.wiring import AuthorisationParts
from gateway.base.policy import Caller, NotAllowed, Purpose
from gateway.cases import form
from gateway.cases.errors import CaseRefused
from gateway.http.limits import media_type
from gateway.http.problems import Problem
from gateway.tokens.services import require
from ledger.core.canonical import unhex32
from ledger.core.docs import MAX_DOCS
from ledger.core.errors import Malformed
from ledger.core.opening import MAX_OPENING
from ledger.core.texts import Text

FRESH: Final = {"Cache-Control": "no-store"}
CREATED: Final = 201
JSON: Final = "application/json"
NOT_FOUND: Final = "not-found"
PART: Final = "authorisation"
"""What the JSON is called where documents come with it."""

router = APIRouter(tags=["authorisations"])


def _parts(request: Request) -> AuthorisationParts:
    found: AuthorisationParts = request.app.state.authorisations
    return found


Here = Annotated[AuthorisationParts, Depends(_parts)]
Name = Annotated[str, Path(alias="authorisation")]
Number = Annotated[int, Path(alias="n", ge=0, lt=MAX_DOCS)]
Granter = Annotated[Caller, Depends(require(Purpose.GRANT_AUTHORISATION))]
Holder = Annotated[Caller, Depends(require(Purpose.HOLD_AUTHORISATION))]
Reader = Annotated[Caller, Depends(require(Purpose.SEE_AUTHORISATION))]
DocumentReader = Annotated[Caller, Depends(require(Purpose.READ_AUTHORISATION))]
Revoker = Annotated[Caller, Depends(require(Purpose.REVOKE_AUTHORISATION))]

_FORM: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": [PART, "doc"],
                    "properties": {
                        PART: {"type": "string"},
                        "doc": {"type": "array", "items": {"type": "string", "format": "binary"}},
                    },
                }
            },
        },
    }
}
_OPENING: Final[dict[str, Any]] = {
    "requestBody": {"required": True, "content": {JSON: {"schema": {"type": "object"}}}}
}
_FIND: Final = {
    "zh": "正文须为 {subject, before?, limit?}",
    "en": "the body must be {subject, before?, limit?}",
}


@router.post("/v1/authorisations", openapi_extra=_FORM, status_code=CREATED)
async def grant(
    request: Request,
    parts: Here,
    caller: Granter,
    key: Annotated[str | None, Header(alias="Idempotency-Key")] = None,
) -> Response:
    """Keep what a subject has signed, and let a member ask about it: the JSON `{subject, grantee,
    types, regions, purpose, from, until}` as `authorisation`, the documents (PDF or JPG, 1 to 16)
    as `doc`. The grantee is handed the opening by itself."""
    with _told():
        name = parsing.key_of(key)
        async with form.reading(request, caller.id, PART) as sent:
            wanted = parsing.wanted(sent.value, sent.docs)
            commitment = await _do(parts.grants.grant, caller, wanted, name)
        return _json(await _do(parts.grants.answer, commitment), CREATED)


@router.get("/v1/authorisations")
def list_authorisations(
    parts: Here,
    caller: Reader,
    before: Annotated[int | None, Query(ge=1, le=2**53)] = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = MOST,
) -> Response:
    """Those that this member made and those made for it, the newest first. `next`: what to ask on
    with as `before`, or null."""
    with _told():
        return _json(parts.views.page(caller, before=before, limit=limit))


@router.post("/v1/authorisations/find", openapi_extra=_OPENING)
async def find_authorisations(request: Request, parts: Here, caller: Reader) -> Response:
    """The same of one subject: `{subject, before?, limit?}`."""
    with _told():
        value = _object(await request.body())
        subject, (before, limit) = parsing.subject_of(value), parsing.page_of(value, MOST)
        page = partial(parts.views.page, before=before, limit=limit, subject=subject)
        return _json(await _do(page, caller))


@router.post("/v1/authorisations/held", openapi_extra=_OPENING, status_code=CREATED)
async def take_authorisation(request: Request, parts: Here, caller: Holder) -> Response:
    """Take an authorisation that was made for this member: its opening, byte for byte. It is
    verified first."""
    with _told():
        if media_type(request.headers.get("content-type", "").encode("latin-1", "replace")) != JSON:
            raise Problem("wrong-content-type")
        data = await request.body()
        if len(data) > MAX_OPENING:
            raise Problem("too-large")
        commitment = await _do(parts.held.take_file, caller, data)
        return _json(await _do(parts.views.show, caller, commitment), CREATED)


@router.get("/v1/authorisations/{authorisation}")
def show_authorisation(name: Name, parts: Here, caller: Reader) -> Response:
    """One authorisation: what it says, how it stands, how its opening and its revocation are on
    their way."""
    with _told():
        return _json(parts.views.show(caller, _digest(name)))


@router.get("/v1/authorisations/{authorisation}/opening")
def show_opening(name: Name, parts: Here, caller: Reader) -> Response:
    """Its opening as it stands now: what a grantee takes, and shows to whom it asks."""
    with _told():
        data = parts.views.opening(caller, _digest(name))
    return Response(data, media_type=JSON, headers=FRESH)


@router.get("/v1/authorisations/{authorisation}/documents/{n}")
def show_document(name: Name, n: Number, parts: Here, caller: DocumentReader) -> Response:
    """A document that the subject has signed, counted from 0, as it was handed in: for download,
    never shown. Its custodian alone has it."""
    with _told():
        data = parts.views.document(caller, _digest(name), n)
    headers = FRESH | {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
    return Response(data, media_type="application/octet-stream", headers=headers)


@router.post("/v1/authorisations/{authorisation}/revoke")
def revoke(name: Name, parts: Here, caller: Revoker) -> Response:
    """Take an authorisation back. It counts here at once, for all others once it is on the chain:
    `state` is `revoking` until then."""
    with _told():
        commitment = _digest(name)
        parts.revoking.revoke(caller, commitment)
        return _json(parts.views.show(caller, commitment))


async def _do(work: Callable[..., Any], *arguments: Any) -> Any:
    return await to_thread.run_sync(partial(work, *arguments))


_NOT_HERE: Final[Text] = {
    "zh": "本节点既不保管也不持有这份授权：编号见 auth list；由保管者和被授权者各在自己的节点查看",
    "en": "This node neither keeps nor holds this authorisation: `auth list` has those that it"
    " does; its custodian and its grantee see it, each at the own node",
}


@contextmanager
def told_of_paper(not_here: Text = _NOT_HERE) -> Iterator[None]:
    """Answer what is refused; what is not the caller's as what there is not, with `not_here`."""
    try:
        yield
    except AuthorisationRefused as error:
        detail = error.detail or (not_here if error.code == NOT_FOUND else None)
        raise Problem(error.code, detail, extra=error.extra) from error
    except NotAllowed as error:
        if error.code != NOT_FOUND:
            raise
        raise Problem(NOT_FOUND, not_here) from error


@contextmanager
def _told() -> Iterator[None]:
    """Answer what is refused, of documents too."""
    try:
        with told_of_paper():
            yield
    except CaseRefused as error:  # of documents
        raise Problem(error.code, error.detail, extra=error.extra | {"field": "doc"}) from error


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Problem("schema-invalid", _FIND) from error
    if not isinstance(value, dict):
        raise Problem("schema-invalid", _FIND)
    return value


def _digest(text: str) -> bytes:
    try:
        return unhex32(text)
    except Malformed as error:
        raise Problem("not-found") from error


def _json(value: Answer, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status_code=status, media_type=JSON, headers=FRESH)
