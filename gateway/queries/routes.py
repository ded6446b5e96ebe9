"""`/v1/uses`, `/v1/queries` and `/v1/authorisations/{authorisation}/queries` for somebody at this
node, `/v1/exchange/subject` for other members."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Depends, Path, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from gateway.authorisations.routes import told_of_paper
from gateway.base.policy import Caller, Purpose
from gateway.http.places import Places
from gateway.http.problems import Problem, problem_of
from gateway.peers.interfaces import ROUTES
from gateway.peers.routes import Door
from gateway.queries.answering import Answering
from gateway.queries.bodies import decision, read_sought, read_use
from gateway.queries.errors import BundleErased, NotToBeAsked, TooManyChanges, UseUnknown
from gateway.queries.interfaces import ROUTE, changed
from gateway.queries.live import live_lines
from gateway.queries.services import Uses
from gateway.queries.under import MOST, AskedUnder
from gateway.tokens.services import require
from ledger.core.canonical import parse_day, unhex32
from ledger.core.errors import Malformed
from ledger.core.texts import Text

FRESH: Final = {"Cache-Control": "no-store"}
NAME: Final = "Credit-Ledger-Use"
"""Header with the id under which a question is kept."""
NOW: Final = "Credit-Ledger-Now"
"""Header with the overall result by the chain of now."""
NDJSON: Final = "application/x-ndjson"

router = APIRouter(tags=["queries"])


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryParts:
    """What the routes need. places: questions at once; each asks all provinces."""

    uses: Uses
    answering: Answering
    under: AskedUnder
    places: Places = field(
        default_factory=lambda: Places(at_once=8, each=4, waiting=16, patience=60.0)
    )


def _parts(request: Request) -> QueryParts:
    parts: QueryParts = request.app.state.queries
    return parts


def _door(request: Request) -> Door:
    door: Door = request.app.state.door
    return door


Here = Annotated[QueryParts, Depends(_parts)]
TheDoor = Annotated[Door, Depends(_door)]
User = Annotated[Caller, Depends(require(Purpose.USE))]
Supervised = Annotated[Caller, Depends(require(Purpose.QUERIES))]
Clerk = Annotated[Caller, Depends(require(Purpose.SEE_AUTHORISATION))]
PaperName = Annotated[str, Path(alias="authorisation")]
UseName = Annotated[str, Path(alias="use", pattern="^[0-9a-f]{32}$")]
DayText = Annotated[str, Query(max_length=10)]


@router.post("/v1/uses")
async def use(request: Request, parts: Here, caller: User) -> Response:
    """Ask all provinces about a subject: the bundle of what they state, kept here as well.
    `{code, purpose, types?, authorisation?, decision?, matter?}`. A post, for a code in an address
    would stand in the logs of every proxy."""
    wanted = read_use(await request.body())
    async with parts.places.hold(str(caller.id)):
        with _told():
            made = await run_in_threadpool(parts.uses.use, caller, wanted)
    headers = FRESH | {NAME: made.id, NOW: made.now}
    return Response(made.bundle, media_type="application/json", headers=headers)


@router.post("/v1/uses/live")
async def use_live(request: Request, parts: Here, caller: User) -> Response:
    """The same, told while it goes on, a line of JSON each: `{member, state, records, reason}` with
    state asked, answered or missing, of whom every one comes again until it is settled; last
    `{use, overall, now}`, or `{problem}`. Going away ends nothing: the question is kept."""
    wanted = read_use(await request.body())
    async with AsyncExitStack() as place:
        await place.enter_async_context(parts.places.hold(str(caller.id)))
        lines = live_lines(partial(parts.uses.use, caller, wanted), _problem_of, place.pop_all())
    first = await anext(lines)
    if isinstance(first, Problem):
        raise first
    return StreamingResponse(_encoded(first, lines), media_type=NDJSON, headers=FRESH)


@router.post("/v1/uses/find")
async def find_uses(request: Request, parts: Here, caller: User) -> Response:
    """Questions of this token, of the whole member where the token acts for that, the newest
    first: `{code?, matter?, purpose?, overall?, first?, last?, before?, limit?}`. `next`: what to
    ask on with as `before`, or null."""
    wanted = read_sought(await request.body())
    page = await run_in_threadpool(parts.uses.find, caller, wanted)
    return Response(orjson.dumps(page), media_type="application/json", headers=FRESH)


@router.get("/v1/uses/{use}")
def show_use(name: UseName, parts: Here, caller: User) -> Response:
    """The bundle of a question as it was kept."""
    with _told():
        data = parts.uses.bundle(caller, name)
    return Response(data, media_type="application/json", headers=FRESH)


@router.post("/v1/uses/{use}/decision")
async def decide_use(name: UseName, request: Request, parts: Here, caller: User) -> Response:
    """State what came of a question: `{decision}`, approved, declined or none."""
    value = _object(await request.body())
    with _told():
        await run_in_threadpool(parts.uses.decide, caller, name, decision(value.get("decision")))
    return Response(orjson.dumps({"use": name, "decision": value["decision"]}), headers=FRESH)


@router.get("/v1/queries")
def queries(parts: Here, caller: Supervised, first: DayText, last: DayText) -> Response:
    """What was asked at this node on some days, a line of JSON each, for its supervisor."""
    parts.uses.admit(caller)
    lines = parts.uses.log(_day(first, "first"), _day(last, "last"))
    return StreamingResponse(
        (orjson.dumps(line) + b"\n" for line in lines), media_type=NDJSON, headers=FRESH
    )


@router.get("/v1/authorisations/{authorisation}/queries")
def asked_under(
    name: PaperName,
    parts: Here,
    caller: Clerk,
    before: Annotated[int | None, Query(ge=1, le=2**53)] = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = MOST,
) -> Response:
    """Who asked at this node under an authorisation, the newest first: member, day, purpose,
    families, how many records it was given, and what it reported that it did. `next`: what to ask
    on with as `before`, or null."""
    with told_of_paper(_NOT_KEPT):
        page = parts.under.page(caller, _digest(name), before=before, limit=limit)
    return Response(orjson.dumps(page), media_type="application/json", headers=FRESH)


@router.get("/v1/usage")
def usage(parts: Here, caller: Supervised, first: DayText, last: DayText) -> dict[str, Any]:
    """How often other members reported on some days that they used answers of ours, by member,
    purpose and decision, and which measures they took. `unrelated`: what they reported of answers
    that they were not given, by the reason; no figure counts it."""
    parts.uses.admit(caller)
    found = parts.uses.reported(_day(first, "first"), _day(last, "last"))
    return dict(found)


@router.post(f"{ROUTES}{ROUTE}", tags=["exchange"])
async def subject(request: Request, parts: Here, door: TheDoor) -> Response:
    """All our records of a subject that the asker may have: `{code, types, purpose,
    authorisation?}`."""
    return await door.answer(request, parts.answering.subject, paced=True)


_ERASED: Final = {
    "zh": "其中有本机构的记录已依法删除，答复不再保存；查询记录仍在",
    "en": "A record of ours in it was erased: the answers are kept no more, what was asked is",
}


_NOT_KEPT: Final[Text] = {
    "zh": "本节点既不保管也不持有这份授权，不在此列出；请向保管者的节点查询（auth queries），"
    "本节点凭它答复过谁见 gateway accesses list",
    "en": "This node neither keeps nor holds this authorisation, so it lists nothing under it: ask"
    " at the node of its custodian (`auth queries`); whom this node answered is in"
    " `gateway accesses list`",
}


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except NotToBeAsked as error:
        raise Problem(error.code, error.detail) from error
    except UseUnknown as error:
        raise Problem("not-found") from error
    except TooManyChanges as error:
        extra = {"field": "decision", "most": error.most}
        raise Problem("too-many-changes", changed(error.most), extra=extra) from error
    except BundleErased as error:
        raise Problem("content-erased", _ERASED) from error


def _problem_of(error: Exception) -> Problem:
    """What is told where a question ends so."""
    try:
        with _told():
            raise error
    except Exception as found:
        return problem_of(found)


async def _encoded(
    first: Mapping[str, Any], lines: AsyncIterator[Mapping[str, Any] | Problem]
) -> AsyncIterator[bytes]:
    yield orjson.dumps(first) + b"\n"
    async for line in lines:
        told = {"problem": line.as_dict()} if isinstance(line, Problem) else line
        yield orjson.dumps(told) + b"\n"


def _digest(text: str) -> bytes:
    try:
        return unhex32(text)
    except Malformed as error:
        raise Problem("not-found") from error


def _day(text: str, name: str) -> date:
    try:
        return parse_day(text)
    except Malformed as error:
        detail = {"zh": f"{name} 须为 YYYY-MM-DD", "en": f"`{name}` must be YYYY-MM-DD"}
        raise Problem("schema-invalid", detail) from error


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Problem("schema-invalid") from error
    if not isinstance(value, dict) or value.keys() != {"decision"}:
        raise Problem("schema-invalid")
    return value
