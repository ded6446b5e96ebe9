"""`/explorer/records`: a record and its status over time; documents, acknowledgements, lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Annotated, Any, Final

from fastapi import Path, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from gateway.base.context import Context
from gateway.base.errors import NotReady
from gateway.explorer.errors import NotRead
from gateway.explorer.services import Explorer
from gateway.web.explorer import words
from gateway.web.explorer.parts import Ledger, Page, Read, Wrong, asked, digest, part, tried
from gateway.web.routing import page_router
from gateway.web.visits import Anybody, Refused, Visit
from ledger.chain.contracts.structs import code_text
from ledger.core.canonical import parse_day
from ledger.core.day_list import parse_file
from ledger.core.errors import Malformed
from ledger.core.ids import Digest, RecordId
from ledger.core.status import RecordedAct
from ledger.files.lists import ListVerdict
from ledger.records import uscc

router = page_router()

ENTRIES: Final = 100
"""Of a list, on a page."""
Day = Annotated[str, Query(max_length=10)]
ListName = Annotated[str, Path(alias="name", max_length=64)]


@router.get("/explorer/records/{record}")
async def record(record: str, visit: Anybody, ledger: Ledger) -> Response:
    """What the chain says of a record, by its record id or leaf; and its content, as far as whoever
    looks may have it."""
    name = digest(record)
    told, _ = await asked(visit, f"/v1/records/{record}/status")
    receipt, no_receipt = await asked(visit, f"/v1/receipts/{record}")
    acts: Read[Sequence[RecordedAct] | None] = Read(None, None)
    id_ = RecordId(Digest(bytes.fromhex(told["record"]) if told else name))
    acts = await tried(ledger.acts(id_))
    content, closed = (None, None)
    if visit.caller is not None and told is not None:
        content, closed = await asked(visit, f"/v1/records/{record}")
    elsewhere = None
    if told is None and visit.caller is not None:
        elsewhere = await _elsewhere(ledger, name)
    known = told is not None or bool(acts.value) or elsewhere is not None
    return visit.page(
        "explorer/record.html",
        status=200 if known or acts.wrong is not None else 404,
        wanted=record,
        known=known,
        told=told,
        receipt=receipt if receipt and "_type" in receipt else None,
        promised=bool(receipt) and "_type" not in receipt,
        no_receipt=no_receipt,
        acts=[_act(one) for one in acts.value or ()],
        too_many=told is not None and acts.wrong is None and acts.value is None,
        read=acts,
        content=content,
        closed=closed,
        names=_names(visit, content),
        elsewhere=elsewhere,
        words=words,
    )


async def _elsewhere(ledger: Explorer, name: bytes) -> dict[str, str] | None:
    """Whose a record is, by the copies kept here; None where no copy has it, or it could not be
    looked for now."""
    try:
        found = await run_in_threadpool(ledger.mirrored, name)
    except (NotRead, NotReady):
        return None
    return None if found is None else {"member": found.member, "record": found.record.hex()}


def _act(acted: RecordedAct) -> dict[str, Any]:
    act = acted.act
    return {
        "action": act.action,
        "basis": act.basis,
        "member": code_text(acted.member),
        "at": acted.recorded_at,
        "effective": act.effective_at,
        "block": acted.block,
        "other": act.other.hex() if any(act.other_commitment) else None,
        "refiled": act.refiled_from,
    }


def _names(visit: Visit, content: Mapping[str, Any] | None) -> dict[str, dict[str, str]]:
    """What the fields of a record are called, by their codes."""
    if content is None:
        return {}
    ctx: Context = visit.request.app.state.ctx
    schema = ctx.schemas.current().named(content["type"], int(content["schema"]))
    if schema is None:
        return {}
    return {code: {"zh": field.zh, "en": field.en} for code, field in schema.by_code.items()}


# ---- by the number of a document


@router.get("/explorer/documents")
async def documents(visit: Anybody) -> Response:
    """The form."""
    return await documents_page(visit, "", "")


@router.post("/explorer/documents")
async def find_documents(visit: Anybody) -> Response:
    """What was found. A number of a document may hold what belongs into no address."""
    form = await visit.form()
    document, authority = (str(form.get(name, ""))[:200] for name in ("document", "authority"))
    return await documents_page(visit, document, authority)


async def documents_page(visit: Visit, document: str, authority: str) -> Response:
    """Records by the number of a document and the authority that made it: for holders of a
    token."""
    found, wrong, bad_code = None, None, False
    document, authority = document.strip(), authority.strip()
    if visit.caller is not None and document and authority:
        bad_code = uscc.check(uscc.normalise(authority)) is not None
        if not bad_code:
            code = uscc.normalise(authority)
            found, wrong = await asked(visit, "/v1/records", document=document, authority=code)
    return visit.page(
        "explorer/documents.html",
        status=wrong.status if wrong else 422 if bad_code else 200,
        document=document,
        authority=authority,
        found=found,
        wrong=wrong,
        bad_code=bad_code,
        words=words,
    )


@router.get("/explorer/acknowledgements")
async def acknowledgements(visit: Anybody, page: Page = 1) -> Response:
    """How far each province has carried out all acts."""
    rows = await visit.get("/v1/statuses/acknowledgements")
    return visit.page("explorer/acknowledgements.html", rows=part(rows, page), words=words)


# ---- lists of a day


@router.get("/explorer/lists")
async def lists(visit: Anybody, on: Day = "") -> Response:
    """Which lists there are, of which day."""
    kinds, wrong = (None, None)
    if visit.caller is not None:
        kinds, wrong = await asked(visit, "/v1/lists")
    return visit.page(
        "explorer/lists.html", kinds=kinds, wrong=wrong, on=_day(visit, on), words=words
    )


@router.get("/explorer/lists/{name}")
async def list_of_day(name: ListName, visit: Anybody, on: Day = "", page: Page = 1) -> Response:
    """Who was on a list on a day, and which provinces are missing."""
    day, wrong, told = _day(visit, on), None, None
    kinds: list[dict[str, Any]] = []
    if visit.caller is not None:
        try:
            kinds = await visit.get("/v1/lists")
            made = await visit.fetch("GET", f"/v1/lists/{name}", params={"on": day})
            told = await run_in_threadpool(partial(_list, made.content))
        except Refused as error:
            wrong = Wrong.of(error)
    return visit.page(
        "explorer/list.html",
        status=wrong.status if wrong else 200,
        which=name,
        kind=next((one for one in kinds if one["list"] == name), None),
        on=day,
        told=told,
        rows=part(list(told["entries"]) if told else [], page, ENTRIES),
        wrong=wrong,
        words=words,
    )


@router.get("/explorer/lists/{name}/file")
async def list_file(name: ListName, visit: Anybody, on: Day = "") -> Response:
    """The signed file of a list, with a receipt of each entry. Raises Refused."""
    day = _day(visit, on)
    made = await visit.fetch("GET", f"/v1/lists/{name}", params={"on": day})
    return visit.file(made.content, "application/json", f"{name}-{day}.json")


def _list(data: bytes) -> dict[str, Any]:
    """What a file of ours says; nothing of it is verified here. Raises CouldNotCheck,
    EvidenceError."""
    return ListVerdict(file=parse_file(data), problems=()).as_dict()


def _day(visit: Visit, text: str) -> str:
    """The day asked for; today where none is, or it is none."""
    try:
        day = parse_day(text)
    except Malformed:
        day = _today(visit)
    return day.isoformat()


def _today(visit: Visit) -> date:
    ctx: Context = visit.request.app.state.ctx
    return ctx.clock.today()
