"""`/login` and `/logout`."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from gateway.http.problems import unauthorized
from gateway.tokens.services import MAX_TOKEN
from gateway.web.forms import read_form
from gateway.web.routing import page_router
from gateway.web.visits import Anybody, Visit, demand_own, own_path

router = page_router()


@router.get("/login")
async def login(
    visit: Anybody, go_to: Annotated[str, Query(alias="next")] = "/", ended: bool = False
) -> Response:
    """Where a token is shown."""
    if visit.session is not None:
        return visit.go(own_path(go_to))
    return visit.page("login.html", back=own_path(go_to), ended=ended, wrong=None)


@router.post("/login")
async def begin(visit: Anybody) -> Response:
    """A session for who holds the token in the form. 401 with the form once more where nobody
    does, which counts as a guess (`gateway.http.limits`)."""
    demand_own(visit.request)
    form = await read_form(visit.request, holder=None, max_fields=8)
    token, back = str(form.get("token", "")).strip(), own_path(str(form.get("next", "/")))
    session = None
    if token and len(token) <= MAX_TOKEN:
        session = await run_in_threadpool(visit.pages.sessions.begin, token)
    if session is None:
        problem = unauthorized("token-unknown" if token else "token-missing")
        wrong = problem.as_dict() | {"title": dict(problem.title)}
        return visit.page("login.html", status=401, back=back, ended=False, wrong=wrong)
    await _forget(visit)
    visit.cookies[visit.pages.cookie] = session.secret
    visit.request.state.caller = session.caller
    return visit.go(back)


@router.post("/logout")
async def end(visit: Anybody) -> Response:
    """The end of a session."""
    await visit.form()
    await _forget(visit)
    visit.cookies[visit.pages.cookie] = None
    return visit.go("/")


async def _forget(visit: Visit) -> None:
    if visit.session is not None:
        await run_in_threadpool(visit.pages.sessions.end, visit.session.secret)
