"""What every page works with: who looks, in which language, and what the interface answers them.

A page takes a `Visit` (anybody) or a `Signed` one (somebody who showed a token), asks the interface
of this node for what it shows, and gives back a template with it:

    @router.get("/desk")
    async def desk(visit: Signed) -> Response:
        return visit.page("desk/files.html", files=await visit.get("/v1/files"))

What the interface refuses ends as a page in words, by `gateway.web.routing`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from hmac import compare_digest
from http import HTTPStatus
from typing import Annotated, Any, Final
from urllib.parse import quote

import orjson
from fastapi import Depends
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from gateway.base.policy import Caller
from gateway.http.inside import Inside
from gateway.http.observe import request_id
from gateway.http.problems import Problem, problem_of
from gateway.http.titles import TITLES
from gateway.web import static_files
from gateway.web.again import Filled, filled
from gateway.web.areas import Area, areas_of
from gateway.web.carrying import PAGE, UPLOADED, Carried, carry, own_path
from gateway.web.fields import in_words
from gateway.web.filling import fill
from gateway.web.forms import read_form
from gateway.web.languages import Language, choose
from gateway.web.sessions import Session, Sessions, csrf_of
from gateway.web.templates import render
from ledger.core.errors import LedgerError
from ledger.core.keys import Role

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""Nothing from another host, and no script or style that stands in a page."""
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": POLICY,
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
    "Vary": "Cookie, Accept-Language",
}
LANGUAGE_COOKIE: Final = "lang"
YEAR: Final = 365 * 86_400
MAX_FIELDS: Final = 200
"""Of a form."""

_MAIN: Final = '<main id="main" class="container" tabindex="-1">'
"""As `frame.html` has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """What the pages of this node share. prefix: path below which it is reached, such as "" or
    "/ledger". secure: cookies go over TLS alone. member: code and name."""

    inside: Inside
    sessions: Sessions
    prefix: str
    secure: bool
    code: str
    name: str
    roles: Callable[[], Role]
    """Of this member as the chain says."""
    is_page: Callable[[str], bool]
    """Whether a path is that of a page that is looked at."""

    @property
    def cookie(self) -> str:
        """The name of the cookie of sessions."""
        return "__Host-session" if self.secure else "session"


class Refused(LedgerError):
    """The interface answered with a problem. problem: the object of RFC 9457."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(str(problem.get("code")))
        self.status = status
        self.problem = problem

    @property
    def code(self) -> str:
        """What it is called."""
        return str(self.problem.get("code", "internal"))


class FormOfBefore(LedgerError):
    """A form of ours came from before the session that is there."""

    def __init__(self, session: Session, carried: Carried) -> None:
        super().__init__("form-of-before")
        self.session = session
        self.carried = carried


class NotSignedIn(LedgerError):
    """The page is for those who showed a token. ended: whether a session was there."""

    def __init__(self, *, ended: bool) -> None:
        super().__init__("not-signed-in")
        self.ended = ended


