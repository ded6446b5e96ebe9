"""`/v1/cases…`, and the owner's own decisions under `/v1/records/{record}`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Annotated, Any, Literal

import orjson
from anyio import to_thread
from fastapi import APIRouter, Depends, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from gateway.base.policy import Caller, Purpose
from gateway.cases import form, parsing
from gateway.cases.drafts import Drafts
from gateway.cases.due import MOST as MOST_DUE
from gateway.cases.due import Due
from gateway.cases.errors import CaseRefused
from gateway.cases.figures import CaseCounts
from gateway.cases.form import Sent
from gateway.cases.inbox import CaseInbox
from gateway.cases.interfaces import Answer
from gateway.cases.listing import Listing
from gateway.cases.releasing import Decisions
from gateway.cases.sending import Sending
from gateway.cases.sending_back import SendingBack
from gateway.cases.services import Cases
from gateway.cases.views import Views
from gateway.cases.waiting import Waiting
from gateway.http.problems import Problem
from gateway.tokens.services import require
from ledger.core.canonical import unhex32
from ledger.core.errors import Malformed

FRESH = {"Cache-Control": "no-cache"}
CREATED = 201

router = APIRouter(tags=["cases"])


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseParts:
    """What answers these routes. inbox: takes the steps of other members. drafts: documents of
    forms that pages were not able to hand in yet."""

    cases: Cases
    inbox: CaseInbox
    decisions: Decisions
    sending: Sending
    views: Views
    listing: Listing
    due: Due
    waiting: Waiting
    sending_back: SendingBack
    drafts: Drafts
    figures: CaseCounts


def _parts(request: Request) -> CaseParts:
    found: CaseParts = request.app.state.case_parts
    return found


Here = Annotated[CaseParts, Depends(_parts)]
CaseName = Annotated[str, Path(alias="case")]
RecordName = Annotated[str, Path(alias="record")]
ProposalNumber = Annotated[int, Query(ge=0, le=2**53)]
Filer = Annotated[Caller, Depends(require(Purpose.FILE_CASE))]
Reader = Annotated[Caller, Depends(require(Purpose.SEE_CASE))]
DueReader = Annotated[Caller, Depends(require(Purpose.DUE))]
Decider = Annotated[Caller, Depends(require(Purpose.DECIDE))]
Releaser = Annotated[Caller, Depends(require(Purpose.RELEASE))]
Act = Literal["accept", "decline", "ask-supplement", "supplement", "withdraw", "national-result"]

_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"type": "object"}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["case"],
                    "properties": {
                        "case": {"type": "string"},
                        "doc": {"type": "array", "items": {"type": "string", "format": "binary"}},
                    },
                }
            },
        },
    }
}


@router.post("/v1/cases", openapi_extra=_FORM, status_code=CREATED)
async def file_case(request: Request, parts: Here, caller: Filer) -> Response:
    """File a repair or an objection about a record, with its documents (PDF or JPG)."""
    async with _sent(request, caller) as sent:
        filing = parsing.filing(sent.value, sent.docs)
        case = await _do(parts.cases.file, caller, filing)
        told = await _do(_filed, parts, case)
    return _json(told, CREATED)


@router.get("/v1/cases")
def list_cases(
    parts: Here,
    caller: Reader,
    state: Annotated[str | None, Query(max_length=24, pattern="^[a-z-]*$")] = None,
    overdue: bool = False,
    mine: bool = False,
) -> Response:
    """The cases that the caller may see, the newest first, and its own decisions that wait. state:
    `proposed` for those of which a decision waits for its release, `sent-back` for those of which
    it came back and none was proposed since. overdue: only those whose stage
    has lasted too long. mine: those that its department filed or its authority has to decide."""
    with _told():
        return _json(parts.listing.cases(caller, state, overdue=overdue, mine=mine))


@router.get("/v1/repairs/due")
def repairs_due(
    parts: Here,
    caller: DueReader,
    on: Annotated[date | None, Query()] = None,
    after: Annotated[int, Query(ge=0, le=2**53)] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_DUE)] = MOST_DUE,
) -> Response:
    """Records whose minimum of publicity has passed on that day (default: today) and that may be
    applied for, of those that the caller may see. `next`: where to ask on."""
    with _told():
        day = on or parts.cases.ctx.clock.today()
        return _json(parts.due.page(caller, day, after=after, limit=limit))


@router.get("/v1/cases/{case}")
def show_case(name: CaseName, parts: Here, caller: Reader) -> Response:
    """A case: state, stage, steps, what goes to the chain with it, status of its record."""
    with _told():
        return _json(parts.views.show(caller, _digest(name)))


@router.get("/v1/cases/{case}/steps/{step}")
def show_step(name: CaseName, step: int, parts: Here, caller: Reader) -> Response:
    """The opening of a step: all that it says, and what proves that it is or will be logged."""
    with _told():
        data = parts.views.step(caller, _digest(name), step)
    return Response(data, media_type="application/json", headers=FRESH)


@router.get("/v1/cases/{case}/steps/{step}/documents/{n}")
def show_document(name: CaseName, step: int, n: int, parts: Here, caller: Reader) -> Response:
    """A document of a step, counted from 0, as it was handed in: for download, never shown."""
    with _told():
        return _download(parts.views.document(caller, _digest(name), step, n))


@router.post("/v1/cases/{case}/decide", openapi_extra=_FORM)
async def decide_case(name: CaseName, request: Request, parts: Here, caller: Decider) -> Response:
    """Propose how a case ends: grant, refuse, uphold, dismiss, unconfirmed."""
    case = _digest(name)
    async with _sent(request, caller) as sent:
        wanted = parsing.decision(sent.value, sent.docs)
        number = await _do(parts.decisions.propose, caller, case, wanted)
    return _json({"case": name, "proposal": number, "state": "proposed", "act": wanted.act})


@router.post("/v1/cases/{case}/release")
def release_case(
    name: CaseName, parts: Here, caller: Releaser, proposal: ProposalNumber = 0
) -> Response:
    """Release what is proposed: it becomes a step, and its act is sent. proposal: the number of
    what the caller has seen."""
    with _told():
        commitment = parts.decisions.release(caller, _digest(name), proposal)
        return _json(_done(parts, commitment))


@router.post("/v1/cases/{case}/send-back")
async def send_back_case(
    name: CaseName, request: Request, parts: Here, caller: Releaser
) -> Response:
    """Do not release what is proposed, and say why: `{proposal, reason}`. It ends with its
    documents; whoever proposed it is told the reason."""
    case = _digest(name)
    async with _sent(request, caller) as sent:
        said = parsing.sent_back(sent.value)
        await _do(parts.sending_back.of_case, caller, case, said)
    return _json({"case": name, "proposal": said.proposal, "state": "sent-back"})


@router.post("/v1/cases/{case}/sign")
async def sign_act(name: CaseName, request: Request, parts: Here, caller: Releaser) -> Response:
    """Hand in the signature of an act that was made elsewhere, by a DECIDE key of the member over
    the digest `toSign`."""
    case = _digest(name)
    async with _sent(request, caller) as sent:
        number, signature = parsing.signature(sent.value)
        await _do(parts.decisions.sign, caller, case, number, signature)
    return _json({"case": name, "act": number, "state": "signed"})


@router.post("/v1/cases/{case}/{act}", openapi_extra=_FORM)
async def step_case(
    name: CaseName, act: Act, request: Request, parts: Here, caller: Filer
) -> Response:
    """A further step that one person makes. An objection is declined as it is decided: by a
    proposal, since its mark goes with it."""
    case = _digest(name)
    async with _sent(request, caller) as sent:
        wanted = parsing.step(
            "withdraw-filing" if act == "withdraw" else act, sent.value, sent.docs
        )
        commitment = await _do(parts.cases.step, caller, case, wanted)
        told = await _do(_done, parts, commitment)
    return _json(told)


@router.get("/v1/cases/{case}/proposed/documents/{n}")
def show_proposed_document(
    name: CaseName, n: int, parts: Here, caller: Releaser, proposal: ProposalNumber
) -> Response:
    """A document of what is proposed for a case, counted from 0: for whoever is to release it.
    proposal: its number."""
    with _told():
        return _download(parts.views.proposed_document(caller, _digest(name), proposal, n))


@router.get("/v1/records/{record}/proposed/documents/{n}")
def show_own_document(
    name: RecordName, n: int, parts: Here, caller: Releaser, proposal: ProposalNumber
) -> Response:
    """The same of what is proposed for a record."""
    with _told():
        return _download(parts.views.own_document(caller, _digest(name), proposal, n))


@router.get("/v1/records/{record}/decision")
def show_decision(name: RecordName, parts: Here, caller: Reader) -> Response:
    """What the owner proposes and did about a record by its own decision, and its status."""
    with _told():
        return _json(parts.views.of_record(caller, _digest(name)))


@router.post("/v1/records/{record}/decide", openapi_extra=_FORM)
async def decide_record(
    name: RecordName, request: Request, parts: Here, caller: Decider
) -> Response:
    """Propose the owner's own decision: correct, withdraw, end, shield, lift, rescind, erase; or
    grant, by a result of the national platform that nobody filed for here."""
    record = _digest(name)
    async with _sent(request, caller) as sent:
        wanted = parsing.decision(sent.value, sent.docs)
        number = await _do(parts.decisions.propose_own, caller, record, wanted)
    return _json({"record": name, "proposal": number, "state": "proposed", "act": wanted.act})


@router.post("/v1/records/{record}/release")
def release_record(
    name: RecordName, parts: Here, caller: Releaser, proposal: ProposalNumber = 0
) -> Response:
    """Release what is proposed for a record. proposal: the number of what the caller has seen."""
    with _told():
        commitment = parts.decisions.release_own(caller, _digest(name), proposal)
        return _json(_done(parts, commitment))


@router.post("/v1/records/{record}/send-back")
async def send_back_record(
    name: RecordName, request: Request, parts: Here, caller: Releaser
) -> Response:
    """The same of what is proposed for a record."""
    record = _digest(name)
    async with _sent(request, caller) as sent:
        said = parsing.sent_back(sent.value)
        await _do(parts.sending_back.of_record, caller, record, said)
    return _json({"record": name, "proposal": said.proposal, "state": "sent-back"})


@asynccontextmanager
async def _sent(request: Request, caller: Caller) -> AsyncIterator[Sent]:
    """What came, for as long as it is worked on; answers what the cases refuse."""
    with _told():
        async with form.reading(request, caller.id) as sent:
            yield sent


async def _do(work: Callable[..., Any], *arguments: Any) -> Any:
    return await to_thread.run_sync(partial(work, *arguments))


def _filed(parts: CaseParts, case: bytes) -> Answer:
    head = parts.views.head(case)
    return {"case": case.hex(), "step": 1, "deadline": head["stage"]["deadline"]}


def _done(parts: CaseParts, commitment: bytes) -> Answer:
    return parts.views.done(commitment)


@contextmanager
def _told() -> Iterator[None]:
    """Answer what the cases refuse."""
    try:
        yield
    except CaseRefused as error:
        raise Problem(error.code, error.detail, extra=error.extra) from error


def _digest(text: str) -> bytes:
    try:
        return unhex32(text)
    except Malformed as error:
        raise Problem("not-found") from error


def _download(data: bytes) -> Response:
    """For keeping, never shown by a browser."""
    headers = FRESH | {
        "Content-Disposition": "attachment",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(data, media_type="application/octet-stream", headers=headers)


def _json(value: Answer, status: int = 200) -> Response:
    return Response(
        orjson.dumps(value), status_code=status, media_type="application/json", headers=FRESH
    )
