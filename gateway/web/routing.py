"""What is round every page: what goes wrong in it, or before it is reached, is told in words.

Nothing of an exception is shown. What is there is the number of the request, by which the operator
finds in the log what it was.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, unquote

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
from gateway.web.again import Again, Filled
from gateway.web.carrying import Carried, carry, own_path
from gateway.web.fields import SCOPES
from gateway.web.forms import read_texts, release
from gateway.web.sessions import Session
from gateway.web.visits import (
    MAX_FIELDS,
    FormOfBefore,
    NotSignedIn,
    Refused,
    Visit,
    asks_by_itself,
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
            except FormOfBefore as error:
                return again(request.state.visit, error.session, error.carried)
            except Exception as error:  # whatever it is, a person waits for words
                return await wrong_page(request, error)
            finally:
                await release(request)

        return handler


def of_login(
    back: str,
    *,
    ended: bool = False,
    wrong: Mapping[str, Any] | None = None,
    carried: Carried | None = None,
    proof: str = "",
) -> dict[str, Any]:
    """What the page of the sign-in shows. back: where to go on. carried: typed before, of a form
    that `proof` shows to be ours."""
    return {"back": back, "ended": ended, "wrong": wrong, "carried": carried, "proof": proof}


def page_router() -> APIRouter:
    """A router of pages: none of them is part of the interface for programs."""
    return APIRouter(include_in_schema=False, route_class=PageRoute)


def again(found: Visit, session: Session, carried: Carried) -> Response:
    """The page of a form with what was typed into it before. session: of who looks."""
    path = unquote(carried.page.partition("?")[0])
    if found.pages.is_page(path):
        return Again(found.pages.inside, session, carried)
    made = Filled(session=session, carried=carried)
    return replace(found, session=session, again=made).page("again.html", path="/")


async def _typed(request: Request, found: Visit) -> tuple[str, Carried] | None:
    """What somebody typed whose session has ended, and by what its form is known to be ours; None
    where that is not known, or nothing was typed."""
    try:
        texts, files = await read_texts(request, max_fields=MAX_FIELDS)
    except Problem:  # it is no form of ours, or one without end: there is nothing to keep
        return None
    proof = next((value for name, value in texts if name == "csrf"), "")
    carried = carry(request.url.path, texts, files=files)
    return None if carried is None or not found.is_ours(proof) else (proof, carried)


async def _to_sign_in(request: Request, error: NotSignedIn) -> Response:
    found: Visit = request.state.visit
    if request.method == "POST" and (typed := await _typed(request, found)) is not None:
        proof, carried = typed
        found.cookies.pop(found.pages.cookie, None)  # by which the next form is known to be ours
        return found.page(
            "login.html",
            status=401,
            **of_login(carried.page, ended=error.ended, carried=carried, proof=proof),
        )
    back = request.url.path if request.method == "GET" else "/"
    if request.method == "GET" and request.url.query:
        back += f"?{request.url.query}"
    ended = "&ended=1" if error.ended else ""
    login = f"/login?next={quote(back, safe='')}{ended}"
    if not asks_by_itself(request):
        return found.go(login)
    answer = found.page("login.html", **of_login(own_path(back), ended=error.ended))
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
    scope = SCOPES.get(str(problem.get("scope")))
    answer = found.page("error.html", status=status, problem=problem, scope=scope)
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
    answer = unknown(request).page("error.html", status=problem.status, problem=told, scope=None)
    answer.headers.update(problem.headers)
    return answer


def wants_page(request: Request) -> bool:
    """Whether a browser asks for something that is no part of the interface for programs."""
    accepted = request.headers.get("accept", "")
    return "text/html" in accepted and not request.url.path.startswith(("/v1/", "/logs/"))
