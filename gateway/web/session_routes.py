"""`/login` and `/logout`."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from gateway.http.problems import unauthorized
from gateway.tokens.services import MAX_TOKEN
from gateway.web.carrying import MAX_CARRIED, carried_in, own_path
from gateway.web.forms import read_form
from gateway.web.languages import CODES, Language
from gateway.web.routing import again, of_login, page_router
from gateway.web.visits import Anybody, Visit, demand_own

router = page_router()


@router.get("/login")
async def login(
    visit: Anybody, go_to: Annotated[str, Query(alias="next")] = "/", ended: bool = False
) -> Response:
    """Where a token is shown."""
    if visit.session is not None:
        return visit.go(own_path(go_to))
    return visit.page("login.html", **of_login(own_path(go_to), ended=ended))


@router.post("/login")
async def begin(visit: Anybody) -> Response:
    """A session for who holds the token in the form. 401 with the form once more where nobody
    does, which counts as a guess (`gateway.http.limits`). What was typed before a session ended
    comes along, and then the page of its form is the answer."""
    demand_own(visit.request)
    form = await read_form(visit.request, holder=None, max_fields=MAX_CARRIED + 8)
    proof, carried = str(form.get("csrf", "")), carried_in(form)
    if carried is not None and not visit.is_ours(proof):
        carried = None  # another site may not fill in a form of ours
    token, back = str(form.get("token", "")).strip(), own_path(str(form.get("next", "/")))
    if carried is not None:
        visit.cookies.pop(visit.pages.cookie, None)  # by which the next form is known to be ours
    if (code := next((one for one in CODES if one == form.get("lang")), None)) is not None:
        visit.speak(Language(code))  # by a button: what was typed would not come along with a link
        return visit.page("login.html", **of_login(back, carried=carried, proof=proof))
    session = None
    if token and len(token) <= MAX_TOKEN:
        session = await run_in_threadpool(visit.pages.sessions.begin, token)
    if session is None:
        problem = unauthorized("token-unknown" if token else "token-missing")
        wrong = problem.as_dict() | {"title": dict(problem.title)}
        told = of_login(back, wrong=wrong, carried=carried, proof=proof)
        return visit.page("login.html", status=401, **told)
    await _forget(visit)
    visit.cookies[visit.pages.cookie] = session.secret
    visit.request.state.caller = session.caller
    return visit.go(back) if carried is None else again(visit, session, carried)


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