@dataclass(slots=True, kw_only=True)
class Visit:
    """One look at a page."""

    request: Request
    pages: Pages
    language: Language
    session: Session | None
    known: bool = True
    """Whether it was looked up who looks; not where an answer may ask no table."""
    again: Filled | None = None
    """What its form is filled with; None: a page like any other."""
    counted: bool = False
    """Whether it was counted for the rate of its token: much that a page asks is one request."""
    stands: str = ""
    """Address of the page on which the form stood that was sent, where one was."""
    cookies: dict[str, str | None] = field(default_factory=dict)
    """To set with the answer; None: to take away."""

    @property
    def caller(self) -> Caller | None:
        """Who looks, where it is somebody who showed a token."""
        return None if self.session is None else self.session.caller

    # ---- what the interface says

    async def ask(self, method: str, path: str, **options: Any) -> Any:
        """The answer of the interface, JSON as Python has it. options: `params`, `json`, `data`,
        `files`, `content`, `headers` as httpx takes them. Raises Refused."""
        answer = await self.fetch(method, path, **options)
        return orjson.loads(answer.content) if answer.content else None

    async def get(self, path: str, **params: Any) -> Any:
        """The answer to a GET. params: None is left out. Raises Refused."""
        given = {name: value for name, value in params.items() if value is not None}
        return await self.ask("GET", path, params=given)

    async def fetch(self, method: str, path: str, **options: Any) -> Any:
        """The same, as bytes with headers (`httpx.Response`). path: without a query. Raises
        Refused, Problem `not-found` for one that names no place of the interface."""
        demand_path(path)
        came = self.request.client
        answer = await self.pages.inside.ask(
            method,
            path,
            token=None if self.caller is None else self.caller.id,
            client=("local", 0) if came is None else (came.host, came.port),
            counted=self.counted,
            **options,
        )
        self.counted |= answer.status_code != HTTPStatus.TOO_MANY_REQUESTS
        if answer.is_error:
            raise Refused(answer.status_code, orjson.loads(answer.content))
        return answer

    # ---- what is answered

    def page(self, template: str, /, *, status: int = 200, **values: Any) -> Response:
        """A page. values: what its template names, beside those of the frame (`frame.html`)."""
        text = render(self.language.code, template, **self._frame(), **values)
        if self.again is not None:
            text = self._filled(text, self.again.carried)
        return self._answer(HTMLResponse(text, status, headers=HEADERS))

    def go(self, path: str) -> Response:
        """Go on to another page of ours, by GET. path: as in `url`."""
        if self.again is not None:  # what was typed would be lost on the way
            return self.page("again.html", path=path)
        return self._answer(RedirectResponse(self.url(path), 303, headers=HEADERS))

    def file(self, data: bytes, media_type: str, name: str) -> Response:
        """A file to keep."""
        found = {**HEADERS, "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
        return self._answer(Response(data, media_type=media_type, headers=found))

    def pass_on(self, path: str, name: str, *, meanwhile: str = "/") -> Response:
        """A file of the interface to keep, handed on while it comes. meanwhile: page to go to where
        it is not there yet."""
        return Passed(self, path, name, meanwhile)

    def url(self, path: str) -> str:
        """The address of a path of this node, such as `/desk`."""
        return self.pages.prefix + path

    def static(self, path: str) -> str:
        """The address of a file of `static/`."""
        return self.url(static_files.address(path))

    def speak(self, language: Language) -> None:
        """Go on in a language, from now on."""
        self.language = language
        self.cookies[LANGUAGE_COOKIE] = language.code

    def in_language(self, code: str) -> str:
        """The address of this page in a language."""
        kept = [(n, v) for n, v in self.request.query_params.multi_items() if n != "lang"]
        query = "&".join(f"{quote(n)}={quote(v)}" for n, v in [*kept, ("lang", code)])
        shown = "" if self.again is None else self.url(own_path(self.request.url.path))
        return f"{shown}?{query}"  # a path that begins with two slashes would be another host

    def _filled(self, text: str, carried: Carried) -> str:
        text, left = fill(text, self.url(carried.to), carried.fields)
        gone = any(name in UPLOADED for name, _ in left)
        left = [one for one in left if one[0] not in UPLOADED]
        told = render(self.language.code, "again_told.html", carried=carried, left=left, gone=gone)
        return text.replace(_MAIN, _MAIN + told, 1)

    def _address(self) -> str:
        """Of this page: path and query, or that from which its form was sent."""
        request = self.request
        query = request.url.query if request.method == "GET" else ""
        return self.stands or quote(request.url.path) + (f"?{query}" if query else "")

    def _frame(self) -> dict[str, Any]:
        roles = self.pages.roles()
        return {
            "visit": self,
            "url": self.url,
            "static": self.static,
            "caller": self.caller,
            "csrf": "" if self.session is None else self.session.csrf,
            "areas": areas_of(self.caller, roles),
            "province": Role.PROVINCE in roles,
            "asks": bool(roles & (Role.INSTITUTION | Role.BUREAU)),
            "area": Area.of(self.request.url.path),
            "node": self.pages,
            "stands": self._address(),
            "request_id": request_id(self.request.scope),
        }

    def _answer(self, response: Response) -> Response:
        for name, value in self.cookies.items():
            path = "/" if self.pages.secure else f"{self.pages.prefix}/"
            if value is None:
                response.delete_cookie(name, path=path, secure=self.pages.secure)
                continue
            kept = YEAR if name == LANGUAGE_COOKIE else None
            response.set_cookie(
                name,
                value,
                max_age=kept,
                path=path,
                secure=self.pages.secure,
                httponly=True,
                samesite="lax" if name == LANGUAGE_COOKIE else "strict",
            )
        return response

    # ---- what is sent

    async def form(self) -> FormData:
        """The fields of a form that a page of ours sent; files in it are closed with the request.
        Raises Problem `form-foreign` where it was another's, or of a session of before."""
        demand_own(self.request)
        holder = None if self.caller is None else str(self.caller.id)
        given = await read_form(
            self.request, holder=holder, max_fields=MAX_FIELDS, max_files=MAX_FIELDS
        )
        items = given.multi_items()
        texts = [(name, value) for name, value in items if isinstance(value, str)]
        files = any(not isinstance(value, str) and value.filename for _, value in items)
        self.demand_csrf(str(given.get("csrf", "")), texts, files=files)
        return given

    def demand_csrf(
        self, shown: str, fields: Sequence[tuple[str, str]] = (), *, files: bool = False
    ) -> None:
        """Raise Problem `form-foreign` where a form does not bring what a page of this session gave
        it, or FormOfBefore where a page of ours gave it that before. shown: its field `csrf`; where
        it is empty, the header counts. fields: of the form. files: whether it has any."""
        self.stands = next((own_path(value) for name, value in fields if name == PAGE), "")
        if self.session is None:
            return
        shown = shown or self.request.headers.get("x-csrf-token", "")
        if compare_digest(shown.encode(), self.session.csrf.encode()):
            return
        carried = carry(self.request.url.path, fields, files=files) if shown else None
        if carried is None or self.request.headers.get("sec-fetch-site") != "same-origin":
            raise Problem("form-foreign")
        raise FormOfBefore(self.session, carried)

    def is_ours(self, shown: str) -> bool:
        """Whether a form is known to come from a page of ours, without a session: by what the
        browser says of it, or where that says nothing by what the cookie of before gave it.
        shown: its field `csrf`."""
        told = self.request.headers.get("sec-fetch-site")
        if told is not None:
            return told == "same-origin"
        secret = self.request.cookies.get(self.pages.cookie)
        return bool(secret) and compare_digest(shown.encode(), csrf_of(str(secret)).encode())


_OF_FILES: Final = (b"content-type", b"content-length")


class Passed(Response):
    """See `Visit.pass_on`."""

    def __init__(self, found: Visit, path: str, name: str, meanwhile: str) -> None:
        super().__init__()
        self._visit = found
        self._path = path
        self._name = name
        self._meanwhile = meanwhile

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._visit
        demand_path(self._path)
        instead = await found.pages.inside.pass_on(
            self._path,
            token=None if found.caller is None else found.caller.id,
            outside=(scope, receive, send),
            headers=self._told,
        )
        if instead is None:
            return
        status, body = instead
        if status >= HTTPStatus.BAD_REQUEST:
            raise Refused(status, orjson.loads(body))
        await found.go(self._meanwhile)(scope, receive, send)

    def _told(self, given: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        kept = [(name, value) for name, value in given if name in _OF_FILES]
        named = f"attachment; filename*=UTF-8''{quote(self._name)}"
        ours = {**HEADERS, "Content-Disposition": named}
        return kept + [(name.lower().encode(), value.encode()) for name, value in ours.items()]


_PATH: Final = re.compile("(?:/[0-9A-Za-z_@-][0-9A-Za-z._@-]*)+")


def demand_path(path: str) -> None:
    """Raise Problem `not-found` where a path of the interface holds what is no part of any: what
    stands in an address of a page, as one that goes up, or brings a query, would ask for
    another place."""
    if _PATH.fullmatch(path) is None:
        raise Problem("not-found")


def demand_own(request: Request) -> None:
    """Raise Problem `form-foreign` where a browser says that another site sends this."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Problem("form-foreign")


async def visit(request: Request) -> Visit:
    """Who looks: anybody."""
    pages: Pages = request.app.state.pages
    if (again := filled(request.scope)) is not None:
        return _once_more(request, again)
    secret = request.cookies.get(pages.cookie)
    find = partial(pages.sessions.find, seen=not asks_by_itself(request))
    session = None if secret is None else await run_in_threadpool(find, secret)
    made = Visit(request=request, pages=pages, language=_language(request), session=session)
    asked = request.query_params.get("lang")
    if asked == made.language.code != request.cookies.get(LANGUAGE_COOKIE):
        made.cookies[LANGUAGE_COOKIE] = asked
    if secret is not None and session is None:
        made.cookies[pages.cookie] = None
    if session is not None:
        request.state.caller = session.caller
    request.state.visit = made
    return made


def _once_more(request: Request, again: Filled) -> Visit:
    """A look at a page with a form to be filled, by who has just signed in."""
    pages: Pages = request.app.state.pages
    session, language = again.session, _language(request)
    made = Visit(request=request, pages=pages, language=language, session=session, again=again)
    made.cookies[pages.cookie] = session.secret
    request.state.caller, request.state.visit = session.caller, made
    return made


def unknown(request: Request) -> Visit:
    """A look of which nobody asks who looks."""
    pages: Pages = request.app.state.pages
    language = _language(request)
    return Visit(request=request, pages=pages, language=language, session=None, known=False)


def _language(request: Request) -> Language:
    asked, kept = request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)
    return choose(asked, kept, request.headers.get("accept-language", ""))


def asks_by_itself(request: Request) -> bool:
    """Whether a page that is open asks what is new: nobody need be there. What a person does is
    another page, or a form."""
    return request.method == "GET" and "hx-request" in request.headers


async def signed(found: Annotated[Visit, Depends(visit)]) -> Visit:
    """Somebody who showed a token; others are led to where one is shown. Raises NotSignedIn."""
    if found.session is None:
        raise NotSignedIn(ended=found.pages.cookie in found.request.cookies)
    return found


Anybody = Annotated[Visit, Depends(visit)]
Signed = Annotated[Visit, Depends(signed)]


def told_of(error: Exception) -> tuple[int, dict[str, Any]]:
    """Status and problem of what went wrong; `title` and `text` in both languages, and `retry`,
    seconds after which it may go better, where that is known."""
    if isinstance(error, Refused):
        found, status = dict(error.problem), error.status
    elif isinstance(error, RequestValidationError):
        found, status = Problem("schema-invalid").as_dict(), 422
    else:
        problem = problem_of(error)
        found, status = problem.as_dict(), problem.status
        if (retry := problem.headers.get("Retry-After")) is not None:
            found["retry"] = int(retry)
    _, title = TITLES.get(found["code"], TITLES["internal"])
    return status, in_words({**found, "title": dict(title)})
