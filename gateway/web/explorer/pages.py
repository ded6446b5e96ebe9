"""`/explorer`: the chain, members, votes, the catalogue, blocks."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from starlette.responses import Response

from gateway.base.context import Context
from gateway.explorer.catalogue import ITEMS, REGIONS
from gateway.explorer.members import KEYS
from gateway.explorer.votes import shown
from gateway.http.problems import Problem
from gateway.web.explorer import words
from gateway.web.explorer.parts import (
    Ledger,
    Page,
    clock,
    digest,
    found,
    part,
    sized,
    tried,
)
from gateway.web.routing import page_router
from gateway.web.visits import Anybody, Visit
from ledger.core.texts import Text
from ledger.records.schema import known_schemas
from ledger.records.store import Library

router = page_router()

Code = Annotated[str, Path(alias="code", max_length=66)]
Item = Annotated[str, Path(alias="item", max_length=66)]
Number = Annotated[int, Path(ge=0, le=2**53)]


@router.get("/explorer")
async def overview(visit: Anybody, ledger: Ledger) -> Response:
    """The head of the chain, the logs of this node, and where everything is."""
    return visit.page(
        "explorer/index.html",
        head=await tried(ledger.head()),
        members=await tried(ledger.members()),
        told=await visit.get("/v1/node"),
        now=clock(visit),
        words=words,
    )


@router.get("/explorer/members")
async def members(visit: Anybody, ledger: Ledger, page: Page = 1) -> Response:
    """All members with their roles."""
    read = await tried(ledger.members())
    rows = part(list(read.value["members"]) if read.value else [], page)
    return visit.page("explorer/members.html", read=read, rows=rows, words=words)


@router.get("/explorer/members/{code}")
async def member(code: Code, visit: Anybody, ledger: Ledger, page: Page = 1) -> Response:
    """A member with its keys and logs."""
    if not words.is_code(code):
        raise Problem("not-found")
    read = await tried(ledger.member(code, (page - 1) * KEYS))
    one = found(read)
    keys = sized(list(one["keys"]), one["keyCount"], page, KEYS) if one else None
    return visit.page("explorer/member.html", who=code, one=one, keys=keys, read=read, words=words)


@router.get("/explorer/votes")
async def votes(visit: Anybody, ledger: Ledger, page: Page = 1) -> Response:
    """What is proposed and how the votes stand, the newest first."""
    read = await tried(ledger.votes())
    rows = part(list(read.value or ()), page, 20)
    return visit.page(
        "explorer/votes.html",
        read=read,
        rows=rows,
        shown=[shown(one) for one in rows.rows],
        members=await tried(ledger.members()),
        words=words,
    )


@router.get("/explorer/votes/{vote}")
async def vote(vote: str, visit: Anybody, ledger: Ledger) -> Response:
    """All that a proposal says, and who voted how."""
    read = await tried(ledger.vote(digest(vote)))
    return visit.page("explorer/vote.html", id=vote, one=found(read), read=read, words=words)


@router.get("/explorer/catalogue")
async def catalogue(visit: Anybody, ledger: Ledger, page: Page = 1) -> Response:
    """What may be recorded, and what is in force where."""
    read = await tried(ledger.catalogue((page - 1) * ITEMS))
    items = list(read.value["items"]) if read.value else []
    count = read.value["count"] if read.value else 0
    titles = {one["item"]: title_of(visit, one["item"], one["contentHash"]) for one in items}
    return visit.page(
        "explorer/catalogue.html",
        read=read,
        rows=sized(items, count, page, ITEMS),
        titles=titles,
        words=words,
    )


@router.get("/explorer/catalogue/{item}")
async def item(item: Item, visit: Anybody, ledger: Ledger, page: Page = 1) -> Response:
    """All versions of an item, in all regions."""
    if not words.is_code(item):
        raise Problem("not-found")
    read = await tried(ledger.item(item, (page - 1) * REGIONS))
    one = found(read)
    hashes = {each["contentHash"] for each in one["versions"]} if one else set()
    return visit.page(
        "explorer/item.html",
        item=item,
        one=one,
        page=page,
        title=next((t for t in (title_of(visit, item, h) for h in sorted(hashes)) if t), None),
        files={h: file_of(visit, h) for h in hashes},
        read=read,
        words=words,
    )


@router.get("/explorer/blocks/{number}")
async def block(number: Number, visit: Anybody, ledger: Ledger) -> Response:
    """A block, and what the contracts of the ledger did in it."""
    read = await tried(ledger.block(number))
    return visit.page(
        "explorer/block.html",
        number=number,
        one=found(read),
        read=read,
        now=clock(visit),
        words=words,
    )


def title_of(visit: Visit, name: str, content_hash: str | None) -> Text | None:
    """What an item of the catalogue is called; None where no file here says so."""
    library = _library(visit)
    schema = None if content_hash is None else library.schema(content_hash)
    if schema is not None:
        return schema.title
    return _of_rules(library).get(name)


def titles_of(visit: Visit) -> list[tuple[str, Text]]:
    """All items that have a title here, by their names."""
    library = _library(visit)
    return [(one.name, one.title) for one in known_schemas()] + [*_of_rules(library).items()]


def _of_rules(library: Library) -> dict[str, Text]:
    lists = {one.id: one.title for rules in library.all_rules() for one in rules.tables.lists}
    return {**words.ITEMS, **lists}


def file_of(visit: Visit, content_hash: str) -> str | None:
    """Where this node hands out the file of an item; None where it does not hold it."""
    library = _library(visit)
    if library.schema_file(content_hash) is not None:
        return f"/v1/schemas/{content_hash}"
    if library.rules_file(content_hash) is not None:
        return f"/v1/rules/{content_hash}"
    return None


def _library(visit: Visit) -> Library:
    ctx: Context = visit.request.app.state.ctx
    return ctx.schemas.current()
