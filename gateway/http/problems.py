"""Errors as RFC 9457 problem details with a stable `code` and text in Chinese and English."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import orjson
import sqlalchemy as sa
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from gateway.base.crypto import ContentArchived
from gateway.base.errors import NotReady
from gateway.base.policy import NotAllowed
from gateway.http.titles import TITLES
from ledger.core.errors import CouldNotCheck, InputError, LedgerError
from ledger.core.texts import Text

MEDIA_TYPE = "application/problem+json"


class Problem(LedgerError):
    """An answer that is an error.

    code: a key of `TITLES`. detail: what is wrong here and what to do. headers: for example
    Retry-After. extra: members beside those of RFC 9457.
    """

    def __init__(
        self,
        code: str,
        detail: Text | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.status, self.title = TITLES[code]
        self.detail = detail
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})

    def as_dict(self) -> dict[str, Any]:
        """The problem object; `title` and `detail` are English, `text` has both languages."""
        detail = self.detail or self.title
        return {
            "type": "about:blank",
            "title": self.title["en"],
            "status": self.status,
            "detail": detail["en"],
            "code": self.code,
            "text": dict(detail),
        } | self.extra

    def response(self) -> Response:
        return Response(
            orjson.dumps(self.as_dict()),
            status_code=self.status,
            media_type=MEDIA_TYPE,
            headers=self.headers,
        )


Answering = Callable[[Scope, Problem], Response]
"""How a problem is answered to a request: as a page, or as JSON."""


def as_json(_scope: Scope, problem: Problem) -> Response:
    """As programs read it."""
    return problem.response()


def unauthorized(code: str) -> Problem:
    """401 with the challenge that RFC 9110 asks for."""
    return Problem(code, headers={"WWW-Authenticate": 'Bearer realm="credit-ledger"'})


def retry_later(code: str, seconds: int, detail: Text | None = None, **extra: Any) -> Problem:
    """429 or 503 with Retry-After in whole seconds."""
    return Problem(code, detail, headers={"Retry-After": str(max(1, seconds))}, extra=extra)


_OF_STATUS = {
    HTTPStatus.NOT_FOUND: "not-found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method-not-allowed",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "wrong-content-type",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too-large",
}
RETRY_SECONDS = 5


def problem_of(error: Exception) -> Problem:
    """What is answered where this error ends a request: the one table from errors to answers."""
    if isinstance(error, sa.exc.OperationalError | sa.exc.TimeoutError):
        error = NotReady("database-unavailable", retry_after=RETRY_SECONDS)
    match error:
        case Problem():
            found = error
        case NotAllowed():
            found = Problem(error.code, extra={"scope": error.scope} if error.scope else {})
        case ContentArchived():
            found = Problem("content-archived")
        case NotReady():
            found = retry_later("not-ready", error.retry_after, error.message, reason=error.code)
        case CouldNotCheck():
            found = retry_later("not-ready", RETRY_SECONDS)
        case InputError():
            extra = {"field": error.field, "rule": error.code}
            found = Problem("schema-invalid", error.message, extra=extra)
        case HTTPException():
            found = _of_http(error)
        case _:
            found = Problem("internal")
    return found


def _of_http(error: HTTPException) -> Problem:
    """Errors of the framework; it wraps ours where they came up while it read a body."""
    if isinstance(error.__cause__, LedgerError):
        return problem_of(error.__cause__)
    code = _OF_STATUS.get(HTTPStatus(error.status_code))
    if code is None:
        code = (
            "schema-invalid" if error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR else "internal"
        )
    return Problem(code, headers=error.headers)
