"""What is round every page: what goes wrong in it, or before it is reached, is told in words.

Nothing of an exception is shown. What is there is the number of the request, by which the operator
finds in the log what it was.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
import structlog
from fastapi import APIRouter
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from gateway.base.errors import NotReady
from gateway.http.problems import Problem, problem_of
from gateway.web.forms import release
from gateway.web.visits import (
    NotSignedIn,
    Refused,
    Visit,
    asks_by_itself,
    own_path,
    told_of,
    unknown,
    visit,
)
from ledger.core.errors import LedgerError

_log = structlog.get_logger(__name__)


class PageRoute(APIRoute):
    """A route of a page: what goes wrong is told in words, with what to do."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of FastAPI with that around it."""
        inner = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await inner(request)
            except NotSignedIn as error:
                return await _to_sign_in(request, error)
            except Exception as error:  # whatever it is, a person waits for words
                return await wrong_page(request, error)
            finally:
                await release(request)

        return handler


def page_router() -> APIRouter:
    """A router of pages: none of them is part of the interface for programs."""
    return APIRouter(include_in_schema=False, route_class=PageRoute)


async def _to_sign_in(request: Request, error: NotSignedIn) -> Response:
    found: Visit = request.state.visit
    back = request.url.path if request.method == "GET" else "/"
    if request.method == "GET" and request.url.query:
        back += f"?{request.url.query}"
    ended = "&ended=1" if error.ended else ""
    login = f"/login?next={quote(back, safe='')}{ended}"
    if not asks_by_itself(request):
        return found.go(login)
    answer = found.page("login.html", back=own_path(back), ended=error.ended, wrong=None)
    answer.headers["HX-Redirect"] = found.url(login)  # what was on the page is gone from it
    return answer


async def wrong_page(request: Request, error: Exception) -> Response:
    """What went wrong, in words."""
    status, problem = told_of(error)
    if isinstance(error, NotReady):
        _log.warning("page.not-ready", reason=error.code)
    elif status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("page.failed", code=problem["code"], exc_info=error)
    found = await _whose(request, error)
    answer = found.page("error.html", status=status, problem=problem)
    if not isinstance(error, Refused):
        answer.headers.update(problem_of(error).headers)
    return answer


async def _whose(request: Request, error: Exception) -> Visit:
    """Who is told. The tables are asked only where what went wrong is that there is no such page:
    they may be what is away."""
    found: Visit | None = getattr(request.state, "visit", None)
    if found is None and isinstance(error, HTTPException | RequestValidationError):
        try:
            found = await visit(request)
        except (LedgerError, sa.exc.SQLAlchemyError) as away:
            _log.warning("page.nobody-known", code=problem_of(away).code)
    return unknown(request) if found is None else found


def in_words(scope: Scope, problem: Problem) -> Response:
    """What is answered before a page is reached, or where all else failed: a page to a browser,
    JSON to programs. It asks no table."""
    request = Request(scope)
    if not wants_page(request):
        return problem.response()
    told = {**problem.as_dict(), "title": dict(problem.title)}
    answer = unknown(request).page("error.html", status=problem.status, problem=told)
    answer.headers.update(problem.headers)
    return answer


def wants_page(request: Request) -> bool:
    """Whether a browser asks for something that is no part of the interface for programs."""
    accepted = request.headers.get("accept", "")
    return "text/html" in accepted and not request.url.path.startswith(("/v1/", "/logs/"))
